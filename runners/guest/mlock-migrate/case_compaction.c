/*
 * Compaction of mlocked pages. It does not switch the per-CPU batches off, as
 * move_pages(2) does, so a munlock that stays in a batch keeps its reference
 * and the page cannot move. The pages are scattered as scatter.h says. Before that it
 * is forbidden to take unevictable pages, and leaves each of them where it is.
 */
#include <string.h>

#include "common/ktap.h"
#include "common/page.h"
#include "common/setting.h"
#include "common/sysfile.h"
#include "mlock-migrate/cases.h"
#include "mlock-migrate/oracle.h"
#include "mlock-migrate/scatter.h"

#define PAGES_MAX 32768 /* 128 MiB */
#define PAGES_MIN 8192

static void check_moved(const struct pageset *set, const struct vmstat *before)
{
	struct vmstat after;
	size_t moved;
	long long failed, success, most;

	vmstat_read(&after);
	moved = pageset_moved(set);
	ktap_data("pages", (long long)set->n);
	ktap_data("moved", (long long)moved);
	failed = oracle_migrate_data(before, &after);
	success = after.pgmigrate_success - before->pgmigrate_success;
	most = success < (long long)set->n ? success : (long long)set->n;
	most /= ORACLE_FAIL_PART;
	ktap_check(
		moved >= set->n / 2, "moved",
		"expected compaction to move at least %zu of %zu mlocked pages, saw %zu",
		set->n / 2, set->n, moved);
	ktap_check(
		failed <= most, "migrate-failures",
		"expected pgmigrate_fail to grow by at most %lld while %lld pages moved, saw %lld",
		most, success, failed);
}

/* A page without the flag, as in mm/compaction.c, isolate_migratepages_block, may move. */
static void check_left_alone(struct pageset *set, int node)
{
	size_t others, moved;
	int ret = setting_hold(SCATTER_ALLOWED, "0\n");

	if (ret < 0) {
		ktap_skip("left-alone", "cannot be forbidden: %s", strerror(-ret));
		return;
	}
	oracle_drain();
	others = pageset_without(set, PAGE_UNEVICTABLE);
	scatter_compact(node);
	sysfile_write(SCATTER_ALLOWED, "1\n");
	moved = pageset_moved(set);
	ktap_data("moved_unasked", (long long)moved);
	ktap_check(
		moved <= others, "left-alone",
		"expected compaction to leave all %zu unevictable pages alone, compact_unevictable_allowed being 0, saw %zu moved",
		set->n - others, moved);
	pageset_note(set);
}

void case_compaction(void)
{
	struct pageset set, evictable;
	struct vmstat base, before;
	int node = scatter_node();
	size_t pages = scatter_room(node, PAGES_MIN, PAGES_MAX);

	scatter_begin(node);
	ktap_begin(3 + ORACLE_FRAMES_CHECKS + ORACLE_LOCKED_CHECKS +
		   ORACLE_UNLOCKED_CHECKS + ORACLE_END_CHECKS);
	oracle_begin(&base);
	scatter_evictable(&evictable, node);
	pageset_init(&set, pages, node, PAGESET_LOCK_ON_FAULT);
	pageset_thin(&set, SCATTER_EVERY);
	if (set.n < pages / SCATTER_EVERY / 4)
		ktap_bail("only %zu of %zu pages have a fitting frame", set.n, pages);
	check_left_alone(&set, node);
	oracle_begin(&before);
	scatter_compact(node);
	check_moved(&set, &before);
	oracle_frames(&set);
	oracle_locked(&set, &base);
	oracle_unlocked(&set, &base);
	pageset_done(&set);
	pageset_done(&evictable);
	oracle_end(&base);
}
