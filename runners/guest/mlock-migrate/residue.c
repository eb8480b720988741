#include "mlock-migrate/residue.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>

#include "common/cpu.h"
#include "common/ktap.h"
#include "common/page.h"
#include "common/slowdown.h"
#include "common/sysfile.h"

int residue_cpu(void)
{
	return 63 - __builtin_clzll(cpu_online());
}

int residue_other_cpu(void)
{
	return __builtin_ctzll(cpu_online());
}

/* A drain of all CPUs that comes just then, or a switch that is off, is over by then. */
#define TRIES 5
#define PAUSE_MS 20

/* mlock(2) and munlock(2) empty the batches of the CPU they run on. */
static void drain_here(void)
{
	char *scratch;

	scratch = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (scratch == MAP_FAILED || mlock(scratch, PAGE_BYTES) < 0 ||
	    munlock(scratch, PAGE_BYTES) < 0)
		ktap_bail("mlock of one page: %s", strerror(errno));
	munmap(scratch, PAGE_BYTES);
}

void residue_start(int cpu)
{
	cpu_run_on(cpu);
	drain_here();
}

void residue_leave(struct pageset *set, size_t n, int node, int cpu)
{
	residue_start(cpu);
	pageset_init(set, n, node, PAGESET_LOCK_ON_FAULT);
}

/* A page of the cache is on a list by then, but not as an Unevictable one. */
static bool waits(const void *page)
{
	return (page_flags(page_pfn(page)) & (PAGE_MLOCKED | PAGE_UNEVICTABLE)) ==
	       PAGE_MLOCKED;
}

size_t residue_refault(struct pageset *set)
{
	size_t n = set->n < RESIDUE_PAGES ? set->n : RESIDUE_PAGES;
	size_t i, waiting = 0;

	cpu_run_on(residue_cpu());
	pageset_refault(set, n);
	cpu_run_on(residue_other_cpu());
	for (i = set->n - n; i < set->n; i++)
		waiting += waits(set->addr[i]);
	return waiting;
}

size_t residue_waiting(const struct pageset *set)
{
	size_t i, n = 0;

	for (i = 0; i < set->n; i++) {
		uint64_t flags = page_flags(page_pfn(set->addr[i]));

		n += (flags & (PAGE_MLOCKED | PAGE_UNEVICTABLE | PAGE_LRU)) ==
		     PAGE_MLOCKED;
	}
	return n;
}

void residue_kernel_drain(void)
{
	int ret = sysfile_write("/proc/sys/vm/compact_memory", "1");

	if (ret < 0)
		ktap_skip_all("no compaction, which drains all CPUs: %s", strerror(-ret));
	/* What it isolated and did not move it puts back by our own batch. */
	drain_here();
}

static size_t wait_on_last(void)
{
	struct pageset set;
	size_t waiting;

	residue_leave(&set, RESIDUE_PAGES, -1, residue_cpu());
	waiting = residue_waiting(&set);
	pageset_done(&set);
	drain_here();
	return waiting;
}

void residue_check_batches(const char *name)
{
	cpu_set_t before;
	size_t waiting;
	int tries = 1;

	if (sched_getaffinity(0, sizeof(before), &before) < 0)
		ktap_bail("sched_getaffinity: %s", strerror(errno));
	waiting = wait_on_last();
	while (waiting < RESIDUE_PAGES && tries++ < TRIES) {
		slowdown_pause_ms(PAUSE_MS);
		waiting = wait_on_last();
	}
	sched_setaffinity(0, sizeof(before), &before);
	ktap_check(
		waiting == RESIDUE_PAGES, name,
		"expected all %d pages that were locked by faults to wait in a batch, saw %zu that do",
		RESIDUE_PAGES, waiting);
}
