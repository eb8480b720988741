/*
 * Memory blocks: the pieces of memory that can be taken away from the kernel
 * and given back, below /sys/devices/system/memory. A block that we switched
 * off is switched on again at exit.
 */
#ifndef SLUICE_GUEST_MEMBLOCK_H
#define SLUICE_GUEST_MEMBLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* The pages of each block; 0 where memory cannot be switched off. */
uint64_t memblock_pages(void);
/* The block that a frame is in, or -1. */
int memblock_of(uint64_t pfn);
/* Whether there is such a block on the node. */
bool memblock_on_node(int id, int node);
/*
 * Whether nothing is seen in it that stays where it is: slabs, page tables,
 * reserved or broken frames. Other pages of the kernel cannot be told from free
 * ones, so it may yet fail to go.
 */
bool memblock_movable(int id);
/*
 * Its pages are moved elsewhere and it goes. 0, or -errno: -EBUSY is a page
 * that cannot move; -EINTR, the kernel tried for so many seconds.
 */
int memblock_offline(int id, unsigned seconds);
int memblock_online(int id);

#endif
