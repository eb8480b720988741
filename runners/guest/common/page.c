#include "common/page.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

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
