/*
 * A CPU goes offline while pages wait in its mlock batch. Nobody asks it to
 * drain any more: the kernel must empty the batch on its behalf
 * (mlock_drain_remote in page_alloc_cpu_dead), or the pages stay on no list for
 * as long as the CPU is off.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/cpu.h"
#include "common/ktap.h"
#include "common/opts.h"
#include "common/page.h"
#include "common/sysfile.h"
#include "mlock-migrate/cases.h"
#include "mlock-migrate/oracle.h"
#include "mlock-migrate/residue.h"

#define ON_LIST (PAGE_MLOCKED | PAGE_UNEVICTABLE | PAGE_LRU)

static char online_path[64];

static void online_again(void)
{
	sysfile_write(online_path, "1\n");
}

static size_t not_on_list(const struct pageset *set)
{
	return pageset_without(set, ON_LIST);
}

/* CPU off and on again, munlock at the end. */
static void offline_round(int cpu)
{
	struct pageset set;
	size_t waiting, off, on, left;
	int ret;

	residue_leave(&set, RESIDUE_PAGES, -1, cpu);
	cpu_run_on(residue_other_cpu());
	waiting = residue_waiting(&set);
	ret = sysfile_write(online_path, "0\n");
	if (ret < 0)
		ktap_bail("CPU %d offline: %s", cpu, strerror(-ret));
	off = not_on_list(&set);
	online_again();
	on = not_on_list(&set);
	if (munlock(set.map, set.map_bytes) < 0)
		ktap_bail("munlock: %s", strerror(errno));
	left = pageset_with(&set, PAGE_MLOCKED | PAGE_UNEVICTABLE);
	ktap_data("waiting", (long long)waiting);
	if (waiting < set.n)
		ktap_skip("drained", "only %zu of %zu pages waited in a batch", waiting,
			  set.n);
	else
		ktap_check(
			off == 0 && on == 0, "drained",
			"expected %zu pages of a CPU that went offline on the unevictable list, saw %zu that are not, %zu with the CPU back",
			set.n, off, on);
	ktap_check(left == 0, "munlock", "expected no flag after munlock, saw %zu", left);
	pageset_done(&set);
}

void case_cpu_offline(void)
{
	long long rounds = opts_number("rounds", 1), i;
	int cpu = residue_cpu();
	struct vmstat base;

	if (cpu == residue_other_cpu())
		ktap_skip_all("needs two CPUs");
	snprintf(online_path, sizeof(online_path), "/sys/devices/system/cpu/cpu%d/online",
		 cpu);
	if (sysfile_number(online_path, -1) != 1)
		ktap_skip_all("CPU %d cannot go offline: no %s", cpu, online_path);
	atexit(online_again);
	ktap_begin((unsigned)(2 * rounds + ORACLE_END_CHECKS));
	oracle_begin(&base);
	for (i = 0; i < rounds; i++)
		offline_round(cpu);
	oracle_end(&base);
}
