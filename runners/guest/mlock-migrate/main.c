/*
 * mlock-migrate CASE [NAME=NUMBER]...: moves mlocked pages in one way and checks each of them by
 * /proc/kpageflags, and the kernel's counters, before and after. Of each case, besides what it
 * checks itself: no page stays counted as isolated (isolated.h).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/ktap.h"
#include "common/opts.h"
#include "common/page.h"
#include "common/setting.h"
#include "common/vmstat.h"
#include "mlock-migrate/cases.h"
#include "mlock-migrate/isolated.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{ "compaction", case_compaction },
	{ "numa-balancing", case_numa_balancing },
	{ "move-pages", case_move_pages },
	{ "anon-vma", case_anon_vma },
	{ "move-frontier", case_move_frontier },
	{ "residue", case_residue },
	{ "cpu-offline", case_cpu_offline },
	{ "pinned", case_pinned },
	{ "race", case_race },
	{ "race-munlock", case_race_munlock },
	{ "race-mremap", case_race_mremap },
	{ "race-munmap", case_race_munmap },
	{ "race-fork", case_race_fork },
	{ "race-exit", case_race_exit },
	{ "race-dontneed", case_race_dontneed },
	{ "migrate-pages", case_migrate_pages },
	{ "mbind", case_mbind },
	{ "cpuset", case_cpuset },
	{ "hot-remove", case_hot_remove },
	{ "hot-pinned", case_hot_pinned },
	{ "soft-offline", case_soft_offline },
	{ "memory-failure", case_memory_failure },
	{ "reclaim", case_reclaim },
	{ "lock-reclaim", case_lock_reclaim },
	{ "from-swap", case_from_swap },
	{ "page-cache", case_page_cache },
	{ "dirty", case_dirty },
	{ "demotion", case_demotion },
	{ "kinds-move", case_kinds_move },
	{ "kinds-compact", case_kinds_compact },
	{ "thp", case_thp },
	{ "thp-reclaim", case_thp_reclaim },
	{ "shm-huge", case_shm_huge },
	{ "lockers", case_lockers },
	{ "vma", case_vma },
	{ "ksm", case_ksm },
	{ "hugetlb", case_hugetlb },
	{ "exit", case_exit },
};

static int usage(void)
{
	size_t i;

	fprintf(stderr, "usage: mlock-migrate CASE [NAME=NUMBER]...; CASE is one of");
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		fprintf(stderr, " %s", cases[i].name);
	fprintf(stderr, "\n");
	return 2;
}

int main(int argc, char **argv)
{
	const char *bad;
	size_t i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (argc >= 2 && strcmp(argv[1], cases[i].name) == 0)
			break;
	}
	if (i == ARRAY_SIZE(cases))
		return usage();
	bad = opts_parse(argc, argv, 2);
	if (bad)
		ktap_bail("\"%s\" is no NAME=NUMBER", bad);
	ret = page_open();
	if (ret < 0)
		ktap_skip_all("no pagemap or kpageflags here: %s", strerror(-ret));
	/* Without, a page that is stranded cannot be told from one that is lost. */
	if (!vmstat_has_events())
		ktap_skip_all("this kernel counts no events (CONFIG_VM_EVENT_COUNTERS)");
	/* 6.1: move_pages answers -ENOENT for a page under a NUMA hint. */
	setting_hold("/proc/sys/kernel/numa_balancing", "0\n");
	/*
	 * Compaction of its own accord isolates pages while we look at them, and a
	 * page on its way has no frame. -ENOENT: a kernel that does not do it at all.
	 */
	setting_hold("/proc/sys/vm/compaction_proactiveness", "0\n");
	ktap_besides(ISOLATED_CHECKS);
	isolated_begin();
	cases[i].run();
	isolated_check();
	bad = opts_unused();
	if (bad)
		ktap_bail("the case %s has no option \"%s\"", cases[i].name, bad);
	return ktap_end();
}
