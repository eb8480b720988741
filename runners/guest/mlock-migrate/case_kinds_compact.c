/*
 * Each kind of locked memory through compaction of its node. All kinds are there
 * at once, each in a process of its own, scattered as scatter.h says: first the
 * memory is filled but for single frames in between, then the kinds are put up,
 * and find just these, then what filled it goes.
 *
 * What compaction moves is its own choice, and may leave out a kind: it packs into
 * pageblocks that are partly used, from the top of the node on, and what it passes on
 * its way down stays. That it moves a good part is asserted of anonymous memory and of
 * the page cache, which lie side by side. In the first round after a boot that has
 * been as few as 92 of 384 pages on a good kernel, in a second one never under 290 in
 * 100: where too few moved, the round is told anew. Flags, contents and counters hold
 * of each kind, each time. So it is where using the pages took faults (faults.h), which
 * must be none in one of the rounds.
 */
#include <string.h>
#include <sys/mman.h>

#include "common/ktap.h"
#include "common/numa.h"
#include "common/opts.h"
#include "common/page.h"
#include "common/turn.h"
#include "common/why.h"
#include "mlock-migrate/cases.h"
#include "mlock-migrate/kindcheck.h"
#include "mlock-migrate/oracle.h"
#include "mlock-migrate/scatter.h"

#define FILL_MAX 16384 /* 64 MiB: 512 single frames */
#define FILL_MIN 8192
#define PAGES 32 /* of one kind: all of them fit between what fills */
#define KINDS_MAX 32
#define CHECKS 3 /* of one kind */
/* At least one in so many pages moves, once in so many tries. */
#define ALL_PART 4
#define CLASS_PART 8
#define TRIES 3

/* A kind's process tells here, in shared memory, what became of its pages. */
struct outcome {
	size_t pages, moved;
	size_t may_stay; /* those may fail to move, and are not in the other two */
	bool anon;       /* or page cache, shmem among it */
	struct why locked, unlocked; /* of all tries */
	struct why faults;           /* of the last one */
};

/* One round: a line of output for each of these, whatever the number of tries. */
struct round {
	struct outcome *outcome; /* of each kind */
	struct outcome all, class[2];
	struct why books, failures, back;
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
	struct faults faults;

	numa_bind_task(st->node);
	kind_put_up(&run, st->kind, st->pages);
	numa_bind_task(-1);
	turn_yield();
	kindcheck_faults(&run, &faults);
	faults_complain(&faults, &run.set, &st->outcome->faults);
	st->outcome->anon = page_flags(page_pfn(run.set.addr[0])) & PAGE_ANON;
	if (run.kind->traits & KIND_MAY_STAY) {
		st->outcome->may_stay = run.set.n;
	} else {
		st->outcome->pages = run.set.n;
		st->outcome->moved = pageset_moved(&run.set);
	}
	kindcheck_pages(&run, &st->outcome->locked);
	account_process(&st->outcome->locked);
	turn_yield();
	oracle_begin(&before);
	kind_unlock(&run);
	oracle_begin(&after);
	kindcheck_unlocked_pages(&run, after.stranded - before.stranded,
				 &st->outcome->unlocked);
}

static void put_up_all(struct story *st, struct outcome *outcome, size_t pages, int node)
{
	size_t i;

	for (i = 0; i < kinds_n; i++) {
		st[i].kind = &kinds[i];
		st[i].pages = pages;
		st[i].node = node;
		st[i].outcome = &outcome[i];
		outcome[i].pages = outcome[i].moved = outcome[i].may_stay = 0;
		outcome[i].faults.n = 0;
		if (kinds[i].lacks && kinds[i].lacks())
			continue;
		turn_start(&st[i].turn, tell, &st[i]);
		turn_run(&st[i].turn);
	}
}

static void run_all(struct story *st)
{
	size_t i;

	for (i = 0; i < kinds_n; i++)
		if (st[i].turn.pid)
			turn_run(&st[i].turn);
}

/* Lets go what keeps the kinds apart. */
static void fill_and_put_up(struct story *st, struct outcome *outcome, size_t pages,
			    int node)
{
	struct pageset fill;

	pageset_init(&fill, scatter_room(node, FILL_MIN, FILL_MAX), node, PAGESET_PLAIN);
	madvise(fill.map, fill.map_bytes, MADV_DONTFORK);
	pageset_sieve(&fill, SCATTER_EVERY);
	put_up_all(st, outcome, pages, node);
	pageset_done(&fill);
}

static void add(struct outcome *sum, const struct outcome *one)
{
	sum->pages += one->pages;
	sum->moved += one->moved;
}

