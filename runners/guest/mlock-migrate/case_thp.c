/*
 * Huge pages that are locked: moved whole, split in several ways, moved and
 * compacted while they are mapped by PTEs. Each story begins with two huge pages
 * mapped by PMDs and Mlocked; something happens to them; then the books must
 * hold, and hold again when all is unlocked and when all is unmapped. After a move the
 * pages are used without a fault.
 *
 * What good kernels agree on: a huge page is Mlocked when mlock(2) finds it mapped
 * by a PMD, and an anonymous one when it is faulted into a locked mapping
 * (mm/mlock.c, mlock_pte_range; mm/swap.c, lru_cache_add_inactive_or_unevictable,
 * later folio_add_lru_vma). Small pages after a split are Mlocked again when they
 * are mapped (mm/rmap.c).
 *
 * Where they differ: the old ones lock a huge page whenever a PMD maps it, and do
 * nothing of the kind for PTEs. Since folios (6.7 on) mlock(2) locks one that it
 * finds fully mapped by PTEs, but mapping one, after migration too, locks none:
 * that is left to reclaim. Which of the two this kernel is, is what the story
 * "relock" observes.
 *
 * With "more=1": small pages that MADV_COLLAPSE makes huge ones of. Those of a file are
 * unmapped first with TTU_IGNORE_MLOCK, and then must be held by nobody but the page
 * cache, so that the munlock must be out of the batch (mm/khugepaged.c, collapse_file;
 * mm/rmap.c, try_to_unmap_one); the call must succeed. A new anonymous page is Mlocked
 * as if it had been faulted in, one of a file as if it had been mapped by a PMD just
 * now. And huge pages that are split into parts of 64 KiB: each part is a huge page
 * mapped by PTEs, which mlock locks again, moves, and is split at last.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/ktap.h"
#include "common/numa.h"
#include "common/opts.h"
#include "common/setting.h"
#include "common/smaps.h"
#include "common/sysfile.h"
#include "common/turn.h"
#include "mlock-migrate/account.h"
#include "mlock-migrate/cases.h"
#include "mlock-migrate/thp.h"
#include "mlock-migrate/thpstory.h"

#define CHECKS 4 /* of one story */
#define SMALL_SWITCH "/sys/kernel/mm/transparent_hugepage/hugepages-64kB/enabled"

static const struct thp_story stories[] = {
	{ .name = "relock", .happen = happen_relock },
	{ .name = "fault", .lock_first = true, .happen = happen_nothing },
	{ .name = "present", .happen = happen_nothing },
	{ .name = "move",
	  .lock_first = true,
	  .need = THP_NEEDS_TWO_NODES,
	  .happen = happen_move },
	{ .name = "munlock", .happen = happen_munlock },
	{ .name = "mprotect", .lock_first = true, .happen = happen_mprotect },
	{ .name = "split", .need = THP_NEEDS_SPLIT, .happen = happen_split },
	{ .name = "dontneed", .lock_first = true, .happen = happen_dontneed },
	{ .name = "munmap", .happen = happen_munmap },
	{ .name = "move-ptes", .need = THP_NEEDS_TWO_NODES, .happen = happen_move_ptes },
	{ .name = "compact", .need = THP_NEEDS_COMPACTION, .happen = happen_compact },
	{ .name = "shmem-fault",
	  .kind = THP_SHMEM,
	  .lock_first = true,
	  .happen = happen_nothing },
	{ .name = "shmem-present", .kind = THP_SHMEM, .happen = happen_nothing },
	{ .name = "shmem-munlock", .kind = THP_SHMEM, .happen = happen_munlock },
	{ .name = "shmem-move",
	  .kind = THP_SHMEM,
	  .need = THP_NEEDS_TWO_NODES,
	  .happen = happen_move },
	{ .name = "shmem-split",
	  .kind = THP_SHMEM,
	  .need = THP_NEEDS_SPLIT,
	  .happen = happen_split },
	{ .name = "small-fault",
	  .kind = THP_SMALL,
	  .lock_first = true,
	  .happen = happen_nothing },
	{ .name = "small-present", .kind = THP_SMALL, .happen = happen_nothing },
	{ .name = "small-munlock",
	  .kind = THP_SMALL,
	  .lock_first = true,
	  .happen = happen_munlock },
	{ .name = "small-dontneed",
	  .kind = THP_SMALL,
	  .lock_first = true,
	  .happen = happen_dontneed },
	{ .name = "small-split",
	  .kind = THP_SMALL,
	  .lock_first = true,
	  .need = THP_NEEDS_SPLIT,
	  .happen = happen_split },
	{ .name = "small-move",
	  .kind = THP_SMALL,
	  .lock_first = true,
	  .need = THP_NEEDS_TWO_NODES,
	  .happen = happen_move },
	{ .name = "small-compact",
	  .kind = THP_SMALL,
	  .lock_first = true,
	  .need = THP_NEEDS_COMPACTION,
	  .happen = happen_compact },
	/* The rest with "more=1". */
	{ .name = "collapse", .need = THP_NEEDS_SPLIT, .happen = happen_collapse },
	{ .name = "shmem-collapse",
	  .kind = THP_SHMEM,
	  .need = THP_NEEDS_SPLIT,
	  .happen = happen_collapse },
	{ .name = "split-order", .need = THP_NEEDS_SPLIT, .happen = happen_split_order },
	{ .name = "order-dontneed",
	  .need = THP_NEEDS_SPLIT,
	  .happen = happen_order_dontneed },
};
#define STORIES_MORE 4
#define STORIES_ALL (sizeof(stories) / sizeof(stories[0]))

