/*
 * Demotion: where a node's memory is slower than another's (a tier of its own),
 * reclaim of the fast node moves pages there instead of dropping them. Mlocked
 * pages are not reclaimed, so they are not demoted either; the same pages
 * unlocked are. Pages that were never locked are the control: where reclaim does
 * not demote them, nothing can be said and the case is skipped. But where the kernel
 * counts them as demoted and has moved them, and they are on the fast node, it did not.
 *
 * What this shows: locked pages that reclaim isolates and moves to slow memory,
 * or loses; pages that stay unevictable after munlock and keep fast memory.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ktap.h"
#include "common/numa.h"
#include "common/page.h"
#include "common/restore.h"
#include "common/sysfile.h"
#include "mlock-migrate/cases.h"
#include "mlock-migrate/oracle.h"
#include "mlock-migrate/pressure.h"

#define TIERS "/sys/devices/virtual/memory_tiering"
#define ENABLED "/sys/kernel/mm/numa/demotion_enabled"
#define PAGES 256

/* Where the pages lie first. */
static int fast_node;

/* Memory nodes of the fastest tier that has some: the lowest number. */
static uint64_t fastest_tier(void)
{
	int best = INT_MAX, id;
	char path[sizeof(TIERS) + 300];
	uint64_t nodes = 0, tier;
	struct dirent *e;
	DIR *d = opendir(TIERS);

	while (d && (e = readdir(d))) {
		if (sscanf(e->d_name, "memory_tier%d", &id) != 1 || id >= best)
			continue;
		snprintf(path, sizeof(path), TIERS "/%s/nodelist", e->d_name);
		tier = sysfile_list(path);
		if (tier) {
			nodes = tier;
			best = id;
		}
	}
	if (d)
		closedir(d);
	return nodes;
}

static size_t demoted(const struct pageset *set)
{
	return set->n - pageset_on_node(set, fast_node);
}

static void set_up(void)
{
	uint64_t fast = fastest_tier();
	int ret;

	if (!fast)
		ktap_skip_all("this kernel knows no memory tiers");
	if (!(numa_memory_nodes() & ~fast))
		ktap_skip_all("all memory nodes are of one tier");
	fast_node = numa_first(fast);
	pressure_begin("mlock-demotion");
	ret = restore_write(ENABLED, "1");
	if (ret < 0)
		ktap_skip_all("no demotion here: %s", strerror(-ret));
}

static void make(struct pageset *set, enum pageset_lock lock)
{
	pageset_init(set, PAGES, fast_node, lock);
	numa_unbind(set->map, set->map_bytes);
}

static void check_stay(const struct pageset *set)
{
	size_t there = pageset_on_node(set, fast_node);

	ktap_check(there == set->n, "stay",
		   "expected all %zu mlocked pages on node %d, saw %zu there", set->n,
		   fast_node, there);
}

static void check_goes(const struct pageset *set)
{
	bool went = pressure_on(set, demoted);
	size_t n = demoted(set), absent = pageset_absent(set);
	size_t damaged = pageset_damaged(set);

	ktap_check(
		went && absent == 0 && damaged == 0, "goes-after-munlock",
		"expected reclaim to demote pages after munlock as it does others, saw %zu of %zu demoted, %zu gone, %zu changed",
		n, set->n, absent, damaged);
}

/* Pages, by whatever way reclaim was asked for. */
static long long counted_as_demoted(void)
{
	static const char *const ways[] = { "pgdemote_kswapd ", "pgdemote_direct ",
					    "pgdemote_khugepaged ",
					    "pgdemote_proactive " };
	long long n = 0;
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		n += sysfile_field("/proc/vmstat", ways[i], 0);
	return n;
}

static bool control_goes(const struct pageset *control)
{
	long long counted = counted_as_demoted();
	size_t moved;

	if (pressure_on(control, demoted))
		return true;
	counted = counted_as_demoted() - counted;
	moved = pageset_moved(control);
	if (counted < PAGES / 2 || moved < PAGES / 2)
		ktap_skip_all("reclaim demoted only %zu of %d pages that are not locked",
			      demoted(control), PAGES);
	ktap_begin(1);
	ktap_check(
		demoted(control) >= PAGES / 2, "slower-node",
		"expected the %lld pages that are counted as demoted to leave node %d, saw %zu of %d in another frame and %zu on another node",
		counted, fast_node, moved, PAGES, demoted(control));
	return false;
}

void case_demotion(void)
{
	struct pageset set, control;
	struct vmstat base;

	set_up();
	oracle_begin(&base);
	make(&control, PAGESET_PLAIN);
	make(&set, PAGESET_LOCK_ON_FAULT);
	if (!control_goes(&control))
		return;
	ktap_begin(2 + ORACLE_LOCKED_CHECKS + ORACLE_UNLOCKED_CHECKS + ORACLE_END_CHECKS);
	ktap_data("control_demoted", (long long)demoted(&control));
	check_stay(&set);
	oracle_locked(&set, &base);
	oracle_unlocked(&set, &base);
	check_goes(&set);
	pageset_done(&set);
	pageset_done(&control);
	pressure_end();
	oracle_end(&base);
}
