/*
 * A memory block with mlocked pages in it is switched off: the kernel moves all
 * of them elsewhere, however often it must try, or the block stays. Then it is
 * switched on again. A few of the pages wait in the batch of the last CPU.
 *
 * Our pages get into a block as hotblock.h says. Whether it really can go is known only
 * by trying: a block also holds pages of the kernel. So where it will not go with
 * locked pages in it, they are unlocked and it is tried again: if it stays, the
 * next block is tried, and the case is skipped when there is none. If it goes now,
 * the lock held it, or a page of the kernel did that was freed meanwhile: it is
 * switched on and locked pages are put there once more. That a block which went
 * without them stays again because of them is the failure.
 *
 * What this shows: batches not drained or not switched off before the block's
 * pages are isolated (the page is not on the LRU: EBUSY), a migration of locked
 * pages that fails each time (the kernel tries without end: it is stopped after
 * a while), flags or contents lost, pages left behind in memory that is gone, batches
 * that stay off afterwards. Those are looked at once more when the kernel has refused a
 * block with pages of its own in it.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/cpu.h"
#include "common/ktap.h"
#include "common/memblock.h"
#include "common/numa.h"
#include "common/opts.h"
#include "common/page.h"
#include "common/slowdown.h"
#include "common/tally.h"
#include "mlock-migrate/cases.h"
#include "mlock-migrate/hotblock.h"
#include "mlock-migrate/oracle.h"
#include "mlock-migrate/residue.h"

#define TRIES 5
#define PAUSE_US 50000 /* what was freed by RCU, or waits on a CPU, gets time to go */
#define LIMIT_S 30     /* a good kernel takes a tenth of a second */
#define REFUSED_LIMIT_S 1

struct looks {
	struct tally gone, elsewhere, kept, back;
	long tried, stuck; /* blocks; those that went only without the lock */
};

static int offline(int id)
{
	int tries = 0, ret;

	do {
		if (tries)
			usleep(PAUSE_US);
		ret = memblock_offline(id, (unsigned)slowdown_scale(LIMIT_S));
	} while (ret == -EBUSY && ++tries < TRIES);
	return ret;
}

/*
 * The block, with most of a set in it. What was needed to fill the node is freed
 * only a moment later, so what was seen before does not count. 0, or -errno:
 * -ENOENT, it is no block for this.
 */
static int offline_set(const struct pageset *set, int id)
{
	size_t n = hotblock_pages(set, id);
	int tries = 0;

	ktap_data("block", id);
	ktap_data("pages_in_block", (long long)n);
	if (n < HOTBLOCK_PAGES / 2)
		return -ENOENT;
	while (!memblock_movable(id)) {
		if (++tries == TRIES)
			return -ENOENT;
		usleep(PAUSE_US);
	}
	return offline(id);
}

static void went(struct pageset *set, int id, struct looks *l, const struct vmstat *base)
{
	struct vmstat now;
	size_t n = hotblock_pages(set, id);
	int ret;

	tally_add(
		&l->elsewhere, n == 0,
		"expected no page in memory block %d that was switched off, saw %zu of %zu",
		id, n, set->n);
	n = oracle_strays(set);
	vmstat_read(&now);
	tally_add(
		&l->kept, n == 0 && now.nr_mlock - base->nr_mlock == (long long)set->n,
		"expected all %zu pages present, Mlocked, Unevictable and unchanged, saw %zu that are not, and nr_mlock grown by %lld",
		set->n, n, now.nr_mlock - base->nr_mlock);
	ret = memblock_online(id);
	n = oracle_strays(set);
	tally_add(
		&l->back, ret == 0 && n == 0,
		"expected memory block %d to come back and all %zu pages to be as before, saw %s and %zu that are not",
		id, set->n, strerror(-ret), n);
}

/* Once more with locked pages: 0, it goes or cannot be had; else why it stays. */
static int stays_again(int node, int id)
{
	struct pageset set;
	int ret;

	if (hotblock_place(&set, node, id) < 0) {
		ktap_note("memory block %d is not to be had a second time", id);
		return 0;
	}
	ret = offline_set(&set, id);
	if (ret == 0)
		hotblock_bring_back(id);
	pageset_done(&set);
	return ret == -ENOENT ? 0 : ret;
}

/*
 * Locked pages would not let it go: would others, of which no batch knows? The set
 * is gone then. True when it is the lock that holds the block.
 */
