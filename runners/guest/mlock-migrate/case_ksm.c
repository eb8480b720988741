/*
 * Pages that KSM merges: locked when they are merged, merged when they are locked,
 * moved, and taken apart again. A merged page is one frame, counts once, and stays
 * Mlocked while one of the locked mappings maps it (mm/ksm.c, replace_page, goes
 * by the same rmap calls as all others). What is written while the scanner runs stays.
 * Locking on touch alone: mlock(2) would write, and so take the pages apart.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/ktap.h"
#include "common/numa.h"
#include "common/opts.h"
#include "common/setting.h"
#include "common/slowdown.h"
#include "common/smaps.h"
#include "common/sysfile.h"
#include "common/turn.h"
#include "mlock-migrate/account.h"
#include "mlock-migrate/cases.h"
#include "mlock-migrate/oracle.h"

#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif

#define KSM "/sys/kernel/mm/ksm/"
#define PAGES ((size_t)64)
#define CONTENTS ((size_t)2) /* different ones: as many frames when merged */
#define WRITTEN ((size_t)10)
#define WAIT_MS 15000
#define SCANS 20
#define MEANWHILE_MS 300
#define ALIKE (PAGES / 2) /* at a time */

struct scene {
	char *map;
	int nodes[2];
	struct account base, now;
	struct why w;
};

struct story {
	const char *name;
	bool two_nodes;
	/* False where nothing merged. */
	bool (*tell)(struct scene *sc);
	int nodes[2];
};

static char *page(const struct scene *sc, size_t i)
{
	return sc->map + i * PAGE_BYTES;
}

static size_t frames(const struct scene *sc)
{
	uint64_t pfn[PAGES];
	size_t i, j, n = 0;

	page_pfns(sc->map, PAGES, pfn);
	for (i = 0; i < PAGES; i++) {
		for (j = 0; j < i && pfn[j] != pfn[i]; j++)
			;
		n += j == i;
	}
	return n;
}

