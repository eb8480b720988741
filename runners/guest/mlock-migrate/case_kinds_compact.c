/*
 * Each kind of locked memory through compaction of its node. All kinds are there
 * at once, each in a process of its own, scattered as scatter.h says: first the
 * memory is filled but for single frames in between, then the kinds are put up,
 * and find just these, then what filled it goes.
 *
 * What compaction moves is its own choice: that it moves a good part is asserted
 * over all kinds together. Flags, contents and counters hold of each one.
 */
#include <string.h>
#include <sys/mman.h>

#include "common/ktap.h"
#include "common/numa.h"
#include "common/opts.h"
#include "common/turn.h"
#include "mlock-migrate/cases.h"
#include "mlock-migrate/kindcheck.h"
#include "mlock-migrate/oracle.h"
#include "mlock-migrate/scatter.h"

#define FILL_MAX 16384 /* 64 MiB: 512 single frames */
#define FILL_MIN 8192
#define PAGES 32 /* of one kind: all of them fit between what fills */
#define KINDS_MAX 32
#define CHECKS 2 /* of one kind */

/* A kind's process tells here, in shared memory, what became of its pages. */
struct outcome {
	size_t pages, moved;
	size_t may_stay; /* those may fail to move, and are not in the other two */
};

struct story {
	const struct kind *kind;
	size_t pages;
	int node;
	struct outcome *outcome;
	struct turn turn;
};

/* Three turns: put up; look at it after compaction; unlock and leave. */
static void tell(void *arg)
{
	const struct story *st = arg;
	struct kind_run run;
	struct vmstat before, after;
	struct why locked = { 0 }, unlocked = { 0 };

	numa_bind_task(st->node);
	kind_put_up(&run, st->kind, st->pages);
	numa_bind_task(-1);
	turn_yield();
	if (run.kind->traits & KIND_MAY_STAY) {
		st->outcome->may_stay = run.set.n;
	} else {
		st->outcome->pages = run.set.n;
		st->outcome->moved = pageset_moved(&run.set);
	}
	kindcheck_pages(&run, &locked);
	account_process(&locked);
	why_check(&locked, kindcheck_name(st->kind, "compacted"));
	turn_yield();
	oracle_begin(&before);
	kind_unlock(&run);
	oracle_begin(&after);
	kindcheck_unlocked_pages(&run, after.stranded - before.stranded, &unlocked);
	why_check(&unlocked, kindcheck_name(st->kind, "unlocked"));
}

static void put_up_all(struct story *st, size_t pages, int node)
{
	struct outcome *shared = mmap(NULL, sizeof(*shared) * KINDS_MAX,
				      PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				      -1, 0);
	size_t i;

	if (shared == MAP_FAILED || kinds_n > KINDS_MAX)
		ktap_bail("no memory to share between %zu processes", kinds_n);
	for (i = 0; i < kinds_n; i++) {
		st[i].kind = &kinds[i];
		st[i].pages = pages;
		st[i].node = node;
		st[i].outcome = &shared[i];
		if (kinds[i].lacks && kinds[i].lacks())
			continue;
		turn_start(&st[i].turn, tell, &st[i]);
		turn_run(&st[i].turn);
	}
}

static void run_all(struct story *st, const char *what)
{
	size_t i;

	for (i = 0; i < kinds_n; i++) {
		if (st[i].turn.pid)
			turn_run(&st[i].turn);
		else
			ktap_skip(kindcheck_name(&kinds[i], what), "%s",
				  kinds[i].lacks());
	}
}

/* Lets go what keeps the kinds apart. */
static void fill_and_put_up(struct story *st, size_t pages, int node)
{
	struct pageset fill;

	pageset_init(&fill, scatter_room(node, FILL_MIN, FILL_MAX), node, PAGESET_PLAIN);
	madvise(fill.map, fill.map_bytes, MADV_DONTFORK);
	pageset_sieve(&fill, SCATTER_EVERY);
	put_up_all(st, pages, node);
	pageset_done(&fill);
}

static void check_moved(const struct story *st, const struct vmstat *before)
{
	size_t pages = 0, moved = 0, may_fail = 0, i;
	struct vmstat after;
	long long failed;

	vmstat_read(&after);
	for (i = 0; i < kinds_n; i++) {
		pages += st[i].outcome->pages;
		moved += st[i].outcome->moved;
		may_fail += st[i].outcome->may_stay * 2;
		ktap_data(kindcheck_name(&kinds[i], "moved"),
			  (long long)st[i].outcome->moved);
	}
	ktap_data("pages", (long long)pages);
	ktap_data("moved", (long long)moved);
	failed = oracle_migrate_data(before, &after);
	may_fail += pages / 4;
	ktap_check(moved >= pages / 4, "moved",
		   "expected compaction to move at least %zu of %zu pages, saw %zu",
		   pages / 4, pages, moved);
	ktap_check(failed <= (long long)may_fail, "migrate-failures",
		   "expected pgmigrate_fail to grow by at most %zu, saw %lld", may_fail,
		   failed);
}

static void one_round(size_t pages, int node)
{
	struct story st[KINDS_MAX] = { 0 };
	struct account base, now;
	struct vmstat before;
	struct why locked = { 0 }, back = { 0 };

	account_read(&base);
	fill_and_put_up(st, pages, node);
	oracle_begin(&before);
	scatter_compact(node);
	account_scan(&now);
	account_machine(&now, &locked);
	why_check(&locked, "books-compacted");
	run_all(st, "compacted");
	check_moved(st, &before);
	run_all(st, "unlocked");
	account_read(&now);
	account_gone(&base, &now, &back);
	why_check(&back, "back-at-base");
}

void case_kinds_compact(void)
{
	int node = scatter_node();
	unsigned rounds = (unsigned)opts_number("rounds", 1), i;
	size_t pages = (size_t)opts_number("pages", PAGES);
	struct pageset evictable;

	account_begin();
	scatter_begin(node);
	scatter_room(node, FILL_MIN, FILL_MAX);
	ktap_begin(rounds * ((unsigned)kinds_n * CHECKS + 4));
	scatter_evictable(&evictable, node);
	for (i = 0; i < rounds; i++)
		one_round(pages, node);
	pageset_done(&evictable);
}