static const char *check_name(const struct thp_story *st, const char *what)
{
	static char name[64];

	snprintf(name, sizeof(name), "%s-%s", st->name, what);
	return name;
}

static void skip_rest(const struct thp_story *st, int checks, const char *why)
{
	while (checks-- > 0)
		ktap_skip(st->name, "%s", why);
}

/* Are all of its pages in huge pages, and mapped as such where that can be? */
static bool is_huge(const struct thp_story *st, const struct pageset *set)
{
	if (st->kind != THP_SMALL &&
	    thp_pmd_kib(set) != (long long)(set->map_bytes / 1024))
		return false;
	return thp_compound(set) == set->n;
}

/* False where there was no huge page. */
static bool put_up(const struct thp_story *st, struct pageset *set)
{
	size_t bytes = thp_set_pages(st->kind) * PAGE_BYTES;
	int fd = -1;

	if (st->kind == THP_SHMEM) {
		fd = thp_file(bytes);
		if (fd < 0)
			return false;
	}
	numa_bind_task(st->from);
	thp_map(set, bytes, fd);
	if (st->lock_first && mlock(set->map, set->map_bytes) < 0)
		ktap_bail("mlock: %s", strerror(errno));
	pageset_fill(set);
	if (!st->lock_first && mlock(set->map, set->map_bytes) < 0)
		ktap_bail("mlock: %s", strerror(errno));
	numa_bind_task(-1);
	/* Or khugepaged would put together what we split. */
	madvise(set->map, set->map_bytes, MADV_NOHUGEPAGE);
	return is_huge(st, set);
}

static void check_books(const struct pageset *set, const struct account *base,
			struct account *now, struct why *w)
{
	size_t n;

	account_growth(base, now, w);
	account_process(w);
	n = pageset_absent(set);
	if (n)
		why_add(w, "expected all %zu locked pages present, saw %zu absent",
			set->n, n);
	n = pageset_damaged(set);
	if (n)
		why_add(w, "expected every page to keep its contents, saw %zu changed",
			n);
}

static void check_locked(const struct thp_story *st, const struct pageset *set,
			 const struct account *base, struct account *now)
{
	bool sure = !(st->kind == THP_SHMEM && st->lock_first) ||
		    (st->found->known && !st->found->by_pte);
	struct why w = { 0 };
	size_t n;

	check_books(set, base, now, &w);
	n = thp_with(set, PAGE_MLOCKED);
	if (sure && n != set->n)
		why_add(&w, "expected all %zu pages of huge pages Mlocked, saw %zu",
			set->n, n);
	why_check(&w, check_name(st, "locked"));
}

static void check_unlocked(const struct thp_story *st, const struct pageset *set,
			   const struct account *base, struct account *now)
{
	long long stranded = now->vm.stranded, n;
	struct why w = { 0 };

	if (munlockall() < 0)
		ktap_bail("munlockall: %s", strerror(errno));
	account_read(now);
	account_machine(now, &w);
	stranded = now->vm.stranded - stranded;
	if (now->vm.nr_mlock != base->vm.nr_mlock)
		why_add(&w, "expected nr_mlock back at %lld, saw %lld", base->vm.nr_mlock,
			now->vm.nr_mlock);
	n = (long long)thp_with(set, PAGE_MLOCKED);
	if (n)
		why_add(&w, "expected no page Mlocked, saw %lld", n);
	n = (long long)thp_with(set, PAGE_UNEVICTABLE);
	if (n > stranded)
		why_add(&w, "expected no page Unevictable (%lld were stranded), saw %lld",
			stranded, n);
	if (smaps_vmlck_kib() != 0)
		why_add(&w, "expected VmLck 0, saw %lld", smaps_vmlck_kib());
	if (pageset_damaged(set))
		why_add(&w, "expected every page to keep its contents, saw %zu changed",
			pageset_damaged(set));
	why_check(&w, check_name(st, "unlocked"));
}

