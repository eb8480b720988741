/*
 * Pages of a file are locked while reclaim works on them. One that reclaim has isolated
 * cannot go to the unevictable list at once; reclaim must see to that when it puts it back
 * (mm/vmscan.c, move_folios_to_lru). Where the lock came between its look and the list, the
 * page lies on the wrong list for a while, also on a good kernel: until reclaim meets it the
 * next time. So once all are locked and reclaim has had another go, none is left there.
 *
 * A lock may be counted twice: by mlock(2), and by reclaim that meets the page in a locked
 * area before mlock(2) has come to it (mm/rmap.c, folio_referenced_one). So of munlock
 * nothing is said: the pages are dropped from the cache, and their flags with them.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/cpu.h"
#include "common/ktap.h"
#include "common/opts.h"
#include "common/page.h"
#include "common/slowdown.h"
#include "common/sysfile.h"
#include "mlock-migrate/cases.h"
#include "mlock-migrate/oracle.h"
#include "mlock-migrate/pressure.h"

#ifndef MADV_COLD
#define MADV_COLD 20
#endif

#define DEVICE "/dev/ram1"
#define PAGES ((size_t)512)
#define BYTES (PAGES * PAGE_BYTES)
#define CHUNK ((size_t)64 * PAGE_BYTES) /* reclaimed, and locked, at once */
#define WAIT_MS 20000

/* Shared with the process that reclaims. */
struct race {
	atomic_int wanted, done; /* round that it shall work in, has worked in */
	atomic_int runs;         /* it is at it */
};

static bool wait_for(const atomic_int *what, int value)
{
	uint64_t until = clock_ms() + slowdown_scale(WAIT_MS);

	while (atomic_load(what) != value && clock_ms() < until)
		usleep(50);
	return atomic_load(what) == value;
}

/* Reclaims in each round that is wanted, until the next one is; dies with us. */
static void reclaimer(struct race *r)
{
	int round = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	cpu_run_on(cpu_last());
	for (;;) {
		while (atomic_load(&r->wanted) == round)
			usleep(50);
		round = atomic_load(&r->wanted);
		if (round < 0)
			_exit(0);
		atomic_store(&r->runs, round);
		while (atomic_load(&r->wanted) == round)
			pressure_some(CHUNK);
		round = atomic_load(&r->wanted);
		atomic_store(&r->done, round);
	}
}

/* Cold pages, which reclaim takes while they are locked chunk by chunk. */
static void lock_meanwhile(struct race *r, const struct pageset *set, int round)
{
	size_t at;

	if (munlock(set->map, BYTES) < 0)
		ktap_bail("munlock: %s", strerror(errno));
	oracle_drain();
	pageset_touch(set);
	madvise(set->map, BYTES, MADV_COLD);
	atomic_store(&r->wanted, round);
	if (!wait_for(&r->runs, round))
		ktap_bail("the process that reclaims does not begin");
	for (at = 0; at < BYTES; at += CHUNK)
		if (mlock(set->map + at, CHUNK) < 0)
			ktap_bail("mlock: %s", strerror(errno));
	atomic_store(&r->wanted, round + 1);
	if (!wait_for(&r->done, round + 1))
		ktap_bail("the process that reclaims does not end");
}

/* An open descriptor of the device. */
static int map_device(struct pageset *set)
{
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	char *map;

	if (fd < 0)
		ktap_skip_all("no " DEVICE " here: %s", strerror(errno));
	map = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		ktap_bail("mmap of " DEVICE ": %s", strerror(errno));
	pageset_adopt(set, map, BYTES, 1);
	pageset_fill(set);
	if (fsync(fd) < 0)
		ktap_bail("fsync of " DEVICE ": %s", strerror(errno));
	return fd;
}

static void drop(int fd)
{
	oracle_drain();
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	sysfile_write("/proc/sys/vm/drop_caches", "1\n");
	close(fd);
}

/* How many reclaim has not put right; *at_once: how many there were before. */
static size_t left_behind(const struct pageset *set, size_t *at_once)
{
	size_t n = oracle_strays(set);

	*at_once += n;
	if (!n)
		return 0;
	pressure_all();
	return oracle_strays(set);
}

static void check_lists(size_t left, size_t at_once, int rounds)
{
	ktap_data("strays_at_once", (long long)at_once);
	if (sysfile_number("/sys/kernel/mm/lru_gen/enabled", 0) != 0)
		ktap_skip("all-found",
			  "this reclaim does not look at its youngest pages");
	else
		ktap_check(
			left == 0, "all-found",
			"expected all %zu locked pages Mlocked, Unevictable and unchanged once reclaim met them, saw %zu otherwise in %d rounds (%zu right after the race)",
			PAGES, left, rounds, at_once);
}

void case_lock_reclaim(void)
{
	struct race *r = mmap(NULL, sizeof(*r), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int rounds = (int)opts_number("rounds", 20), i, fd;
	struct pageset set;
	struct vmstat base;
	size_t strays = 0, left = 0;
	pid_t pid;

	if (r == MAP_FAILED)
		ktap_bail("mmap: %s", strerror(errno));
	pressure_begin("mlock-lock-reclaim");
	fd = map_device(&set);
	ktap_begin(1 + ORACLE_LOCKED_CHECKS + ORACLE_END_CHECKS);
	oracle_begin(&base);
	pid = fork();
	if (pid < 0)
		ktap_bail("fork: %s", strerror(errno));
	if (pid == 0) {
		munmap(set.map, BYTES);
		reclaimer(r);
	}
	cpu_run_on(cpu_first());
	for (i = 0; i < rounds; i++) {
		lock_meanwhile(r, &set, 2 * i + 1);
		left += left_behind(&set, &strays);
	}
	atomic_store(&r->wanted, -1);
	waitpid(pid, NULL, 0);
	check_lists(left, strays, rounds);
	oracle_locked(&set, &base);
	pageset_done(&set);
	drop(fd);
	pressure_end();
	oracle_end(&base);
}
