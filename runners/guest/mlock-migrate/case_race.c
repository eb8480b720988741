/*
 * Calls on a locked range against migration in progress, and what must hold
 * when both have stopped. The pages are moved by move_pages(2) and by compaction,
 * by turns. A round in which hardly any moved says so and shows nothing.
 *
 * What a good kernel does not promise, each a chance of one moment, mended when the
 * page is moved, given back or met by reclaim:
 *
 * - That each page of a locked range has its flags. mlock(2) passes over a page that
 *   is just being moved, and VM_IO, set meanwhile, keeps remove_migration_pte from
 *   locking it (mlock_vma_pages_range, mlock_vma_folio): at worst all pages of the
 *   call. Or it meets a page that lru_add has just put on a list as evictable and
 *   that is not PageLRU yet (folio_batch_move_lru, __mlock_folio): Mlocked, and not
 *   Unevictable. Or munlock in try_to_migrate_one waits in the mover's batch, since
 *   VM_LOCKED went away before it would drain, and takes the flag off after the
 *   next mlock.
 * - That each page has none after munlock. remove_migration_pte looks at VM_LOCKED
 *   when it locks the page and again before it drains; when munlock(2) comes
 *   between, the lock waits in its batch, and if mlock(2) comes before it is drained,
 *   the page is counted twice (__mlock_folio).
 *
 * The first is allowed for one call of all rounds, the second for two pages of all:
 * only what happens after a page was last moved or given back is left to see. All
 * else is exact: nr_mlock counts just the pages with the flag, contents and VmLck
 * are right, pages that are given back take their flags along, new ones follow
 * mlock and munlock to the page, reclaim takes no locked page and puts its flags
 * right, and so does moving all pages once more when nothing else happens.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "common/ktap.h"
#include "common/opts.h"
#include "common/page.h"
#include "common/swap.h"
#include "common/sysfile.h"
#include "mlock-migrate/cases.h"
#include "mlock-migrate/oracle.h"
#include "mlock-migrate/pressure.h"
#include "mlock-migrate/race.h"
#include "mlock-migrate/race_mover.h"
#include "mlock-migrate/scatter.h"

#define MS_DEFAULT 200
#define ROUND_CHECKS 10
#define CASE_CHECKS 4
/* Over all rounds, see above. */
#define BARE_MAX RACE_RANGE_MAX
#define LEFT_MAX 2
#define CONTROL_PAGES 64
#define SWAP_DEVICE "/dev/ram0"
#define SWAP_PAGES 2048

/* What the pages look like against the model. */
struct seen {
	size_t locked;    /* pages that are locked and present, by the model */
	size_t bare;      /* of them, without Mlocked or without Unevictable */
	size_t hidden;    /* of them, Unevictable and not Mlocked */
	size_t stray;     /* of them, Mlocked and not Unevictable */
	size_t gone;      /* locked, should be present and are not */
	size_t flagged;   /* all that are Mlocked */
	size_t left;      /* not locked, with Mlocked or Unevictable */
	size_t misplaced; /* present and should not be, or the other way round */
	size_t bytes;     /* of the range that is locked */
};

/* Over all rounds of a case. */
struct total {
	long long moved; /* in the best of the rounds */
	size_t locked, bare, stray, left;
	const char *no_pressure; /* why there is none, or NULL */
};

struct round {
	struct race race;
	struct vmstat base;
	struct pageset evictable; /* for compaction, see scatter.h */
	long long moved;          /* race.moved, or of the best round */
};

static void look_at(const struct race *r, size_t i, struct seen *s)
{
	const uint64_t both = PAGE_MLOCKED | PAGE_UNEVICTABLE;
	const struct race_page *p = &r->page[i];
	uint64_t pfn = page_pfn(race_page_addr(r, i)), flags = page_flags(pfn) & both;
	bool locked = p->lock != RACE_UNLOCKED;

	s->misplaced += (pfn != 0) != p->present;
	s->bytes += locked ? PAGE_BYTES : 0;
	s->flagged += (flags & PAGE_MLOCKED) != 0;
	s->left += !locked && flags;
	s->gone += locked && p->present && !pfn;
	if (!locked || !p->present)
		return;
	s->locked++;
	s->bare += flags != both;
	s->stray += flags == PAGE_MLOCKED;
	s->hidden += flags == PAGE_UNEVICTABLE;
}

