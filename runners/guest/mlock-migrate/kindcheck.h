/*
 * What must hold of one kind of memory (kinds.h), each as one result line named
 * "<kind>-<what>". Exact: all batches are drained first.
 */
#ifndef SLUICE_MLOCK_KINDCHECK_H
#define SLUICE_MLOCK_KINDCHECK_H

#include "mlock-migrate/account.h"
#include "mlock-migrate/faults.h"
#include "mlock-migrate/kinds.h"

/* "<kind>-<what>", in a buffer that the next call uses again. */
const char *kindcheck_name(const struct kind *kind, const char *what);
/* The faults that it takes to use the pages, but for those that the kind's traits allow. */
void kindcheck_faults(const struct kind_run *run, struct faults *ret);
/* Flags and contents of each page, as the kind's traits have it. */
void kindcheck_pages(const struct kind_run *run, struct why *w);
/* Unlocked, while so many were counted as stranded: likewise. */
void kindcheck_unlocked_pages(const struct kind_run *run, long long stranded,
			      struct why *w);
/*
 * Locked: those, and the books; this process alone locked anything since base.
 * Gives the counters as read.
 */
void kindcheck_locked(const struct kind_run *run, const struct account *base,
		      struct account *now, const char *what);
/*
 * Unlocks; then nothing is locked, the pages are evictable and hold what they
 * held. now is the last reading, and becomes the next.
 */
void kindcheck_unlock(struct kind_run *run, const struct account *base,
		      struct account *now, const char *what);
/* Unmaps; then the books are as at base. */
void kindcheck_drop(struct kind_run *run, const struct account *base, struct account *now,
		    const char *what);

#endif
