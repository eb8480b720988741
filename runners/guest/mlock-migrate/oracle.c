#include "mlock-migrate/oracle.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "common/cpu.h"
#include "common/ktap.h"
#include "common/page.h"
#include "common/slowdown.h"

void oracle_drain(void)
{
	int err = cpu_drain_all();

	if (err < 0)
		ktap_bail("drain of the mlock batches: %s", strerror(-err));
}

static void drained(struct vmstat *ret)
{
	oracle_drain();
	vmstat_read(ret);
}

void oracle_begin(struct vmstat *base)
{
	drained(base);
}

void oracle_locked(const struct pageset *set, const struct vmstat *base)
{
	struct vmstat now;
	size_t absent, no_mlocked, no_unevictable, damaged;
	long long grown;

	drained(&now);
	absent = pageset_absent(set);
	no_mlocked = pageset_without(set, PAGE_MLOCKED);
	no_unevictable = pageset_without(set, PAGE_UNEVICTABLE);
	damaged = pageset_damaged(set);
	grown = now.nr_mlock - base->nr_mlock;
	ktap_data("absent", (long long)absent);
	ktap_data("not_mlocked", (long long)no_mlocked);
	ktap_data("not_unevictable", (long long)no_unevictable);
	ktap_data("nr_mlock", grown);
	ktap_check(
		no_mlocked == 0 && absent == 0, "all-mlocked",
		"expected all %zu pages of the locked range with the flag Mlocked, saw %zu without it",
		set->n, no_mlocked);
	ktap_check(
		no_unevictable == 0, "all-unevictable",
		"expected all %zu pages of the locked range with the flag Unevictable, saw %zu without it",
		set->n, no_unevictable);
	ktap_check(grown == (long long)set->n, "nr_mlock",
		   "expected nr_mlock to grow by %zu, saw %lld", set->n, grown);
	ktap_check(damaged == 0, "contents",
		   "expected every page to keep its contents, saw %zu changed", damaged);
}

void oracle_unlocked(const struct pageset *set, const struct vmstat *base)
{
	struct vmstat before, now;
	size_t mlocked, unevictable;
	long long stranded, left;

	drained(&before);
	if (munlock(set->map, set->map_bytes) < 0)
		ktap_bail("munlock: %s", strerror(errno));
	drained(&now);
	mlocked = pageset_with(set, PAGE_MLOCKED);
	unevictable = pageset_with(set, PAGE_UNEVICTABLE);
	stranded = now.stranded - before.stranded;
	left = now.nr_mlock - base->nr_mlock;
	ktap_data("stranded", stranded);
	ktap_check(
		mlocked == 0 && (long long)unevictable <= stranded, "flags-after-munlock",
		"expected no page with Mlocked or Unevictable, saw %zu and %zu (%lld counted as stranded)",
		mlocked, unevictable, stranded);
	ktap_check(left == 0, "nr_mlock-after-munlock",
		   "expected nr_mlock back at its base value, saw %+lld", left);
}

size_t oracle_strays(const struct pageset *set)
{
	oracle_drain();
	return pageset_strays(set, PAGE_MLOCKED | PAGE_UNEVICTABLE);
}

void oracle_end(const struct vmstat *base)
{
	struct vmstat now;

	drained(&now);
	ktap_check(
		now.nr_mlock == base->nr_mlock &&
			now.nr_unevictable == base->nr_unevictable,
		"counters-at-end",
		"expected nr_mlock and nr_unevictable back at their base values %lld and %lld, saw %lld and %lld",
		base->nr_mlock, base->nr_unevictable, now.nr_mlock, now.nr_unevictable);
}

long long oracle_migrate_data(const struct vmstat *before, const struct vmstat *after)
{
	long long failed = after->pgmigrate_fail - before->pgmigrate_fail;

	ktap_data("pgmigrate_success",
		  after->pgmigrate_success - before->pgmigrate_success);
	ktap_data("pgmigrate_fail", failed);
	return failed;
}

void oracle_migrated(const struct vmstat *before, const struct vmstat *after,
		     long long part)
{
	long long failed = oracle_migrate_data(before, after);
	long long moved = after->pgmigrate_success - before->pgmigrate_success;

	ktap_check(
		failed <= moved / part, "migrate-failures",
		"expected pgmigrate_fail to grow by at most %lld, one for %lld of %lld pages that moved, saw %lld",
		moved / part, part, moved, failed);
}

void oracle_frames(const struct pageset *set)
{
	size_t orphans;
	int tries = 0;

	oracle_drain();
	while ((orphans = pageset_orphans(set)) && tries++ < ORACLE_FRAMES_TRIES) {
		slowdown_pause_ms(ORACLE_FRAMES_PAUSE_MS);
		oracle_drain();
	}
	ktap_data("left_frames", (long long)pageset_moved(set));
	ktap_check(
		orphans == 0, "frames-given-back",
		"expected the %zu frames that the pages left to be free or of others, saw %zu that nobody has",
		pageset_moved(set), orphans);
}
