/*
 * Calls on a locked range against migration in progress, and what must hold
 * when both have stopped.
 *
 * Two things a good kernel does not promise. That each page of a locked range is
 * Mlocked: mlock(2) passes over a page that is just being moved, and keeps VM_IO
 * set meanwhile so that remove_migration_pte does not lock it either
 * (mlock_vma_pages_range); reclaim mends that later. And that munlock unlocks
 * each: remove_migration_pte looks at VM_LOCKED when it locks the page and again
 * before it drains its CPU's batch; when munlock comes between, the lock waits
 * there, and if mlock comes before it is drained, the page is counted twice. Both
 * were seen, a page or two in some thousand calls. So such pages are counted, and
 * may be a part. All else is exact: nr_mlock counts just the pages with the flag,
 * contents and VmLck are right, pages that are given back take their flags along,
 * and new ones follow mlock and munlock to the page.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "common/cpu.h"
#include "common/ktap.h"
#include "common/opts.h"
#include "common/page.h"
#include "common/sysfile.h"
#include "mlock-migrate/cases.h"
#include "mlock-migrate/oracle.h"
#include "mlock-migrate/race.h"

#define MS_DEFAULT 400
#define CHECKS 9
/* Of either kind: a good kernel was seen to leave two Mlocked, none Unevictable. */
#define WRONG_MAX (RACE_PAGES / 8)
/* One mlock(2) that met pages on their way, where few are locked in the end. */
#define UNFLAGGED_MAX RACE_RANGE_MAX

/* What the pages look like against the model. */
struct seen {
	size_t locked;      /* pages that are locked and present, by the model */
	size_t unflagged;   /* of them, not Mlocked */
	size_t flagged;     /* all that are Mlocked */
	size_t wrong;       /* Mlocked, not locked */
	size_t unevictable; /* neither locked nor Mlocked, but Unevictable */
	size_t misplaced;   /* present and should not be, or the other way round */
	size_t bytes;       /* of the range that is locked */
};

static void look(const struct race *r, struct seen *s)
{
	size_t i;

	memset(s, 0, sizeof(*s));
	for (i = 0; i < RACE_PAGES; i++) {
		const struct race_page *p = &r->page[i];
		uint64_t pfn = page_pfn(race_page_addr(r, i)), flags = page_flags(pfn);
		bool locked = p->lock != RACE_UNLOCKED;

		s->misplaced += (pfn != 0) != p->present;
		s->bytes += locked ? PAGE_BYTES : 0;
		s->flagged += (flags & PAGE_MLOCKED) != 0;
		if (locked && p->present) {
			s->locked++;
			s->unflagged += !(flags & PAGE_MLOCKED);
		} else if (!locked) {
			s->wrong += (flags & PAGE_MLOCKED) != 0;
			s->unevictable += (flags & (PAGE_UNEVICTABLE | PAGE_MLOCKED)) ==
					  PAGE_UNEVICTABLE;
		}
	}
}

/* Reading brings absent pages in: to be done last. */
static size_t damaged(const struct race *r)
{
	size_t i, n = 0;

	for (i = 0; i < RACE_PAGES; i++)
		n += *(volatile uint32_t *)race_page_addr(r, i) != r->page[i].value;
	return n;
}

static size_t unflagged_max(size_t locked)
{
	return locked / 2 > UNFLAGGED_MAX ? locked / 2 : UNFLAGGED_MAX;
}

