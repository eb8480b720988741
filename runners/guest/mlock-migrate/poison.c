#include "mlock-migrate/poison.h"

#include <errno.h>
#include <sys/mman.h>

#include "common/memblock.h"
#include "common/page.h"
#include "common/slowdown.h"
#include "common/sysfile.h"

#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif
#define TRIES 3

long long poison_count(void)
{
	long long kib = sysfile_field("/proc/meminfo", "HardwareCorrupted:", -1);

	return kib < 0 ? -1 : kib * 1024 / (long long)PAGE_BYTES;
}

size_t poison_pick(const struct pageset *set, size_t from, size_t to)
{
	int seen = -1;
	size_t i;

	for (i = from; i < to; i++) {
		int block = memblock_of(set->pfn[i]);

		if (block != seen && !memblock_movable(block))
			return i;
		seen = block;
	}
	return from;
}

int poison_soft_offline_once(void *page)
{
	return madvise(page, PAGE_BYTES, MADV_SOFT_OFFLINE) < 0 ? -errno : 0;
}

int poison_soft_offline(void *page)
{
	int tries, ret = -EBUSY;

	for (tries = 0; tries < TRIES && ret == -EBUSY; tries++) {
		if (tries)
			slowdown_pause_ms(10);
		ret = poison_soft_offline_once(page);
	}
	return ret;
}

bool poison_marked(uint64_t pfn)
{
	uint64_t flags = page_flags(pfn);

	return (flags & PAGE_HWPOISON) && !(flags & (PAGE_MLOCKED | PAGE_UNEVICTABLE));
}
