/*
 * Locked pages that a pipe holds a reference to (vmsplice): no migration may
 * succeed, each must put the page back as it was, and once the pipe is closed
 * the same pages move, or may, and keep their flags. At last they are unmapped while pinned: their flags and
 * nr_mlock go with the mapping, not with the last reference. And after move_pages(2)
 * had to leave them pages wait in the batches again.
 *
 * Compaction leaves anonymous pages alone that have a reference from elsewhere; those
 * of a file it isolates, tries, and puts back (mm/compaction.c,
 * isolate_migratepages_block). So both are pinned.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/cpu.h"
#include "common/ktap.h"
#include "common/numa.h"
#include "common/opts.h"
#include "common/page.h"
#include "common/slowdown.h"
#include "mlock-migrate/cases.h"
#include "mlock-migrate/oracle.h"
#include "mlock-migrate/pin.h"
#include "mlock-migrate/residue.h"

#define PAGES 8
#define CHECKS 9
#define FILLER 4096
#define TRIES 3

static struct pin pinned;
static struct vmstat base;

static void pin(const struct pageset *set)
{
	pin_take(&pinned, set->map, set->map_bytes);
}

static void unpin(void)
{
	pin_drop(&pinned);
}

/* Pinned pages must not have moved; others may have. */
static void check_as_before(const struct pageset *set, bool may_move, const char *what,
			    const char *name)
{
	size_t moved = pageset_moved(set), lacking, damaged;
	struct vmstat now;

	oracle_begin(&now);
	lacking = pageset_without(set, PAGE_MLOCKED | PAGE_UNEVICTABLE);
	damaged = pageset_damaged(set);
	ktap_check(
		(moved == 0 || may_move) && lacking == 0 && damaged == 0 &&
			now.nr_mlock - base.nr_mlock == (long long)set->n,
		name,
		"expected %zu pages %s, saw %zu moved, %zu without a flag, %zu damaged, nr_mlock %+lld",
		set->n, what, moved, lacking, damaged, now.nr_mlock - base.nr_mlock);
}

static void check_stay(const struct pageset *set, const char *name)
{
	check_as_before(set, false, "that are pinned to stay as they are", name);
}

/* How many it moves depends on what else is there: a figure, no check. */
static void compact_unpinned(struct pageset *set, const char *name)
{
	pageset_note(set);
	residue_kernel_drain(); /* by a compaction */
	ktap_data("unpinned_moved", (long long)pageset_moved(set));
	check_as_before(set, true, "to stay locked where compaction moves them", name);
}

