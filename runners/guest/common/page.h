/*
 * What the kernel says about single pages: virtual address -> frame number by
 * /proc/self/pagemap, frame number -> flags by /proc/kpageflags. Exact, but a
 * snapshot: a page may move between the two reads. Needs root.
 */
#ifndef SLUICE_GUEST_PAGE_H
#define SLUICE_GUEST_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_BYTES ((size_t)4096)

/* include/uapi/linux/kernel-page-flags.h and fs/proc/page.c; 1 << bit. */
#define PAGE_LRU (UINT64_C(1) << 5)
#define PAGE_SLAB (UINT64_C(1) << 7)
#define PAGE_BUDDY (UINT64_C(1) << 10)
#define PAGE_ANON (UINT64_C(1) << 12)
#define PAGE_UNEVICTABLE (UINT64_C(1) << 18)
#define PAGE_HWPOISON (UINT64_C(1) << 19)
#define PAGE_THP (UINT64_C(1) << 22)
#define PAGE_PGTABLE (UINT64_C(1) << 26)
#define PAGE_RESERVED (UINT64_C(1) << 32)
#define PAGE_MLOCKED (UINT64_C(1) << 33)

/*
 * Opens the files: 0, or -errno. To be called again after fork: the old
 * descriptor goes on to show the parent's memory.
 */
int page_open(void);
/* The frame that backs addr, or 0 when none is present. */
uint64_t page_pfn(const void *addr);
/* Whether it is out in swap; pages of files and tmpfs do not show that. */
bool page_swapped(const void *addr);
/* The flags of a frame; 0 when they cannot be read. */
uint64_t page_flags(uint64_t pfn);
/* How often a frame is mapped; 0 when it cannot be read. */
uint64_t page_mapcount(uint64_t pfn);
/* The same of n frames from pfn on: how many could be read. */
size_t page_flags_range(uint64_t pfn, uint64_t *flags, size_t n);

#endif
