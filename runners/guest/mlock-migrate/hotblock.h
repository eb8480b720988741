/*
 * Mlocked pages in a memory block that can be switched off. They get there by taking
 * memory until the allocator hands out frames of such a block. A few of them wait in the
 * batch of the last CPU.
 */
#ifndef SLUICE_MLOCK_HOTBLOCK_H
#define SLUICE_MLOCK_HOTBLOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "mlock-migrate/pageset.h"

#define HOTBLOCK_PAGES 512
#define HOTBLOCKS_MAX 1024
#define HOTBLOCK_ANY -1

/* Whether the block may be able to go, as far as can be seen, and did not turn out not
 * to. */
bool hotblock_usable(int id);
/* Whether the node has such a block. */
bool hotblock_any_on(int node);
/* It turned out not to be. */
void hotblock_spoilt(int id);
/*
 * A locked set on node, most of it in the block (HOTBLOCK_ANY: in a usable one) that is
 * given back; or -1, and no set. All of it on the last CPU, whose lists of free pages then
 * hold frames of the block for those that shall wait in its batch. Pins the caller to the
 * first CPU.
 */
int hotblock_place(struct pageset *set, int node, int want);
/* How many pages of the set are in the block. */
size_t hotblock_pages(const struct pageset *set, int id);
/* Switches it on again; where that fails the case ends. */
void hotblock_bring_back(int id);

#endif
