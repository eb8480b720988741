#include "mlock-migrate/pressure.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/cgroup.h"
#include "common/ktap.h"
#include "common/page.h"

#ifndef MADV_COLD
#define MADV_COLD 20
#endif

#define ROUNDS 50
#define ROUND_US 1000
#define ALL_BYTES ((size_t)1 << 30) /* more than there is: ends with EAGAIN */

static struct cgroup cg;

const char *pressure_try(const char *name)
{
	char path[160];
	int ret = cgroup_make(&cg, name, "memory");

	if (ret < 0)
		return "no memory controller in cgroup v2 here";
	snprintf(path, sizeof(path), "%s/memory.reclaim", cg.path);
	if (access(path, W_OK) < 0)
		return "this kernel has no memory.reclaim";
	ret = cgroup_enter(&cg, 0);
	if (ret < 0)
		ktap_bail("entering %s: %s", cg.path, strerror(-ret));
	return NULL;
}

void pressure_begin(const char *name)
{
	const char *why = pressure_try(name);

	if (why)
		ktap_skip_all("%s", why);
}

void pressure_some(size_t bytes)
{
	int ret = cgroup_reclaim(&cg, bytes);

	if (ret < 0 && ret != -EAGAIN)
		ktap_bail("memory.reclaim: %s", strerror(-ret));
}

void pressure_all(void)
{
	pressure_some(ALL_BYTES);
}

bool pressure_on(const struct pageset *set, pressure_gone_fn gone)
{
	int i;

	for (i = 0; i < ROUNDS && gone(set) < set->n; i++) {
		if (i)
			usleep(ROUND_US);
		madvise(set->map, set->map_bytes, MADV_COLD);
		pressure_some(set->n * PAGE_BYTES);
	}
	pressure_all();
	return gone(set) >= set->n - set->n / 10;
}

void pressure_end(void)
{
	cgroup_leave(0);
}