static void map(struct scene *sc)
{
	size_t i;

	sc->map = mmap(NULL, PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (sc->map == MAP_FAILED)
		ktap_bail("mmap: %s", strerror(errno));
	for (i = 0; i < PAGES; i++)
		memset(page(sc, i), 'a' + (int)(i % CONTENTS), PAGE_BYTES);
}

/* Lets the scanner run until it has merged all there is to merge, or for a while. */
static bool merge(const struct scene *sc)
{
	uint64_t until = clock_ms() + slowdown_scale(WAIT_MS);

	if (madvise(sc->map, PAGES * PAGE_BYTES, MADV_MERGEABLE) < 0)
		ktap_bail("madvise(MADV_MERGEABLE): %s", strerror(errno));
	sysfile_write(KSM "run", "1\n");
	while (frames(sc) > CONTENTS && clock_ms() < until)
		usleep(5000);
	sysfile_write(KSM "run", "0\n"); /* waits for the scanner to stop */
	ktap_data("frames_merged", (long long)frames(sc));
	return frames(sc) < PAGES;
}

static void lock(const struct scene *sc)
{
	if (syscall(SYS_mlock2, sc->map, PAGES * PAGE_BYTES, MLOCK_ONFAULT) < 0)
		ktap_bail("mlock2: %s", strerror(errno));
}

static void unlock(const struct scene *sc, size_t from, size_t to)
{
	if (munlock(page(sc, from), (to - from) * PAGE_BYTES) < 0)
		ktap_bail("munlock: %s", strerror(errno));
}

static void check_contents(struct scene *sc)
{
	size_t i, n = 0;
	char want;

	for (i = 0; i < PAGES; i++) {
		want = (char)('a' + (int)(i % CONTENTS));
		n += page(sc, i)[0] != want || page(sc, i)[PAGE_BYTES - 1] != want;
	}
	if (n)
		why_add(&sc->w,
			"expected every page to keep its contents, saw %zu changed", n);
}

/* So many pages are locked, and all frames are Mlocked, merged ones once. */
static void check_locked(struct scene *sc, size_t pages, const char *when)
{
	long long want = (long long)frames(sc), grown, vmlck;

	grown = account_growth(&sc->base, &sc->now, &sc->w);
	account_process(&sc->w);
	vmlck = smaps_vmlck_kib();
	if (grown != want)
		why_add(&sc->w,
			"%s: expected nr_mlock to grow by the %lld frames, saw %lld",
			when, want, grown);
	if (vmlck != (long long)(pages * PAGE_BYTES / 1024))
		why_add(&sc->w, "%s: expected VmLck to be %zu kB, saw %lld", when,
			pages * PAGE_BYTES / 1024, vmlck);
	check_contents(sc);
}

/* Half of the mappings of each frame, then the others. */
static void check_unlock(struct scene *sc)
{
	struct account before;
	uint64_t pfn[PAGES];
	size_t i, n = 0;

	unlock(sc, 0, PAGES / 2);
	oracle_drain();
	page_pfns(sc->map, PAGES, pfn);
	for (i = 0; i < PAGES; i++)
		n += (page_flags(pfn[i]) & PAGE_MLOCKED) != 0;
	if (frames(sc) == CONTENTS) {
		check_locked(sc, PAGES / 2, "half unlocked");
		if (n != PAGES)
			why_add(&sc->w,
				"expected all pages Mlocked while half of their mappings are, saw %zu of %zu",
				n, PAGES);
	}
	account_read(&before);
	unlock(sc, PAGES / 2, PAGES);
	account_read(&sc->now);
	account_back(&sc->base, &before, &sc->now, &sc->w);
	check_contents(sc);
}

/* All at once, whoever maps a frame with whom. */
static void check_unlocked(struct scene *sc)
{
	unlock(sc, 0, PAGES);
	account_read(&sc->now);
	account_back(&sc->base, &sc->base, &sc->now, &sc->w);
}

static bool tell_merged_then_locked(struct scene *sc)
{
	map(sc);
	if (!merge(sc))
		return false;
	oracle_drain();
	lock(sc);
	check_locked(sc, PAGES, "locked");
	check_unlock(sc);
	return true;
}

static bool tell_locked_then_merged(struct scene *sc)
{
	map(sc);
	lock(sc);
	check_locked(sc, PAGES, "locked");
	if (!merge(sc))
		return false;
	check_locked(sc, PAGES, "merged");
	/* In the scanner's batch some locks may have met a page off the LRU. */
	check_unlocked(sc);
	check_contents(sc);
	return true;
}

/* Does another mapping have the frame of this one? */
static bool shared(const struct scene *sc, size_t i)
{
	uint64_t pfn[PAGES];
	size_t j;

	page_pfns(sc->map, PAGES, pfn);
	for (j = 0; j < PAGES && (j == i || pfn[j] != pfn[i]); j++)
		;
	return j < PAGES;
}

/*
 * Who writes gets a page of its own, locked like the one it leaves. It need not have
 * left one: the scanner may have come to some of them only.
 */
static bool tell_written(struct scene *sc)
{
	size_t i, before, more = 0;

	map(sc);
	if (!merge(sc))
		return false;
	oracle_drain();
	lock(sc);
	before = frames(sc);
	for (i = 0; i < WRITTEN; i++) {
		more += shared(sc, i);
		*(volatile char *)page(sc, i) = (char)('a' + (int)(i % CONTENTS));
	}
	if (frames(sc) != before + more)
		why_add(&sc->w,
			"expected %zu frames when %zu pages were written, %zu of them merged, saw %zu",
			before + more, WRITTEN, more, frames(sc));
	check_locked(sc, PAGES, "written");
	check_unlocked(sc);
	return true;
}

/* Behind the scanner's back: what a page holds in its middle is its own now. */
static void write_own(const struct scene *sc, size_t i, unsigned char what)
{
	((volatile unsigned char *)page(sc, i))[PAGE_BYTES / 2] = what;
}

static unsigned char read_own(const struct scene *sc, size_t i)
{
	return ((volatile unsigned char *)page(sc, i))[PAGE_BYTES / 2];
}

/*
 * While the scanner runs pages become alike, and a moment later differ again: how many
 * writes were lost. Having found a page alike the kernel makes it read-only and then looks
 * once more (mm/ksm.c, try_to_merge_one_page), for what was written in between.
 */
static size_t write_meanwhile(const struct scene *sc)
{
	unsigned char own[PAGES] = { 0 };
	uint64_t until = clock_ms() + MEANWHILE_MS;
	size_t i, j, lost = 0;
	unsigned char now = 0x80; /* no content of map() */

	while (clock_ms() < until) {
		now = (unsigned char)(0x80 | (now + 1));
		for (i = 0; i < PAGES; i++) {
			lost += own[i] && read_own(sc, i) != own[i];
			memset(page(sc, i), 'a' + (int)(i % CONTENTS), PAGE_BYTES);
			own[i] = 0;
			j = (i + PAGES - ALIKE) % PAGES;
			write_own(sc, j, now);
			own[j] = now;
		}
	}
	sysfile_write(KSM "run", "0\n");
	for (i = 0; i < PAGES; i++) {
		lost += own[i] && read_own(sc, i) != own[i];
		write_own(sc, i, (unsigned char)('a' + (int)(i % CONTENTS)));
	}
	return lost;
}

static bool tell_written_meanwhile(struct scene *sc)
{
	size_t lost;

	map(sc);
	lock(sc);
	if (!merge(sc))
		return false;
	sysfile_write(KSM "run", "1\n");
	lost = write_meanwhile(sc);
	if (lost)
		why_add(&sc->w, "expected every write to be there, saw %zu lost", lost);
	check_locked(sc, PAGES, "written meanwhile");
	check_unlocked(sc);
	return true;
}

/* The scanner takes all of them apart: all are locked, each by itself. */
static bool tell_unmerged(struct scene *sc)
{
	int ret;

	map(sc);
	lock(sc);
	if (!merge(sc))
		return false;
	ret = sysfile_write(KSM "run", "2\n");
	if (ret < 0)
		ktap_bail("to unmerge all: %s", strerror(-ret));
	sysfile_write(KSM "run", "0\n");
	if (frames(sc) != PAGES)
		why_add(&sc->w, "expected all %zu pages apart, saw %zu frames", PAGES,
			frames(sc));
	check_locked(sc, PAGES, "taken apart");
	check_unlocked(sc);
	check_contents(sc);
	return true;
}

/* The second address of a page finds it taken already: they are tried again. */
static void move(struct scene *sc, int node)
{
	void *addr[PAGES];
	int status[PAGES], tries;
	size_t i, there = 0;

	for (i = 0; i < PAGES; i++)
		addr[i] = page(sc, i);
	for (tries = 0; there < PAGES && tries < 5; tries++) {
		numa_move_of(0, addr, PAGES, node, status, true);
		numa_move_of(0, addr, PAGES, -1, status, true);
		for (i = there = 0; i < PAGES; i++)
			there += status[i] == node;
	}
	if (there != PAGES)
		why_add(&sc->w, "expected all %zu merged pages on node %d, saw %zu",
			PAGES, node, there);
}

/*
 * What becomes like the merged pages after they moved is merged with them: the kernel
 * knows their new frames (mm/ksm.c, folio_migrate_ksm). A scan may find a page busy, so it
 * gets several.
 */
static void check_joins(struct scene *sc)
{
	uint64_t until = clock_ms() + slowdown_scale(WAIT_MS);
	long long begin = sysfile_number(KSM "full_scans", 0), scans = 0;

	if (frames(sc) != CONTENTS)
		return; /* not all were merged before */
	memset(page(sc, 0), 'a', PAGE_BYTES);
	sysfile_write(KSM "run", "1\n");
	while (frames(sc) > CONTENTS && scans < SCANS && clock_ms() < until) {
		usleep(5000);
		scans = sysfile_number(KSM "full_scans", 0) - begin;
	}
	sysfile_write(KSM "run", "0\n");
	ktap_data("scans_to_join", scans);
	if (frames(sc) > CONTENTS && scans >= SCANS)
		why_add(&sc->w,
			"expected a page to be merged with others like it that had moved, in %lld scans, saw %zu frames",
			scans, frames(sc));
}

static bool tell_moved(struct scene *sc)
{
	map(sc);
	if (!merge(sc))
		return false;
	oracle_drain();
	lock(sc);
	move(sc, sc->nodes[1]);
	check_locked(sc, PAGES, "moved");
	move(sc, sc->nodes[0]);
	check_locked(sc, PAGES, "moved back");
	check_joins(sc);
	check_locked(sc, PAGES, "joined");
	check_unlock(sc);
	return true;
}

static const struct story stories[] = {
	{ .name = "merged-then-locked", .tell = tell_merged_then_locked },
	{ .name = "locked-then-merged", .tell = tell_locked_then_merged },
	{ .name = "written", .tell = tell_written },
	{ .name = "written-meanwhile", .tell = tell_written_meanwhile },
	{ .name = "unmerged", .tell = tell_unmerged },
	{ .name = "moved", .two_nodes = true, .tell = tell_moved },
};
#define STORIES (sizeof(stories) / sizeof(stories[0]))

static void process(void *arg)
{
	const struct story *st = arg;
	struct scene sc = { .nodes = { st->nodes[0], st->nodes[1] } };

	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	account_read(&sc.base);
	if (st->tell(&sc))
		why_check(&sc.w, st->name);
	else
		ktap_skip(st->name, "nothing was merged in %llu ms",
			  (unsigned long long)slowdown_scale(WAIT_MS));
}

static void settings(void)
{
	int ret = setting_hold(KSM "run", "0\n");

	if (ret < 0)
		ktap_skip_all("this kernel has no KSM: %s", strerror(-ret));
	setting_hold(KSM "pages_to_scan", "2000\n");
	setting_hold(KSM "sleep_millisecs", "1\n");
	/* Pages of one node only would be merged otherwise. */
	setting_hold(KSM "merge_across_nodes", "1\n");
	/* -ENOENT where it came later: it leaves out pages that were seen before. */
	setting_hold(KSM "smart_scan", "0\n");
}

void case_ksm(void)
{
	uint64_t nodes = numa_memory_nodes();
	int from = numa_first(nodes), to = numa_first(nodes & ~(UINT64_C(1) << from));
	unsigned rounds = (unsigned)opts_number("rounds", 1), i;
	struct account base, now;
	struct why w = { 0 };
	struct turn turn;
	struct story st;

	settings();
	account_begin();
	ktap_begin(rounds * (unsigned)STORIES + 1);
	account_read(&base);
	for (i = 0; i < rounds * STORIES; i++) {
		st = stories[i % STORIES];
		st.nodes[0] = from;
		st.nodes[1] = to;
		if (st.two_nodes && to < 0) {
			ktap_skip(st.name, "needs two nodes with memory");
			continue;
		}
		turn_start(&turn, process, &st);
		turn_run(&turn);
	}
	account_last(&now);
	account_gone(&base, &now, &w);
	why_check(&w, "back-at-base");
}
