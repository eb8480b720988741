/*
 * The page cache of a block device, mapped and mlocked: clean pages, which
 * reclaim may drop without writing, and does where they are not locked (the
 * control). Locked they outlast reclaim, posix_fadvise(POSIX_FADV_DONTNEED) and
 * drop_caches. After munlock they go, and are read anew. When a locked mapping
 * lets go of pages, by munmap or since a private one was copied at a write, they
 * are still in the cache, and their munlock may wait in the batch of the CPU that
 * did it: fadvise from another CPU must drop all of them, for which the kernel
 * asks each CPU whether it has something to drain.
 *
 * What this shows: locked page cache dropped; pages that keep Mlocked or
 * Unevictable once nobody maps them, and can never be dropped; a batch that is
 * overlooked when all are drained.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cpu.h"
#include "common/ktap.h"
#include "common/page.h"
#include "common/sysfile.h"
#include "mlock-migrate/cases.h"
#include "mlock-migrate/oracle.h"
#include "mlock-migrate/pressure.h"

#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif

#define DEVICE "/dev/ram1"
#define PAGES 256
/*
 * A batch holds 15 on 6.1, 31 on 6.12, and for a page that is copied both the old
 * and the new one.
 */
#define RESIDUE 5
#define BYTES (PAGES * PAGE_BYTES)
#define RESIDUE_BYTES (RESIDUE * PAGE_BYTES)

static char *map_device(int fd, int flags, off_t offset, size_t bytes)
{
	char *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, offset);

	if (map == MAP_FAILED)
		ktap_bail("mmap of " DEVICE ": %s", strerror(errno));
	return map;
}

/* Patterns by way of the mapping, and all of it clean. */
static void make(struct pageset *set, int fd, off_t offset)
{
	pageset_adopt(set, map_device(fd, MAP_SHARED, offset, BYTES), BYTES, 1);
	pageset_fill(set);
	if (fsync(fd) < 0)
		ktap_bail("fsync of " DEVICE ": %s", strerror(errno));
}

/* How many pages of a mapping are in the page cache, mapped or not. */
static size_t cached(char *map, size_t pages)
{
	unsigned char *vec = calloc(pages, 1);
	size_t i, n = 0;

	if (!vec || mincore(map, pages * PAGE_BYTES, vec) < 0)
		ktap_bail("mincore: %s", strerror(errno));
	for (i = 0; i < pages; i++)
		n += vec[i] & 1;
	free(vec);
	return n;
}

static size_t dropped(const struct pageset *set)
{
	return set->n - cached(set->map, set->n);
}

static void drop(int fd)
{
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	sysfile_write("/proc/sys/vm/drop_caches", "1\n");
}

static void check_stay(const struct pageset *set)
{
	size_t absent = pageset_absent(set), moved = pageset_moved(set);

	ktap_check(
		absent == 0 && moved == 0, "stay",
		"expected reclaim, fadvise and drop_caches to leave all mlocked pages of the cache, saw %zu unmapped and %zu replaced",
		absent, moved);
}

static void check_goes(const struct pageset *set)
{
	bool went = pressure_on(set, dropped);
	size_t n = dropped(set), damaged = pageset_damaged(set);

	ktap_check(
		went && damaged == 0, "goes-after-munlock",
		"expected reclaim to drop the pages after munlock, and a read to bring them back unchanged, saw %zu of %d dropped and %zu changed",
		n, PAGES, damaged);
}

/*
 * Nothing of the device is in a page table of ours any more: all of it goes. That is
 * worth telling only where something was in the way.
 */
static void check_dropped(int fd, const char *name, bool in_the_way)
{
	char *map = map_device(fd, MAP_SHARED, 0, BYTES);
	size_t before = cached(map, RESIDUE), after;

	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	after = cached(map, PAGES);
	munmap(map, BYTES);
	if (before == RESIDUE && after == 0 && !in_the_way)
		ktap_skip(name, "none of the %d pages waited in a batch", RESIDUE);
	else
		ktap_check(
			before == RESIDUE && after == 0, name,
			"expected the %d pages that were locked to stay cached when unmapped and fadvise to drop all, saw %zu before, %zu after",
			RESIDUE, before, after);
}

static void check_unmapped(int fd)
{
	char *locked = map_device(fd, MAP_SHARED, 0, RESIDUE_BYTES);

	if (mlock(locked, RESIDUE_BYTES) < 0)
		ktap_bail("mlock of " DEVICE ": %s", strerror(errno));
	cpu_run_on(cpu_last());
	munmap(locked, RESIDUE_BYTES);
	cpu_run_on(cpu_first());
	check_dropped(fd, "goes-after-munmap", true);
}

/* munmap drains the CPU it ran on; a page that is copied by a write does not. */
static void check_copied(int fd)
{
	char *locked = map_device(fd, MAP_PRIVATE, 0, RESIDUE_BYTES);
	uint64_t old[RESIDUE];
	struct vmstat drained;
	size_t i, waiting = 0;

	if (syscall(SYS_mlock2, locked, RESIDUE_BYTES, MLOCK_ONFAULT) < 0)
		ktap_bail("mlock2 of " DEVICE ": %s", strerror(errno));
	for (i = 0; i < RESIDUE; i++)
		(void)*(volatile char *)(locked + i * PAGE_BYTES);
	oracle_begin(&drained);
	page_pfns(locked, RESIDUE, old);
	cpu_run_on(cpu_last());
	for (i = 0; i < RESIDUE; i++)
		locked[i * PAGE_BYTES] = 1;
	cpu_run_on(cpu_first());
	for (i = 0; i < RESIDUE; i++)
		waiting += (page_flags(old[i]) & PAGE_MLOCKED) != 0;
	ktap_data("waiting", (long long)waiting);
	check_dropped(fd, "goes-after-copy", waiting > 0);
	munmap(locked, RESIDUE_BYTES);
}

void case_page_cache(void)
{
	struct pageset set, control;
	struct vmstat base;
	int fd;

	pressure_begin("mlock-page-cache");
	fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		ktap_skip_all("no " DEVICE " here: %s", strerror(errno));
	oracle_begin(&base);
	make(&set, fd, 0);
	make(&control, fd, (off_t)BYTES);
	cpu_run_on(cpu_first());
	if (mlock(set.map, set.map_bytes) < 0)
		ktap_bail("mlock of " DEVICE ": %s", strerror(errno));
	if (!pressure_on(&control, dropped))
		ktap_skip_all(
			"reclaim took only %zu of %d pages of the cache that are not locked",
			dropped(&control), PAGES);
	ktap_begin(4 + ORACLE_LOCKED_CHECKS + ORACLE_UNLOCKED_CHECKS + ORACLE_END_CHECKS);
	ktap_data("control_gone", (long long)dropped(&control));
	drop(fd);
	check_stay(&set);
	oracle_locked(&set, &base);
	oracle_unlocked(&set, &base);
	check_goes(&set);
	pageset_done(&set);
	pageset_done(&control);
	check_unmapped(fd);
	check_copied(fd);
	close(fd);
	pressure_end();
	oracle_end(&base);
}
