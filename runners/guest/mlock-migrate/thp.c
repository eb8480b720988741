#include "mlock-migrate/thp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/ktap.h"
#include "common/page.h"
#include "common/smaps.h"
#include "common/sysfile.h"

#define HUGE_TMPFS "/tmp/huge"
#define DEBUGFS "/sys/kernel/debug"
#define SPLIT DEBUGFS "/split_huge_pages"

void thp_map(struct pageset *set, size_t bytes, int fd)
{
	char *room = mmap(NULL, bytes + THP_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	char *at, *map;

	if (room == MAP_FAILED)
		ktap_bail("mmap of %zu bytes: %s", bytes, strerror(errno));
	at = (char *)(((uintptr_t)room + THP_BYTES - 1) & ~(THP_BYTES - 1));
	map = mmap(at, bytes, PROT_READ | PROT_WRITE,
		   MAP_FIXED | (fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED), fd,
		   0);
	if (map == MAP_FAILED)
		ktap_bail("mmap of %zu bytes: %s", bytes, strerror(errno));
	if (at > room)
		munmap(room, (size_t)(at - room));
	munmap(at + bytes, (size_t)(room + THP_BYTES - at));
	madvise(map, bytes, MADV_HUGEPAGE);
	pageset_adopt(set, map, bytes, 1);
}

int thp_file(size_t bytes)
{
	int fd;

	mkdir(HUGE_TMPFS, 0700);
	if (mount("tmpfs", HUGE_TMPFS, "tmpfs", 0, "huge=always") < 0)
		return -1;
	fd = open(HUGE_TMPFS "/file", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	unlink(HUGE_TMPFS "/file");
	umount2(HUGE_TMPFS, MNT_DETACH);
	if (fd < 0 || ftruncate(fd, (off_t)bytes) < 0)
		ktap_bail("a file on tmpfs: %s", strerror(errno));
	return fd;
}

long long thp_pmd_kib(const struct pageset *set)
{
	struct smaps s;
	long long kib;

	smaps_read(&s);
	kib = smaps_sum(&s, set->map, set->map + set->map_bytes,
			offsetof(struct smaps_vma, pmd_mapped));
	smaps_done(&s);
	return kib;
}

/* Frame by frame: the least time between the two reads of a page. */
static size_t with_each(const struct pageset *set, uint64_t flags)
{
	struct page_whole page = { 0 };
	size_t i, n = 0;

	for (i = 0; i < set->n; i++) {
		page_whole(&page, page_pfn(set->addr[i]));
		n += (page.flags & flags) != 0;
	}
	return n;
}

/*
 * Frames are read many at a time. A page that moved meanwhile is looked for where it is
 * no more: it would differ from the others, and then all are looked at anew.
 */
size_t thp_with(const struct pageset *set, uint64_t flags)
{
	struct page_whole page = { 0 };
	uint64_t pfn[PAGESET_BLOCK];
	size_t i, j, got, n = 0;

	for (i = 0; i < set->n; i += got) {
		got = pageset_block(set, i, pfn);
		for (j = 0; j < got; j++) {
			page_whole(&page, pfn[j]);
			n += (page.flags & flags) != 0;
		}
	}
	return n == 0 || n == set->n ? n : with_each(set, flags);
}

size_t thp_compound(const struct pageset *set)
{
	return thp_with(set, PAGE_HEAD);
}

void thp_forget(struct pageset *set, const char *from, const char *to)
{
	size_t i, kept = 0;

	for (i = 0; i < set->n; i++) {
		if (set->addr[i] >= from && set->addr[i] < to)
			continue;
		set->addr[kept] = set->addr[i];
		set->pfn[kept++] = set->pfn[i];
	}
	set->n = kept;
}

bool thp_can_split(void)
{
	if (access(SPLIT, W_OK) < 0)
		mount("debugfs", DEBUGFS, "debugfs", 0, NULL);
	return access(SPLIT, W_OK) == 0;
}

static int split(const struct pageset *set, const char *order)
{
	char text[96];

	snprintf(text, sizeof(text), "%d,0x%lx,0x%lx%s", (int)getpid(),
		 (unsigned long)set->map, (unsigned long)(set->map + set->map_bytes),
		 order);
	return sysfile_write(SPLIT, text);
}

int thp_split(const struct pageset *set)
{
	return split(set, "");
}

int thp_split_to(const struct pageset *set, unsigned order)
{
	char text[16];

	snprintf(text, sizeof(text), ",%u", order);
	return split(set, text);
}

size_t thp_of_size(const struct pageset *set, size_t pages)
{
	struct page_whole page = { 0 };
	size_t i, n = 0;

	for (i = 0; i < set->n; i++) {
		page_whole(&page, page_pfn(set->addr[i]));
		n += page.size == pages;
	}
	return n;
}
