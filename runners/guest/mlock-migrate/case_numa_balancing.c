/*
 * NUMA balancing of mlocked pages: they lie on one node, the only thread that
 * uses them runs on another. Each page is moved by itself from its hint fault,
 * without switching the per-CPU batches off. Pages that are not locked, treated
 * alike, are the control: they say whether balancing happened at all. Where it does
 * not even take hint faults on them the case is skipped; where it does and moves
 * none of either, that is no better than locked ones only. The scanner makes hints area
 * by area (kernel/sched/fair.c, task_numa_work): as long as it was not at the locked one,
 * nothing is said of that either.
 */
#include <stdbool.h>
#include <string.h>

#include "common/cpu.h"
#include "common/ktap.h"
#include "common/numa.h"
#include "common/sysfile.h"
#include "common/clock.h"
#include "common/slowdown.h"
#include "mlock-migrate/cases.h"
#include "mlock-migrate/oracle.h"

#define SWITCH "/proc/sys/kernel/numa_balancing"
#define PAGES 1024
/* The scanner begins after a second of the task's own CPU time. */
#define WAIT_MS 15000
/*
 * Two for each page of both sets. The first one moves a page, or notes who uses it,
 * then the second does (kernel/sched/fair.c, should_numa_migrate_memory).
 */
#define HINT_FAULTS (2LL * 2 * PAGES)

struct nodes {
	int home; /* where the thread runs */
	int away; /* where the pages lie first */
};

static struct nodes pick_nodes(void)
{
	uint64_t memory = numa_memory_nodes();
	struct nodes n = { .home = numa_first(memory & numa_cpu_nodes()) };

	if (n.home < 0)
		ktap_skip_all("no node has both CPUs and memory");
	n.away = numa_first(memory & ~(UINT64_C(1) << n.home));
	if (n.away < 0)
		ktap_skip_all("needs two nodes with memory");
	return n;
}

/* Balancing leaves bound pages alone: bound for the first touch only. */
static void place(struct pageset *set, int node, enum pageset_lock lock)
{
	pageset_init(set, PAGES, node, lock);
	numa_unbind(set->map, set->map_bytes);
}

/* Hint faults that were not on the pages of the control that moved: each took one. */
static long long faults_besides(const struct vmstat *before, size_t control_moved)
{
	struct vmstat now;

	vmstat_read(&now);
	return now.numa_hint_faults - before->numa_hint_faults - (long long)control_moved;
}

/*
 * Uses both sets until nothing more is to be expected: all moved, or the
 * control did, the locked pages were hinted, and had as long again.
 */
static void use(const struct pageset *locked, const struct pageset *control,
		const struct vmstat *before)
{
	uint64_t begin = clock_ms(), until = begin + slowdown_scale(WAIT_MS), now;
	bool control_done = false;
	int round = 0;

	do {
		pageset_touch(locked);
		pageset_touch(control);
		now = clock_ms();
		if (++round % 64)
			continue;
		if (pageset_moved(control) >= PAGES * 9 / 10) {
			if (pageset_moved(locked) >= PAGES * 9 / 10)
				return;
			if (control_done ||
			    faults_besides(before, pageset_moved(control)) < PAGES / 2)
				continue;
			if (now + (now - begin) < until)
				until = now + (now - begin);
			control_done = true;
		}
	} while (now < until);
}

/* It leaves a node alone that is not well above its watermarks (migrate_balanced_pgdat). */
static bool has_room(int node)
{
	return numa_free_kib(node) > 3 * numa_min_kib(node) + HINT_FAULTS * 4;
}

static void check_moved(const struct pageset *locked, const struct pageset *control,
			const struct vmstat *before, int home)
{
	size_t moved = pageset_moved(locked), other = pageset_moved(control);
	size_t wanted = other > PAGES / 2 ? other / 2 : PAGES / 4;
	struct vmstat after;
	long long faults;

	vmstat_read(&after);
	faults = after.numa_hint_faults - before->numa_hint_faults;
	ktap_data("pages", PAGES);
	ktap_data("moved", (long long)moved);
	ktap_data("moved_not_locked", (long long)other);
	ktap_data("numa_hint_faults", faults);
	ktap_data("numa_pages_migrated",
		  after.numa_pages_migrated - before->numa_pages_migrated);
	if (other < PAGES / 2 && moved < PAGES / 2 &&
	    (faults < HINT_FAULTS || !has_room(home))) {
		ktap_skip(
			"moved",
			"balancing moved only %zu of %d pages that are not locked in %lld hint faults, %lld KiB are free on node %d",
			other, PAGES, faults, numa_free_kib(home), home);
		oracle_migrate_data(before, &after);
		ktap_skip("migrate-failures", "too few pages moved");
		return;
	}
	if (moved < wanted && faults - (long long)other < (long long)wanted)
		ktap_skip(
			"moved",
			"balancing hinted the pages that are not locked, of which %zu moved, and not the locked ones: %lld hint faults",
			other, faults);
	else
		ktap_check(
			moved >= wanted, "moved",
			"expected NUMA balancing to move at least %zu of %d mlocked pages (%zu that are not locked moved) in %lld hint faults, saw %zu",
			wanted, PAGES, other, faults, moved);
	oracle_migrated(before, &after, ORACLE_FAIL_PART);
}

void case_numa_balancing(void)
{
	struct nodes nodes = pick_nodes();
	struct pageset locked, control;
	struct vmstat base, before;
	int ret;

	ret = sysfile_write(SWITCH, "1\n");
	if (ret < 0)
		ktap_skip_all("this kernel has no NUMA balancing: %s", strerror(-ret));
	ktap_begin(1 + ORACLE_MIGRATED_CHECKS + ORACLE_FRAMES_CHECKS +
		   ORACLE_LOCKED_CHECKS + ORACLE_UNLOCKED_CHECKS + ORACLE_END_CHECKS);
	cpu_run_on(numa_first(numa_node_cpus(nodes.home)));
	oracle_begin(&base);
	place(&control, nodes.away, PAGESET_PLAIN);
	place(&locked, nodes.away, PAGESET_LOCK_ON_FAULT);
	oracle_begin(&before);
	use(&locked, &control, &before);
	sysfile_write(SWITCH, "0\n");
	check_moved(&locked, &control, &before, nodes.home);
	oracle_frames(&locked);
	oracle_locked(&locked, &base);
	oracle_unlocked(&locked, &base);
	pageset_done(&locked);
	pageset_done(&control);
	oracle_end(&base);
}
