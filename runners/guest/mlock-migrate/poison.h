/*
 * Frames that the kernel is told are broken (CONFIG_MEMORY_FAILURE). Each is
 * lost until the machine starts anew, and a memory block that holds one cannot
 * come back once it was switched off: few are taken, and from blocks that hold
 * pages of the kernel anyway, where there is a choice.
 */
#ifndef SLUICE_MLOCK_POISON_H
#define SLUICE_MLOCK_POISON_H

#include <stddef.h>
#include <stdint.h>

#include "mlock-migrate/pageset.h"

/* How many broken frames the kernel counts; -1: it does not deal with them. */
long long poison_count(void);
/* Which page of the set, from <= index < to, to take. */
size_t poison_pick(const struct pageset *set, size_t from, size_t to);
/*
 * madvise(MADV_SOFT_OFFLINE) of one page: 0 or -errno, after some tries if it
 * was busy.
 */
int poison_soft_offline(void *page);
/* The same with one try: -EBUSY is a page in use, or in a batch. */
int poison_soft_offline_once(void *page);
/* Whether a frame is marked broken, and holds no lock any more. */
bool poison_marked(uint64_t pfn);

#endif
