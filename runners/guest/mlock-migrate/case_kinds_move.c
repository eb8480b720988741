/*
 * Each kind of locked memory, moved by move_pages(2) to another node and back.
 * Before, between and after: flags, contents, counters and what /proc says of the
 * process; and after each move that using the pages takes no fault. Ahead of each move some pages are touched anew, locked as they are, on the
 * last CPU, and wait in its batch. On a machine with one memory node all of that without the moves.
 */
#include <stdbool.h>

#include "common/ktap.h"
#include "common/numa.h"
#include "common/opts.h"
#include "common/turn.h"
#include "mlock-migrate/cases.h"
#include "mlock-migrate/kindcheck.h"
#include "mlock-migrate/move.h"
#include "mlock-migrate/residue.h"

#define PAGES 96
/* Results of one kind. */
#define CHECKS 3
#define MOVE_CHECKS 5

struct story {
	const struct kind *kind;
	size_t pages;
	int from, to; /* to -1: nowhere */
};

static void check_move(const struct kind_run *run, int node, const char *what)
{
	const char *name = kindcheck_name(run->kind, what);
	size_t first, there = move_to(&run->set, node, &first);

	if (run->kind->traits & KIND_MAY_STAY)
		ktap_skip(name, "need not move; %zu of %zu did", there, run->set.n);
	else
		ktap_check(
			there == run->set.n, name,
			"expected move_pages to put all %zu pages on node %d, saw %zu there after the first call, %zu in the end",
			run->set.n, node, first, there);
}

/*
 * The pages of a file stay in the cache when they are unmapped, and wait in the batch
 * for the lock of one that is on the LRU; those of our own are new and wait for both.
 */
static void leave_residue(struct kind_run *run, int node)
{
	const unsigned unseen = KIND_ALWAYS_UNEVICTABLE | KIND_NOT_MLOCKED;
	size_t waiting;

	numa_bind_task(node);
	waiting = residue_refault(&run->set);
	numa_bind_task(-1);
	if (!(run->kind->traits & unseen))
		ktap_data(kindcheck_name(run->kind, "waiting"), (long long)waiting);
}

/* They are on node now; from the other and back again, to see whether it is always so. */
static void use(struct kind_run *run, int node, int other, struct why *w)
{
	struct faults f;
	size_t first;
	int tries = 1;

	kindcheck_faults(run, &f);
	while (faults_any(&f) && tries++ < FAULTS_TRIES) {
		move_to(&run->set, other, &first);
		leave_residue(run, other);
		move_to(&run->set, node, &first);
		kindcheck_faults(run, &f);
	}
	faults_complain(&f, &run->set, w);
}

static void check_moves(const struct story *st, struct kind_run *run,
			const struct account *base, struct account *now)
{
	struct why faults = { 0 };

	leave_residue(run, st->from);
	check_move(run, st->to, "moved");
	use(run, st->to, st->from, &faults);
	kindcheck_locked(run, base, now, "moved-locked");
	leave_residue(run, st->to);
	check_move(run, st->from, "moved-back");
	use(run, st->from, st->to, &faults);
	why_check(&faults, kindcheck_name(run->kind, "no-faults"));
	kindcheck_locked(run, base, now, "moved-back-locked");
}

static void tell(void *arg)
{
	const struct story *st = arg;
	struct kind_run run;
	struct account base, now;

	account_read(&base);
	numa_bind_task(st->from);
	kind_put_up(&run, st->kind, st->pages);
	numa_bind_task(-1);
	kindcheck_locked(&run, &base, &now, "locked");
	if (st->to >= 0)
		check_moves(st, &run, &base, &now);
	kindcheck_unlock(&run, &base, &now, "unlocked");
	kindcheck_drop(&run, &base, &now, "dropped");
}

static void round_of_kinds(size_t pages, int from, int to)
{
	int checks = to >= 0 ? CHECKS + MOVE_CHECKS : CHECKS, j;
	size_t i;

	for (i = 0; i < kinds_n; i++) {
		struct story st = { &kinds[i], pages, from, to };
		const char *why = kinds[i].lacks ? kinds[i].lacks() : NULL;
		struct turn turn;

		for (j = 0; why && j < checks; j++)
			ktap_skip(kinds[i].name, "%s", why);
		if (why)
			continue;
		turn_start(&turn, tell, &st);
		turn_run(&turn);
	}
}

void case_kinds_move(void)
{
	uint64_t nodes = numa_memory_nodes();
	int from = numa_first(nodes);
	int to = numa_first(nodes & ~(UINT64_C(1) << from));
	unsigned rounds = (unsigned)opts_number("rounds", 1), i;
	unsigned checks = to >= 0 ? CHECKS + MOVE_CHECKS : CHECKS;
	size_t pages = (size_t)opts_number("pages", PAGES);
	struct account base, now;
	struct why w = { 0 };

	account_begin();
	ktap_begin(rounds * (unsigned)kinds_n * checks + (to < 0) + 1);
	account_read(&base);
	for (i = 0; i < rounds; i++)
		round_of_kinds(pages, from, to);
	if (to < 0)
		ktap_skip("moves", "needs two nodes with memory");
	account_scan(&now);
	account_gone(&base, &now, &w);
	why_check(&w, "back-at-base");
}