static void look(const struct race *r, struct seen *s)
{
	size_t i;

	memset(s, 0, sizeof(*s));
	for (i = 0; i < RACE_PAGES; i++)
		look_at(r, i, s);
}

/* Reading brings absent pages in: to be done last. */
static size_t damaged(const struct race *r)
{
	size_t i, n = 0;

	for (i = 0; i < RACE_PAGES; i++)
		n += *(volatile uint32_t *)race_page_addr(r, i) != r->page[i].value;
	return n;
}

/* Where too little moved, a check that holds has shown nothing. */
__attribute__((format(printf, 4, 5))) static void
check(const struct round *d, bool ok, const char *name, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	if (ok && d->moved < RACE_MOVED_MIN) {
		ktap_skip(name, "only %lld pages moved meanwhile, not %d", d->moved,
			  RACE_MOVED_MIN);
		return;
	}
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ktap_check(ok, name, "%s", text);
}

static void check_mover(const struct round *d)
{
	const struct race *r = &d->race;

	check(d, r->mover_status == 0 && r->shared->error == 0, "mover",
	      "expected the process that moves pages to go on to the end, saw status %#x, error %d",
	      (unsigned)r->mover_status, r->shared->error);
}

/* A page that the calls or a child have hold of just then fails, not most of them. */
static void check_failures(const struct round *d)
{
	const struct race *r = &d->race;
	long long max = r->migrated > RACE_PAGES ? r->migrated : RACE_PAGES;

	check(d, r->failed <= max, "migrate-failures",
	      "expected pgmigrate_fail to grow by at most %lld, where pgmigrate_success grew by %lld, saw %lld",
	      max, r->migrated, r->failed);
}

static void check_state(const struct round *d, const struct seen *s,
			const struct vmstat *now)
{
	long long grown = now->nr_mlock - d->base.nr_mlock;
	long long kib = sysfile_field("/proc/self/status", "VmLck:", -1);

	check(d, s->misplaced == 0, "present",
	      "expected just the pages that were touched, saw %zu pages otherwise",
	      s->misplaced);
	check(d, grown == (long long)s->flagged, "nr_mlock",
	      "expected nr_mlock +%zu, the pages with the flag, saw %+lld", s->flagged,
	      grown);
	check(d, kib == (long long)s->bytes / 1024, "VmLck",
	      "expected VmLck %zu kB, saw %lld", s->bytes / 1024, kib);
}

/*
 * A page that is moved while nothing else happens comes out right whatever it was
 * before: try_to_migrate_one and remove_migration_pte take the lock off and put it
 * on by VM_LOCKED alone, and lru_add puts Unevictable right by Mlocked.
 */
static void check_settled(const struct round *d)
{
	static bool moved[RACE_PAGES];
	struct seen s = { 0 };
	size_t i, n;

	if (!race_can(RACE_BY_CALL)) {
		ktap_skip("settled", "needs two nodes with memory");
		return;
	}
	n = race_move_all(&d->race, moved);
	oracle_drain();
	for (i = 0; i < RACE_PAGES; i++) {
		if (moved[i])
			look_at(&d->race, i, &s);
	}
	ktap_data("settled", (long long)n);
	if (n == 0) {
		ktap_skip("settled", "no page moved");
		return;
	}
	check(d, s.bare == 0 && s.left == 0, "settled",
	      "expected flags as the locks are on all %zu pages moved once more, saw %zu of %zu locked ones without, %zu others with one",
	      n, s.bare, s.locked, s.left);
}

/*
 * What a race left without its flags is found by reclaim, which leaves it and puts
 * them right (mm/rmap.c, folio_referenced_one; mm/vmscan.c, move_folios_to_lru); but
 * for what has Unevictable alone, since it looks at no such list.
 */
