/*
 * Stories of several processes that lock and unlock the pages of one shared
 * mapping, step by step. After each step the batches are emptied, and flags,
 * counters and what /proc says are held against what the step must leave.
 *
 * A page stays Mlocked while the last VM_LOCKED mapping maps it, and counts once:
 * mm/mlock.c counts in mlock_count. That count is exact while the page is on the
 * LRU, as it is between drained steps, and migration builds it anew (mm/migrate.c,
 * "build up the correct dst->mlock_count"). It may be too low, never too high,
 * where a lock met the page off the LRU, in a batch, or where a migration failed or
 * did not come about once the page was isolated (mm/swap.c, lru_add_fn): then the flag may go with the first munlock, and
 * reclaim would bring it back. ANY stands there. Unevictable goes with it: at once
 * where the page is on the LRU (__munlock_folio), else when it comes back there
 * (lru_add).
 */
#ifndef SLUICE_MLOCK_LOCKERS_H
#define SLUICE_MLOCK_LOCKERS_H

#include <stdbool.h>
#include <stddef.h>

#include "mlock-migrate/account.h"

#define LOCKERS_PAGES ((size_t)40) /* more than a batch holds, and no multiple */
#define LOCKERS_ACTORS 3
#define LOCKERS_COMPACT "/proc/sys/vm/compact_memory"

enum locker_op {
	TOUCH,
	LOCK,
	LOCK_ON_FAULT,
	UNLOCK,
	DROP, /* MADV_DONTNEED_LOCKED */
	UNMAP,
	LEAVE,     /* exit as it is */
	KILL,      /* the same from without */
	MOVE,      /* to the other node */
	FAIL_MOVE, /* while a pipe holds the pages */
	COMPACT,   /* the whole machine: what moves is up to it */
	ON_LAST_CPU,
};

/* Of all pages. */
enum lockers_flags { NONE, ALL, ANY, NOT_DRAINED };

struct lockers_step {
	int actor; /* below LOCKERS_ACTORS */
	enum locker_op op;
	enum lockers_flags after; /* NOT_DRAINED: not looked at either */
};

struct lockers_story {
	const char *name;
	bool two_nodes;
	struct lockers_step steps[12];
	size_t n;
};

/* Has it such a step? */
bool lockers_has(const struct lockers_story *st, enum locker_op op);
/*
 * Tells it: one result line. nodes[1] is used by MOVE and FAIL_MOVE alone. Base is the
 * last reading of the machine's books, and is so again afterwards.
 */
void lockers_tell(const struct lockers_story *st, const int nodes[2],
		  struct account *base);

#endif
