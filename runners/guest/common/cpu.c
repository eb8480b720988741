#include "common/cpu.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>

#include "common/ktap.h"
#include "common/page.h"
#include "common/sysfile.h"

uint64_t cpu_online(void)
{
	uint64_t mask = sysfile_list("/sys/devices/system/cpu/online");

	return mask ? mask : 1;
}

int cpu_first(void)
{
	return __builtin_ctzll(cpu_online());
}

int cpu_last(void)
{
	return 63 - __builtin_clzll(cpu_online());
}

int cpu_pin_mask(uint64_t mask)
{
	cpu_set_t set;
	int cpu;

	CPU_ZERO(&set);
	for (cpu = 0; cpu < 64; cpu++) {
		if (mask & (UINT64_C(1) << cpu))
			CPU_SET(cpu, &set);
	}
	return sched_setaffinity(0, sizeof(set), &set) < 0 ? -errno : 0;
}

int cpu_pin(int cpu)
{
	return cpu_pin_mask(UINT64_C(1) << cpu);
}

void cpu_run_on(int cpu)
{
	int ret = cpu_pin(cpu);

	if (ret < 0)
		ktap_bail("run on CPU %d: %s", cpu, strerror(-ret));
}

static int drain_each(char *scratch)
{
	uint64_t online = cpu_online();
	int cpu, ret;

	for (cpu = 0; cpu < 64; cpu++) {
		if (!(online & (UINT64_C(1) << cpu)))
			continue;
		ret = cpu_pin(cpu);
		if (ret < 0)
			return ret;
		if (mlock(scratch, PAGE_BYTES) < 0 || munlock(scratch, PAGE_BYTES) < 0)
			return -errno;
	}
	return 0;
}

int cpu_drain_all(void)
{
	cpu_set_t before;
	char *scratch;
	int ret;

	if (sched_getaffinity(0, sizeof(before), &before) < 0)
		return -errno;
	scratch = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (scratch == MAP_FAILED)
		return -errno;
	*(volatile char *)scratch = 1;
	ret = drain_each(scratch);
	munmap(scratch, PAGE_BYTES);
	if (sched_setaffinity(0, sizeof(before), &before) < 0 && ret == 0)
		ret = -errno;
	return ret;
}
