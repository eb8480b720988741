/*
 * Pages of hugetlbfs: they are never evicted, so that locking them is a matter of
 * no flag and no counter (mm/internal.h, vma_supports_mlock; before, mm/mlock.c,
 * mlock_fixup). It must not disturb what is locked beside them, nor keep them from moving
 * with all that is in them, which private ones do by another way than shared ones (mm/migrate.c,
 * migrate_folio; fs/hugetlbfs/inode.c, hugetlbfs_migrate_folio).
 */
#include <errno.h>
#include <stdlib.h>
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
#include "mlock-migrate/move.h"
#include "mlock-migrate/pageset.h"

#define NR_HUGEPAGES "/proc/sys/vm/nr_hugepages"
#define HUGE_BYTES ((size_t)2 << 20)
#define HUGE_PAGES ((size_t)2)
#define PAGES ((size_t)64)
#define CHECKS 6 /* of one round */

struct scene {
	char *huge;
	int from, to;
};

static void check_huge(const char *huge, struct why *w)
{
	struct page_whole page = { 0 };
	size_t i;

	for (i = 0; i < HUGE_PAGES; i++) {
		page_whole(&page, page_pfn(huge + i * HUGE_BYTES));
		if (!(page.flags & PAGE_HUGETLB))
			why_add(w, "expected page %zu of hugetlbfs, saw flags %#llx", i,
				(unsigned long long)page.flags);
		if (page.flags & (PAGE_MLOCKED | PAGE_UNEVICTABLE))
			why_add(w,
				"expected no page of hugetlbfs Mlocked or Unevictable, saw flags %#llx",
				(unsigned long long)page.flags);
		if (huge[i * HUGE_BYTES] != (char)(i + 1))
			why_add(w, "expected huge page %zu to keep its contents", i);
	}
}

/* nr_mlock and VmLck are those of n pages beside it; the process locks no more. */
static void check_books(const struct scene *sc, const struct account *base, size_t n,
			struct why *w)
{
	long long kib = (long long)(n * PAGE_BYTES / 1024), vmlck = smaps_vmlck_kib();
	struct account now;
	long long grown = account_growth(base, &now, w);

	account_process(w);
	if (grown != (long long)n)
		why_add(w, "expected nr_mlock to grow by %zu, saw %lld", n, grown);
	if (vmlck != kib)
		why_add(w, "expected VmLck to be %lld kB, saw %lld", kib, vmlck);
	check_huge(sc->huge, w);
}

static char *map_huge(int flags)
{
	char *at = mmap(NULL, HUGE_PAGES * HUGE_BYTES, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | flags, -1, 0);
	size_t i;

	if (at == MAP_FAILED)
		ktap_bail("mmap of %zu pages of hugetlbfs: %s", HUGE_PAGES,
			  strerror(errno));
	for (i = 0; i < HUGE_PAGES; i++)
		at[i * HUGE_BYTES] = (char)(i + 1);
	return at;
}

static void check_alone(struct scene *sc, const struct account *base)
{
	const size_t bytes = HUGE_PAGES * HUGE_BYTES;
	struct why w = { 0 };

	if (mlock(sc->huge, bytes) < 0)
		why_add(&w, "expected mlock to succeed, saw %s", strerror(errno));
	check_books(sc, base, 0, &w);
	if (munlock(sc->huge, bytes) < 0)
		why_add(&w, "expected munlock to succeed, saw %s", strerror(errno));
	check_books(sc, base, 0, &w);
	munmap(sc->huge, bytes);
	sc->huge = map_huge(MAP_LOCKED);
	check_books(sc, base, 0, &w);
	why_check(&w, "alone");
}

/* Beside locked pages that are locked, moved and unlocked. */
static void check_beside(struct scene *sc, const struct account *base)
{
	struct pageset set;
	struct why w = { 0 };
	size_t first = 0;

	pageset_init(&set, PAGES, sc->from, PAGESET_PLAIN);
	if (mlock(set.map, set.map_bytes) < 0 ||
	    mlock(sc->huge, HUGE_PAGES * HUGE_BYTES) < 0)
		ktap_bail("mlock: %s", strerror(errno));
	check_books(sc, base, PAGES, &w);
	if (sc->to >= 0) {
		if (move_to(&set, sc->to, &first) != PAGES)
			why_add(&w, "expected all %zu pages beside it on node %d", PAGES,
				sc->to);
		check_books(sc, base, PAGES, &w);
	}
	if (pageset_damaged(&set))
		why_add(&w, "expected every page to keep its contents, saw %zu changed",
			pageset_damaged(&set));
	if (munlock(set.map, set.map_bytes) < 0)
		ktap_bail("munlock: %s", strerror(errno));
	check_books(sc, base, 0, &w);
	pageset_done(&set);
	ktap_data("moved_beside", (long long)first);
	why_check(&w, "beside");
}

