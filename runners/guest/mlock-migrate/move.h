/* Moving pages by move_pages(2) and looking where they are. */
#ifndef SLUICE_MLOCK_MOVE_H
#define SLUICE_MLOCK_MOVE_H

#include "mlock-migrate/pageset.h"

/*
 * Moves them, again when some stayed, a bounded number of times: a page may be in
 * use for a moment. How many are on node in the end; *ret_first after one call.
 */
size_t move_to(const struct pageset *set, int node, size_t *ret_first);

#endif
