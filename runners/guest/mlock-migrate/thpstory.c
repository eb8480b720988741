#include "mlock-migrate/thpstory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>

#include "common/ktap.h"
#include "common/page.h"
#include "common/smaps.h"
#include "common/vmstat.h"
#include "mlock-migrate/account.h"
#include "mlock-migrate/faults.h"
#include "mlock-migrate/move.h"
#include "mlock-migrate/oracle.h"
#include "mlock-migrate/scatter.h"
#include "mlock-migrate/thp.h"

#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif

#define HUGE 2
#define SPLIT_TRIES 5
#define SMALL_ONE ((size_t)16) /* base pages in 64 KiB */
#define SMALL_SET ((size_t)256)
/* What becomes of a part of it: not at a boundary of 64 KiB. */
#define PART_AT ((size_t)72 * PAGE_BYTES)
#define PART ((size_t)64 * PAGE_BYTES)

size_t thp_set_pages(enum thp_kind kind)
{
	return kind == THP_SMALL ? SMALL_SET : HUGE * THP_PAGES;
}

size_t thp_one_pages(enum thp_kind kind)
{
	return kind == THP_SMALL ? SMALL_ONE : THP_PAGES;
}

/* PTEs come to map what one PMD mapped, for a while in three mappings. */
static void map_by_ptes(const struct pageset *set, size_t huge, struct why *w)
{
	char *part;
	size_t i;

	for (i = 0; i < huge; i++) {
		part = set->map + i * THP_BYTES + PART_AT;
		if (mprotect(part, PART, PROT_READ) < 0 ||
		    mprotect(part, PART, PROT_READ | PROT_WRITE) < 0)
			ktap_bail("mprotect: %s", strerror(errno));
	}
	if (thp_pmd_kib(set) != (long long)((HUGE - huge) * THP_BYTES / 1024))
		why_add(w,
			"expected mprotect of a part to split %zu PMDs, saw %lld kB still mapped by one",
			huge, thp_pmd_kib(set));
}

/*
 * How many pages of the set lie in a huge page of which some are in PART. Such a one
 * loses its flag, with all of its pages: when its PMD is split, which unmaps it as a
 * whole (mm/huge_memory.c, __split_huge_pmd_locked; for a file's page that is all),
 * when a part of it is unmapped (mm/rmap.c, __folio_remove_rmap) and when a part of it
 * is unlocked (mm/mlock.c, allow_mlock_munlock). The others keep theirs.
 */
static size_t touched_by_part(const struct thp_story *st)
{
	size_t one = thp_one_pages(st->kind);
	size_t first = PART_AT / PAGE_BYTES / one;
	size_t end = ((PART_AT + PART) / PAGE_BYTES + one - 1) / one;

	return (end - first) * one;
}

static void expect_mlocked(const struct pageset *set, size_t want, const char *what,
			   struct why *w)
{
	size_t n;

	oracle_drain();
	n = thp_with(set, PAGE_MLOCKED);
	if (n != want)
		why_add(w, "expected %zu of %zu pages Mlocked after %s, saw %zu", want,
			set->n, what, n);
}

void happen_nothing(const struct thp_story *st, struct pageset *set, struct why *w)
{
	(void)st;
	(void)set;
	(void)w;
}

bool thp_kernel_since(int major, int minor)
{
	struct utsname u;
	int a = 0, b = 0;

	if (uname(&u) < 0 || sscanf(u.release, "%d.%d", &a, &b) != 2)
		return false;
	return a > major || (a == major && b >= minor);
}

/* How many pages mlock(2) locks of huge ones that PTEs map; notes what that means. */
static size_t relock(const struct thp_story *st, const struct pageset *set, struct why *w)
{
	size_t n;

	map_by_ptes(set, HUGE, w);
	if (munlock(set->map, set->map_bytes) < 0 || mlock(set->map, set->map_bytes) < 0)
		ktap_bail("munlock and mlock: %s", strerror(errno));
	oracle_drain();
	n = thp_with(set, PAGE_MLOCKED);
	st->found->known = true;
	st->found->by_pte = n == set->n;
	return n;
}

void thp_observe(const struct thp_story *st, const struct pageset *set)
{
	struct why w = { 0 };

	relock(st, set, &w);
}

