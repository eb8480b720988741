/*
 * Locked huge pages that are not Mlocked, under reclaim. A good kernel leaves some so:
 * one that moved by its PMD (6.12: mm/rmap.c, __folio_add_anon_rmap), one whose PMD was
 * split (mm/huge_memory.c, __split_huge_pmd_locked). They lie on a list that reclaim
 * looks at, and it is reclaim that must give them the flag back when it meets them
 * (mm/rmap.c, folio_referenced_one), or else leave them where they are
 * (try_to_unmap_one). Pages that are not locked are the control.
 *
 * 6.1 knows nothing of a huge page that PTEs map: it is split on its way out, and its
 * small pages are locked one by one, as far as reclaim got. Which of the two kernels
 * this is, is observed. The multi-generational LRU does not look at its youngest pages:
 * there nothing is said of the flag either.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/ktap.h"
#include "common/numa.h"
#include "common/page.h"
#include "common/swap.h"
#include "common/sysfile.h"
#include "mlock-migrate/cases.h"
#include "mlock-migrate/move.h"
#include "mlock-migrate/oracle.h"
#include "mlock-migrate/pressure.h"
#include "mlock-migrate/thp.h"
#include "mlock-migrate/thpstory.h"

#define HUGE 2
#define CONTROL 256
#define SWAP_DEVICE "/dev/ram0"
#define SWAP_PAGES 2048
#define CHECKS 3 /* of one story */
#define PART_AT (72 * PAGE_BYTES)
#define PART (64 * PAGE_BYTES)

struct scene {
	struct pageset control;
	int from, to;
	bool by_pte;   /* the kernel locks huge pages that PTEs map */
	bool all_seen; /* reclaim looks at all pages */
	struct vmstat base;
};

/* Begins with what a fault into a locked mapping makes. False: no huge pages. */
static bool put_up(struct pageset *set, int node)
{
	numa_bind_task(node);
	thp_map(set, HUGE * THP_BYTES, -1);
	if (mlock(set->map, set->map_bytes) < 0)
		ktap_bail("mlock: %s", strerror(errno));
	pageset_fill(set);
	numa_bind_task(-1);
	/* Or khugepaged would put together what we split. */
	madvise(set->map, set->map_bytes, MADV_NOHUGEPAGE);
	return thp_pmd_kib(set) == (long long)(set->map_bytes / 1024);
}

/* Each in one piece. False where it had to be split, or stayed. */
static bool move(const struct scene *sc, struct pageset *set)
{
	struct pageset heads;
	size_t first, there;

	pageset_adopt(&heads, set->map, set->map_bytes, THP_PAGES);
	there = move_to(&heads, sc->to, &first);
	free(heads.addr);
	free(heads.pfn);
	return there == HUGE && thp_pmd_kib(set) == (long long)(set->map_bytes / 1024);
}

/*
 * PTEs map them then, in one mapping again. Not by taking the right to write away: when
 * it comes back all is touched (mm/mprotect.c, "Private VM_LOCKED VMA becoming
 * writable"), and becomes active, where reclaim need not look.
 */
static bool split_pmds(const struct scene *sc, struct pageset *set)
{
	size_t i;

	(void)sc;
	for (i = 0; i < HUGE; i++) {
		char *part = set->map + i * THP_BYTES + PART_AT;

		if (mprotect(part, PART, PROT_READ | PROT_WRITE | PROT_EXEC) < 0 ||
		    mprotect(part, PART, PROT_READ | PROT_WRITE) < 0)
			ktap_bail("mprotect: %s", strerror(errno));
	}
	return thp_pmd_kib(set) == 0 && thp_compound(set) == set->n;
}

static void skip(const char *name, int checks, const char *why)
{
	while (checks-- > 0)
		ktap_skip(name, "%s", why);
}

/* The pages with the flags, and what the counters say of them. */
static void check_flags(const struct scene *sc, const struct pageset *set,
			const char *name, bool sure)
{
	size_t mlocked, unevictable;
	struct vmstat now;

	oracle_begin(&now);
	mlocked = thp_with(set, PAGE_MLOCKED);
	unevictable = thp_with(set, PAGE_UNEVICTABLE);
	ktap_data("mlocked_after", (long long)mlocked);
	if (sure && sc->all_seen)
		ktap_check(
			mlocked == set->n && unevictable == set->n, name,
			"expected reclaim to make all %zu locked pages Mlocked and Unevictable, saw %zu and %zu",
			set->n, mlocked, unevictable);
	else
		ktap_check(
			mlocked == unevictable, name,
			"expected pages Mlocked and Unevictable or neither, saw %zu and %zu",
			mlocked, unevictable);
	ktap_check(now.nr_mlock - sc->base.nr_mlock == (long long)mlocked, name,
		   "expected nr_mlock to grow by the %zu pages with the flag, saw %lld",
		   mlocked, now.nr_mlock - sc->base.nr_mlock);
}

static void press(const struct scene *sc, const struct pageset *set, const char *name,
		  bool sure)
{
	size_t absent, damaged;

	pageset_touch(&sc->control);
	if (!pressure_on(&sc->control, pageset_absent)) {
		skip(name, CHECKS, "reclaim took too few pages that are not locked");
		return;
	}
	absent = pageset_absent(set);
	damaged = pageset_damaged(set);
	ktap_check(
		absent == 0 && damaged == 0, name,
		"expected reclaim to leave all %zu locked pages, saw %zu gone and %zu changed",
		set->n, absent, damaged);
	check_flags(sc, set, name, sure);
}

typedef bool (*happen_fn)(const struct scene *sc, struct pageset *set);

static void tell(const struct scene *sc, const char *name, happen_fn happen, bool sure)
{
	struct pageset set;

	if (!put_up(&set, sc->from) || !happen(sc, &set)) {
		skip(name, CHECKS, "no huge pages to be had");
	} else {
		oracle_drain();
		ktap_data("mlocked_before", (long long)thp_with(&set, PAGE_MLOCKED));
		press(sc, &set, name, sure);
	}
	pageset_done(&set);
}

static void observe(struct scene *sc)
{
	struct thp_findings found = { 0 };
	struct thp_story st = { .found = &found };
	struct pageset set;

	if (put_up(&set, sc->from))
		thp_observe(&st, &set);
	pageset_done(&set);
	sc->by_pte = found.by_pte;
	ktap_data("locks_huge_by_pte", found.by_pte);
}

void case_thp_reclaim(void)
{
	uint64_t nodes = numa_memory_nodes();
	struct scene sc = { .from = numa_first(nodes) };
	int ret;

	sc.to = numa_first(nodes & ~(UINT64_C(1) << sc.from));
	sc.all_seen = sysfile_number("/sys/kernel/mm/lru_gen/enabled", 0) == 0;
	pressure_begin("mlock-thp-reclaim");
	ret = swap_on(SWAP_DEVICE, SWAP_PAGES);
	if (ret < 0)
		ktap_skip_all("no swap on " SWAP_DEVICE " here: %s", strerror(-ret));
	ktap_begin(2 * CHECKS + ORACLE_END_CHECKS);
	/* Huge pages need room in one piece. */
	sysfile_write("/proc/sys/vm/compact_memory", "1\n");
	oracle_begin(&sc.base);
	pageset_init(&sc.control, CONTROL, -1, PAGESET_PLAIN);
	observe(&sc);
	tell(&sc, "split-pmd", split_pmds, sc.by_pte);
	if (sc.to < 0)
		skip("moved", CHECKS, "needs two nodes with memory");
	else
		tell(&sc, "moved", move, true);
	pageset_done(&sc.control);
	pressure_end();
	oracle_end(&sc.base);
}
