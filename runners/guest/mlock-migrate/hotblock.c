#include "mlock-migrate/hotblock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/cpu.h"
#include "common/ktap.h"
#include "common/memblock.h"
#include "common/numa.h"
#include "common/page.h"
#include "mlock-migrate/oracle.h"
#include "mlock-migrate/residue.h"

#define STEP_KIB 512
#define KEEP_FREE_KIB 32768 /* room to move to */

enum { UNKNOWN, USABLE, UNUSABLE };

static unsigned char blocks[HOTBLOCKS_MAX];

bool hotblock_usable(int id)
{
	if (id < 0 || id >= HOTBLOCKS_MAX)
		return false;
	if (blocks[id] == UNKNOWN)
		blocks[id] = memblock_movable(id) ? USABLE : UNUSABLE;
	return blocks[id] == USABLE;
}

bool hotblock_any_on(int node)
{
	int id;

	for (id = 0; id < HOTBLOCKS_MAX; id++) {
		if (memblock_on_node(id, node) && hotblock_usable(id))
			return true;
	}
	return false;
}

/* The block that the allocator takes the next page from. */
static int next_block(void)
{
	char *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int id;

	if (page == MAP_FAILED)
		return -1;
	*page = 1;
	id = memblock_of(page_pfn(page));
	munmap(page, PAGE_BYTES);
	return id;
}

/*
 * Below the lowest watermark of its zones a node gives nothing any more: who is
 * bound to it is killed for want of memory, however much is free elsewhere.
 */
static long long keep_free_kib(int node)
{
	long long keep = numa_min_kib(node) * 2;

	return keep > KEEP_FREE_KIB ? keep : KEEP_FREE_KIB;
}

/*
 * Takes memory of the node, which fallocate does without clearing it, until the
 * next page comes from the block that is wanted, or any usable one: gives that, or
 * -1.
 */
static int reach_block(int node, int filler, int want)
{
	long long keep = keep_free_kib(node), left = numa_free_kib(node);
	off_t taken = 0;
	int id;

	for (;;) {
		id = next_block();
		if (id >= 0 && (want == HOTBLOCK_ANY ? hotblock_usable(id) : id == want))
			return id;
		left -= STEP_KIB;
		/* Others give memory back meanwhile. */
		if (left < keep)
			left = numa_free_kib(node);
		if (left < keep || fallocate(filler, 0, taken, STEP_KIB * 1024) < 0)
			return -1;
		taken += STEP_KIB * 1024;
	}
}

size_t hotblock_pages(const struct pageset *set, int id)
{
	size_t i, n = 0;

	for (i = 0; i < set->n; i++)
		n += memblock_of(page_pfn(set->addr[i])) == id;
	return n;
}

int hotblock_place(struct pageset *set, int node, int want)
{
	int filler = memfd_create("filler", MFD_CLOEXEC), id;

	if (filler < 0)
		ktap_skip_all("no memfd here: %s", strerror(errno));
	cpu_run_on(cpu_last());
	numa_bind_task(node);
	id = reach_block(node, filler, want);
	if (id >= 0) {
		struct vmstat drained;

		pageset_init(set, HOTBLOCK_PAGES, -1, PAGESET_LOCK_ON_FAULT);
		oracle_begin(&drained);
		ktap_data("waiting", (long long)residue_refault(set));
	}
	numa_bind_task(-1);
	cpu_run_on(cpu_first());
	close(filler);
	return id;
}

void hotblock_spoilt(int id)
{
	blocks[id] = UNUSABLE;
}

void hotblock_bring_back(int id)
{
	int ret = memblock_online(id);

	if (ret < 0)
		ktap_bail("memory block %d does not come back: %s", id, strerror(-ret));
}
