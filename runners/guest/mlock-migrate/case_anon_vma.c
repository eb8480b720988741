/*
 * Migration holds the anon_vma of an anonymous page for a while (mm/migrate.c,
 * migrate_folio_unmap), and gives it back. Else it stays for ever once the mapping has gone.
 * Many mappings of one locked page each, far enough from each other not to share one
 * (mm/mmap.c, find_mergeable_anon_vma); all pages move, and their process ends. Slabs keep
 * free objects, and those that a CPU allocates from count as used: so a few more are none
 * of our business, half of ours would be.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "common/ktap.h"
#include "common/numa.h"
#include "common/page.h"
#include "common/sysfile.h"
#include "common/turn.h"
#include "mlock-migrate/cases.h"
#include "mlock-migrate/move.h"
#include "mlock-migrate/oracle.h"

#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif

#define SLAB "/sys/kernel/slab/anon_vma/"
#define MAPPINGS ((size_t)1000)

/* Shared with the process that moves. */
struct scene {
	int from, to;
	long long before, grown; /* objects in use */
	size_t moved;
};

static long long objects(void)
{
	sysfile_write(SLAB "shrink", "1\n");
	return sysfile_number(SLAB "objects", -1);
}

/* Each second page of it is a mapping of its own, the others are holes. */
static void put_up(struct pageset *set)
{
	size_t bytes = 2 * MAPPINGS * PAGE_BYTES, i;
	char *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);

	if (map == MAP_FAILED || mlock2(map, bytes, MLOCK_ONFAULT) < 0)
		ktap_bail("mmap and mlock2 of %zu bytes: %s", bytes, strerror(errno));
	for (i = 0; i < MAPPINGS; i++)
		if (munmap(map + (2 * i + 1) * PAGE_BYTES, PAGE_BYTES) < 0)
			ktap_bail("munmap of each second page: %s", strerror(errno));
	pageset_adopt(set, map, bytes, 2);
	pageset_fill(set);
}

static void process(void *arg)
{
	struct scene *sc = arg;
	struct pageset set;
	size_t first;

	numa_bind_task(sc->from);
	put_up(&set);
	numa_bind_task(-1);
	sc->grown = objects() - sc->before;
	sc->moved = move_to(&set, sc->to, &first);
}

void case_anon_vma(void)
{
	uint64_t nodes = numa_memory_nodes();
	int from = numa_first(nodes);
	struct scene *sc = mmap(NULL, sizeof(*sc), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct turn turn;
	struct vmstat base;
	long long left;

	if (sc == MAP_FAILED)
		ktap_bail("mmap: %s", strerror(errno));
	sc->from = from;
	sc->to = numa_first(nodes & ~(UINT64_C(1) << from));
	if (sc->to < 0)
		ktap_skip_all("needs two nodes with memory");
	if (objects() < 0)
		ktap_skip_all("this kernel does not tell how many anon_vma it has");
	ktap_begin(2 + ORACLE_END_CHECKS);
	oracle_begin(&base);
	sc->before = objects();
	turn_start(&turn, process, sc);
	turn_run(&turn);
	left = objects() - sc->before;
	ktap_data("grown", sc->grown);
	ktap_data("left", left);
	ktap_check(sc->moved == MAPPINGS, "moved",
		   "expected all %zu mlocked pages to move, saw %zu", MAPPINGS,
		   sc->moved);
	if (sc->grown < (long long)MAPPINGS / 2)
		ktap_skip("given-back", "only %lld anon_vma for %zu mappings", sc->grown,
			  MAPPINGS);
	else
		ktap_check(
			left < (long long)MAPPINGS / 2, "given-back",
			"expected the anon_vma of %zu pages that moved to go with their process, saw %lld left",
			sc->moved, left);
	oracle_end(&base);
}