static void check_reclaim(const struct round *d, const struct total *t)
{
	const char *why = t->no_pressure;
	struct pageset control;
	struct seen s;
	bool pressed;

	if (!why && swap_on(SWAP_DEVICE, SWAP_PAGES) < 0)
		why = "no swap on " SWAP_DEVICE " here";
	if (why) {
		ktap_skip("reclaim", "%s", why);
		return;
	}
	pageset_init(&control, CONTROL_PAGES, -1, PAGESET_PLAIN);
	pressed = pressure_on(&control, pageset_absent);
	oracle_drain();
	look(&d->race, &s);
	if (!pressed && s.gone == 0)
		ktap_skip("reclaim", "reclaim took too few pages that are not locked");
	else
		check(d, s.bare == s.hidden, "reclaim",
		      "expected reclaim to leave all %zu locked pages and both flags on them, saw %zu gone and %zu without one",
		      s.locked, s.gone, s.bare - s.hidden);
	pageset_done(&control);
}

/* All is quiet: what is left goes with its pages, and new ones are exact. */
static void check_quiet(struct round *d)
{
	struct race *r = &d->race;
	const struct vmstat *base = &d->base;
	struct vmstat now;
	struct seen s;

	race_call_dontneed(r, 0, RACE_PAGES);
	oracle_begin(&now);
	check(d, now.nr_mlock == base->nr_mlock, "given-back",
	      "expected nr_mlock back when all pages are gone, saw %+lld",
	      now.nr_mlock - base->nr_mlock);
	race_call_unlock(r, 0, RACE_PAGES);
	race_call_lock(r, 0, RACE_PAGES);
	oracle_begin(&now);
	look(r, &s);
	check(d, s.bare == 0 && now.nr_mlock - base->nr_mlock == RACE_PAGES, "mlock-all",
	      "expected all %d pages Mlocked and Unevictable after mlock, saw %zu that are not, nr_mlock %+lld",
	      RACE_PAGES, s.bare, now.nr_mlock - base->nr_mlock);
	race_call_unlock(r, 0, RACE_PAGES);
	oracle_begin(&now);
	look(r, &s);
	check(d, s.left == 0 && now.nr_mlock == base->nr_mlock, "munlock-all",
	      "expected no page Mlocked or Unevictable after munlock, saw %zu, nr_mlock %+lld",
	      s.left, now.nr_mlock - base->nr_mlock);
}

static void run(struct round *d, const race_call_fn *calls, uint64_t ms)
{
	struct race *r = &d->race;

	race_run(r, calls, ms);
	d->moved = r->moved;
	ktap_data("by_compaction", r->way == RACE_BY_COMPACTION);
	ktap_data("calls", r->calls);
	ktap_data("mover_rounds", r->shared->rounds);
	ktap_data("pgmigrate_success", r->migrated);
	ktap_data("pgmigrate_fail", r->failed);
	ktap_data("moved", d->moved);
}

static void add_up(struct total *t, const struct round *d, const struct seen *s)
{
	t->moved = d->moved > t->moved ? d->moved : t->moved;
	t->locked += s->locked;
	t->bare += s->bare;
	t->stray += s->stray;
	t->left += s->left;
	ktap_data("locked", (long long)s->locked);
	ktap_data("locked_without_flags", (long long)s->bare);
	ktap_data("not_locked_with_flags", (long long)s->left);
}

static void race_round(struct round *d, const race_call_fn *calls, struct total *t,
		       bool last)
{
	uint64_t ms = (uint64_t)opts_number("ms", MS_DEFAULT);
	struct vmstat now;
	struct seen s;
	size_t bad;

	oracle_begin(&d->base);
	run(d, calls, ms);
	oracle_begin(&now);
	look(&d->race, &s);
	add_up(t, d, &s);
	check_mover(d);
	check_failures(d);
	check_state(d, &s, &now);
	if (last)
		check_reclaim(d, t);
	check_settled(d);
	bad = damaged(&d->race);
	check(d, bad == 0, "contents",
	      "expected each page to hold what was written last, saw %zu otherwise", bad);
	check_quiet(d);
	race_done(&d->race);
}