/* mlockall of all there is and is to come leaves it out as well. */
static void check_all(struct scene *sc, const struct account *base)
{
	struct account now;
	struct why w = { 0 };
	struct smaps s;
	size_t i;

	if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
		ktap_bail("mlockall: %s", strerror(errno));
	munmap(sc->huge, HUGE_PAGES * HUGE_BYTES);
	sc->huge = map_huge(0);
	account_growth(base, &now, &w);
	account_process(&w);
	check_huge(sc->huge, &w);
	smaps_read(&s);
	for (i = 0; i < s.n; i++) {
		if (s.vma[i].start == (uintptr_t)sc->huge && s.vma[i].vm_locked)
			why_add(&w, "expected hugetlbfs to be left out, saw it locked");
	}
	smaps_done(&s);
	if (munlockall() < 0)
		ktap_bail("munlockall: %s", strerror(errno));
	check_books(sc, base, 0, &w);
	why_check(&w, "all");
}

/* What each base page of it holds. */
static uint64_t content(size_t i)
{
	return 0x6875676500000000 + i;
}

static size_t damaged(const char *at)
{
	size_t i, n = 0;

	for (i = 0; i < HUGE_PAGES * HUGE_BYTES / PAGE_BYTES; i++)
		n += *(const uint64_t *)(at + i * PAGE_BYTES) != content(i);
	return n;
}

/* Locked, to the node where the first one is not. */
static size_t move_huge(const struct scene *sc, char *at)
{
	struct pageset heads;
	size_t first, there;

	pageset_adopt(&heads, at, HUGE_PAGES * HUGE_BYTES, HUGE_BYTES / PAGE_BYTES);
	if (pageset_on_node(&heads, sc->from) == HUGE_PAGES)
		there = move_to(&heads, sc->to, &first);
	else
		there = move_to(&heads, sc->from, &first);
	free(heads.addr);
	free(heads.pfn);
	return there;
}

static void check_moves(const struct scene *sc, int kind, const char *name)
{
	const size_t bytes = HUGE_PAGES * HUGE_BYTES;
	char *at;
	size_t i, there, wrong;

	if (sc->to < 0) {
		ktap_skip(name, "needs two nodes with memory");
		return;
	}
	at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, kind | MAP_ANONYMOUS | MAP_HUGETLB,
		  -1, 0);
	if (at == MAP_FAILED || mlock(at, bytes) < 0)
		ktap_bail("%zu locked pages of hugetlbfs: %s", HUGE_PAGES,
			  strerror(errno));
	for (i = 0; i < bytes / PAGE_BYTES; i++)
		*(uint64_t *)(at + i * PAGE_BYTES) = content(i);
	there = move_huge(sc, at);
	wrong = damaged(at);
	if (there < HUGE_PAGES && !wrong)
		ktap_skip(name, "only %zu of %zu huge pages moved", there, HUGE_PAGES);
	else
		ktap_check(
			!wrong, name,
			"expected huge pages to move with their contents, saw %zu of %zu base pages changed",
			wrong, bytes / PAGE_BYTES);
	munmap(at, bytes);
}

static void process(void *arg)
{
	struct scene *sc = arg;
	struct account base;

	sc->huge = map_huge(0);
	account_read(&base);
	check_alone(sc, &base);
	check_beside(sc, &base);
	check_all(sc, &base);
	munmap(sc->huge, HUGE_PAGES * HUGE_BYTES);
	check_moves(sc, MAP_PRIVATE, "private-moved");
	check_moves(sc, MAP_SHARED, "shared-moved");
}

static void get_pages(void)
{
	long long got;
	int ret = setting_hold(NR_HUGEPAGES, "4\n");

	if (ret < 0)
		ktap_skip_all("this kernel has no hugetlbfs: %s", strerror(-ret));
	got = sysfile_number(NR_HUGEPAGES, 0);
	if (got < (long long)HUGE_PAGES)
		ktap_skip_all("only %lld of %zu huge pages to be had", got, HUGE_PAGES);
}

void case_hugetlb(void)
{
	uint64_t nodes = numa_memory_nodes();
	struct scene sc = { .from = numa_first(nodes) };
	unsigned rounds = (unsigned)opts_number("rounds", 1), i;
	struct account base, now;
	struct turn turn;

	sc.to = numa_first(nodes & ~(UINT64_C(1) << sc.from));
	get_pages();
	account_begin();
	ktap_begin(rounds * CHECKS);
	ktap_data("huge_pages", sysfile_number(NR_HUGEPAGES, 0));
	for (i = 0; i < rounds; i++) {
		struct why w = { 0 };

		account_read(&base);
		turn_start(&turn, process, &sc);
		turn_run(&turn);
		account_scan(&now);
		account_data(&base, &now);
		account_gone(&base, &now, &w);
		why_check(&w, "back-at-base");
	}
}
