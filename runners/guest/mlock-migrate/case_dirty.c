/*
 * What is written through a locked mapping is there for good, wherever the page is moved
 * meanwhile: pages of a block device and of tmpfs are written, compacted, moved to
 * another node and unlocked, and what they hold is read from where they were written to:
 * from the device past the page cache (O_DIRECT), and from swap, once reclaim has taken
 * the pages. In memory the contents are right in any case. Pages of the device are
 * written once more after they were moved clean: that write must be noticed, too. With
 * the option "huge=1" the same of a huge page of tmpfs, split by hand while it is locked.
 *
 * The pages of tmpfs are read before they are written. Nothing is told of the first
 * write then: a shared mapping that is not written back is writable from the first fault
 * on (mm/mmap.c, vma_wants_writenotify), and only the page table knows that the page is
 * dirty. What clears the entry must hand that on (mm/rmap.c, try_to_migrate_one). Clean
 * pages of tmpfs that are not in swap are zeros, and reclaim drops them.
 *
 * At each step nr_dirty and nr_zone_write_pending are those of the nodes that the pages
 * are on (mm/migrate.c, folio_migrate_mapping), exact to the page: nothing else is
 * written to here, and nothing is written back before we ask for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/ktap.h"
#include "common/numa.h"
#include "common/opts.h"
#include "common/page.h"
#include "common/setting.h"
#include "common/slowdown.h"
#include "common/swap.h"
#include "common/tally.h"
#include "mlock-migrate/cases.h"
#include "mlock-migrate/dirt.h"
#include "mlock-migrate/move.h"
#include "mlock-migrate/oracle.h"
#include "mlock-migrate/pressure.h"
#include "mlock-migrate/residue.h"
#include "mlock-migrate/thp.h"

#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif

#define DEVICE "/dev/ram1"
#define DEVICE_BDI "/sys/class/bdi/1:1/" /* by major and minor */
#define SWAP_DEVICE "/dev/ram0"
#define SWAP_PAGES 2048
#define PAGES 64
#define BYTES (PAGES * PAGE_BYTES)
#define FILLER 64 /* pages between each two of a set */
#define TRIES 5

struct scene {
	struct pageset disk, tmpfs;
	int fd, direct; /* of the device */
	int from, to;   /* nodes; to -1: there is one only */
	bool swap;
	bool quiet;                     /* nothing is written back but by us */
	size_t moved_disk, moved_tmpfs; /* at least once */
	struct dirt clean;
	struct tally kept, counted;
};

static void must(bool ok, const char *what)
{
	if (!ok)
		ktap_bail("%s: %s", what, strerror(errno));
}

/*
 * A word that differs from page to page, from one writing to the next, and from what
 * an earlier run has left on the device.
 */
static uint64_t word_of(size_t i, unsigned writing)
{
	return (uint64_t)(i + 1) * UINT64_C(0x9e3779b97f4a7c15) +
	       (uint64_t)getpid() * 16 + writing;
}

static void write_one(const struct pageset *set, size_t i, unsigned writing)
{
	uint64_t word = word_of(i, writing);

	memcpy(set->addr[i], &word, sizeof(word));
	memcpy(set->addr[i] + PAGE_BYTES - sizeof(word), &word, sizeof(word));
}

static void write_all(const struct pageset *set, unsigned writing)
{
	size_t i;

	for (i = 0; i < set->n; i++)
		write_one(set, i, writing);
}

/* How many of n pages in a row do not hold that. */
static size_t differ(const char *at, size_t n, unsigned writing)
{
	size_t i, bad = 0;

	for (i = 0; i < n; i++, at += PAGE_BYTES) {
		uint64_t word = word_of(i, writing);

		bad += memcmp(at, &word, sizeof(word)) != 0 ||
		       memcmp(at + PAGE_BYTES - sizeof(word), &word, sizeof(word)) != 0;
	}
	return bad;
}

/* All are present: locked. */
static long long on_node(const struct scene *sc, int node)
{
	return (long long)(sc->to < 0 ? sc->disk.n : pageset_on_node(&sc->disk, node));
}

/* The first node whose counters did not grow by the pages of ours on it, or -1. */
static int miscounted(const struct scene *sc, bool dirty, struct dirt *now,
		      long long *want)
{
	uint64_t nodes = numa_memory_nodes();
	int node;

	dirt_read(now);
	for (node = 0; node < DIRT_NODES; node++) {
		if (!(nodes >> node & 1))
			continue;
		*want = dirty ? on_node(sc, node) : 0;
		if (now->dirty[node] - sc->clean.dirty[node] != *want ||
		    now->pending[node] - sc->clean.pending[node] != *want)
			return node;
	}
	return -1;
}

