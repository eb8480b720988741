#include "mlock-migrate/pageset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/ktap.h"
#include "common/numa.h"
#include "common/page.h"

#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif

/* At both ends of the page, so that a half copied page is seen. */
static void pattern_write(char *page)
{
	uint64_t word = (uintptr_t)page ^ UINT64_C(0x9e3779b97f4a7c15);

	memcpy(page, &word, sizeof(word));
	memcpy(page + PAGE_BYTES - sizeof(word), &word, sizeof(word));
}

static bool pattern_ok(const char *page)
{
	uint64_t word = (uintptr_t)page ^ UINT64_C(0x9e3779b97f4a7c15);

	return memcmp(page, &word, sizeof(word)) == 0 &&
	       memcmp(page + PAGE_BYTES - sizeof(word), &word, sizeof(word)) == 0;
}

static char *pageset_map(size_t bytes, int node, enum pageset_lock lock)
{
	char *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);

	if (map == MAP_FAILED)
		ktap_bail("mmap of %zu bytes: %s", bytes, strerror(errno));
	madvise(map, bytes, MADV_NOHUGEPAGE);
	if (node >= 0)
		numa_bind(map, bytes, node);
	if (lock == PAGESET_LOCK_ON_FAULT &&
	    syscall(SYS_mlock2, map, bytes, MLOCK_ONFAULT) < 0)
		ktap_bail("mlock2 of %zu bytes: %s", bytes, strerror(errno));
	return map;
}

static void pageset_alloc(struct pageset *set, size_t npages)
{
	set->n = npages;
	set->addr = calloc(npages, sizeof(*set->addr));
	set->pfn = calloc(npages, sizeof(*set->pfn));
	if (!set->addr || !set->pfn)
		ktap_bail("out of memory for %zu pages", npages);
}

void pageset_fill(struct pageset *set)
{
	size_t i;

	for (i = 0; i < set->n; i++)
		pattern_write(set->addr[i]);
	pageset_note(set);
}

void pageset_adopt(struct pageset *set, char *map, size_t bytes, size_t every)
{
	size_t i;

	set->map = map;
	set->map_bytes = bytes;
	pageset_alloc(set, bytes / PAGE_BYTES / every);
	for (i = 0; i < set->n; i++)
		set->addr[i] = map + i * every * PAGE_BYTES;
}

void pageset_init(struct pageset *set, size_t npages, int node, enum pageset_lock lock)
{
	size_t bytes = npages * PAGE_BYTES;

	pageset_adopt(set, pageset_map(bytes, node, lock), bytes, 1);
	pageset_fill(set);
}

void pageset_done(struct pageset *set)
{
	munmap(set->map, set->map_bytes);
	free(set->addr);
	free(set->pfn);
	memset(set, 0, sizeof(*set));
}

static void drop(char *from, size_t bytes)
{
	if (bytes && madvise(from, bytes, MADV_DONTNEED_LOCKED) < 0)
		ktap_bail("madvise(MADV_DONTNEED_LOCKED): %s", strerror(errno));
}

/* Keeps the pages whose frame is half way between multiples, or all the others. */
static void pageset_keep(struct pageset *set, unsigned every, bool fitting)
{
	size_t i, kept = 0, bytes = 0;
	char *from = set->map; /* what is to be dropped, and lies in one piece */

	for (i = 0; i < set->n; i++) {
		if ((set->pfn[i] % every == every / 2) == fitting) {
			set->addr[kept] = set->addr[i];
			set->pfn[kept++] = set->pfn[i];
		} else if (set->addr[i] == from + bytes) {
			bytes += PAGE_BYTES;
		} else {
			drop(from, bytes);
			from = set->addr[i];
			bytes = PAGE_BYTES;
		}
	}
	drop(from, bytes);
	set->n = kept;
}

void pageset_thin(struct pageset *set, unsigned every)
{
	pageset_keep(set, every, true);
}

void pageset_sieve(struct pageset *set, unsigned every)
{
	pageset_keep(set, every, false);
}

void pageset_refault(struct pageset *set, size_t n)
{
	size_t i;

	for (i = set->n - n; i < set->n; i++)
		drop(set->addr[i], PAGE_BYTES);
	for (i = set->n - n; i < set->n; i++) {
		pattern_write(set->addr[i]);
		set->pfn[i] = page_pfn(set->addr[i]);
	}
}

size_t pageset_block(const struct pageset *set, size_t i, uint64_t *pfn)
{
	size_t n = 1;

	while (n < PAGESET_BLOCK && i + n < set->n &&
	       set->addr[i + n] == set->addr[i] + n * PAGE_BYTES)
		n++;
	page_pfns(set->addr[i], n, pfn);
	return n;
}

void pageset_note(struct pageset *set)
{
	size_t i;

	for (i = 0; i < set->n;)
		i += pageset_block(set, i, &set->pfn[i]);
}

size_t pageset_moved(const struct pageset *set)
{
	uint64_t pfn[PAGESET_BLOCK];
	size_t i, j, got, n = 0;

	for (i = 0; i < set->n; i += got) {
		got = pageset_block(set, i, pfn);
		for (j = 0; j < got; j++)
			n += pfn[j] && pfn[j] != set->pfn[i + j];
	}
	return n;
}

size_t pageset_orphans(const struct pageset *set)
{
	size_t i, n = 0;

	for (i = 0; i < set->n; i++)
		n += page_orphaned(page_flags(set->pfn[i]));
	return n;
}

size_t pageset_absent(const struct pageset *set)
{
	uint64_t pfn[PAGESET_BLOCK];
	size_t i, j, got, n = 0;

	for (i = 0; i < set->n; i += got) {
		got = pageset_block(set, i, pfn);
		for (j = 0; j < got; j++)
			n += pfn[j] == 0;
	}
	return n;
}

size_t pageset_with(const struct pageset *set, uint64_t flags)
{
	size_t i, n = 0;

	for (i = 0; i < set->n; i++)
		n += (page_flags(page_pfn(set->addr[i])) & flags) != 0;
	return n;
}

size_t pageset_without(const struct pageset *set, uint64_t flags)
{
	size_t i, n = 0;

	for (i = 0; i < set->n; i++)
		n += (page_flags(page_pfn(set->addr[i])) & flags) != flags;
	return n;
}

size_t pageset_damaged(const struct pageset *set)
{
	size_t i, n = 0;

	for (i = 0; i < set->n; i++)
		n += !pattern_ok(set->addr[i]);
	return n;
}

size_t pageset_strays(const struct pageset *set, uint64_t flags)
{
	size_t i, n = 0;

	for (i = 0; i < set->n; i++)
		n += (page_flags(page_pfn(set->addr[i])) & flags) != flags ||
		     !pattern_ok(set->addr[i]);
	return n;
}

size_t pageset_on_node(const struct pageset *set, int node)
{
	int *status = calloc(set->n, sizeof(*status));
	size_t i, n = 0;
	long ret;

	if (!status)
		ktap_bail("out of memory for %zu pages", set->n);
	ret = numa_move((void **)set->addr, set->n, -1, status);
	for (i = 0; ret == 0 && i < set->n; i++)
		n += status[i] == node;
	free(status);
	return n;
}

void pageset_touch(const struct pageset *set)
{
	size_t i;

	for (i = 0; i < set->n; i++)
		(void)*(volatile char *)set->addr[i];
}
