/*
 * nr_isolated_anon and nr_isolated_file: pages that somebody took off the LRU lists to
 * move or reclaim them. Who takes pages adds them, and takes off what was moved or
 * freed (mm/migrate.c, migrate_folio_done) or put back (putback_movable_pages; of a
 * page of NUMA balancing on 6.1 migrate_misplaced_page itself). So whatever a case did,
 * and however much of it failed, at its end the counters are what they were before it:
 * too high, compaction and reclaim wait for pages that nobody has (too_many_isolated);
 * too low, they do not wait when they should.
 *
 * Of the whole machine below zero, too: /proc shows 0 then (global_node_page_state),
 * but stat_refresh complains of it to the kernel log with the number. Of a node only
 * as far as it is above.
 *
 * 6.1 counts a huge page that memory offlining takes as one (mm/memory_hotplug.c,
 * do_migrate_range) and takes off all of its pages: no case may have one switched off.
 */
#ifndef SLUICE_MLOCK_ISOLATED_H
#define SLUICE_MLOCK_ISOLATED_H

#define ISOLATED_CHECKS 1

/* What the case finds, which need not be 0 where a kernel leaks them. */
void isolated_begin(void);
/* One result line, when the case is through with its pages: all is as it was. */
void isolated_check(void);

#endif
