/*
 * migrate_pages(2) of mlocked pages: our own, then another process' by its pid,
 * from each node with memory to the next in a ring. Before each call some of the
 * pages are locked anew by faults on the last CPU, fewer than a batch holds, so
 * they wait in it while the first CPU moves them.
 *
 * The call takes a process page by page without asking what is locked: it must
 * leave none behind and say so. What it shows: a batch that does not obey
 * lru_cache_disable (its pages are off the LRU, cannot be isolated and stay); a
 * new page that does not become Mlocked and Unevictable in place of the old one,
 * counts nr_mlock twice or not at all; rmap that drops the lock when the one
 * who migrates is not the owner; a count of failures that is not the truth: pages that
 * are in swap are none, pinned ones are, each of them. After all of that pages wait in
 * the batches again, which the call switches off.
 */
#include <string.h>

#include "common/cpu.h"
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
#define TRIES 3

/* What the peer is told to do with its pages. */
enum { PEER_MAKE, PEER_REFAULT, PEER_ON_NODE, PEER_STRAYS };

/* On node: how many wait. */
static size_t refault(struct pageset *set, int node)
{
	size_t n;

	numa_bind_task(node);
	n = residue_refault(set);
	numa_bind_task(-1);
	return n;
}

static void make(struct pageset *set, int node)
{
	cpu_run_on(cpu_last());
	pageset_init(set, PAGES, node, PAGESET_LOCK_ON_FAULT);
	numa_unbind(set->map, set->map_bytes);
	cpu_run_on(cpu_first());
}

static long peer_step(void *arg, int what, long value)
{
	struct pageset *set = arg;

	switch (what) {
	case PEER_MAKE:
		make(set, (int)value);
		return 0;
	case PEER_REFAULT:
		return (long)refault(set, (int)value);
	case PEER_ON_NODE:
		return (long)pageset_on_node(set, (int)value);
	default:
		return (long)oracle_strays(set);
	}
}

/* One call; again for a page that was busy for a moment. What the last one said. */
static long migrate(pid_t pid, int from, int to, struct tally *t)
{
	long left = -1;
	int tries;

	for (tries = 0; tries < TRIES && left != 0; tries++) {
		if (tries)
			slowdown_pause_ms(10);
		left = numa_migrate(pid, UINT64_C(1) << from, UINT64_C(1) << to);
		if (left < 0)
			ktap_bail("migrate_pages from node %d to %d: %s", from, to,
				  strerror((int)-left));
	}
	tally_add(
		t, left == 0,
		"expected migrate_pages from node %d to %d to leave no page, saw %ld left by call %d",
		from, to, left, tries);
	return left;
}

static void own_ring(struct pageset *set, uint64_t nodes, long rounds)
{
	struct tally left = { .name = "own-none-left" };
	struct tally there = { .name = "own-on-node" };
	struct tally kept = { .name = "own-kept" };
	long i, steps = rounds * __builtin_popcountll(nodes);
	int from = numa_first(nodes), to;

	for (i = 0; i < steps; i++, from = to) {
		size_t n, strays;

		to = numa_next(nodes, from);
		ktap_data("waiting", (long long)refault(set, from));
		migrate(0, from, to, &left);
		n = pageset_on_node(set, to);
		tally_add(
			&there, n == set->n,
			"expected all %zu mlocked pages of ours on node %d, saw %zu of them there",
			set->n, to, n);
		strays = oracle_strays(set);
		tally_add(
			&kept, strays == 0,
			"expected every page of ours present, Mlocked, Unevictable and unchanged on node %d, saw %zu that are not",
			to, strays);
	}
	tally_check(&left);
	tally_check(&there);
	tally_check(&kept);
}

