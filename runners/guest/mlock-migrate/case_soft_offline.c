/*
 * Soft offline of mlocked pages: the kernel takes a frame out of use that had
 * corrected errors, and moves what is in it. One page at rest, and again right away from
 * another CPU; one that waits in the batch of another CPU, or was not locked yet when
 * that put it into the one of new pages; one that two processes share and both lock.
 *
 * Unlike the system calls that move, this way does not switch the batches off.
 * For the page in the batch, which is not on the LRU yet, it relies on
 * lru_add_drain_all() to find out which CPU has something to drain: where that
 * question is answered wrongly the page stays and madvise fails. Also seen: a
 * new page without Mlocked or Unevictable, an old frame that keeps them (nr_mlock
 * would never come down), a frame that is not taken out of use, contents lost,
 * a page that was just moved and waits in the batch of the CPU that moved it (mm/migrate.c,
 * remove_migration_pte, empties it), so that it cannot move again, which nothing here
 * drains; and mlock_count not carried over: the shared page would lose its flag when one
 * of its two lockers unlocks.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "common/cpu.h"
#include "common/ktap.h"
#include "common/opts.h"
#include "common/page.h"
#include "common/peer.h"
#include "common/tally.h"
#include "mlock-migrate/cases.h"
#include "mlock-migrate/oracle.h"
#include "mlock-migrate/poison.h"
#include "mlock-migrate/residue.h"

#define PAGES 64
#define SHARED 16
#define LOOKS 3

enum { PEER_LOCK, PEER_UNLOCK, PEER_FRAME, PEER_STRAYS };

static long long lost;

static void take(struct pageset *set, size_t i, struct tally *t)
{
	uint64_t old = page_pfn(set->addr[i]), now;
	int ret = poison_soft_offline(set->addr[i]);

	now = page_pfn(set->addr[i]);
	lost += ret == 0;
	tally_add(
		t, ret == 0 && now && now != old && poison_marked(old),
		"expected the mlocked page in another frame and the old one out of use without Mlocked, saw %s, frame %#llx before and %#llx after, flags of the old one %#llx",
		strerror(-ret), (unsigned long long)old, (unsigned long long)now,
		(unsigned long long)page_flags(old));
	set->pfn[i] = now;
}

/*
 * The second try at a page would drain all batches, since the first one has put it into one
 * (mm/memory-failure.c, shake_folio). The page may be in use just then, but not each time.
 */
static void again(struct pageset *set)
{
	size_t i = poison_pick(set, 0, set->n - RESIDUE_PAGES);
	int looks, ret = -EBUSY;

	for (looks = 0; ret == -EBUSY && looks < LOOKS; looks++) {
		cpu_run_on(cpu_first());
		lost += poison_soft_offline(set->addr[i]) == 0;
		cpu_run_on(cpu_last());
		ret = poison_soft_offline_once(set->addr[i]);
		lost += ret == 0;
	}
	cpu_run_on(cpu_first());
	set->pfn[i] = page_pfn(set->addr[i]);
	ktap_check(
		ret == 0, "again",
		"expected a page that one CPU had just moved to be moved by another at the first try, saw %s %d times",
		strerror(-ret), looks);
}

/*
 * New and not locked, a page waits in another CPU's batch of new pages, and nothing else
 * does there. The lock is ours, and in no batch of that CPU.
 */
static void added_elsewhere(void)
{
	struct tally t = { .name = "added-elsewhere" };
	struct pageset set;
	struct vmstat drained;
	char *map = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		ktap_bail("mmap: %s", strerror(errno));
	pageset_adopt(&set, map, PAGE_BYTES, 1);
	oracle_begin(&drained);
	cpu_run_on(cpu_last());
	pageset_fill(&set);
	cpu_run_on(cpu_first());
	if (page_flags(set.pfn[0]) & PAGE_LRU) {
		ktap_skip(t.name, "the new page waits in no batch");
	} else {
		if (mlock(map, PAGE_BYTES) < 0)
			ktap_bail("mlock: %s", strerror(errno));
		take(&set, 0, &t);
		tally_check(&t);
	}
	pageset_done(&set);
}

