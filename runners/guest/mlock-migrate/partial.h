/*
 * Locked areas of which not all can be moved: some pages are in swap, where the calls
 * that move leave them and do not call that a failure; later some are pinned, which is
 * one. Running out of memory here ends the case.
 */
#ifndef SLUICE_MLOCK_PARTIAL_H
#define SLUICE_MLOCK_PARTIAL_H

#include "mlock-migrate/pageset.h"
#include "mlock-migrate/pin.h"

#define PARTIAL_PINNED 8

struct partial {
	struct pageset set;
	size_t in_swap; /* so many of it */
	struct pin pin;
};

/*
 * On node, without a policy. NULL, or why there is none here: no swap, or nothing of
 * it would go there.
 */
const char *partial_make(struct partial *p, int node);
/* How many of its pages are in swap now. */
size_t partial_in_swap(const struct partial *p);
/* Pins the first PARTIAL_PINNED, which are not in swap. */
void partial_pin(struct partial *p);
void partial_done(struct partial *p);

#endif