static void peer_ring(struct peer *p, uint64_t nodes, long rounds,
		      const struct vmstat *base)
{
	struct tally left = { .name = "peer-none-left" };
	struct tally there = { .name = "peer-on-node" };
	struct tally kept = { .name = "peer-kept" };
	struct tally count = { .name = "peer-nr_mlock" };
	long i, n, steps = rounds * __builtin_popcountll(nodes);
	int from = numa_first(nodes), to;

	peer_ask(p, PEER_MAKE, from);
	for (i = 0; i < steps; i++, from = to) {
		struct vmstat now;

		to = numa_next(nodes, from);
		ktap_data("peer_waiting", peer_ask(p, PEER_REFAULT, from));
		migrate(p->pid, from, to, &left);
		n = peer_ask(p, PEER_ON_NODE, to);
		tally_add(
			&there, n == PAGES,
			"expected all %d mlocked pages of the other process on node %d, saw %ld of them there",
			PAGES, to, n);
		n = peer_ask(p, PEER_STRAYS, 0);
		tally_add(
			&kept, n == 0,
			"expected every page of the other process present, Mlocked, Unevictable and unchanged on node %d, saw %ld that are not",
			to, n);
		vmstat_read(&now);
		n = now.nr_mlock - base->nr_mlock;
		tally_add(&count, n == PAGES, "expected nr_mlock to grow by %d, saw %ld",
			  PAGES, n);
	}
	tally_check(&left);
	tally_check(&there);
	tally_check(&kept);
	tally_check(&count);
}

static void swapped_not_counted(const struct partial *p, int from, int to)
{
	struct tally t = { .name = "swapped-not-counted" };
	size_t there, left;

	migrate(0, from, to, &t);
	there = pageset_on_node(&p->set, to);
	left = partial_in_swap(p);
	tally_add(
		&t, left == p->in_swap && there == p->set.n - left,
		"expected %zu of %zu pages to stay in swap and the others to go to node %d, saw %zu in swap and %zu there",
		p->in_swap, p->set.n, to, left, there);
	tally_check(&t);
}

/* Again where another page of ours was busy for a moment. */
static void pinned_counted(struct partial *p, int from, int to)
{
	size_t there, want = p->set.n - p->in_swap - PARTIAL_PINNED;
	long left = -1;
	int tries;

	partial_pin(p);
	for (tries = 0; tries < TRIES && left != PARTIAL_PINNED; tries++) {
		if (tries)
			slowdown_pause_ms(10);
		left = numa_migrate(0, UINT64_C(1) << from, UINT64_C(1) << to);
	}
	there = pageset_on_node(&p->set, to);
	pin_drop(&p->pin);
	ktap_check(
		left == PARTIAL_PINNED && there == want, "pinned-counted",
		"expected migrate_pages to leave the %d pages that are pinned, to say so, and to put %zu on node %d, saw %ld left and %zu there",
		PARTIAL_PINNED, want, to, left, there);
}

static void some_stay(uint64_t nodes)
{
	int from = numa_first(nodes), to = numa_next(nodes, from);
	struct partial p;
	const char *lacks = partial_make(&p, from);

	if (lacks) {
		ktap_skip("swapped-not-counted", "%s", lacks);
		ktap_skip("pinned-counted", "%s", lacks);
		return;
	}
	swapped_not_counted(&p, from, to);
	pinned_counted(&p, to, from);
	partial_done(&p);
}

void case_migrate_pages(void)
{
	long rounds = opts_number("rounds", 1);
	uint64_t nodes = numa_memory_nodes();
	struct pageset set, peer_set = { 0 };
	struct vmstat base, before, after;
	struct peer peer;

	if (__builtin_popcountll(nodes) < 2)
		ktap_skip_all("needs two nodes with memory");
	ktap_begin(9 + RESIDUE_BATCHES_CHECKS + ORACLE_MIGRATED_CHECKS +
		   ORACLE_LOCKED_CHECKS + ORACLE_UNLOCKED_CHECKS + ORACLE_END_CHECKS);
	oracle_begin(&base);
	make(&set, numa_first(nodes));
	vmstat_read(&before);
	own_ring(&set, nodes, rounds);
	vmstat_read(&after);
	oracle_migrated(&before, &after, ORACLE_CALL_FAIL_PART);
	oracle_locked(&set, &base);
	oracle_unlocked(&set, &base);
	pageset_done(&set);
	peer_start(&peer, peer_step, &peer_set);
	peer_ring(&peer, nodes, rounds, &base);
	peer_end(&peer);
	some_stay(nodes);
	residue_check_batches("batches-work");
	oracle_end(&base);
}
