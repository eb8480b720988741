/*
 * Pages of ours, at any addresses of one mapping, each with a pattern of its
 * own in it and the frame it was last seen in. All are base pages: huge pages
 * are refused for the mapping. Running out of memory here ends the case.
 */
#ifndef SLUICE_MLOCK_PAGESET_H
#define SLUICE_MLOCK_PAGESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGESET_BLOCK 128

struct pageset {
	char *map; /* the whole mapping */
	size_t map_bytes;
	size_t n; /* pages of the set; the others of the mapping may be gone */
	char **addr;
	uint64_t *pfn;
};

enum pageset_lock {
	PAGESET_PLAIN,
	/* Locked before the first touch: each fault goes through the batch. */
	PAGESET_LOCK_ON_FAULT,
};

/* Maps and touches npages on node (-1: anywhere). */
void pageset_init(struct pageset *set, size_t npages, int node, enum pageset_lock lock);
/*
 * Every so many pages of a mapping that the caller made, begun at map; nothing is
 * touched. pageset_done unmaps all of it.
 */
void pageset_adopt(struct pageset *set, char *map, size_t bytes, size_t every);
/* Writes each page's pattern (pageset_init has done so), and notes its frame. */
void pageset_fill(struct pageset *set);
void pageset_done(struct pageset *set);
/*
 * Keeps one page of every so many frames (a power of two), half way between its
 * multiples, and gives the others back to the kernel. Not at the multiples:
 * where it finds nothing, compaction's free scanner looks at each 32nd frame
 * only, and would find just the pages that were kept.
 */
void pageset_thin(struct pageset *set, unsigned every);
/* The other way round: gives just those back that pageset_thin would keep. */
void pageset_sieve(struct pageset *set, unsigned every);
/* Gives the last n pages back and touches them anew, on the CPU we run on. */
void pageset_refault(struct pageset *set, size_t n);
/*
 * The frames, 0 where none is present, of pages i and up that lie side by side: how
 * many, at most PAGESET_BLOCK and at least one. One read instead of many.
 */
size_t pageset_block(const struct pageset *set, size_t i, uint64_t *pfn);
/* Notes the frame of each page. */
void pageset_note(struct pageset *set);
/* How many are in another frame than noted. */
size_t pageset_moved(const struct pageset *set);
/* How many of the noted frames nobody has and are not free, see page_orphaned. */
size_t pageset_orphans(const struct pageset *set);
/* How many are not present at all: a locked page never is. */
size_t pageset_absent(const struct pageset *set);
/* How many have (or lack) any of the flags of common/page.h. */
size_t pageset_with(const struct pageset *set, uint64_t flags);
size_t pageset_without(const struct pageset *set, uint64_t flags);
/* How many hold something else than their pattern. */
size_t pageset_damaged(const struct pageset *set);
/* How many are absent, lack any of the flags, or hold something else. */
size_t pageset_strays(const struct pageset *set, uint64_t flags);
/* How many lie on node, by move_pages(2) as a query. */
size_t pageset_on_node(const struct pageset *set, int node);
/* Reads one byte of each page. */
void pageset_touch(const struct pageset *set);

#endif
