/* What the deep tier alone does to huge pages: collapse, and splits to other orders. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "common/ktap.h"
#include "common/page.h"
#include "mlock-migrate/oracle.h"
#include "mlock-migrate/thp.h"
#include "mlock-migrate/thpstory.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

#define TRIES 5
#define ORDER 4

/*
 * A page that the kernel itself holds for a moment, for compaction say, makes a try fail
 * with EAGAIN. Each begins from pages that are mapped and locked: where one has failed,
 * those of a file are unmapped, and would pass the next time whatever became of their
 * lock. -errno, or 0.
 */
static int collapse(const struct pageset *set)
{
	int tries, ret = -EAGAIN;

	for (tries = 0; ret == -EAGAIN && tries < TRIES; tries++) {
		pageset_touch(set);
		ret = madvise(set->map, set->map_bytes, MADV_COLLAPSE) < 0 ? -errno : 0;
	}
	return ret;
}

/* Must all be Mlocked, or may it be none? */
static void some_mlocked(const struct pageset *set, bool all, const char *what,
			 struct why *w)
{
	size_t n;

	oracle_drain();
	n = thp_with(set, PAGE_MLOCKED);
	if (n != set->n && (all || n != 0))
		why_add(w, "expected all %zu pages Mlocked after %s%s, saw %zu", set->n,
			what, all ? "" : ", or none", n);
}

static void relock(const struct pageset *set)
{
	if (munlock(set->map, set->map_bytes) < 0 || mlock(set->map, set->map_bytes) < 0)
		ktap_bail("munlock and mlock: %s", strerror(errno));
}

void happen_collapse(const struct thp_story *st, struct pageset *set, struct why *w)
{
	bool anon = st->kind == THP_ANON;
	int ret;

	happen_split(st, set, w);
	madvise(set->map, set->map_bytes, MADV_HUGEPAGE);
	ret = collapse(set);
	madvise(set->map, set->map_bytes, MADV_NOHUGEPAGE);
	/* No huge page to be had, or a kernel that does not know the call. */
	if (ret == -ENOMEM || (ret == -EINVAL && !thp_kernel_since(6, 1))) {
		ktap_note("%s: MADV_COLLAPSE: %s", st->name, strerror(-ret));
		return;
	}
	if (ret < 0) {
		why_add(w, "expected MADV_COLLAPSE of locked pages to succeed, saw %s",
			strerror(-ret));
		return;
	}
	if (thp_pmd_kib(set) != (long long)(set->map_bytes / 1024) ||
	    thp_of_size(set, THP_PAGES) != set->n)
		why_add(w,
			"expected %zu kB to be mapped by PMDs after MADV_COLLAPSE, saw %lld",
			set->map_bytes / 1024, thp_pmd_kib(set));
	some_mlocked(set, anon || (st->found->known && !st->found->by_pte),
		     "MADV_COLLAPSE", w);
	relock(set);
	some_mlocked(set, true, "MADV_COLLAPSE and another mlock", w);
}

/* False where this kernel knows no orders: all is small then. */
static bool split_to_order(const struct pageset *set, struct why *w)
{
	const size_t one = (size_t)1 << ORDER;
	size_t there = 0;
	int tries, ret;

	for (tries = 0; there != set->n && tries < TRIES; tries++) {
		ret = thp_split_to(set, ORDER);
		if (ret < 0)
			ktap_bail("split_huge_pages: %s", strerror(-ret));
		if (!thp_compound(set) && !thp_kernel_since(6, 12))
			return false;
		there = thp_of_size(set, one);
	}
	if (there != set->n)
		why_add(w,
			"expected all %zu pages in huge pages of %zu after the split, saw %zu",
			set->n, one, there);
	return true;
}

/*
 * The huge pages that a split leaves are such as others are: of those that lose a part
 * the kernel notes that they are to be split (mm/huge_memory.c, deferred_split_folio),
 * and forgets it when they are freed, or it complains of a bad page.
 */
void happen_order_dontneed(const struct thp_story *st, struct pageset *set, struct why *w)
{
	struct thp_story small = *st;

	if (!split_to_order(set, w))
		return;
	relock(set);
	some_mlocked(set, st->found->known && st->found->by_pte,
		     "the split to an order and another mlock", w);
	if (thp_with(set, PAGE_MLOCKED) != set->n)
		return;
	small.kind = THP_SMALL; /* of that order, too */
	happen_dontneed(&small, set, w);
}

void happen_split_order(const struct thp_story *st, struct pageset *set, struct why *w)
{
	bool known = st->found->known && st->found->by_pte;

	if (split_to_order(set, w)) {
		some_mlocked(set, false, "the split to an order", w);
		relock(set);
		some_mlocked(set, known, "another mlock", w);
	}
	if (st->to >= 0) {
		thp_move_parts(set, (size_t)1 << ORDER, st->to, w);
		oracle_drain();
		account_process(w);
	}
	happen_split(st, set, w);
}