static void add_up(struct round *r, const struct vmstat *before)
{
	size_t may_fail = 0, i;
	struct vmstat after;
	long long failed;

	vmstat_read(&after);
	memset(&r->all, 0, sizeof(r->all));
	memset(r->class, 0, sizeof(r->class));
	for (i = 0; i < kinds_n; i++) {
		add(&r->class[r->outcome[i].anon], &r -> outcome[i]);
		add(&r->all, &r->outcome[i]);
		may_fail += r->outcome[i].may_stay * 2;
	}
	failed = oracle_migrate_data(before, &after);
	may_fail += r->all.pages / 4;
	if (failed > (long long)may_fail)
		why_add(&r->failures,
			"expected pgmigrate_fail to grow by at most %zu, saw %lld",
			may_fail, failed);
}

static bool has_moved(const struct outcome *sum, size_t part)
{
	return sum->moved >= sum->pages / part;
}

static bool all_moved(const struct round *r)
{
	return has_moved(&r->all, ALL_PART) && has_moved(&r->class[true], CLASS_PART) &&
	       has_moved(&r->class[false], CLASS_PART);
}

static bool no_faults(const struct round *r)
{
	size_t i;

	for (i = 0; i < kinds_n; i++) {
		if (r->outcome[i].faults.n)
			return false;
	}
	return true;
}

static void try_once(struct round *r, size_t pages, int node)
{
	struct story st[KINDS_MAX] = { 0 };
	struct account base, now;
	struct vmstat before;

	account_read(&base);
	fill_and_put_up(st, r->outcome, pages, node);
	oracle_begin(&before);
	scatter_compact(node);
	account_scan(&now);
	account_machine(&now, &r->books);
	run_all(st);
	add_up(r, &before);
	run_all(st);
	account_read(&now);
	account_gone(&base, &now, &r->back);
}

/* At least one in so many pages moved. */
static void check_part(const struct outcome *sum, size_t part, const char *name)
{
	ktap_data(name, (long long)sum->moved);
	ktap_check(
		has_moved(sum, part), name,
		"expected compaction to move at least %zu of %zu pages, saw %zu, %d times",
		sum->pages / part, sum->pages, sum->moved, TRIES);
}

static void check_kind(const struct kind *kind, const struct why *w, const char *what)
{
	if (kind->lacks && kind->lacks())
		ktap_skip(kindcheck_name(kind, what), "%s", kind->lacks());
	else
		why_check(w, kindcheck_name(kind, what));
}

static void report(const struct round *r, unsigned tries)
{
	size_t i;

	why_check(&r->books, "books-compacted");
	for (i = 0; i < kinds_n; i++)
		check_kind(&kinds[i], &r->outcome[i].locked, "compacted");
	for (i = 0; i < kinds_n; i++)
		check_kind(&kinds[i], &r->outcome[i].faults, "no-faults");
	for (i = 0; i < kinds_n; i++)
		ktap_data(kindcheck_name(&kinds[i], "moved"),
			  (long long)r->outcome[i].moved);
	ktap_data("tries", tries);
	ktap_data("pages", (long long)r->all.pages);
	check_part(&r->all, ALL_PART, "moved");
	check_part(&r->class[true], CLASS_PART, "moved-anonymous");
	check_part(&r->class[false], CLASS_PART, "moved-page-cache");
	why_check(&r->failures, "migrate-failures");
	for (i = 0; i < kinds_n; i++)
		check_kind(&kinds[i], &r->outcome[i].unlocked, "unlocked");
	why_check(&r->back, "back-at-base");
}

static void one_round(struct outcome *outcome, size_t pages, int node)
{
	struct round r = { .outcome = outcome };
	unsigned tries = 0;

	memset(outcome, 0, sizeof(*outcome) * KINDS_MAX);
	do {
		try_once(&r, pages, node);
		tries++;
	} while (!(all_moved(&r) && no_faults(&r)) && tries < TRIES);
	report(&r, tries);
}

static struct outcome *outcomes(void)
{
	void *map = mmap(NULL, sizeof(struct outcome) * KINDS_MAX, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED || kinds_n > KINDS_MAX)
		ktap_bail("no memory to share between %zu processes", kinds_n);
	return map;
}

void case_kinds_compact(void)
{
	int node = scatter_node();
	unsigned rounds = (unsigned)opts_number("rounds", 1), i;
	size_t pages = (size_t)opts_number("pages", PAGES);
	struct outcome *outcome = outcomes();
	struct pageset evictable;

	account_begin();
	scatter_begin(node);
	scatter_room(node, FILL_MIN, FILL_MAX);
	ktap_begin(rounds * ((unsigned)kinds_n * CHECKS + 6));
	scatter_evictable(&evictable, node);
	for (i = 0; i < rounds; i++)
		one_round(outcome, pages, node);
	pageset_done(&evictable);
}
