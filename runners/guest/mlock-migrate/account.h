/*
 * The kernel's books on mlocked memory, held against each other and against the
 * flags of every frame. All of it is exact on a good kernel once the batches are
 * drained, whoever holds the locks and whatever moved the pages:
 *
 *   nr_mlock == frames with Mlocked, a huge page counting with all of its frames
 *   nr_mlock == unevictable_pgs_mlocked - _munlocked - _cleared - _stranded
 *   nr_unevictable == frames with Unevictable on the LRU
 *   Mlocked and Unevictable of /proc/meminfo say the same
 *   no frame is Mlocked without Unevictable
 *   no frame of a process is neither mapped nor free (page_orphaned)
 *   VmLck == the sizes of the mappings with VM_LOCKED
 *   Locked: of smaps == Pss: of such a mapping, 0 of another
 *   each small page in such a mapping is Mlocked and Unevictable
 *
 * nr_mlock changes only in mlock_folio, mlock_new_folio (pgs_mlocked),
 * __munlock_folio (munlocked, or stranded when the page was off the LRU) and
 * free_pages_prepare (cleared). A page of a large folio is exempt from the last
 * line: 6.1 leaves PTE-mapped huge pages alone (mm/internal.h, mlock_vma_folio),
 * 6.12 looks at a large folio only in mlock(2) itself (mm/rmap.c,
 * __folio_add_anon_rmap) and leaves the rest to reclaim.
 */
#ifndef SLUICE_MLOCK_ACCOUNT_H
#define SLUICE_MLOCK_ACCOUNT_H

#include <stdbool.h>

#include "common/page.h"
#include "common/vmstat.h"
#include "common/why.h"

struct account {
	struct vmstat vm;
	bool scanned;
	struct page_scan frames; /* if scanned */
};

/*
 * To be called once by each case that uses this: asks for the options "scan=1": all
 * frames are then looked at at every reading, not only at the few where the case
 * asks for it (a tenth to a quarter of a second each); and "scan-last=1": see below.
 */
void account_begin(void);
/* Drains all batches, then reads the counters; and looks at all frames. */
void account_read(struct account *ret);
void account_scan(struct account *ret);
/*
 * The last reading of a case, when all it had is gone: looks at all frames with the
 * option "scan-last=1", which the deep tier gives. What is left in a frame stays there
 * until it is used again: in the quick tier the case exit, near its end, looks at all
 * frames once for the cases before it.
 */
void account_last(struct account *ret);
/* Reads the counters where all batches are known to be drained. */
void account_fold(struct account *ret);
/* The books of the whole machine against each other. */
void account_machine(const struct account *now, struct why *w);
/* VmLck, Locked: and flags of the calling process's mappings. */
void account_process(struct why *w);
/*
 * Only the calling process locked anything since base: nr_mlock grew by what its
 * locked mappings hold, each frame counted once, and by nothing else. Reads now
 * and holds account_machine against it. Gives the growth.
 */
long long account_growth(const struct account *base, struct account *now, struct why *w);
/*
 * Nothing that was locked since base is left: nr_mlock is back, and Unevictable
 * but for what was counted as stranded since `before`, taken ahead of unlocking.
 * Holds account_machine against now.
 */
void account_back(const struct account *base, const struct account *before,
		  const struct account *now, struct why *w);
/*
 * The same where all that was locked since base is unmapped as well, with its files
 * and processes gone. Then Unevictable is back however many pages were counted as
 * stranded: a page that moves while it is locked is counted, too, since its munlock
 * in try_to_migrate_one meets it isolated; but it loses Unevictable when it is put
 * on a list again (mm/swap.c, lru_add), and its list when it is freed.
 */
void account_gone(const struct account *base, const struct account *now, struct why *w);
/* # data: what the counters grew by between two readings. */
void account_data(const struct account *from, const struct account *to);

#endif
