/*
 * A memory block with mlocked pages in it, one of which is pinned (pin.h), is to be
 * switched off. The kernel tries again and again, until it is told to stop: the block stays,
 * and what was taken off the LRU to be moved is put back there each time
 * (mm/memory_hotplug.c, do_migrate_range), the pinned page with its flags. Blocks in which
 * a page of the kernel stands in the way are given up before that: the next one is tried.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "common/ktap.h"
#include "common/memblock.h"
#include "common/numa.h"
#include "common/page.h"
#include "common/slowdown.h"
#include "mlock-migrate/cases.h"
#include "mlock-migrate/hotblock.h"
#include "mlock-migrate/oracle.h"
#include "mlock-migrate/pin.h"

#define LIMIT_S 1
#define CHECKS 3
#define LOOKS 5
#define PAUSE_US 20000

struct attempt {
	int id;             /* the block */
	int ret;            /* of switching it off */
	long long failures; /* pages that could not be migrated meanwhile */
	size_t moved;       /* of the pinned page: 0 or 1 */
};

/* The first page of the set that is in the block. */
static bool first_in(const struct pageset *set, int id, struct pageset *ret)
{
	size_t i;

	for (i = 0; i < set->n; i++) {
		if (memblock_of(page_pfn(set->addr[i])) != id)
			continue;
		*ret = (struct pageset){ .map = set->addr[i],
					 .map_bytes = PAGE_BYTES,
					 .n = 1,
					 .addr = set->addr + i,
					 .pfn = set->pfn + i };
		return true;
	}
	return false;
}

static void try_pinned(struct pageset *one, struct attempt *a)
{
	struct vmstat before, after;
	struct pin pin;

	oracle_begin(&before);
	pageset_note(one);
	pin_take(&pin, one->map, one->map_bytes);
	a->ret = memblock_offline(a->id, (unsigned)slowdown_scale(LIMIT_S));
	a->moved = pageset_moved(one);
	pin_drop(&pin);
	vmstat_read(&after);
	a->failures = after.pgmigrate_fail - before.pgmigrate_fail;
	if (a->ret == 0)
		hotblock_bring_back(a->id);
}

/* A block that was tried to the end: its set is there, else none is. */
static bool find_tried(struct pageset *set, struct attempt *a)
{
	uint64_t nodes = numa_memory_nodes();
	int node = 63 - __builtin_clzll(nodes), left = __builtin_popcountll(nodes);
	struct pageset one;

	for (; left--; node = numa_next(nodes, node)) {
		while (hotblock_any_on(node) &&
		       (a->id = hotblock_place(set, node, HOTBLOCK_ANY)) >= 0) {
			if (memblock_movable(a->id) && first_in(set, a->id, &one)) {
				try_pinned(&one, a);
				if (a->ret == 0 || a->failures > 0)
					return true;
				ktap_note("memory block %d: %s, nothing migrated", a->id,
					  strerror(-a->ret));
			}
			hotblock_spoilt(a->id);
			pageset_done(set);
		}
	}
	return false;
}

/* What somebody else has isolated at the moment comes back. */
static size_t off_lru(const struct pageset *set)
{
	size_t n = set->n;
	int looks;

	for (looks = 0; n && looks < LOOKS; looks++) {
		if (looks)
			usleep(PAUSE_US);
		oracle_drain();
		n = pageset_without(set, PAGE_LRU);
	}
	return n;
}

static void check(const struct pageset *set, const struct attempt *a,
		  const struct vmstat *base)
{
	size_t strays = oracle_strays(set), off = off_lru(set);
	struct vmstat now;

	vmstat_read(&now);
	ktap_data("block", a->id);
	ktap_data("pgmigrate_fail", a->failures);
	ktap_check(
		a->ret < 0 && !a->moved, "stays",
		"expected memory block %d to stay while a page of it is pinned, saw %s, and the page %s",
		a->id, strerror(-a->ret), a->moved ? "moved" : "in its frame");
	ktap_check(
		strays == 0 && now.nr_mlock - base->nr_mlock == (long long)set->n,
		"as-before",
		"expected all %zu pages present, Mlocked, Unevictable and unchanged, saw %zu that are not, and nr_mlock grown by %lld",
		set->n, strays, now.nr_mlock - base->nr_mlock);
	ktap_check(off == 0, "put-back",
		   "expected all %zu pages back on the LRU, saw %zu off it", set->n, off);
}

void case_hot_pinned(void)
{
	struct attempt a = { 0 };
	struct vmstat base;
	struct pageset set;

	if (!memblock_pages())
		ktap_skip_all("memory cannot be switched off here");
	ktap_begin(CHECKS + ORACLE_END_CHECKS);
	oracle_begin(&base);
	if (!find_tried(&set, &a)) {
		ktap_skip("stays", "no memory block was tried to the end");
		ktap_skip("as-before", "no memory block was tried to the end");
		ktap_skip("put-back", "no memory block was tried to the end");
		ktap_skip("counters-at-end", "no memory block was tried to the end");
		return;
	}
	check(&set, &a, &base);
	pageset_done(&set);
	oracle_end(&base);
}
