/*
 * Each kind of locked memory through compaction of its node. All kinds are there
 * at once, each in a process of its own, scattered as scatter.h says: first the
 * memory is filled but for single frames in between, then the kinds are put up,
 * and find just these, then what filled it goes.
 *
 * What compaction moves is its own choice, and may leave out a kind. That it moves a
 * good part is asserted of anonymous memory and of the page cache, which lie side by
 * side. Flags, contents and counters hold of each kind.
 */
#include <string.h>
#include <sys/mman.h>

#include "common/ktap.h"
#include "common/numa.h"
#include "common/opts.h"
#include "common/page.h"
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
/* At least one in so many pages moves; a good kernel moves one in 2.5 or more. */
#define ALL_PART 4
#define CLASS_PART 8

/* A kind's process tells here, in shared memory, what became of its pages. */
struct outcome {
	size_t pages, moved;
	size_t may_stay; /* those may fail to move, and are not in the other two */
	bool anon;       /* or page cache, shmem among it */
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
	st->outcome->anon = page_flags(page_pfn(run.set.addr[0])) & PAGE_ANON;
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

static void add(struct outcome *sum, const struct outcome *one)
{
	sum->pages += one->pages;
	sum->moved += one->moved;
}

/* At least one in so many pages moved. */
static void check_part(const struct outcome *sum, size_t part, const char *name)
{
	ktap_data(name, (long long)sum->moved);
	ktap_check(sum->moved >= sum->pages / part, name,
		   "expected compaction to move at least %zu of %zu pages, saw %zu",
		   sum->pages / part, sum->pages, sum->moved);
}

static void check_moved(const struct story *st, const struct vmstat *before)
{
	struct outcome class[2] = { 0 }, all = { 0 };
	size_t may_fail = 0, i;
	struct vmstat after;
	long long failed;

	vmstat_read(&after);
	for (i = 0; i < kinds_n; i++) {
		add(&class[st[i].outcome->anon], st[i].outcome);
		add(&all, st[i].outcome);
		may_fail += st[i].outcome->may_stay * 2;
		ktap_data(kindcheck_name(&kinds[i], "moved"),
			  (long long)st[i].outcome->moved);
	}
	ktap_data("pages", (long long)all.pages);
	check_part(&all, ALL_PART, "moved");
	check_part(&class[true], CLASS_PART, "moved-anonymous");
	check_part(&class[false], CLASS_PART, "moved-page-cache");
	failed = oracle_migrate_data(before, &after);
	may_fail += all.pages / 4;
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
	ktap_begin(rounds * ((unsigned)kinds_n * CHECKS + 6));
	scatter_evictable(&evictable, node);
	for (i = 0; i < rounds; i++)
		one_round(pages, node);
	pageset_done(&evictable);
}
