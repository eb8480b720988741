/*
 * Pages that wait in the mlock batch of one CPU, and everything that can happen
 * to them from another: the kernel drains all CPUs, they are munlocked, unmapped,
 * moved, their process exits, they are locked anew by another mapping. What must
 * hold afterwards is exact, since nothing else touches the pages: no batch is
 * emptied here but by the kernel's own lru_add_drain_all, so that one that
 * forgets a CPU, or a batch, is seen. And on one CPU, without anybody's drain: what
 * mlock(2) and munlock(2) were asked for has happened when they return (atreturn.h).
 *
 * Only anonymous pages change CPU between munlock and mlock: a fault on page
 * cache leaves "lock this page" in a batch, and if another CPU unlocks and locks
 * the page before that is drained, a good kernel counts it twice
 * (mm/mlock.c, mlock_count).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cpu.h"
#include "common/ktap.h"
#include "common/numa.h"
#include "common/opts.h"
#include "common/page.h"
#include "mlock-migrate/atreturn.h"
#include "mlock-migrate/cases.h"
#include "mlock-migrate/oracle.h"
#include "mlock-migrate/residue.h"

#define LOCKED_FLAGS (PAGE_MLOCKED | PAGE_UNEVICTABLE | PAGE_LRU)

/* From where the residue is left to where the rest happens. */
static int cpu, other;
static struct vmstat base;

static long long nr_mlock_grown(void)
{
	struct vmstat now;

	vmstat_read(&now);
	return now.nr_mlock - base.nr_mlock;
}

/* Every page of the set has all three flags, nr_mlock counts just them. */
static void check_locked(const struct pageset *set, const char *name)
{
	size_t lacking = 0, damaged = pageset_damaged(set), i;
	long long grown = nr_mlock_grown();

	for (i = 0; i < set->n; i++)
		lacking += (page_flags(page_pfn(set->addr[i])) & LOCKED_FLAGS) !=
			   LOCKED_FLAGS;
	ktap_check(
		lacking == 0 && damaged == 0 && grown == (long long)set->n, name,
		"expected %zu pages on the unevictable list and nr_mlock +%zu, saw %zu pages that are not, %zu damaged, nr_mlock %+lld",
		set->n, set->n, lacking, damaged, grown);
}

/* None of the frames is Mlocked, Unevictable, or a leaked anonymous page. */
static void check_gone(const uint64_t *pfn, size_t n, const char *name)
{
	size_t locked = 0, leaked = 0, i;
	long long grown = nr_mlock_grown();

	for (i = 0; i < n; i++) {
		uint64_t flags = page_flags(pfn[i]);

		locked += (flags & (PAGE_MLOCKED | PAGE_UNEVICTABLE)) != 0;
		leaked += (flags & PAGE_ANON) && page_mapcount(pfn[i]) == 0;
	}
	ktap_check(
		locked == 0 && leaked == 0 && grown == 0, name,
		"expected %zu frames to be freed and nr_mlock back, saw %zu with Mlocked or Unevictable, %zu not freed, nr_mlock %+lld",
		n, locked, leaked, grown);
}

/*
 * Pages that wait on "cpu", and we on "other". False when this kernel does not
 * let them wait: then there is nothing to see.
 */
static bool leave(struct pageset *set, size_t n, int node, const char *name)
{
	size_t waiting;

	residue_leave(set, n, node, cpu);
	cpu_run_on(other);
	waiting = residue_waiting(set);
	if (waiting == n || cpu == other)
		return true;
	pageset_done(set);
	residue_kernel_drain();
	ktap_skip(name, "%zu of %zu pages do not wait in a batch", n - waiting, n);
	return false;
}

static void fault_then_drain(void)
{
	struct pageset set;

	if (!leave(&set, RESIDUE_PAGES, -1, "drain"))
		return;
	residue_kernel_drain();
	check_locked(&set, "drain");
	pageset_done(&set);
	residue_kernel_drain();
}

static void fault_then_munlock(void)
{
	struct pageset set;
	size_t early, late;

	if (!leave(&set, RESIDUE_PAGES, -1, "munlock"))
		return;
	if (munlock(set.map, set.map_bytes) < 0)
		ktap_bail("munlock: %s", strerror(errno));
	early = pageset_with(&set, PAGE_MLOCKED);
	residue_kernel_drain();
	late = pageset_with(&set, PAGE_MLOCKED | PAGE_UNEVICTABLE);
	ktap_check(
		early == 0 && late == 0 && nr_mlock_grown() == 0 &&
			pageset_without(&set, PAGE_LRU) == 0,
		"munlock",
		"expected no page with Mlocked after munlock and all on an evictable list after a drain, saw %zu, then %zu with a flag, %zu on no list, nr_mlock %+lld",
		early, late, pageset_without(&set, PAGE_LRU), nr_mlock_grown());
	pageset_done(&set);
}