/* All of them or none; all on each kernel that we know to have it. */
void happen_relock(const struct thp_story *st, struct pageset *set, struct why *w)
{
	size_t n = relock(st, set, w);

	if (n != set->n && (n != 0 || thp_kernel_since(6, 12)))
		why_add(w,
			"expected mlock to lock all of %zu pages of huge pages that PTEs map, saw %zu",
			set->n, n);
}

void happen_munlock(const struct thp_story *st, struct pageset *set, struct why *w)
{
	long long before = smaps_vmlck_kib(), after;

	if (munlock(set->map + PART_AT, PART) < 0)
		ktap_bail("munlock: %s", strerror(errno));
	/* A file's page is unmapped where an anonymous one is mapped by PTEs. */
	if (st->kind == THP_SHMEM)
		pageset_touch(set);
	after = smaps_vmlck_kib();
	if (before - after != (long long)(PART / 1024))
		why_add(w, "expected VmLck to shrink by %zu kB, saw %lld", PART / 1024,
			before - after);
	expect_mlocked(set, set->n - touched_by_part(st), "munlock of a part", w);
}

/*
 * All stays locked, so that a kernel may lock again the huge page that PTEs map now:
 * some do (folio_add_anon_rmap_ptes), those of 6.1 and 6.12 do not. The other one is
 * Mlocked in any case.
 */
void happen_mprotect(const struct thp_story *st, struct pageset *set, struct why *w)
{
	size_t n;

	if (mprotect(set->map + PART_AT, PART, PROT_READ) < 0)
		ktap_bail("mprotect: %s", strerror(errno));
	if (thp_pmd_kib(set) != (long long)((HUGE - 1) * THP_BYTES / 1024))
		why_add(w,
			"expected one huge page to be left mapped by a PMD, saw %lld kB",
			thp_pmd_kib(set));
	oracle_drain();
	n = thp_with(set, PAGE_MLOCKED);
	if (n != set->n && n != set->n - touched_by_part(st))
		why_add(w,
			"expected %zu pages Mlocked after mprotect, those of the other huge page, or all, saw %zu",
			set->n - touched_by_part(st), n);
}

/* What is of a file is not even mapped then until it is touched. */
void thp_split_all(const struct pageset *set, struct why *w)
{
	size_t left = set->n;
	int tries, ret;

	for (tries = 0; left && tries < SPLIT_TRIES; tries++) {
		ret = thp_split(set);
		if (ret < 0)
			ktap_bail("split_huge_pages: %s", strerror(-ret));
		pageset_touch(set);
		left = thp_compound(set);
	}
	if (left)
		why_add(w, "expected all huge pages to be split, saw %zu pages in one",
			left);
}

void happen_split(const struct thp_story *st, struct pageset *set, struct why *w)
{
	size_t left;

	thp_split_all(set, w);
	oracle_drain();
	left = thp_with(set, PAGE_MLOCKED);
	if (left != set->n)
		why_add(w,
			"expected all %zu small pages Mlocked after the split, saw %zu",
			set->n, left);
	(void)st;
}

void happen_dontneed(const struct thp_story *st, struct pageset *set, struct why *w)
{
	long long before = smaps_vmlck_kib(), after;
	size_t absent;

	if (madvise(set->map + PART_AT, PART, MADV_DONTNEED_LOCKED) < 0)
		ktap_bail("madvise(MADV_DONTNEED_LOCKED): %s", strerror(errno));
	after = smaps_vmlck_kib();
	absent = pageset_absent(set);
	if (absent != PART / PAGE_BYTES || before != after)
		why_add(w,
			"expected %zu pages absent and VmLck at %lld, saw %zu and %lld",
			PART / PAGE_BYTES, before, absent, after);
	oracle_drain();
	account_process(w);
	/* New pages, small ones. */
	pageset_fill(set);
	expect_mlocked(set, set->n - touched_by_part(st) + PART / PAGE_BYTES,
		       "MADV_DONTNEED_LOCKED of a part", w);
}

void happen_munmap(const struct thp_story *st, struct pageset *set, struct why *w)
{
	size_t want = set->n - touched_by_part(st);
	long long before = smaps_vmlck_kib(), after;

	if (munmap(set->map + PART_AT, PART) < 0)
		ktap_bail("munmap: %s", strerror(errno));
	thp_forget(set, set->map + PART_AT, set->map + PART_AT + PART);
	after = smaps_vmlck_kib();
	if (before - after != (long long)(PART / 1024))
		why_add(w, "expected VmLck to shrink by %zu kB, saw %lld", PART / 1024,
			before - after);
	expect_mlocked(set, want, "munmap of a part", w);
}

