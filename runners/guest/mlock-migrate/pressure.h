/*
 * Reclaim at will: a cgroup that we are in, and memory.reclaim of it until pages
 * that are not locked are gone. Whatever is locked must outlast that.
 */
#ifndef SLUICE_MLOCK_PRESSURE_H
#define SLUICE_MLOCK_PRESSURE_H

#include <stdbool.h>

#include "mlock-migrate/pageset.h"

/*
 * Goes into a cgroup of that name, for what is allocated from now on. Ends the
 * case as skipped where the kernel has no memory.reclaim.
 */
void pressure_begin(const char *name);
/* The same for a case that can do without: NULL, or why there is none here. */
const char *pressure_try(const char *name);
/* How many pages of a set reclaim took. */
typedef size_t (*pressure_gone_fn)(const struct pageset *set);
/*
 * Reclaims until it took nearly all of the set (the last few may be in use for
 * a moment), or gives up: false. Then until nothing more of the cgroup goes.
 *
 * The set is made cold first, which a locked range refuses. Otherwise reclaim may
 * never come to it: where only active anonymous pages are left, it takes them on
 * by statistics of the cgroup that lag behind by some seconds (shrink_lruvec and
 * inactive_is_low in mm/vmscan.c).
 */
bool pressure_on(const struct pageset *set, pressure_gone_fn gone);
/* One try at so many bytes of the cgroup; less may go. */
void pressure_some(size_t bytes);
/* Until nothing more of it goes. */
void pressure_all(void);
void pressure_end(void);

#endif
