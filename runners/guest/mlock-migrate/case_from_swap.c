/*
 * Pages that a locked range reads back from swap: the range is locked while they are
 * out (mlock2 with MLOCK_ONFAULT), each fault then brings one in. It must be Mlocked
 * and Unevictable at once, as the pages of all other faults are.
 *
 * What this shows: faults that forget the lock. By itself, as kernels since 6.11 are
 * wrong here (known-issues.ini); what else holds of such pages, case_reclaim.c asks.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "common/ktap.h"
#include "common/page.h"
#include "common/swap.h"
#include "mlock-migrate/cases.h"
#include "mlock-migrate/oracle.h"
#include "mlock-migrate/pressure.h"

#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif

#define SWAP_DEVICE "/dev/ram0"
#define SWAP_PAGES 1024
#define PAGES 256

void case_from_swap(void)
{
	struct pageset set;
	size_t without;
	int ret;

	pressure_begin("mlock-from-swap");
	ret = swap_on(SWAP_DEVICE, SWAP_PAGES);
	if (ret < 0)
		ktap_skip_all("no swap on " SWAP_DEVICE " here: %s", strerror(-ret));
	pageset_init(&set, PAGES, -1, PAGESET_PLAIN);
	if (!pressure_on(&set, pageset_absent))
		ktap_skip_all("reclaim took only %zu of %d pages that are not locked",
			      pageset_absent(&set), PAGES);
	ktap_begin(1);
	ktap_data("in_swap", (long long)pageset_absent(&set));
	if (mlock2(set.map, set.map_bytes, MLOCK_ONFAULT) < 0)
		ktap_bail("mlock2 of pages in swap: %s", strerror(errno));
	pageset_touch(&set);
	oracle_drain();
	without = pageset_without(&set, PAGE_MLOCKED | PAGE_UNEVICTABLE);
	ktap_check(
		without == 0, "mlocked-at-once",
		"expected all %zu pages that a locked range read from swap to be Mlocked and Unevictable, saw %zu that are not",
		set.n, without);
	pageset_done(&set);
	pressure_end();
}
