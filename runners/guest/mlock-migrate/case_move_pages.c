/*
 * move_pages(2) of mlocked pages, there and back. The call switches the
 * per-CPU batches off while it moves, so it does not see a missing drain, but
 * it sees a batch that does not obey the switch. Before each way some of the
 * pages are locked by faults on the last CPU: fewer than a batch holds, so they
 * wait in it while the first CPU moves them. A call that moved all it could says of each
 * page where it is. Then calls that must be refused; and after all of them pages wait in
 * the batches again, which the call switched off.
 */
#include <errno.h>
#include <string.h>

#include "common/ktap.h"
#include "common/numa.h"
#include "mlock-migrate/cases.h"
#include "mlock-migrate/move.h"
#include "mlock-migrate/oracle.h"
#include "mlock-migrate/residue.h"

#define PAGES 2048
#define TOLD 64
#define TOLD_RUN 8
#define TRIES 5
#define NOTHING_YET -4096

/* On the node, and in the batch of the last CPU. */
static void leave_residue(struct pageset *set, int node)
{
	numa_bind_task(node);
	ktap_data("waiting", (long long)residue_refault(set));
	numa_bind_task(-1);
}

/* One way: nearly all at once; a page that was busy for a moment, on a retry. */
static void check_move(const struct pageset *set, int node, const char *name)
{
	size_t first, there = move_to(set, node, &first);

	ktap_data(name, (long long)first);
	ktap_check(
		first >= set->n * 9 / 10 && there == set->n, name,
		"expected move_pages to put all %zu mlocked pages on node %d, saw %zu there after the first call, %zu in the end",
		set->n, node, first, there);
}

/*
 * In runs of pages that go to one node and the other. 0: none of these groups failed, so
 * the node is written for each page, and an error for one that could not be taken off the
 * LRU (mm/migrate.c, do_pages_move).
 */
static void check_told(const struct pageset *set, const int *nodes, const char *name)
{
	int to[TOLD], status[TOLD] = { 0 }, where[TOLD];
	size_t i, wrong = 0;
	long ret = 1;
	int tries;

	for (i = 0; i < TOLD; i++)
		to[i] = nodes[i / TOLD_RUN % 2];
	for (tries = 0; ret > 0 && tries < TRIES; tries++) {
		for (i = 0; i < TOLD; i++)
			status[i] = NOTHING_YET;
		ret = numa_move_each((void **)set->addr, TOLD, to, status);
	}
	if (ret > 0) {
		ktap_skip(name, "%ld of %d pages do not move", ret, TOLD);
		return;
	}
	numa_move((void **)set->addr, TOLD, -1, where);
	for (i = 0; i < TOLD; i++)
		wrong += status[i] < 0 ? status[i] == NOTHING_YET || where[i] == to[i] :
					 status[i] != to[i] || where[i] != to[i];
	ktap_check(
		ret == 0 && wrong == 0, name,
		"expected move_pages to move %d pages to two nodes and to say so of each, saw %zu where it does not, and %ld",
		TOLD, wrong, ret);
}

static void check_refused(long ret, int err, const struct pageset *set, const char *name)
{
	size_t moved = pageset_moved(set);

	ktap_check(
		ret == -err && moved == 0, name,
		"expected move_pages to answer %s and move nothing, saw %ld and %zu moved",
		strerror(err), ret, moved);
}

/* Both are found out only when the batches are off (mm/migrate.c, do_pages_move). */
static void check_refusals(struct pageset *set, uint64_t nodes)
{
	int status[1];

	pageset_note(set);
	check_refused(numa_move((void **)set->addr, 1, numa_first(~nodes), status),
		      ENODEV, set, "refuses-absent-node");
	check_refused(numa_move(NULL, 1, numa_first(nodes), status), EFAULT, set,
		      "refuses-bad-address");
}

void case_move_pages(void)
{
	uint64_t nodes = numa_memory_nodes();
	int from = numa_first(nodes);
	int to = numa_first(nodes & ~(UINT64_C(1) << from));
	struct pageset set;
	struct vmstat base, before, after;

	if (to < 0)
		ktap_skip_all("needs two nodes with memory");
	ktap_begin(6 + RESIDUE_BATCHES_CHECKS + ORACLE_MIGRATED_CHECKS +
		   ORACLE_FRAMES_CHECKS + ORACLE_LOCKED_CHECKS + ORACLE_UNLOCKED_CHECKS +
		   ORACLE_END_CHECKS);
	oracle_begin(&base);
	pageset_init(&set, PAGES, from, PAGESET_LOCK_ON_FAULT);
	numa_unbind(set.map, set.map_bytes);
	vmstat_read(&before);
	leave_residue(&set, from);
	check_move(&set, to, "moved-there");
	oracle_frames(&set);
	leave_residue(&set, to);
	check_move(&set, from, "moved-back");
	vmstat_read(&after);
	check_told(&set, (int[]){ from, to }, "told-some-stay");
	check_told(&set, (int[]){ to, from }, "told-all-move");
	check_refusals(&set, nodes);
	residue_check_batches("batches-work");
	oracle_migrated(&before, &after, ORACLE_CALL_FAIL_PART);
	oracle_locked(&set, &base);
	oracle_unlocked(&set, &base);
	pageset_done(&set);
	oracle_end(&base);
}