static void check_flags(const struct seen *s, const struct vmstat *base,
			const struct vmstat *now)
{
	long long stranded = now->stranded - base->stranded;

	ktap_data("locked", (long long)s->locked);
	ktap_data("locked_not_mlocked", (long long)s->unflagged);
	ktap_data("stranded", stranded);
	ktap_check(s->misplaced == 0, "present",
		   "expected just the pages that were touched, saw %zu pages otherwise",
		   s->misplaced);
	ktap_data("mlocked_not_locked", (long long)s->wrong);
	ktap_data("unevictable_not_locked", (long long)s->unevictable);
	ktap_check(
		s->wrong <= WRONG_MAX && s->unevictable <= WRONG_MAX &&
			(long long)s->unevictable <= stranded,
		"not-locked",
		"expected no flag on nearly all pages that are not locked, saw %zu Mlocked, %zu Unevictable (%lld counted as stranded)",
		s->wrong, s->unevictable, stranded);
	ktap_check(
		s->unflagged <= unflagged_max(s->locked), "locked",
		"expected at most %zu of %zu locked pages without the flag Mlocked, saw %zu",
		unflagged_max(s->locked), s->locked, s->unflagged);
	ktap_check(now->nr_mlock - base->nr_mlock == (long long)s->flagged, "nr_mlock",
		   "expected nr_mlock +%zu, the pages with the flag, saw %+lld",
		   s->flagged, now->nr_mlock - base->nr_mlock);
}

static void check_vmlck(const struct seen *s)
{
	long long kib = sysfile_field("/proc/self/status", "VmLck:", -1);

	ktap_check(kib == (long long)s->bytes / 1024, "VmLck",
		   "expected VmLck %zu kB, saw %lld", s->bytes / 1024, kib);
}

/* All is quiet: what is left goes with its pages, and new ones are exact. */
static void check_quiet(struct race *r, const struct vmstat *base)
{
	struct vmstat now;
	struct seen s;

	race_call_dontneed(r, 0, RACE_PAGES);
	oracle_begin(&now);
	ktap_check(now.nr_mlock == base->nr_mlock, "given-back",
		   "expected nr_mlock back when all pages are gone, saw %+lld",
		   now.nr_mlock - base->nr_mlock);
	race_call_unlock(r, 0, RACE_PAGES);
	race_call_lock(r, 0, RACE_PAGES);
	oracle_begin(&now);
	look(r, &s);
	ktap_check(
		s.flagged == RACE_PAGES && now.nr_mlock - base->nr_mlock == RACE_PAGES,
		"mlock-all",
		"expected all %d pages with Mlocked after mlock, saw %zu, nr_mlock %+lld",
		RACE_PAGES, s.flagged, now.nr_mlock - base->nr_mlock);
	race_call_unlock(r, 0, RACE_PAGES);
	oracle_begin(&now);
	look(r, &s);
	ktap_check(s.flagged == 0 && now.nr_mlock == base->nr_mlock, "munlock-all",
		   "expected no page with Mlocked after munlock, saw %zu, nr_mlock %+lld",
		   s.flagged, now.nr_mlock - base->nr_mlock);
}

static void race_round(const race_call_fn *calls, uint64_t seed, uint64_t ms)
{
	struct vmstat base, now;
	struct seen s;
	struct race r;
	size_t bad;

	oracle_begin(&base);
	ktap_data("seed", (long long)seed);
	race_run(&r, calls, seed, ms);
	ktap_data("calls", r.calls);
	ktap_data("mover_rounds", r.shared->rounds);
	ktap_data("moved", r.shared->moved);
	oracle_begin(&now);
	look(&r, &s);
	check_flags(&s, &base, &now);
	check_vmlck(&s);
	bad = damaged(&r);
	ktap_check(bad == 0, "contents",
		   "expected each page to hold what was written last, saw %zu otherwise",
		   bad);
	check_quiet(&r, &base);
	race_done(&r);
}

static void race(const race_call_fn *calls)
{
	long long rounds = opts_number("rounds", 1), i;
	uint64_t seed = (uint64_t)opts_number("seed", 1);
	uint64_t ms = (uint64_t)opts_number("ms", MS_DEFAULT);
	struct vmstat base, end;

	ktap_begin((unsigned)(CHECKS * rounds + 1));
	oracle_begin(&base);
	for (i = 0; i < rounds; i++)
		race_round(calls, seed + (uint64_t)i, ms);
	oracle_begin(&end);
	ktap_check(end.nr_mlock == base.nr_mlock, "nr_mlock-at-end",
		   "expected nr_mlock back at its base value, saw %+lld",
		   end.nr_mlock - base.nr_mlock);
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
