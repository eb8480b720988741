/*
 * mbind(2) of mlocked pages. Alone: MPOL_MF_STRICT refuses and moves nothing,
 * with MPOL_MF_MOVE it moves all, and later faults follow; from each node with
 * memory to the next in a ring, some pages waiting in the batch of the last CPU.
 * Shared by two processes that both lock them: MPOL_MF_MOVE leaves them where
 * they are, MPOL_MF_MOVE_ALL moves them for both.
 *
 * Then one of the two unlocks, and the pages must stay locked for the other: the
 * kernel counts lockers in mlock_count, which lives in the page and begins anew
 * in the one that it was moved to. What else it shows: a batch that does not
 * obey lru_cache_disable (EIO), a page that is locked in one page table only,
 * flags lost or nr_mlock counted for each mapping instead of each page.
 *
 * mlock_count is exact only for pages that were on the LRU when they were locked
 * (a page that is not counts 0): the shared ones are touched and drained first.
 *
 * At last calls that do not move all: pages in swap are no failure, a pinned one is,
 * and so is a hole in the range. After all of that pages wait in the batches again,
 * which the call switches off.
 */
#include <errno.h>
#include <linux/mempolicy.h>
#include <string.h>
#include <sys/mman.h>

#include "common/ktap.h"
#include "common/numa.h"
#include "common/opts.h"
#include "common/page.h"
#include "common/peer.h"
#include "common/slowdown.h"
#include "common/tally.h"
#include "mlock-migrate/cases.h"
#include "mlock-migrate/oracle.h"
#include "mlock-migrate/partial.h"
#include "mlock-migrate/residue.h"

#define PAGES 256
#define SHARED 64
#define TRIES 3

enum { PEER_LOCK, PEER_UNLOCK, PEER_NOTE, PEER_MOVED, PEER_STRAYS };

static int bind_to(const struct pageset *set, int node, unsigned flags)
{
	return numa_policy(set->map, set->map_bytes, MPOL_BIND, UINT64_C(1) << node,
			   flags);
}

/* Again for a page that was busy for a moment. */
static int bind_strict(const struct pageset *set, int node, unsigned flags)
{
	int tries, ret = -EIO;

	for (tries = 0; tries < TRIES && ret == -EIO; tries++) {
		if (tries)
			slowdown_pause_ms(10);
		ret = bind_to(set, node, flags | MPOL_MF_STRICT);
	}
	return ret;
}

static void alone_step(struct pageset *set, int to, struct tally *refused,
		       struct tally *moved, struct tally *kept)
{
	size_t n;
	int ret;

	pageset_note(set);
	ret = bind_to(set, to, MPOL_MF_STRICT);
	n = pageset_moved(set);
	tally_add(
		refused, ret == -EIO && n == 0,
		"expected mbind with MPOL_MF_STRICT alone to answer EIO and move nothing, saw %s and %zu pages moved",
		strerror(-ret), n);
	ktap_data("waiting", (long long)residue_waiting(set));
	ret = bind_strict(set, to, MPOL_MF_MOVE);
	n = pageset_on_node(set, to);
	tally_add(
		moved, ret == 0 && n == set->n,
		"expected mbind with MPOL_MF_MOVE to put all %zu mlocked pages on node %d, saw %s and %zu there",
		set->n, to, strerror(-ret), n);
	/* On the bound node, and in the batch at the next step. */
	residue_refault(set);
	n = pageset_on_node(set, to);
	tally_add(
		moved, n == set->n,
		"expected pages faulted after mbind on node %d, saw %zu of %zu pages there",
		to, n, set->n);
	n = pageset_strays(set, PAGE_MLOCKED);
	tally_add(
		kept, n == 0,
		"expected every page present, Mlocked and unchanged on node %d, saw %zu that are not",
		to, n);
}

