/*
 * A cpuset's memory nodes change under a task with mlocked pages: on cgroup v2
 * all its pages follow, whoever locked them. First by entering a cgroup whose
 * nodes they are not on, then by writing its cpuset.mems, to each node with
 * memory in a ring. Before each change some pages are locked by faults on the
 * last CPU and wait in its batch; a worker of the kernel moves them from any CPU.
 *
 * What it shows: a migration that is skipped or gives up on locked pages, flags
 * or contents lost on the way, faults in a locked range that do not obey the new
 * nodes. The worker may be done only after the write returned: the state is
 * waited for.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cgroup.h"
#include "common/cpu.h"
#include "common/ktap.h"
#include "common/numa.h"
#include "common/opts.h"
#include "common/page.h"
#include "common/slowdown.h"
#include "common/tally.h"
#include "mlock-migrate/cases.h"
#include "mlock-migrate/oracle.h"
#include "mlock-migrate/residue.h"

#define PAGES 256
#define TRIES 2
#define WAIT_STEPS 500
#define WAIT_STEP_US 10000

static void set_mems(const struct cgroup *cg, int node)
{
	char text[16];
	int ret;

	snprintf(text, sizeof(text), "%d\n", node);
	ret = cgroup_write(cg, "cpuset.mems", text);
	if (ret < 0)
		ktap_bail("cpuset.mems to node %d: %s", node, strerror(-ret));
}

/*
 * By frames, not by move_pages: that takes a reference on 6.1, and would be in
 * the way of what it waits for.
 */
static void wait_moved(const struct pageset *set)
{
	uint64_t i;

	for (i = 0; i < slowdown_scale(WAIT_STEPS) && pageset_moved(set) < set->n; i++)
		usleep(WAIT_STEP_US);
}

static void refault(struct pageset *set)
{
	ktap_data("waiting", (long long)residue_refault(set));
}

/* There; a page that was busy for a moment gets another chance from where it was. */
static size_t follow(const struct cgroup *cg, struct pageset *set, int from, int to)
{
	size_t n = 0;
	int tries;

	for (tries = 0; tries < TRIES && n < set->n; tries++) {
		if (tries)
			set_mems(cg, from);
		pageset_note(set);
		set_mems(cg, to);
		wait_moved(set);
		n = pageset_on_node(set, to);
	}
	return n;
}

static void ring(const struct cgroup *cg, struct pageset *set, int from, uint64_t nodes,
		 long rounds)
{
	struct tally moved = { .name = "moved" };
	struct tally faults = { .name = "faults-follow" };
	struct tally kept = { .name = "kept" };
	long i, steps = rounds * __builtin_popcountll(nodes);
	size_t n;
	int to;

	for (i = 0; i < steps && !moved.bad; i++, from = to) {
		to = numa_next(nodes, from);
		refault(set);
		n = follow(cg, set, from, to);
		tally_add(
			&moved, n == set->n,
			"expected all %zu mlocked pages to follow cpuset.mems from node %d to %d, saw %zu there",
			set->n, from, to, n);
		n = oracle_strays(set);
		tally_add(
			&kept, n == 0,
			"expected every page present, Mlocked, Unevictable and unchanged on node %d, saw %zu that are not",
			to, n);
		refault(set);
		n = pageset_on_node(set, to);
		tally_add(
			&faults, n == set->n,
			"expected faults in the locked range to take pages from node %d of cpuset.mems, saw %zu of %zu pages there",
			to, n, set->n);
	}
	tally_check(&moved);
	tally_check(&faults);
	tally_check(&kept);
}

static void enter(const struct cgroup *cg, const struct pageset *set, int node)
{
	int ret = cgroup_enter(cg, 0);
	size_t n;

	if (ret < 0)
		ktap_bail("entering %s: %s", cg->path, strerror(-ret));
	wait_moved(set);
	n = pageset_on_node(set, node);
	ktap_check(
		n == set->n, "moved-on-entry",
		"expected all %zu mlocked pages of the task that entered the cgroup on its node %d, saw %zu there",
		set->n, node, n);
}

void case_cpuset(void)
{
	static struct cgroup cg;
	long rounds = opts_number("rounds", 1);
	uint64_t nodes = numa_memory_nodes();
	int first = numa_first(nodes), second = numa_next(nodes, first), ret;
	struct vmstat base, before, after;
	struct pageset set;

	if (first == second)
		ktap_skip_all("needs two nodes with memory");
	ret = cgroup_make(&cg, "mlock-cpuset", "cpuset");
	if (ret < 0)
		ktap_skip_all("no cpuset in cgroup v2 here: %s", strerror(-ret));
	ktap_begin(4 + ORACLE_MIGRATED_CHECKS + ORACLE_LOCKED_CHECKS +
		   ORACLE_UNLOCKED_CHECKS + ORACLE_END_CHECKS);
	set_mems(&cg, second);
	oracle_begin(&base);
	cpu_run_on(cpu_last());
	pageset_init(&set, PAGES, first, PAGESET_LOCK_ON_FAULT);
	numa_unbind(set.map, set.map_bytes);
	cpu_run_on(cpu_first());
	oracle_begin(&before);
	enter(&cg, &set, second);
	ring(&cg, &set, second, nodes, rounds);
	oracle_begin(&after);
	oracle_migrated(&before, &after, ORACLE_CALL_FAIL_PART);
	oracle_locked(&set, &base);
	oracle_unlocked(&set, &base);
	pageset_done(&set);
	cgroup_leave(0);
	oracle_end(&base);
}
