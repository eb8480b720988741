#include "mlock-migrate/race.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/cpu.h"
#include "common/ktap.h"
#include "common/numa.h"
#include "common/page.h"
#include "common/vmstat.h"
#include "mlock-migrate/race_mover.h"
#include "mlock-migrate/residue.h"

/*
 * Frames come mostly one after the other: so ours are 7 apart. Not a divisor of 32:
 * see pageset_thin.
 */
#define FILL 6
#define FILL_BYTES (FILL * PAGE_BYTES)

#define ROUNDS_MIN 2
#define LONGER_MS 8000

static char *map_pages(char *at, size_t n)
{
	char *p = mmap(at, n * PAGE_BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | (at ? MAP_FIXED : 0), -1, 0);

	if (p == MAP_FAILED)
		ktap_bail("mmap: %s", strerror(errno));
	madvise(p, n * PAGE_BYTES, MADV_NOHUGEPAGE);
	return p;
}

char *race_page_addr(const struct race *r, size_t i)
{
	return r->map + i * PAGE_BYTES;
}

/* xorshift64, Marsaglia 2003. */
static size_t random_below(struct race *r, size_t n)
{
	r->random ^= r->random << 13;
	r->random ^= r->random >> 7;
	r->random ^= r->random << 17;
	return (size_t)(r->random >> 11) % n;
}

/* ---- the calls ---- */

static void model_set(struct race *r, size_t first, size_t n, enum race_lock lock,
		      bool present)
{
	size_t i;

	for (i = first; i < first + n; i++) {
		r->page[i].lock = lock;
		r->page[i].present = present;
		if (!present)
			r->page[i].value = 0;
	}
}

static void call_failed(const char *call)
{
	ktap_bail("%s: %s", call, strerror(errno));
}

/* To be called before and after. */
static void replaces(struct race *r, size_t first, size_t n)
{
	size_t i;

	for (i = first; i < first + n; i++)
		r->shared->replaced[i]++;
}

/* Pages that we shared with a child are copied when they are written. */
static void copies(struct race *r, size_t first, size_t n)
{
	if (r->forked)
		replaces(r, first, n);
}

void race_call_lock(struct race *r, size_t first, size_t n)
{
	copies(r, first, n);
	if (mlock(race_page_addr(r, first), n * PAGE_BYTES) < 0)
		call_failed("mlock");
	copies(r, first, n);
	model_set(r, first, n, RACE_LOCKED, true);
}

void race_call_lock_on_fault(struct race *r, size_t first, size_t n)
{
	size_t i;

	if (mlock2(race_page_addr(r, first), n * PAGE_BYTES, MLOCK_ONFAULT) < 0)
		call_failed("mlock2");
	for (i = first; i < first + n; i++)
		r->page[i].lock = RACE_ON_FAULT;
}

void race_call_unlock(struct race *r, size_t first, size_t n)
{
	size_t i;

	if (munlock(race_page_addr(r, first), n * PAGE_BYTES) < 0)
		call_failed("munlock");
	for (i = first; i < first + n; i++)
		r->page[i].lock = RACE_UNLOCKED;
}

void race_call_write(struct race *r, size_t first, size_t n)
{
	size_t i;

	copies(r, first, n);
	for (i = first; i < first + n; i++) {
		r->page[i].value = ++r->writes;
		r->page[i].present = true;
		*(volatile uint32_t *)race_page_addr(r, i) = r->page[i].value;
	}
	copies(r, first, n);
}

void race_call_dontneed(struct race *r, size_t first, size_t n)
{
	size_t i;

	replaces(r, first, n);
	if (madvise(race_page_addr(r, first), n * PAGE_BYTES, MADV_DONTNEED_LOCKED) < 0)
		call_failed("madvise(MADV_DONTNEED_LOCKED)");
	replaces(r, first, n);
	for (i = first; i < first + n; i++)
		model_set(r, i, 1, r->page[i].lock, false);
}