static void alone(struct pageset *set, uint64_t nodes, long rounds)
{
	struct tally refused = { .name = "strict-refuses" };
	struct tally moved = { .name = "moved" };
	struct tally kept = { .name = "kept" };
	long i, steps = rounds * __builtin_popcountll(nodes);
	int node = numa_first(nodes);

	for (i = 0; i < steps; i++) {
		node = numa_next(nodes, node);
		alone_step(set, node, &refused, &moved, &kept);
	}
	tally_check(&refused);
	tally_check(&moved);
	tally_check(&kept);
}

static long peer_step(void *arg, int what, long value)
{
	struct pageset *set = arg;

	(void)value;
	switch (what) {
	case PEER_LOCK:
		return mlock(set->map, set->map_bytes) < 0 ? -errno : 0;
	case PEER_UNLOCK:
		return munlock(set->map, set->map_bytes) < 0 ? -errno : 0;
	case PEER_NOTE:
		pageset_note(set);
		return 0;
	case PEER_MOVED:
		return (long)pageset_moved(set);
	default:
		return (long)oracle_strays(set);
	}
}

static void shared_make(struct pageset *set, int node)
{
	char *map = mmap(NULL, SHARED * PAGE_BYTES, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct vmstat drained;

	if (map == MAP_FAILED)
		ktap_bail("mmap of shared pages: %s", strerror(errno));
	pageset_adopt(set, map, SHARED * PAGE_BYTES, 1);
	madvise(map, set->map_bytes, MADV_NOHUGEPAGE);
	numa_bind(map, set->map_bytes, node);
	pageset_fill(set);
	oracle_begin(&drained);
	if (mlock(map, set->map_bytes) < 0)
		ktap_bail("mlock of shared pages: %s", strerror(errno));
}

static void shared_step(struct pageset *set, struct peer *p, int to, struct tally *left,
			struct tally *moved, struct tally *kept)
{
	long here, there;
	size_t n;
	int ret;

	pageset_note(set);
	peer_ask(p, PEER_NOTE, 0);
	ret = bind_to(set, to, MPOL_MF_MOVE);
	n = pageset_moved(set);
	tally_add(
		left, ret == 0 && n == 0,
		"expected mbind with MPOL_MF_MOVE to leave the pages that another process shares, saw %s and %zu of %zu moved",
		strerror(-ret), n, set->n);
	ret = bind_strict(set, to, MPOL_MF_MOVE_ALL);
	n = pageset_on_node(set, to);
	there = peer_ask(p, PEER_MOVED, 0);
	tally_add(
		moved, ret == 0 && n == set->n && there == SHARED,
		"expected mbind with MPOL_MF_MOVE_ALL to put all %zu shared pages on node %d for both processes, saw %s, %zu there, %ld moved for the other",
		set->n, to, strerror(-ret), n, there);
	here = (long)oracle_strays(set);
	there = peer_ask(p, PEER_STRAYS, 0);
	tally_add(
		kept, here == 0 && there == 0,
		"expected every shared page present, Mlocked, Unevictable and unchanged in both processes, saw %ld and %ld that are not",
		here, there);
}

static void shared(struct pageset *set, struct peer *p, uint64_t nodes, long rounds)
{
	struct tally left = { .name = "shared-left-by-move" };
	struct tally moved = { .name = "shared-moved-by-move-all" };
	struct tally kept = { .name = "shared-kept" };
	long i, steps = rounds * __builtin_popcountll(nodes);
	int node = numa_first(nodes);

	for (i = 0; i < steps; i++) {
		node = numa_next(nodes, node);
		shared_step(set, p, node, &left, &moved, &kept);
	}
	tally_check(&left);
	tally_check(&moved);
	tally_check(&kept);
}

/* The other process unlocks: ours are locked as before. */
static void shared_unlock_one(struct pageset *set, struct peer *p)
{
	long ret = peer_ask(p, PEER_UNLOCK, 0);
	size_t n = oracle_strays(set);

	ktap_check(
		ret == 0 && n == 0, "shared-locked-by-one",
		"expected every page that one of two lockers unlocked after it moved to stay Mlocked, saw %zu of %zu that did not",
		n, set->n);
}

static void two_processes(uint64_t nodes, long rounds, const struct vmstat *base)
{
	struct pageset set;
	struct peer peer;

	shared_make(&set, numa_first(nodes));
	peer_start(&peer, peer_step, &set);
	if (peer_ask(&peer, PEER_LOCK, 0) != 0)
		ktap_bail("mlock of shared pages in the other process");
	shared(&set, &peer, nodes, rounds);
	shared_unlock_one(&set, &peer);
	oracle_locked(&set, base);
	oracle_unlocked(&set, base);
	peer_end(&peer);
	pageset_done(&set);
}

static void swapped_no_failure(const struct partial *p, int to)
{
	int ret = bind_strict(&p->set, to, MPOL_MF_MOVE);
	size_t there = pageset_on_node(&p->set, to), left = partial_in_swap(p);

	ktap_check(
		ret == 0 && left == p->in_swap && there == p->set.n - left,
		"swapped-no-failure",
		"expected mbind to leave %zu of %zu pages in swap, to put the others on node %d and to call that no failure, saw %s, %zu in swap and %zu there",
		p->in_swap, p->set.n, to, strerror(-ret), left, there);
}

static void pinned_fails(struct partial *p, int to)
{
	size_t there, want = p->set.n - p->in_swap - PARTIAL_PINNED;
	int ret;

	partial_pin(p);
	ret = bind_strict(&p->set, to, MPOL_MF_MOVE);
	there = pageset_on_node(&p->set, to);
	pin_drop(&p->pin);
	ktap_check(
		ret == -EIO && there == want, "pinned-fails",
		"expected mbind to answer EIO for %d pages that are pinned and to put %zu on node %d, saw %s and %zu there",
		PARTIAL_PINNED, want, to, strerror(-ret), there);
}

/* The last page is unmapped: nothing is moved then (mm/mempolicy.c, do_mbind). */
static void hole_refused(struct partial *p, int to)
{
	size_t moved;
	int ret;

	munmap(p->set.map + p->set.map_bytes - PAGE_BYTES, PAGE_BYTES);
	pageset_note(&p->set);
	ret = bind_to(&p->set, to, MPOL_MF_MOVE);
	moved = pageset_moved(&p->set);
	ktap_check(
		ret == -EFAULT && moved == 0, "hole-refused",
		"expected mbind to answer EFAULT for a hole in the range and to move nothing, saw %s and %zu moved",
		strerror(-ret), moved);
}

static void some_stay(uint64_t nodes)
{
	int first = numa_first(nodes), second = numa_next(nodes, first);
	struct partial p;
	const char *lacks = partial_make(&p, first);

	if (lacks) {
		ktap_skip("swapped-no-failure", "%s", lacks);
		ktap_skip("pinned-fails", "%s", lacks);
		ktap_skip("hole-refused", "%s", lacks);
		return;
	}
	swapped_no_failure(&p, second);
	pinned_fails(&p, first);
	hole_refused(&p, second);
	partial_done(&p);
}

void case_mbind(void)
{
	long rounds = opts_number("rounds", 1);
	uint64_t nodes = numa_memory_nodes();
	struct pageset set;
	struct vmstat base, before, after;

	if (__builtin_popcountll(nodes) < 2)
		ktap_skip_all("needs two nodes with memory");
	ktap_begin(10 + RESIDUE_BATCHES_CHECKS + ORACLE_MIGRATED_CHECKS +
		   2 * ORACLE_LOCKED_CHECKS + 2 * ORACLE_UNLOCKED_CHECKS +
		   ORACLE_END_CHECKS);
	oracle_begin(&base);
	pageset_init(&set, PAGES, numa_first(nodes), PAGESET_LOCK_ON_FAULT);
	oracle_begin(&before);
	residue_refault(&set);
	alone(&set, nodes, rounds);
	oracle_locked(&set, &base);
	oracle_unlocked(&set, &base);
	pageset_done(&set);
	two_processes(nodes, rounds, &base);
	vmstat_read(&after);
	oracle_migrated(&before, &after, ORACLE_CALL_FAIL_PART);
	some_stay(nodes);
	residue_check_batches("batches-work");
	oracle_end(&base);
}
