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
#define PAGE_MMAP (UINT64_C(1) << 11)
#define PAGE_ANON (UINT64_C(1) << 12)
#define PAGE_SWAPCACHE (UINT64_C(1) << 13)
#define PAGE_HEAD (UINT64_C(1) << 15)
#define PAGE_TAIL (UINT64_C(1) << 16)
#define PAGE_HUGETLB (UINT64_C(1) << 17)
#define PAGE_UNEVICTABLE (UINT64_C(1) << 18)
#define PAGE_HWPOISON (UINT64_C(1) << 19)
#define PAGE_KSM (UINT64_C(1) << 21)
#define PAGE_THP (UINT64_C(1) << 22)
#define PAGE_ZERO (UINT64_C(1) << 24)
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
/* The same of n pages from addr on, which begins a page; 0 where none is present. */
void page_pfns(const void *addr, size_t n, uint64_t *ret);
/* Whether it is out in swap; pages of files and tmpfs do not show that. */
bool page_swapped(const void *addr);
/* The flags of a frame; 0 when they cannot be read. */
uint64_t page_flags(uint64_t pfn);
/* The same of n frames from pfn on: how many could be read. */
size_t page_flags_range(uint64_t pfn, uint64_t *flags, size_t n);
/* How often a frame is mapped; 0 when it cannot be read. */
uint64_t page_mapcount(uint64_t pfn);
/*
 * A page as the kernel counts it: a single frame, or the frames of a huge page.
 * What holds of a huge page stands at its first frame: before the days of folios
 * the others do not show it.
 */
struct page_whole {
	uint64_t head; /* first frame, 0: no page */
	uint64_t size; /* frames */
	uint64_t flags;
};

/*
 * The page that frame pfn lies in, which may be 0. *w is left alone where it is
 * that already, so that a walk over a huge page reads once: begin with { 0 }.
 */
void page_whole(struct page_whole *w, uint64_t pfn);

/*
 * Whether a frame, by its flags, was a page of a process and is of nobody any more, yet
 * not free: mm/page_alloc.c, free_pages_prepare, takes away what says that a page is
 * anonymous, but for broken frames. What is left out besides: pages in the swap cache,
 * huge pages, parts of which need not be mapped, and slabs, which keep something else
 * there. A page on its way, in a batch or pinned looks the same: drain, look again.
 */
bool page_orphaned(uint64_t flags);

/* All frames of the machine; a huge page counts with all of its frames. */
struct page_scan {
	long long mlocked;
	long long unevictable; /* and on an LRU list: not isolated at the moment */
	long long stray;       /* Mlocked without Unevictable: in no batch any more? */
	long long orphaned;    /* see page_orphaned */
};

/* One read of all of /proc/kpageflags, some hundred milliseconds a GiB. 0, or -errno. */
int page_scan(struct page_scan *ret);

#endif
