/*
 * What compaction of a node needs so that it has something to do and does it, and
 * the order to compact. Compaction takes a pageblock of 512 frames at a time; at
 * SCATTER_EVERY there are 16 of our pages in each, fewer than the 31 at which an
 * mlock batch empties itself (15 on 6.1, where pages are moved one by one). So
 * thin a set packs into a few pageblocks: nearly all of it moves.
 *
 * Two things keep a good kernel from that. Pages just freed may wait in the
 * allocator's per-CPU lists, where compaction cannot use them: the lists are
 * kept short. And it stops when more pages are isolated than a sixteenth of the
 * node's evictable ones (too_many_isolated); locked pages do not count, and a
 * machine as empty as this one has hardly any others: so some are added.
 */
#ifndef SLUICE_MLOCK_SCATTER_H
#define SLUICE_MLOCK_SCATTER_H

#include <stddef.h>

#include "mlock-migrate/pageset.h"

#define SCATTER_EVERY 32
#define SCATTER_ALLOWED "/proc/sys/vm/compact_unevictable_allowed"

/* The node with most free memory. */
int scatter_node(void);
/* As many pages as leave room to move to, at most max; skips the case below min. */
size_t scatter_room(int node, size_t min, size_t max);
/*
 * Short per-CPU lists until exit; skips the case where this kernel cannot compact
 * locked pages. Before the first line of output.
 */
void scatter_begin(int node);
/* Pages that may be evicted, to be kept while compaction runs. */
void scatter_evictable(struct pageset *set, int node);
void scatter_compact(int node);

#endif