/*
 * One address for each huge page: the others of it are busy with it. But where it
 * was split on its way, a small page of it may have stayed: all are named then.
 */
void thp_move_parts(const struct pageset *set, size_t one, int node, struct why *w)
{
	struct pageset heads;
	size_t first, there;

	pageset_adopt(&heads, set->map, set->map_bytes, one);
	move_to(&heads, node, &first);
	free(heads.addr);
	free(heads.pfn);
	there = pageset_on_node(set, node);
	if (there != set->n)
		there = move_to(set, node, &first);
	if (there != set->n)
		why_add(w, "expected all %zu pages on node %d, saw %zu", set->n, node,
			there);
}

/*
 * What a PMD maps moves in one piece, or it is counted that no huge page was to be
 * had over there. Where folios are not known yet it must be Mlocked again. Since then
 * none is (mm/rmap.c, __folio_add_anon_rmap), or, where a later kernel has mended that,
 * all.
 * What PTEs map looks half unmapped on its way, so that 6.12 splits it at the
 * second move (mm/migrate.c, migrate_folio_move; mm/rmap.c, __folio_remove_rmap).
 */
static void move_whole(const struct thp_story *st, const struct pageset *set, int node,
		       struct why *w)
{
	long long pmd = thp_pmd_kib(set);
	struct vmstat before, after;
	size_t n;

	vmstat_read(&before);
	thp_move_parts(set, thp_one_pages(st->kind), node, w);
	oracle_begin(&after);
	n = thp_with(set, PAGE_MLOCKED);
	ktap_data("mlocked_after_move", (long long)n);
	if (!pmd || after.thp_split != before.thp_split)
		return;
	if (thp_pmd_kib(set) != pmd)
		why_add(w, "expected %lld kB to stay mapped by PMDs, saw %lld", pmd,
			thp_pmd_kib(set));
	if (st->found->known && !st->found->by_pte && n != set->n)
		why_add(w, "expected all %zu pages Mlocked after the move, saw %zu",
			set->n, n);
	if (n != 0 && n != set->n)
		why_add(w,
			"expected all %zu pages Mlocked after the move, or none, saw %zu",
			set->n, n);
}

/* A file's page that is split on its way is unmapped (__split_huge_pmd_locked). */
static bool stays_mapped(const struct thp_story *st, const struct pageset *set)
{
	return st->kind != THP_SHMEM ||
	       thp_pmd_kib(set) == (long long)(set->map_bytes / 1024);
}

/* They are on node now; from the other and back again, to see whether it is always so. */
static void use(const struct thp_story *st, const struct pageset *set, int node,
		int other, struct why *w)
{
	struct faults f = { 0 };
	int tries;

	for (tries = 0; tries < FAULTS_TRIES; tries++) {
		if (tries) {
			thp_move_parts(set, thp_one_pages(st->kind), other, w);
			thp_move_parts(set, thp_one_pages(st->kind), node, w);
		}
		if (!stays_mapped(st, set))
			return;
		faults_of_use(set, &f);
		if (!faults_any(&f))
			return;
	}
	faults_complain(&f, set, w);
}

void happen_move(const struct thp_story *st, struct pageset *set, struct why *w)
{
	move_whole(st, set, st->to, w);
	use(st, set, st->to, st->from, w);
	account_process(w);
	move_whole(st, set, st->from, w);
	use(st, set, st->from, st->to, w);
}

void happen_move_ptes(const struct thp_story *st, struct pageset *set, struct why *w)
{
	map_by_ptes(set, HUGE, w);
	pageset_fill(set); /* writable again, where mprotect left that to a fault */
	thp_move_parts(set, thp_one_pages(st->kind), st->to, w);
	use(st, set, st->to, st->from, w);
	oracle_drain();
	account_process(w);
	thp_move_parts(set, thp_one_pages(st->kind), st->from, w);
	use(st, set, st->from, st->to, w);
}

/* A PMD's worth stays where it is on good kernels: it fills a pageblock. */
void happen_compact(const struct thp_story *st, struct pageset *set, struct why *w)
{
	if (st->kind == THP_ANON)
		map_by_ptes(set, 1, w);
	pageset_note(set);
	scatter_compact(st->from);
	ktap_data("thp_compacted", (long long)pageset_moved(set));
}