void race_call_unmap(struct race *r, size_t first, size_t n)
{
	char *at = race_page_addr(r, first);

	replaces(r, first, n);
	if (munmap(at, n * PAGE_BYTES) < 0)
		call_failed("munmap");
	if (mmap(at, n * PAGE_BYTES, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != at)
		call_failed("mmap");
	madvise(at, n * PAGE_BYTES, MADV_NOHUGEPAGE);
	replaces(r, first, n);
	model_set(r, first, n, RACE_UNLOCKED, false);
}

/* Away and back, page by page: a range may be more than one VMA. */
void race_call_mremap(struct race *r, size_t first, size_t n)
{
	char *at = race_page_addr(r, first);
	size_t i;

	for (i = 0; i < n; i++, at += PAGE_BYTES) {
		char *away = r->scratch + i * PAGE_BYTES;

		if (mremap(at, PAGE_BYTES, PAGE_BYTES, MREMAP_MAYMOVE | MREMAP_FIXED,
			   away) != away ||
		    mremap(away, PAGE_BYTES, PAGE_BYTES, MREMAP_MAYMOVE | MREMAP_FIXED,
			   at) != at)
			call_failed("mremap");
	}
}

static void reap(struct race *r)
{
	if (r->child > 0)
		waitpid(r->child, NULL, 0);
	r->child = 0;
}

static void start_child(struct race *r)
{
	reap(r);
	r->child = fork();
	if (r->child < 0)
		call_failed("fork");
}

/* Both sides write to pages that they share since the fork. */
void race_call_fork(struct race *r, size_t first, size_t n)
{
	start_child(r);
	r->forked = true;
	if (r->child == 0) {
		for (size_t i = first; i < first + n; i++)
			*(volatile uint32_t *)race_page_addr(r, i) = 0;
		_exit(0);
	}
	race_call_write(r, first, n);
}

/*
 * A child with locked pages of its own at the same place exits while they are
 * moved. Not with ours: a page that two processes lock is counted less exactly.
 */
void race_call_exit(struct race *r, size_t first, size_t n)
{
	start_child(r);
	if (r->child == 0) {
		map_pages(r->map, RACE_PAGES);
		r->shared->target = getpid();
		if (mlock(race_page_addr(r, first), n * PAGE_BYTES) == 0)
			memset(race_page_addr(r, first), 1, n * PAGE_BYTES);
		_exit(0);
	}
	waitpid(r->child, NULL, 0);
	r->child = 0;
	r->shared->target = getpid();
}

/* ---- the whole ---- */

void race_init(struct race *r, enum race_way way, int node, uint64_t seed)
{
	memset(r, 0, sizeof(*r));
	r->way = way;
	r->node = node;
	r->random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	r->map = map_pages(NULL, RACE_PAGES);
	r->scratch = map_pages(NULL, RACE_PAGES);
	r->filler = map_pages(NULL, RACE_PAGES * FILL);
	r->shared = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (r->shared == MAP_FAILED)
		ktap_bail("mmap: %s", strerror(errno));
	r->shared->target = getpid();
	if (way == RACE_BY_COMPACTION)
		numa_bind_task(node);
}

/* Gives all pages back and touches them anew, far apart. */
static void spread(struct race *r)
{
	size_t i;

	race_call_dontneed(r, 0, RACE_PAGES);
	r->forked = false;
	for (i = 0; i < RACE_PAGES; i++) {
		race_call_write(r, i, 1);
		if (madvise(r->filler + i * FILL_BYTES, FILL_BYTES, MADV_POPULATE_WRITE) <
		    0)
			memset(r->filler + i * FILL_BYTES, 1, FILL_BYTES);
	}
	madvise(r->filler, RACE_PAGES * FILL_BYTES, MADV_DONTNEED);
	r->shared->spread++;
}

/*
 * Of move_pages the kernel's own count: it says of a page that lies on that node
 * already what it says of one that it moved, and nothing else migrates then.
 */
static void count(struct race *r, const struct vmstat *before)
{
	struct vmstat now;

	vmstat_read(&now);
	r->migrated = now.pgmigrate_success - before->pgmigrate_success;
	r->failed = now.pgmigrate_fail - before->pgmigrate_fail;
	r->moved = r->way == RACE_BY_CALL ? r->migrated : r->shared->moved;
}

/* On a slow machine for longer, but not without end. */
static bool goes_on(struct race *r, const struct vmstat *before, uint64_t past,
		    uint64_t ms)
{
	if (past < ms)
		return true;
	count(r, before);
	return past < ms + LONGER_MS &&
	       (r->shared->rounds < ROUNDS_MIN || r->moved < RACE_MOVED_MIN);
}

static void call_some(struct race *r, const race_call_fn *calls, uint64_t ms)
{
	uint64_t begin = clock_ms();
	struct vmstat before;
	size_t ncalls = 0;

	while (calls[ncalls])
		ncalls++;
	vmstat_read(&before);
	r->shared->go = true;
	while (goes_on(r, &before, clock_ms() - begin, ms)) {
		race_call_fn call = calls[random_below(r, ncalls)];
		size_t first = random_below(r, RACE_PAGES);
		size_t n = 1 + random_below(r, RACE_RANGE_MAX);

		call(r, first, first + n > RACE_PAGES ? RACE_PAGES - first : n);
		r->calls++;
		if (r->way == RACE_BY_COMPACTION &&
		    r->shared->rounds == r->shared->spread)
			spread(r);
	}
}

void race_run(struct race *r, const race_call_fn *calls, uint64_t ms)
{
	pid_t pid;

	residue_start(cpu_last());
	pid = fork();
	if (pid == 0)
		race_mover(r);
	if (pid < 0)
		call_failed("fork");
	race_call_lock(r, 0, RACE_PAGES);
	if (r->way == RACE_BY_COMPACTION)
		spread(r);
	else
		race_call_write(r, 0, RACE_PAGES);
	call_some(r, calls, ms);
	r->shared->stop = true;
	reap(r);
	if (waitpid(pid, &r->mover_status, 0) != pid)
		call_failed("waitpid");
}

void race_done(struct race *r)
{
	munmap(r->map, RACE_PAGES * PAGE_BYTES);
	munmap(r->scratch, RACE_PAGES * PAGE_BYTES);
	munmap(r->filler, RACE_PAGES * FILL_BYTES);
	munmap(r->shared, PAGE_BYTES);
	if (r->way == RACE_BY_COMPACTION)
		numa_bind_task(-1);
}