/* Shared pages of a file, all touched once they are locked. */
static void map_file(struct pageset *set)
{
	int fd = memfd_create("pinned", MFD_CLOEXEC);
	char *map;

	if (fd < 0 || ftruncate(fd, PAGES * PAGE_BYTES) < 0)
		ktap_bail("memfd: %s", strerror(errno));
	map = mmap(NULL, PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (map == MAP_FAILED || mlock2(map, PAGES * PAGE_BYTES, MLOCK_ONFAULT) < 0)
		ktap_bail("mmap and mlock2 of a memfd: %s", strerror(errno));
	pageset_adopt(set, map, PAGES * PAGE_BYTES, 1);
	pageset_fill(set);
}

/*
 * Compaction packs pages at the end of memory, and new ones come from the gaps it
 * left there, where it does not look for pages to move: those are taken first.
 */
static void map_file_apart(struct pageset *set)
{
	struct pageset filler;

	pageset_init(&filler, FILLER, -1, PAGESET_PLAIN);
	map_file(set);
	pageset_done(&filler);
}

/* Compacts; how many pages it could not migrate. */
static long long compact(void)
{
	struct vmstat before, after;

	oracle_begin(&before);
	residue_kernel_drain();
	vmstat_read(&after);
	return after.pgmigrate_fail - before.pgmigrate_fail;
}

/*
 * A page or two of others fail as well: half of ours shows that they were tried, and
 * so does one that moved, which none may.
 */
static void compact_file(void)
{
	struct pageset set;
	long long failed;
	int tries = 0;
	bool tried;

	for (;;) {
		map_file_apart(&set);
		pin(&set);
		/* Until now they could go. */
		pageset_note(&set);
		failed = compact();
		tried = failed >= PAGES / 2 || pageset_moved(&set) > 0;
		ktap_data("compaction_failed", failed);
		if (tried || ++tries == TRIES)
			break;
		unpin();
		pageset_done(&set);
	}
	if (tried)
		check_stay(&set, "compaction-file");
	else
		ktap_skip("compaction-file", "compaction failed on %lld pages only",
			  failed);
	unpin();
	compact_unpinned(&set, "unpinned-file");
	pageset_done(&set);
}

static void move_pinned(const struct pageset *set, int to)
{
	int status[PAGES] = { 0 };
	size_t i, busy = 0;
	long ret;

	if (to < 0) {
		ktap_skip("move-pages", "needs two nodes with memory");
		ktap_skip("move-pages-told", "needs two nodes with memory");
		return;
	}
	ret = numa_move((void **)set->addr, set->n, to, status);
	check_stay(set, "move-pages");
	for (i = 0; i < set->n; i++)
		busy += status[i] < 0;
	ktap_check(
		ret > 0 || busy > 0, "move-pages-told",
		"expected move_pages to tell that pages stayed, saw %ld and %zu errors of %zu",
		ret, busy, set->n);
}

static void move_unpinned(struct pageset *set, int to)
{
	int status[PAGES];
	size_t there = 0, lacking;
	int tries;

	if (to < 0) {
		ktap_skip("move-unpinned", "needs two nodes with memory");
		return;
	}
	/* A pipe's pages are given back by the last close, maybe a moment later. */
	for (tries = 0; tries < 5 && there < set->n; tries++) {
		numa_move((void **)set->addr, set->n, to, status);
		there = pageset_on_node(set, to);
		if (there < set->n)
			slowdown_pause_ms(20);
	}
	cpu_drain_all();
	lacking = pageset_without(set, PAGE_MLOCKED | PAGE_UNEVICTABLE);
	ktap_check(
		there == set->n && lacking == 0, "move-unpinned",
		"expected %zu pages to move once they are not pinned, saw %zu moved, %zu without a flag",
		set->n, there, lacking);
}

static void unmap_pinned(struct pageset *set)
{
	uint64_t pfn[PAGES];
	size_t i, flagged = 0;
	struct vmstat now;

	pageset_note(set);
	memcpy(pfn, set->pfn, sizeof(pfn));
	pin(set);
	pageset_done(set);
	oracle_begin(&now);
	for (i = 0; i < PAGES; i++)
		flagged += (page_flags(pfn[i]) & (PAGE_MLOCKED | PAGE_UNEVICTABLE)) != 0;
	ktap_check(
		flagged == 0 && now.nr_mlock == base.nr_mlock, "unmap-pinned",
		"expected %d pinned pages to be unlocked by munmap, saw %zu with a flag, nr_mlock %+lld",
		PAGES, flagged, now.nr_mlock - base.nr_mlock);
	unpin();
}

void case_pinned(void)
{
	long long rounds = opts_number("rounds", 1), i;
	uint64_t nodes = numa_memory_nodes();
	int from = numa_first(nodes), to = numa_first(nodes & (nodes - 1));
	struct pageset set;

	ktap_begin((unsigned)(CHECKS * rounds + ORACLE_END_CHECKS));
	oracle_begin(&base);
	for (i = 0; i < rounds; i++) {
		compact_file();
		pageset_init(&set, PAGES, from, PAGESET_LOCK_ON_FAULT);
		numa_unbind(set.map, set.map_bytes);
		cpu_drain_all();
		pin(&set);
		residue_kernel_drain(); /* by a compaction */
		check_stay(&set, "compaction");
		move_pinned(&set, to);
		unpin();
		compact_unpinned(&set, "unpinned");
		move_unpinned(&set, to);
		residue_check_batches("batches-work");
		unmap_pinned(&set);
	}
	oracle_end(&base);
}