static void fault_then_munmap(void)
{
	uint64_t pfn[RESIDUE_PAGES];
	struct pageset set;

	if (!leave(&set, RESIDUE_PAGES, -1, "munmap"))
		return;
	memcpy(pfn, set.pfn, sizeof(pfn));
	pageset_done(&set);
	residue_kernel_drain();
	check_gone(pfn, RESIDUE_PAGES, "munmap");
}

/* The child leaves its pages on one CPU and exits on the other. */
static void fault_then_exit(void)
{
	size_t bytes = RESIDUE_PAGES * sizeof(uint64_t);
	uint64_t *pfn = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct pageset set;
	int status = 0;
	pid_t pid;

	if (pfn == MAP_FAILED)
		ktap_bail("mmap: %s", strerror(errno));
	pid = fork();
	if (pid == 0) {
		if (page_open() < 0)
			_exit(1);
		residue_leave(&set, RESIDUE_PAGES, -1, cpu);
		memcpy(pfn, set.pfn, bytes);
		_exit(cpu_pin(other) < 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		ktap_bail("child: status %d, %s", status, strerror(errno));
	residue_kernel_drain();
	check_gone(pfn, RESIDUE_PAGES, "exit");
	munmap(pfn, bytes);
}

static void fault_then_move(void)
{
	uint64_t nodes = numa_memory_nodes();
	int from = numa_first(nodes), to = numa_first(nodes & (nodes - 1));
	struct pageset set;
	int status[RESIDUE_PAGES];
	size_t there;
	long ret;

	if (to < 0) {
		ktap_skip("move", "needs two nodes with memory");
		return;
	}
	if (!leave(&set, RESIDUE_PAGES, from, "move"))
		return;
	numa_unbind(set.map, set.map_bytes);
	ret = numa_move((void **)set.addr, set.n, to, status);
	there = pageset_on_node(&set, to);
	residue_kernel_drain();
	if (ret < 0 || there != set.n)
		ktap_check(
			false, "move",
			"expected move_pages to drain all CPUs and move %zu pages, saw %zu moved, answer %ld",
			set.n, there, ret);
	else
		check_locked(&set, "move");
	pageset_done(&set);
	residue_kernel_drain();
}

/* On both sides of where a batch empties itself, in 6.1 and in 6.12. */
static void sizes_then_drain(void)
{
	static const size_t sizes[] = { 1, 14, 15, 16, 30, 31, 32 };
	size_t i, k, wrong = 0, at = 0;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct pageset set;
		size_t lacking = 0;

		residue_leave(&set, sizes[i], -1, cpu);
		cpu_run_on(other);
		residue_kernel_drain();
		for (k = 0; k < set.n; k++)
			lacking += (page_flags(page_pfn(set.addr[k])) & LOCKED_FLAGS) !=
				   LOCKED_FLAGS;
		if (lacking || nr_mlock_grown() != (long long)set.n) {
			wrong++;
			at = sizes[i];
		}
		pageset_done(&set);
		residue_kernel_drain();
		wrong += nr_mlock_grown() != 0;
	}
	ktap_check(
		wrong == 0, "sizes",
		"expected each number of waiting pages to be drained to the last, saw %zu wrong, the last with %zu pages",
		wrong, at);
}

/*
 * A private mapping of page cache, read and then written on one CPU: the page
 * of the file waits there to be unlocked, its copy to be locked. By a second
 * mapping the file's pages are found wherever compaction puts them.
 */
struct cow {
	struct pageset copies;
	char *view;
	int file;
};

#define VIEW_BYTES (RESIDUE_PAGES * PAGE_BYTES)

static void cow_leave(struct cow *c)
{
	char *copies;

	c->file = memfd_create("cow", MFD_CLOEXEC);
	if (c->file < 0 || ftruncate(c->file, VIEW_BYTES) < 0)
		ktap_bail("memfd: %s", strerror(errno));
	residue_start(cpu);
	c->view = mmap(NULL, VIEW_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, c->file, 0);
	if (c->view == MAP_FAILED)
		ktap_bail("mmap of a memfd: %s", strerror(errno));
	memset(c->view, 1, VIEW_BYTES);
	copies = mmap(NULL, VIEW_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE, c->file, 0);
	if (copies == MAP_FAILED || mlock2(copies, VIEW_BYTES, MLOCK_ONFAULT) < 0)
		ktap_bail("locked mapping of a memfd: %s", strerror(errno));
	pageset_adopt(&c->copies, copies, VIEW_BYTES, 1);
	pageset_touch(&c->copies);
	residue_start(cpu);
	pageset_fill(&c->copies);
	cpu_run_on(other);
}

/* How many of the file's pages have all of the flags. */
static size_t cow_with(const struct cow *c, uint64_t flags)
{
	size_t i, n = 0;

	for (i = 0; i < RESIDUE_PAGES; i++)
		n += (page_flags(page_pfn(c->view + i * PAGE_BYTES)) & flags) == flags;
	return n;
}

static bool cow_waits(struct cow *c, const char *name)
{
	size_t waiting;

	cow_leave(c);
	waiting = cow_with(c, PAGE_MLOCKED);
	if (waiting == RESIDUE_PAGES || cpu == other)
		return true;
	ktap_skip(name, "%zu of %d replaced pages do not wait in a batch",
		  RESIDUE_PAGES - waiting, RESIDUE_PAGES);
	return false;
}

static void cow_done(struct cow *c)
{
	pageset_done(&c->copies);
	munmap(c->view, VIEW_BYTES);
	close(c->file);
	residue_kernel_drain();
}

static void cow_then_drain(void)
{
	struct cow c;
	size_t mlocked, unevictable;

	if (cow_waits(&c, "copy-on-write")) {
		residue_kernel_drain();
		mlocked = cow_with(&c, PAGE_MLOCKED);
		unevictable = cow_with(&c, PAGE_UNEVICTABLE);
		if (mlocked || unevictable)
			ktap_check(
				false, "copy-on-write",
				"expected the %d replaced pages to be unlocked by a drain, saw %zu Mlocked, %zu Unevictable",
				RESIDUE_PAGES, mlocked, unevictable);
		else
			check_locked(&c.copies, "copy-on-write");
	}
	cow_done(&c);
}

/* The waiting unlock must take back one lock, not the other mapping's. */
static void cow_then_lock(void)
{
	size_t held, left;
	struct cow c;

	if (cow_waits(&c, "lock-again")) {
		if (mlock(c.view, VIEW_BYTES) < 0)
			ktap_bail("mlock of the file: %s", strerror(errno));
		residue_kernel_drain();
		held = cow_with(&c, LOCKED_FLAGS);
		munlock(c.view, VIEW_BYTES);
		left = cow_with(&c, PAGE_MLOCKED) + cow_with(&c, PAGE_UNEVICTABLE);
		ktap_check(
			held == RESIDUE_PAGES && left == 0, "lock-again",
			"expected %d pages to stay locked for their second mapping and none after its munlock, saw %zu and %zu",
			RESIDUE_PAGES, held, left);
	}
	cow_done(&c);
}

/* Each call, and each touch, on the next CPU. */
static void hop(void)
{
	uint64_t online = cpu_online();
	int cpus = __builtin_popcountll(online), n = 0, step;
	size_t half = RESIDUE_PAGES / 2 * PAGE_BYTES;
	struct pageset set;

	residue_leave(&set, RESIDUE_PAGES, -1, cpu);
	for (step = 0; step < 2 * cpus; step++) {
		do {
			n = (n + 1) % 64;
		} while (!(online >> n & 1));
		cpu_run_on(n);
		if (step % 2)
			munlock(set.map, half);
		else if (mlock(set.map, half) < 0)
			ktap_bail("mlock: %s", strerror(errno));
		pageset_refault(&set, 2);
	}
	if (mlock(set.map, half) < 0)
		ktap_bail("mlock: %s", strerror(errno));
	cpu_run_on(other);
	residue_kernel_drain();
	check_locked(&set, "hop");
	pageset_done(&set);
	residue_kernel_drain();
}

static void (*const parts[])(void) = {
	fault_then_drain, fault_then_munlock, fault_then_munmap,
	fault_then_exit,  fault_then_move,    sizes_then_drain,
	cow_then_drain,   cow_then_lock,      hop,
};

#define NPARTS (sizeof(parts) / sizeof(parts[0]))

/* Round by round from another CPU. */
void case_residue(void)
{
	long long rounds = opts_number("rounds", 1), round;
	size_t i;

	residue_kernel_drain(); /* or skips */
	ktap_begin((unsigned)((NPARTS + ATRETURN_CHECKS) * (size_t)rounds + 1 +
			      ORACLE_END_CHECKS));
	oracle_begin(&base);
	other = residue_other_cpu();
	cpu = residue_cpu();
	for (round = 0; round < rounds; round++) {
		for (i = 0; i < NPARTS; i++)
			parts[i]();
		cpu_run_on(cpu);
		atreturn_check();
		do {
			cpu = cpu ? cpu - 1 : 63;
		} while (!(cpu_online() >> cpu & 1));
	}
	cpu_run_on(other);
	ktap_check(nr_mlock_grown() == 0, "nr_mlock-at-end",
		   "expected nr_mlock back at its base value, saw %+lld",
		   nr_mlock_grown());
	oracle_end(&base);
}
