#include "mlock-migrate/scatter.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "common/ktap.h"
#include "common/numa.h"
#include "common/opts.h"
#include "common/setting.h"
#include "common/sysfile.h"

#define EVICTABLE_PAGES 2048
#define PCP_FRACTION "/proc/sys/vm/percpu_pagelist_high_fraction"

int scatter_node(void)
{
	uint64_t nodes = numa_memory_nodes();
	long long best_free = -1;
	int node, best = 0;

	for (node = 0; node < 64; node++) {
		if ((nodes >> node & 1) && numa_free_kib(node) > best_free) {
			best = node;
			best_free = numa_free_kib(node);
		}
	}
	return best;
}

/* A quarter of what is free. */
size_t scatter_room(int node, size_t min, size_t max)
{
	long long pages = numa_free_kib(node) / 4 / 4;

	if (pages < (long long)min)
		ktap_skip_all("node %d has only %lld KiB free", node,
			      numa_free_kib(node));
	return pages < (long long)max ? (size_t)pages : max;
}

/* With the option "whole=1" the whole machine at once, by another way in. */
static int compact(int node)
{
	char path[64];
	int ret;

	if (opts_number("whole", 0))
		return sysfile_write("/proc/sys/vm/compact_memory", "1");
	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/compact", node);
	ret = sysfile_write(path, "1");
	return ret < 0 ? sysfile_write("/proc/sys/vm/compact_memory", "1") : ret;
}

void scatter_begin(int node)
{
	int ret;

	if (sysfile_number(SCATTER_ALLOWED, 1) == 0)
		ktap_skip_all("compact_unevictable_allowed is 0");
	setting_hold(PCP_FRACTION, "100000\n");
	ret = compact(node);
	if (ret < 0)
		ktap_skip_all("this kernel has no compaction: %s", strerror(-ret));
}

void scatter_evictable(struct pageset *set, int node)
{
	pageset_init(set, EVICTABLE_PAGES, node, PAGESET_PLAIN);
	madvise(set->map, set->map_bytes, MADV_DONTFORK);
}

void scatter_compact(int node)
{
	int ret = compact(node);

	if (ret < 0)
		ktap_bail("compaction of node %d: %s", node, strerror(-ret));
}
