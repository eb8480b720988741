/*
 * move_pages(2) on pages that another CPU is locking, or unlocking, just now.
 * The call switches the batches of all CPUs off (lru_cache_disable): from then
 * on each page that is locked or unlocked anywhere must be drained at once, or
 * it waits in a batch where it cannot be isolated, or has a reference that keeps
 * it from moving. On a good kernel no page is busy, but for the one that the worker
 * is just at.
 *
 * Locking: the worker goes up through new pages by faults, the mover's list goes
 * the same way and is faster; where they meet, up to a batch of pages cannot be
 * isolated on a kernel that does not obey the switch.
 * Unlocking: a page that waits is isolated and tried ten times. The worker replaces
 * one, the last of the mover's list but for those before, as soon as the first one
 * is on its way, and stands still until the next call: just that page is busy in
 * each call on a kernel that lets it wait. More would not do: each new page is
 * locked, which empties the batch of the one that was unlocked.
 */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/cpu.h"
#include "common/ktap.h"
#include "common/numa.h"
#include "common/opts.h"
#include "common/page.h"
#include "mlock-migrate/cases.h"
#include "mlock-migrate/oracle.h"
#include "mlock-migrate/residue.h"

#define PAGES 1024
#define BYTES (PAGES * PAGE_BYTES)
#define LOCK_BUSY_MAX 2
#define UNLOCK_BUSY_MAX 0
#define UNTOLD INT_MIN
#define LOCK_PAUSE_US 100
#define IDLE_CALLS_MAX 8
#define UNLOCK_CALLS 12
/* One call by itself says nothing: the mover's CPU may have stood still. */
#define CALLS_MIN 2

struct shared {
	volatile size_t done; /* pages that the worker is through with */
	volatile int call;    /* how many calls have begun */
	volatile bool ready;
};

struct frontier {
	char *map;  /* the worker's pages */
	char *view; /* unlocking: the same for the mover, which else names the worker */
	struct shared *shared;
	int busy_max;  /* in a call */
	int calls;     /* that the worker was busy in */
	long busy;     /* pages that could not be moved */
	int bad_calls; /* with more of them than a good kernel has */
};

static void pause_us(long long us)
{
	struct timespec begin, now;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - begin.tv_sec) * 1000000LL +
			 (now.tv_nsec - begin.tv_nsec) / 1000 <
		 us);
}

static void lock_pages(const struct frontier *f)
{
	size_t i;

	for (i = 0; i < PAGES; i++) {
		*(volatile char *)(f->map + i * PAGE_BYTES) = 1;
		f->shared->done = i + 1;
		pause_us(LOCK_PAUSE_US);
	}
}

/*
 * Until the first page of the list is on its way: before that the call drains all
 * CPUs, which empties the batch of a kernel that fills it again. Should it never
 * leave, a few calls are enough.
 */
static void await_move(const struct frontier *f)
{
	uint64_t pfn = page_pfn(f->map);
	int call = f->shared->call;

	while (page_pfn(f->map) == pfn && f->shared->call < call + IDLE_CALLS_MAX)
		;
}

static void unlock_pages(const struct frontier *f)
{
	int i, seen = 0;

	for (i = 0; i < UNLOCK_CALLS; i++) {
		while (f->shared->call == seen)
			sched_yield();
		await_move(f);
		seen = f->shared->call;
		*(volatile char *)(f->map + (PAGES - 1 - i) * PAGE_BYTES) = 1;
		f->shared->done = (size_t)i + 1;
	}
}

/* A fault for each page, on a CPU of its own. Locks are not inherited: its own. */
static void worker(const struct frontier *f)
{
	size_t i;

	if (mlock2(f->map, BYTES, MLOCK_ONFAULT) < 0)
		_exit(1);
	if (f->view && page_open() < 0)
		_exit(1);
	for (i = 0; f->view && i < PAGES; i++)
		(void)*(volatile char *)(f->map + i * PAGE_BYTES);
	residue_start(residue_cpu());
	f->shared->ready = true;
	while (f->shared->call == 0)
		sched_yield();
	if (f->view)
		unlock_pages(f);
	else
		lock_pages(f);
	_exit(0);
}

/*
 * How far down the list the call came. It groups pages; where one of a group does
 * not move it gives up, says nothing of the group, and counts all pages that follow
 * as well (mm/migrate.c, do_pages_move, move_pages_and_store_status). Of the page
 * that ended the group something was said.
 */
static size_t tried(const int *status)
{
	size_t i = 0;

	while (i < PAGES && status[i] != UNTOLD)
		i++;
	while (i < PAGES && status[i] == UNTOLD)
		i++;
	return i;
}

/* Pages that the call tried and that are not there. */
static long not_moved(void **pages, const int *status, int to)
{
	static int node[PAGES];
	size_t i, end = tried(status);
	long ret = numa_move(pages, PAGES, -1, node), n = 0;

	if (ret < 0)
		ktap_bail("the nodes of %d pages: %s", PAGES, strerror((int)-ret));
	for (i = 0; i < end; i++)
		n += node[i] != to;
	return n;
}