static void alone(struct pageset *set, long rounds)
{
	struct tally rest = { .name = "at-rest" };
	struct tally batch = { .name = "in-batch" };
	long i, waiting = 0;
	size_t n, first = set->n - RESIDUE_PAGES;

	for (i = 0; i < rounds; i++) {
		n = oracle_strays(set); /* drains */
		tally_add(
			&rest, n == 0,
			"expected every page present, Mlocked, Unevictable and unchanged, saw %zu that are not",
			n);
		take(set, poison_pick(set, 0, first), &rest);
		residue_refault(set);
		n = poison_pick(set, first, set->n);
		waiting += !(page_flags(set->pfn[n]) & PAGE_LRU);
		take(set, n, &batch);
	}
	ktap_data("in_batch", waiting);
	tally_check(&rest);
	if (waiting || batch.bad)
		tally_check(&batch);
	else
		ktap_skip(batch.name, "none of %ld pages waited in a batch", rounds);
}

static long peer_step(void *arg, int what, long value)
{
	struct pageset *set = arg;

	switch (what) {
	case PEER_LOCK:
		return mlock(set->map, set->map_bytes) < 0 ? -errno : 0;
	case PEER_UNLOCK:
		return munlock(set->map, set->map_bytes) < 0 ? -errno : 0;
	case PEER_FRAME:
		return (long)page_pfn(set->addr[value]);
	default:
		return (long)oracle_strays(set);
	}
}

static void shared_make(struct pageset *set)
{
	char *map = mmap(NULL, SHARED * PAGE_BYTES, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct vmstat drained;

	if (map == MAP_FAILED)
		ktap_bail("mmap of shared pages: %s", strerror(errno));
	pageset_adopt(set, map, SHARED * PAGE_BYTES, 1);
	madvise(map, set->map_bytes, MADV_NOHUGEPAGE);
	pageset_fill(set);
	/* mlock_count is exact for pages that were on the LRU when locked. */
	oracle_begin(&drained);
	if (mlock(map, set->map_bytes) < 0)
		ktap_bail("mlock of shared pages: %s", strerror(errno));
}

static void shared(const struct vmstat *base)
{
	struct tally moved = { .name = "shared" };
	struct pageset set;
	struct peer peer;
	long strays;
	size_t i;

	shared_make(&set);
	i = poison_pick(&set, 0, set.n);
	peer_start(&peer, peer_step, &set);
	if (peer_ask(&peer, PEER_LOCK, 0) != 0)
		ktap_bail("mlock of shared pages in the other process");
	take(&set, i, &moved);
	tally_add(&moved, (uint64_t)peer_ask(&peer, PEER_FRAME, (long)i) == set.pfn[i],
		  "expected the shared page in the same frame in both processes");
	strays = peer_ask(&peer, PEER_STRAYS, 0);
	tally_add(
		&moved, strays == 0,
		"expected every shared page of the other process present, Mlocked, Unevictable and unchanged, saw %ld that are not",
		strays);
	tally_check(&moved);
	peer_ask(&peer, PEER_UNLOCK, 0);
	strays = (long)oracle_strays(&set);
	ktap_check(
		strays == 0, "shared-locked-by-one",
		"expected every page that one of two lockers unlocked to stay Mlocked, saw %ld of %zu that did not",
		strays, set.n);
	oracle_locked(&set, base);
	oracle_unlocked(&set, base);
	peer_end(&peer);
	pageset_done(&set);
}

void case_soft_offline(void)
{
	long rounds = opts_number("rounds", 1);
	long long count = poison_count();
	struct pageset set;
	struct vmstat base;

	if (count < 0)
		ktap_skip_all("this kernel has no memory failure handling");
	ktap_begin(7 + 2 * ORACLE_LOCKED_CHECKS + 2 * ORACLE_UNLOCKED_CHECKS +
		   ORACLE_END_CHECKS);
	oracle_begin(&base);
	cpu_run_on(cpu_first());
	pageset_init(&set, PAGES, -1, PAGESET_LOCK_ON_FAULT);
	alone(&set, rounds);
	again(&set);
	added_elsewhere();
	oracle_locked(&set, &base);
	oracle_unlocked(&set, &base);
	pageset_done(&set);
	shared(&base);
	count = poison_count() - count;
	ktap_check(count == lost, "frames-counted",
		   "expected HardwareCorrupted to grow by the %lld frames, saw %lld",
		   lost, count);
	oracle_end(&base);
}
