#include "common/page.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define BLOCK 512 /* words in one read */
#define PAGEMAP_SWAPPED (UINT64_C(1) << 62)
#define PAGEMAP_PRESENT (UINT64_C(1) << 63)
#define PAGEMAP_PFN_MASK ((UINT64_C(1) << 55) - 1)

static int pagemap_fd = -1, flags_fd = -1, count_fd = -1;

int page_open(void)
{
	if (pagemap_fd >= 0)
		close(pagemap_fd);
	if (flags_fd >= 0)
		close(flags_fd);
	if (count_fd >= 0)
		close(count_fd);
	pagemap_fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (pagemap_fd < 0)
		return -errno;
	flags_fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	if (flags_fd < 0)
		return -errno;
	count_fd = open("/proc/kpagecount", O_RDONLY | O_CLOEXEC);
	return count_fd < 0 ? -errno : 0;
}

static uint64_t word_at(int fd, uint64_t index)
{
	uint64_t word;

	if (pread(fd, &word, sizeof(word), (off_t)(index * sizeof(word))) !=
	    (ssize_t)sizeof(word))
		return 0;
	return word;
}

uint64_t page_pfn(const void *addr)
{
	uint64_t word = word_at(pagemap_fd, (uintptr_t)addr / PAGE_BYTES);

	return word & PAGEMAP_PRESENT ? word & PAGEMAP_PFN_MASK : 0;
}

bool page_swapped(const void *addr)
{
	uint64_t word = word_at(pagemap_fd, (uintptr_t)addr / PAGE_BYTES);

	return (word & PAGEMAP_SWAPPED) != 0;
}

void page_pfns(const void *addr, size_t n, uint64_t *ret)
{
	off_t at = (off_t)((uintptr_t)addr / PAGE_BYTES * sizeof(*ret));
	ssize_t got = pread(pagemap_fd, ret, n * sizeof(*ret), at);
	size_t i, have = got > 0 ? (size_t)got / sizeof(*ret) : 0;

	for (i = 0; i < n; i++) {
		if (i < have && (ret[i] & PAGEMAP_PRESENT))
			ret[i] &= PAGEMAP_PFN_MASK;
		else
			ret[i] = 0;
	}
}

uint64_t page_flags(uint64_t pfn)
{
	return pfn ? word_at(flags_fd, pfn) : 0;
}

uint64_t page_mapcount(uint64_t pfn)
{
	return pfn ? word_at(count_fd, pfn) : 0;
}

size_t page_flags_range(uint64_t pfn, uint64_t *flags, size_t n)
{
	ssize_t got =
		pread(flags_fd, flags, n * sizeof(*flags), (off_t)(pfn * sizeof(*flags)));

	return got < 0 ? 0 : (size_t)got / sizeof(*flags);
}

/*
 * A compound page has a power of two of frames and begins at a multiple of that:
 * the first such multiple below a tail that is no tail is its head, and the first
 * power of two beyond the head that is no tail is its size.
 */
static uint64_t compound_head(uint64_t pfn, uint64_t *ret_flags)
{
	uint64_t size = 1, at = pfn;

	*ret_flags = page_flags(at);
	while (at && (*ret_flags & PAGE_TAIL)) {
		size *= 2;
		at = pfn & ~(size - 1);
		*ret_flags = page_flags(at);
	}
	return at;
}

void page_whole(struct page_whole *w, uint64_t pfn)
{
	if (pfn && pfn - w->head < w->size)
		return;
	w->head = compound_head(pfn, &w->flags);
	w->size = pfn != 0;
	if (w->flags & PAGE_HEAD) {
		while (page_flags(w->head + w->size) & PAGE_TAIL)
			w->size *= 2;
	}
}

bool page_orphaned(uint64_t flags)
{
	const uint64_t other = PAGE_MMAP | PAGE_SWAPCACHE | PAGE_SLAB | PAGE_BUDDY |
			       PAGE_HEAD | PAGE_TAIL | PAGE_HWPOISON | PAGE_RESERVED;

	return (flags & PAGE_ANON) && !(flags & other);
}

static void scan_frame(struct page_scan *scan, uint64_t flags, uint64_t *head)
{
	if (!(flags & PAGE_TAIL))
		*head = flags;
	if (*head & PAGE_MLOCKED) {
		scan->mlocked++;
		scan->stray += !(*head & PAGE_UNEVICTABLE);
	}
	if ((*head & PAGE_UNEVICTABLE) && (*head & PAGE_LRU))
		scan->unevictable++;
	scan->orphaned += page_orphaned(flags);
}

int page_scan(struct page_scan *ret)
{
	uint64_t words[BLOCK], head = 0;
	off_t at = 0;
	ssize_t n, i;

	memset(ret, 0, sizeof(*ret));
	while ((n = pread(flags_fd, words, sizeof(words), at)) > 0) {
		for (i = 0; i < n / (ssize_t)sizeof(words[0]); i++)
			scan_frame(ret, words[i], &head);
		at += n;
	}
	if (n < 0)
		return -errno;
	return at ? 0 : -ENODATA;
}
