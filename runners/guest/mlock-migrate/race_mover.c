#include "mlock-migrate/race_mover.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/cpu.h"
#include "common/numa.h"
#include "common/page.h"
#include "common/sysfile.h"
#include "mlock-migrate/scatter.h"

#define COMPACT_ALL "/proc/sys/vm/compact_memory"
#define PAUSE_US 100

bool race_can(enum race_way way)
{
	uint64_t nodes = numa_memory_nodes();

	if (way == RACE_BY_CALL)
		return (nodes & (nodes - 1)) != 0;
	return access(COMPACT_ALL, W_OK) == 0 && sysfile_number(SCATTER_ALLOWED, 1) != 0;
}

/* A page that we have, too, would not be left alone by the calls. */
static void set_up(const struct race *r)
{
	uint64_t others = cpu_online() & ~(UINT64_C(1) << cpu_last());

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	munmap(r->map, RACE_PAGES * PAGE_BYTES);
	munmap(r->scratch, RACE_PAGES * PAGE_BYTES);
	if (others)
		cpu_pin_mask(others);
	while (!r->shared->go)
		usleep(PAUSE_US);
}

/* A target that has just exited is no error (mm/migrate.c, find_mm_struct). */
static long move(const struct race *r, pid_t pid, int to, int *status)
{
	static void *pages[RACE_PAGES];
	size_t i;
	long ret;

	for (i = 0; i < RACE_PAGES; i++) {
		pages[i] = race_page_addr(r, i);
		status[i] = -1;
	}
	ret = numa_move_of(pid, pages, RACE_PAGES, to, status, pid != 0);
	return ret == -ESRCH || ret == -EINVAL ? 0 : ret;
}

static void two_nodes(int node[2])
{
	uint64_t nodes = numa_memory_nodes();

	node[0] = numa_first(nodes);
	node[1] = numa_next(nodes, node[0]);
}

static void by_call(const struct race *r)
{
	static int status[RACE_PAGES];
	int node[2];
	long ret;

	two_nodes(node);
	while (!r->shared->stop) {
		ret = move(r, r->shared->target, node[(r->shared->rounds + 1) % 2],
			   status);
		if (ret < 0)
			r->shared->error = (int)ret;
		r->shared->rounds++;
	}
}

/* Those that the calls replace meanwhile are left out: so at least that many. */
static long compact(const struct race *r)
{
	static unsigned replaced[RACE_PAGES];
	static uint64_t pfn[RACE_PAGES], now[RACE_PAGES];
	size_t i;
	long n = 0;

	for (i = 0; i < RACE_PAGES; i++)
		replaced[i] = r->shared->replaced[i];
	/* As opened before the fork: of the process that makes the calls. */
	page_pfns(r->map, RACE_PAGES, pfn);
	scatter_compact(r->node);
	page_pfns(r->map, RACE_PAGES, now);
	for (i = 0; i < RACE_PAGES; i++)
		n += pfn[i] && now[i] && pfn[i] != now[i] && replaced[i] % 2 == 0 &&
		     replaced[i] == r->shared->replaced[i];
	return n;
}

static void by_compaction(const struct race *r)
{
	while (!r->shared->stop) {
		if (r->shared->spread == r->shared->rounds) {
			usleep(PAUSE_US);
			continue;
		}
		r->shared->moved += compact(r);
		r->shared->rounds++;
	}
}

void race_mover(struct race *r)
{
	set_up(r);
	if (r->way == RACE_BY_CALL)
		by_call(r);
	else
		by_compaction(r);
	_exit(0);
}

size_t race_move_all(const struct race *r, bool *moved)
{
	static int first[RACE_PAGES], second[RACE_PAGES];
	int node[2];
	size_t i, n = 0;

	two_nodes(node);
	move(r, 0, node[1], first);
	move(r, 0, node[0], second);
	for (i = 0; i < RACE_PAGES; i++) {
		moved[i] = first[i] == node[1] && second[i] == node[0];
		n += moved[i];
	}
	return n;
}