static void check_total(const struct round *d, const struct total *t)
{
	ktap_data("locked_in_all", (long long)t->locked);
	ktap_data("mlocked_not_unevictable", (long long)t->stray);
	check(d, t->bare <= BARE_MAX, "locked",
	      "expected at most %d of %zu locked pages without Mlocked and Unevictable, saw %zu, %zu of them Mlocked",
	      BARE_MAX, t->locked, t->bare, t->stray);
	check(d, t->left <= LEFT_MAX, "not-locked",
	      "expected at most %d pages that are not locked with a flag, saw %zu",
	      LEFT_MAX, t->left);
}

/* As oracle_end, but that nothing moved must not count as passed. */
static void check_end(const struct round *d, const struct vmstat *base)
{
	struct vmstat now;

	oracle_begin(&now);
	check(d,
	      now.nr_mlock == base->nr_mlock &&
		      now.nr_unevictable == base->nr_unevictable,
	      "counters-at-end",
	      "expected nr_mlock and nr_unevictable back at %lld and %lld, saw %lld and %lld",
	      base->nr_mlock, base->nr_unevictable, now.nr_mlock, now.nr_unevictable);
}

/* By turns, on a machine that can do both. */
static enum race_way way_of(long long round)
{
	if (!race_can(RACE_BY_COMPACTION))
		return RACE_BY_CALL;
	return race_can(RACE_BY_CALL) && round % 2 == 0 ? RACE_BY_CALL :
							  RACE_BY_COMPACTION;
}

static void race(const race_call_fn *calls)
{
	long long ways = race_can(RACE_BY_CALL) + race_can(RACE_BY_COMPACTION);
	long long rounds = opts_number("rounds", ways), i;
	uint64_t seed = (uint64_t)opts_number("seed", 1);
	static struct round d;
	struct total t = { 0 };
	struct vmstat base;
	int node = scatter_node();

	if (ways == 0)
		ktap_skip_all("needs two nodes with memory, or compaction");
	if (race_can(RACE_BY_COMPACTION)) {
		scatter_evictable(&d.evictable, node);
		scatter_begin(node);
	}
	t.no_pressure = pressure_try("mlock-race");
	ktap_begin((unsigned)(ROUND_CHECKS * rounds + CASE_CHECKS));
	oracle_begin(&base);
	for (i = 0; i < rounds; i++) {
		ktap_data("seed", (long long)seed + i);
		race_init(&d.race, way_of(i), node, seed + (uint64_t)i);
		race_round(&d, calls, &t, i == rounds - 1);
	}
	if (d.evictable.n)
		pageset_done(&d.evictable);
	d.moved = t.moved;
	check_total(&d, &t);
	check_end(&d, &base);
}

#define RACE_CASE(name, ...)                                               \
	void name(void)                                                    \
	{                                                                  \
		static const race_call_fn calls[] = { __VA_ARGS__, NULL }; \
                                                                           \
		race(calls);                                               \
	}

RACE_CASE(case_race, race_call_lock, race_call_lock_on_fault, race_call_unlock,
	  race_call_unlock, race_call_write, race_call_write, race_call_dontneed,
	  race_call_unmap, race_call_mremap, race_call_fork)
RACE_CASE(case_race_munlock, race_call_lock, race_call_unlock, race_call_lock_on_fault,
	  race_call_unlock, race_call_write)
RACE_CASE(case_race_mremap, race_call_mremap, race_call_mremap, race_call_write,
	  race_call_lock, race_call_unlock)
RACE_CASE(case_race_munmap, race_call_unmap, race_call_lock, race_call_lock_on_fault,
	  race_call_write)
RACE_CASE(case_race_fork, race_call_fork, race_call_lock, race_call_unlock)
RACE_CASE(case_race_exit, race_call_exit, race_call_write)
RACE_CASE(case_race_dontneed, race_call_dontneed, race_call_write,
	  race_call_lock_on_fault, race_call_unlock)