/* Pages that the worker goes through. */
static size_t work(const struct frontier *f)
{
	return f->view ? UNLOCK_CALLS : PAGES;
}

/* One call over all pages; counts if the worker went on meanwhile. 0, or -errno. */
static int move_all(struct frontier *f, pid_t pid, int to)
{
	static void *pages[PAGES];
	static int status[PAGES];
	char *from = f->view ? f->view : f->map;
	size_t i, begin = f->shared->done, end;
	long ret, busy = 0;

	for (i = 0; i < PAGES; i++) {
		pages[i] = from + i * PAGE_BYTES;
		status[i] = UNTOLD;
	}
	f->shared->call++;
	ret = numa_move_of(f->view ? 0 : pid, pages, PAGES, to, status, true);
	end = f->shared->done;
	if (ret < 0 || end == begin)
		return ret < 0 ? (int)ret : 0;
	if (f->view)
		busy = not_moved(pages, status, to);
	for (i = 0; !f->view && i < PAGES; i++)
		busy += status[i] == -EBUSY;
	f->calls++;
	f->busy += busy;
	f->bad_calls += busy > f->busy_max;
	return 0;
}

static void meet(struct frontier *f)
{
	uint64_t nodes = numa_memory_nodes();
	int from = numa_first(nodes), to = numa_first(nodes & (nodes - 1));
	int status = 1, ret;
	pid_t pid, gone = 0;

	memset(f->shared, 0, sizeof(*f->shared));
	pid = fork();
	if (pid == 0)
		worker(f);
	if (pid < 0)
		ktap_bail("fork: %s", strerror(errno));
	cpu_run_on(residue_other_cpu());
	while (!f->shared->ready && gone == 0) {
		sched_yield();
		gone = waitpid(pid, &status, WNOHANG);
	}
	/* One that was killed on its way goes no further; of one that is through and gone
	 * the call may say that there is none. */
	while (gone == 0 && f->shared->done < work(f)) {
		ret = move_all(f, pid, f->shared->call % 2 ? from : to);
		gone = waitpid(pid, &status, WNOHANG);
		if (ret < 0 && gone == 0 && f->shared->done < work(f))
			ktap_bail("move_pages: %s", strerror(-ret));
	}
	if (gone == 0)
		gone = waitpid(pid, &status, 0);
	if (gone != pid || status)
		ktap_bail("worker: status %d", status);
}

static void check_busy(const struct frontier *f, const char *name)
{
	ktap_data("calls", f->calls);
	ktap_data("busy", f->busy);
	ktap_data("bad_calls", f->bad_calls);
	if (f->calls < CALLS_MIN)
		ktap_skip(name, "only %d calls met the worker on its way", f->calls);
	else
		ktap_check(
			f->bad_calls < CALLS_MIN || f->bad_calls * 3 <= f->calls, name,
			"expected each batch to be drained at once, saw more than %d busy pages in %d of %d calls, %ld in all",
			f->busy_max, f->bad_calls, f->calls, f->busy);
}

static char *map_or_bail(int flags, int fd)
{
	char *p = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (p == MAP_FAILED)
		ktap_bail("mmap of %zu bytes: %s", (size_t)BYTES, strerror(errno));
	madvise(p, BYTES, MADV_NOHUGEPAGE);
	return p;
}

/* New pages, each locked by the fault that brings it in. */
static void lock_round(struct frontier *f)
{
	f->map = map_or_bail(MAP_PRIVATE | MAP_ANONYMOUS, -1);
	meet(f);
	munmap(f->map, BYTES);
}

/* Page cache under a private mapping, each page unlocked as it is replaced. */
static void unlock_round(struct frontier *f)
{
	int fd = memfd_create("frontier", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, BYTES) < 0)
		ktap_bail("memfd: %s", strerror(errno));
	f->view = map_or_bail(MAP_SHARED, fd);
	memset(f->view, 1, BYTES);
	f->map = map_or_bail(MAP_PRIVATE, fd);
	meet(f);
	munmap(f->map, BYTES);
	munmap(f->view, BYTES);
	close(fd);
}

void case_move_frontier(void)
{
	long long rounds = opts_number("rounds", 1), i;
	uint64_t nodes = numa_memory_nodes();
	struct frontier lock = { .busy_max = LOCK_BUSY_MAX };
	struct frontier unlock = { .busy_max = UNLOCK_BUSY_MAX };
	struct vmstat base;

	if (!(nodes & (nodes - 1)))
		ktap_skip_all("needs two nodes with memory");
	if (residue_cpu() == residue_other_cpu())
		ktap_skip_all("needs two CPUs");
	lock.shared = unlock.shared = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE,
					   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (lock.shared == MAP_FAILED)
		ktap_bail("mmap: %s", strerror(errno));
	ktap_begin(2 + ORACLE_END_CHECKS);
	oracle_begin(&base);
	for (i = 0; i < rounds; i++) {
		lock_round(&lock);
		unlock_round(&unlock);
	}
	check_busy(&lock, "locking");
	check_busy(&unlock, "unlocking");
	oracle_end(&base);
}