/* All pages of the device are dirty, or none: the counters of each node say so. */
static void count(struct scene *sc, bool dirty, const char *when)
{
	long long want;
	struct dirt now;
	int node, tries = 0;

	/* Where folios of more pages are dirty as a whole, they may reach beyond ours. */
	if (!sc->quiet || thp_compound(&sc->disk))
		return;
	/* Others may be moving a page just now. */
	while ((node = miscounted(sc, dirty, &now, &want)) >= 0 && ++tries < TRIES)
		slowdown_pause_ms(10);
	if (node < 0)
		tally_add(&sc->counted, true, "%s", "");
	else
		tally_add(
			&sc->counted, false,
			"expected nr_dirty and nr_zone_write_pending of node %d to have grown by %lld when %s, saw %lld and %lld",
			node, want, when, now.dirty[node] - sc->clean.dirty[node],
			now.pending[node] - sc->clean.pending[node]);
}

/* Has it written, and reads it past the page cache. */
static void check_device(struct scene *sc, unsigned writing, const char *when)
{
	char *buf = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	size_t bad;

	must(buf != MAP_FAILED, "mmap");
	must(fsync(sc->fd) == 0, "fsync of " DEVICE);
	must(pread(sc->direct, buf, BYTES, 0) == (ssize_t)BYTES, "read of " DEVICE);
	bad = differ(buf, sc->disk.n, writing);
	munmap(buf, BYTES);
	tally_add(&sc->kept, bad == 0,
		  "expected " DEVICE
		  " to hold what was written to %zu locked pages %s, saw %zu that differ",
		  sc->disk.n, when, bad);
	count(sc, false, "all was written back");
}

static void lock_on_fault(struct pageset *set, char *map, size_t bytes)
{
	must(map != MAP_FAILED, "mmap");
	madvise(map, bytes, MADV_NOHUGEPAGE);
	must(syscall(SYS_mlock2, map, bytes, MLOCK_ONFAULT) == 0, "mlock2");
	pageset_adopt(set, map, bytes, 1);
}

/*
 * Touches both sets with other pages in between, which then go: what is scattered so,
 * compaction packs. Of the device one page at a time, without readahead.
 */
static void scatter(struct scene *sc)
{
	const size_t bytes = PAGES * FILLER * PAGE_BYTES;
	char *filler = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i, k;

	must(filler != MAP_FAILED, "mmap");
	madvise(filler, bytes, MADV_NOHUGEPAGE);
	madvise(sc->disk.map, sc->disk.map_bytes, MADV_RANDOM);
	for (i = 0; i < PAGES; i++) {
		for (k = 0; k < FILLER; k++)
			filler[(i * FILLER + k) * PAGE_BYTES] = 1;
		(void)*(volatile char *)sc->tmpfs.addr[i];
		write_one(&sc->disk, i, 1);
	}
	write_all(&sc->tmpfs, 1);
	munmap(filler, bytes);
}

/* Locked, with pages of their own on the first node, and written. */
static void put_up(struct scene *sc)
{
	const int prot = PROT_READ | PROT_WRITE;

	sync();
	ioctl(sc->fd, BLKFLSBUF, 0);
	dirt_read(&sc->clean);
	lock_on_fault(&sc->disk, mmap(NULL, BYTES, prot, MAP_SHARED, sc->fd, 0), BYTES);
	lock_on_fault(&sc->tmpfs,
		      mmap(NULL, BYTES, prot, MAP_SHARED | MAP_ANONYMOUS, -1, 0), BYTES);
	numa_bind_task(sc->from);
	scatter(sc);
	numa_bind_task(-1);
	pageset_note(&sc->disk);
	pageset_note(&sc->tmpfs);
	count(sc, true, "they were written");
}

static void note_moved(struct scene *sc)
{
	sc->moved_disk += pageset_moved(&sc->disk);
	sc->moved_tmpfs += pageset_moved(&sc->tmpfs);
}

static void move_all(struct scene *sc, int node)
{
	size_t first;

	move_to(&sc->disk, node, &first);
	move_to(&sc->tmpfs, node, &first);
	note_moved(sc);
}

static void move_dirty(struct scene *sc)
{
	residue_kernel_drain(); /* by a compaction */
	ktap_data("compacted_disk", (long long)pageset_moved(&sc->disk));
	ktap_data("compacted_tmpfs", (long long)pageset_moved(&sc->tmpfs));
	note_moved(sc);
	count(sc, true, "they were compacted");
	if (sc->to >= 0) {
		move_all(sc, sc->to);
		count(sc, true, "they were moved to another node");
	}
	check_device(sc, 1, "before they were moved");
	if (sc->to < 0)
		return;
	move_all(sc, sc->from);
	count(sc, false, "they were moved clean");
	write_all(&sc->disk, 2);
	count(sc, true, "they were written once more");
	check_device(sc, 2, "after they were moved");
}