static bool control(struct pageset *set, int node, int id, int with_lock, struct looks *l)
{
	struct vmstat drained;
	int ret, again;

	if (munlock(set->map, set->map_bytes) < 0)
		ktap_bail("munlock: %s", strerror(errno));
	oracle_begin(&drained);
	ret = offline(id);
	pageset_done(set);
	hotblock_spoilt(id);
	ktap_note("memory block %d does not go: %s; after munlock: %s", id,
		  strerror(-with_lock), strerror(-ret));
	if (ret < 0)
		return false;
	hotblock_bring_back(id);
	again = stays_again(node, id);
	if (again == 0)
		return false;
	l->stuck++;
	tally_add(
		&l->gone, false,
		"expected memory block %d with mlocked pages to be switched off, saw %s; it went after munlock, and with other mlocked pages did not: %s",
		id, strerror(-with_lock), strerror(-again));
	return true;
}

/* One block of the node: true when it went or should have. */
static bool remove_on(int node, struct looks *l, const struct vmstat *base)
{
	uint64_t begin = clock_ms();
	struct pageset set;
	int id, ret;

	while (hotblock_any_on(node) &&
	       (id = hotblock_place(&set, node, HOTBLOCK_ANY)) >= 0) {
		ktap_data("place_ms", (long long)(clock_ms() - begin));
		begin = clock_ms();
		l->tried++;
		ret = offline_set(&set, id);
		if (ret == 0) {
			ktap_data("offline_ms", (long long)(clock_ms() - begin));
			tally_add(&l->gone, true, "%s", "");
			went(&set, id, l, base);
			pageset_done(&set);
			return true;
		}
		if (ret == -ENOENT) {
			hotblock_spoilt(id);
			pageset_done(&set);
		} else if (control(&set, node, id, ret, l)) {
			return true;
		}
	}
	return false;
}

/* The nodes in a ring, from the last: the first holds most of the kernel. */
static void remove_blocks(struct looks *l, long rounds, const struct vmstat *base)
{
	uint64_t nodes = numa_memory_nodes();
	int node = 63 - __builtin_clzll(nodes), left = __builtin_popcountll(nodes);

	while (rounds && left && !l->stuck) {
		if (remove_on(node, l, base)) {
			rounds--;
		} else {
			nodes &= ~(UINT64_C(1) << node);
			left--;
		}
		node = numa_next(nodes, node);
	}
}

/*
 * A block in which pages of the kernel are seen is refused when the batches are off
 * already (mm/memory_hotplug.c, offline_pages); one with holes before that: EINVAL.
 */
static bool refused_one(void)
{
	uint64_t nodes = numa_memory_nodes(), left;
	int id, ret;

	for (id = 0; id < HOTBLOCKS_MAX; id++) {
		left = nodes;
		while (left && !memblock_on_node(id, numa_first(left)))
			left &= left - 1;
		if (!left || hotblock_usable(id))
			continue;
		ret = memblock_offline(id, (unsigned)slowdown_scale(REFUSED_LIMIT_S));
		if (ret == -EBUSY || ret == -EINTR)
			return true;
		if (ret == 0)
			hotblock_bring_back(id);
	}
	return false;
}

static void check_batches(void)
{
	residue_check_batches("batches-work");
	if (refused_one())
		residue_check_batches("batches-work-refused");
	else
		ktap_skip("batches-work-refused", "no memory block was refused");
}

static void check(const struct tally *t, const struct looks *l)
{
	if (t->looks)
		tally_check(t);
	else if (l->stuck)
		ktap_skip(t->name, "the block with mlocked pages did not go");
	else
		ktap_skip(t->name,
			  "no memory block without pages of the kernel, %ld tried",
			  l->tried);
}

void case_hot_remove(void)
{
	static struct looks l = { .gone.name = "switched-off",
				  .elsewhere.name = "elsewhere",
				  .kept.name = "kept",
				  .back.name = "switched-on" };
	long rounds = opts_number("rounds", 1);
	struct vmstat base, after;

	if (!memblock_pages())
		ktap_skip_all("memory cannot be switched off here");
	ktap_begin(4 + 2 * RESIDUE_BATCHES_CHECKS + ORACLE_END_CHECKS);
	oracle_begin(&base);
	remove_blocks(&l, rounds, &base);
	vmstat_read(&after);
	oracle_migrate_data(&base, &after);
	check(&l.gone, &l);
	check(&l.elsewhere, &l);
	check(&l.kept, &l);
	check(&l.back, &l);
	check_batches();
	if (l.gone.looks)
		oracle_end(&base);
	else
		ktap_skip("counters-at-end", "no block was switched off");
}