static void tell(void *arg)
{
	const struct thp_story *st = arg;
	struct account now;
	struct pageset set;
	struct why w = { 0 };

	if (!put_up(st, &set)) {
		skip_rest(st, CHECKS - 1, "no huge pages to be had");
		return;
	}
	check_locked(st, &set, st->base, &now);
	st->happen(st, &set, &w);
	check_books(&set, st->base, &now, &w);
	why_check(&w, check_name(st, "happened"));
	check_unlocked(st, &set, st->base, &now);
}

static const char *lacks(const struct thp_story *st)
{
	switch (st->need) {
	case THP_NEEDS_TWO_NODES:
		return st->to < 0 ? "needs two nodes with memory" : NULL;
	case THP_NEEDS_SPLIT:
		return thp_can_split() ? NULL : "this kernel has no split_huge_pages";
	case THP_NEEDS_COMPACTION:
		return access("/proc/sys/vm/compact_memory", F_OK) < 0 ?
			       "this kernel has no compaction" :
			       NULL;
	default:
		return NULL;
	}
}

/* Would more of it be exact if it were known what "relock" observes? */
static bool wants_findings(const struct thp_story *st)
{
	return st->happen == happen_move || st->happen == happen_collapse ||
	       st->happen == happen_split_order || st->happen == happen_order_dontneed ||
	       (st->kind == THP_SHMEM && st->lock_first);
}

/* "relock" found no huge pages then: maybe there are some now. */
static void observe(void *arg)
{
	struct thp_story st = *(const struct thp_story *)arg;
	struct pageset set;

	st.kind = THP_ANON;
	st.lock_first = false;
	if (put_up(&st, &set))
		thp_observe(&st, &set);
	else
		ktap_note(
			"%s: no huge pages to see by whether mlock locks those that PTEs map: less is asserted",
			st.name);
}

/*
 * Its process leaves all mapped at its end. Base is what was read last: where the story
 * before left something it is told so, and this one begins from there.
 */
static void run_story(struct thp_story *st, struct account *base)
{
	struct account now;
	struct why w = { 0 };
	const char *why = lacks(st);
	struct turn turn;

	if (why) {
		skip_rest(st, CHECKS, why);
		return;
	}
	if (!st->found->known && wants_findings(st)) {
		turn_start(&turn, observe, st);
		turn_run(&turn);
	}
	st->base = base;
	turn_start(&turn, tell, st);
	turn_run(&turn);
	account_read(&now);
	account_gone(base, &now, &w);
	why_check(&w, check_name(st, "back-at-base"));
	*base = now;
}

void case_thp(void)
{
	uint64_t nodes = numa_memory_nodes();
	int from = numa_first(nodes), to = numa_first(nodes & ~(UINT64_C(1) << from));
	unsigned rounds = (unsigned)opts_number("rounds", 1), i;
	unsigned n = (unsigned)STORIES_ALL - (opts_number("more", 0) ? 0 : STORIES_MORE);
	struct thp_findings *found = mmap(NULL, sizeof(*found), PROT_READ | PROT_WRITE,
					  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct account base;
	struct thp_story st;

	if (found == MAP_FAILED)
		ktap_bail("mmap: %s", strerror(errno));
	account_begin();
	ktap_begin(rounds * n * CHECKS);
	/* -ENOENT: a kernel without huge pages of that size. */
	setting_hold(SMALL_SWITCH, "madvise");
	/* Huge pages need room in one piece. */
	sysfile_write("/proc/sys/vm/compact_memory", "1\n");
	account_read(&base);
	for (i = 0; i < rounds * n; i++) {
		st = stories[i % n];
		st.found = found;
		st.from = from;
		st.to = to;
		run_story(&st, &base);
	}
	if (found->known)
		ktap_data("locks_huge_by_pte", found->by_pte);
}