/* Not in memory; it need not be mapped when it is. */
static size_t gone(const struct pageset *set)
{
	unsigned char *vec = calloc(set->n, 1);
	size_t i, n = 0;

	must(vec && mincore(set->map, set->map_bytes, vec) == 0, "mincore");
	for (i = 0; i < set->n; i++)
		n += !(vec[i] & 1);
	free(vec);
	return n;
}

/* Unlocked: reclaim takes the pages of tmpfs, and they are read back. */
static void check_swapped(const struct pageset *set, const char *name)
{
	size_t out, bad;

	must(munlock(set->map, set->map_bytes) == 0, "munlock");
	pressure_on(set, gone);
	out = gone(set);
	bad = differ(set->map, set->n, 1);
	ktap_data(name, (long long)out);
	if (out < set->n / 2 && bad == 0)
		ktap_skip(name, "reclaim took only %zu of %zu pages", out, set->n);
	else
		ktap_check(
			bad == 0, name,
			"expected %zu pages of tmpfs, %zu of which reclaim took, to hold what was written to them, saw %zu that differ",
			set->n, out, bad);
}

static void check_tmpfs(const struct scene *sc)
{
	if (!sc->swap)
		ktap_skip("tmpfs-kept", "no swap, or no memory.reclaim");
	else if (!sc->moved_tmpfs)
		ktap_skip("tmpfs-kept", "none of its pages was moved");
	else
		check_swapped(&sc->tmpfs, "tmpfs-kept");
}

static void check_huge(const struct scene *sc)
{
	int fd = sc->swap && thp_can_split() ? thp_file(THP_BYTES) : -1;
	struct pageset set;

	if (fd < 0) {
		ktap_skip("split-kept", "no swap, nothing to split huge pages with, or "
					"no huge pages of tmpfs");
		return;
	}
	thp_map(&set, THP_BYTES, fd);
	/* Read first: only the page table knows of the writing. */
	pageset_touch(&set);
	must(mlock(set.map, set.map_bytes) == 0, "mlock");
	write_all(&set, 1);
	if (thp_compound(&set) < set.n)
		ktap_skip("split-kept", "there was no huge page to be had");
	else if (thp_split(&set) < 0)
		ktap_skip("split-kept", "the huge page was not split");
	else
		check_swapped(&set, "split-kept");
	pageset_done(&set);
	close(fd);
}

/*
 * Nothing may be written back for its age (fs/fs-writeback.c, wb_check_old_data_flush),
 * not even by a flusher that was woken before, and nothing as too much for a device that
 * wrote little of late (mm/page-writeback.c, wb_over_bg_thresh). An interval of 0 would
 * wake the flusher at each write.
 */
static bool hold_write_back(void)
{
	return setting_hold("/proc/sys/vm/dirty_writeback_centisecs", "360000\n") == 0 &&
	       setting_hold(DEVICE_BDI "min_ratio", "50\n") == 0;
}

static void set_up(struct scene *sc)
{
	uint64_t nodes = numa_memory_nodes();

	sc->from = numa_first(nodes);
	sc->to = numa_first(nodes & ~(UINT64_C(1) << sc->from));
	sc->fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	if (sc->fd < 0)
		ktap_skip_all("no " DEVICE " here: %s", strerror(errno));
	sc->direct = open(DEVICE, O_RDONLY | O_DIRECT | O_CLOEXEC);
	must(sc->direct >= 0, "O_DIRECT open of " DEVICE);
	sc->quiet = hold_write_back();
	sc->swap = !pressure_try("mlock-dirty");
	if (sc->swap && swap_on(SWAP_DEVICE, SWAP_PAGES) < 0) {
		pressure_end();
		sc->swap = false;
	}
}

void case_dirty(void)
{
	static struct scene sc = { .kept.name = "device-kept",
				   .counted.name = "dirty-counted" };
	bool huge = opts_number("huge", 0) != 0;
	struct vmstat base;

	set_up(&sc);
	ktap_begin(3 + huge + ORACLE_END_CHECKS);
	oracle_begin(&base);
	put_up(&sc);
	move_dirty(&sc);
	must(munlock(sc.disk.map, sc.disk.map_bytes) == 0, "munlock");
	if (sc.moved_disk)
		tally_check(&sc.kept);
	else
		ktap_skip("device-kept", "none of its pages was moved");
	if (sc.counted.looks)
		tally_check(&sc.counted);
	else
		ktap_skip("dirty-counted",
			  "write-back cannot be held, or folios have more than a page");
	check_tmpfs(&sc);
	if (huge)
		check_huge(&sc);
	pageset_done(&sc.disk);
	pageset_done(&sc.tmpfs);
	if (sc.swap)
		pressure_end();
	oracle_end(&base);
}
