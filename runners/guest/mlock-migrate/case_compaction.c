/*
 * Compaction of mlocked pages. It does not switch the per-CPU batches off, as
 * move_pages(2) does, so a munlock that stays in a batch keeps its reference
 * and the page cannot move. The pages are thinned out to 16 in a pageblock of
 * 512: compaction takes a pageblock at a time, and 16 are fewer than the 31 at
 * which a batch empties itself (15 on 6.1, where pages are moved one by one).
 * So thin a set packs into a few pageblocks: nearly all of it moves.
 *
 * Two things keep a good kernel from that. Pages just freed may wait in the
 * allocator's per-CPU lists, where compaction cannot use them: the lists are
 * kept short. And it stops when more pages are isolated than a sixteenth of
 * the node's evictable ones (too_many_isolated); locked pages do not count, and
 * a machine as empty as this one has hardly any others: so some are added.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ktap.h"
#include "common/numa.h"
#include "common/sysfile.h"
#include "mlock-migrate/cases.h"
#include "mlock-migrate/oracle.h"

#define PAGES_MAX 32768 /* 128 MiB */
#define PAGES_MIN 8192
#define EVERY 32
#define EVICTABLE_PAGES 2048
#define PCP_FRACTION "/proc/sys/vm/percpu_pagelist_high_fraction"

/* The node with most free memory. */
static int pick_node(void)
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

/* A quarter of what is free, so that there is room to move to. */
static size_t pick_pages(int node)
{
	long long pages = numa_free_kib(node) / 4 / 4;

	if (pages < PAGES_MIN)
		ktap_skip_all("node %d has only %lld KiB free", node,
			      numa_free_kib(node));
	return pages < PAGES_MAX ? (size_t)pages : PAGES_MAX;
}

/* 0 is the kernel's own choice. */
static void pcp_restore(void)
{
	sysfile_write(PCP_FRACTION, "0\n");
}

static void pcp_shorten(void)
{
	atexit(pcp_restore);
	sysfile_write(PCP_FRACTION, "100000\n");
}

static void compact(int node)
{
	char path[64];
	int ret;

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/compact", node);
	ret = sysfile_write(path, "1");
	if (ret < 0)
		ret = sysfile_write("/proc/sys/vm/compact_memory", "1");
	if (ret < 0)
		ktap_skip_all("this kernel has no compaction: %s", strerror(-ret));
}

static void check_moved(const struct pageset *set, const struct vmstat *before)
{
	struct vmstat after;
	size_t moved;
	long long failed;

	vmstat_read(&after);
	moved = pageset_moved(set);
	ktap_data("pages", (long long)set->n);
	ktap_data("moved", (long long)moved);
	failed = oracle_migrate_data(before, &after);
	ktap_check(
		moved >= set->n / 2, "moved",
		"expected compaction to move at least %zu of %zu mlocked pages, saw %zu",
		set->n / 2, set->n, moved);
	ktap_check(failed <= (long long)set->n / 4, "migrate-failures",
		   "expected pgmigrate_fail to grow by at most %zu, saw %lld", set->n / 4,
		   failed);
}

void case_compaction(void)
{
	struct pageset set, evictable;
	struct vmstat base, before;
	int node = pick_node();
	size_t pages = pick_pages(node);

	if (sysfile_number("/proc/sys/vm/compact_unevictable_allowed", 1) == 0)
		ktap_skip_all("compact_unevictable_allowed is 0");
	pcp_shorten();
	compact(node); /* or skips, before the first line is out */
	ktap_begin(2 + ORACLE_LOCKED_CHECKS + ORACLE_UNLOCKED_CHECKS);
	oracle_begin(&base);
	pageset_init(&evictable, EVICTABLE_PAGES, node, PAGESET_PLAIN);
	pageset_init(&set, pages, node, PAGESET_LOCK_ON_FAULT);
	pageset_thin(&set, EVERY);
	if (set.n < pages / EVERY / 4)
		ktap_bail("only %zu of %zu pages have a fitting frame", set.n, pages);
	oracle_begin(&before);
	compact(node);
	check_moved(&set, &before);
	oracle_locked(&set, &base);
	oracle_unlocked(&set, &base);
	pageset_done(&set);
	pageset_done(&evictable);
}
