/*
 * What must hold of mlocked pages whatever moved them, as checks of the test's
 * output. Each drains the batches of all CPUs first, so that the answer is
 * exact and no matter of timing.
 */
#ifndef SLUICE_MLOCK_ORACLE_H
#define SLUICE_MLOCK_ORACLE_H

#include "common/vmstat.h"
#include "mlock-migrate/pageset.h"

/* Results that oracle_locked and oracle_unlocked print. */
#define ORACLE_LOCKED_CHECKS 4
#define ORACLE_UNLOCKED_CHECKS 2
#define ORACLE_END_CHECKS 1
#define ORACLE_MIGRATED_CHECKS 1
#define ORACLE_FRAMES_CHECKS 1

/*
 * One page in so many may fail to migrate: one that is in use just then. Compaction
 * and NUMA balancing take what they find, the calls do not begin before all batches
 * are drained and switched off (lru_cache_disable), and try ten times.
 */
#define ORACLE_FAIL_PART 4
#define ORACLE_CALL_FAIL_PART 64

/* A frame on its way is looked at so often again, a good kernel needs no second look. */
#define ORACLE_FRAMES_TRIES 10
#define ORACLE_FRAMES_PAUSE_MS 20

/* Empties the batches of all CPUs. */
void oracle_drain(void);
/* Drains, then reads: the state that the checks below compare with. */
void oracle_begin(struct vmstat *base);
/*
 * A locked set: every page is present with Mlocked and Unevictable, holds its
 * pattern, and nr_mlock grew by just their number since base.
 */
void oracle_locked(const struct pageset *set, const struct vmstat *base);
/*
 * Unlocks the whole mapping: no page keeps Mlocked, none Unevictable (but for
 * those that the kernel counted as stranded meanwhile), and nr_mlock is back at base.
 */
void oracle_unlocked(const struct pageset *set, const struct vmstat *base);
/*
 * The same look at a locked set for cases that look often: drains, then gives
 * the number of pages that are absent, lack a flag or hold something else.
 */
size_t oracle_strays(const struct pageset *set);
/*
 * Everything of ours is unmapped: nr_mlock and nr_unevictable, which are Mlocked
 * and Unevictable in /proc/meminfo, are back at base.
 */
void oracle_end(const struct vmstat *base);
/* # data of pgmigrate_*; gives the failures since before. */
long long oracle_migrate_data(const struct vmstat *before, const struct vmstat *after);
/* The same as a check: at most one page failed for so many that moved. */
void oracle_migrated(const struct vmstat *before, const struct vmstat *after,
		     long long part);

/*
 * An anonymous set that was moved since its frames were noted: those that it left are
 * free, or somebody else's.
 */
void oracle_frames(const struct pageset *set);

#endif
