#include "mlock-migrate/partial.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/ktap.h"
#include "common/numa.h"
#include "common/page.h"
#include "common/swap.h"

#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

#define SWAP_DEVICE "/dev/ram0"
#define SWAP_PAGES 256
#define PAGES 64
#define OUT 16 /* the last ones */

size_t partial_in_swap(const struct partial *p)
{
	size_t i, n = 0;

	for (i = 0; i < p->set.n; i++)
		n += page_swapped(p->set.addr[i]);
	return n;
}

const char *partial_make(struct partial *p, int node)
{
	static bool swap;

	if (!swap && swap_on(SWAP_DEVICE, SWAP_PAGES) < 0)
		return "no swap on " SWAP_DEVICE;
	swap = true;
	pageset_init(&p->set, PAGES, node, PAGESET_PLAIN);
	numa_unbind(p->set.map, p->set.map_bytes);
	madvise(p->set.addr[PAGES - OUT], OUT * PAGE_BYTES, MADV_PAGEOUT);
	if (syscall(SYS_mlock2, p->set.map, p->set.map_bytes, MLOCK_ONFAULT) < 0)
		ktap_bail("mlock2 of pages in swap: %s", strerror(errno));
	p->in_swap = partial_in_swap(p);
	ktap_data("in_swap", (long long)p->in_swap);
	if (p->in_swap)
		return NULL;
	pageset_done(&p->set);
	return "no page went to swap";
}

void partial_pin(struct partial *p)
{
	pin_take(&p->pin, p->set.map, PARTIAL_PINNED * PAGE_BYTES);
}

void partial_done(struct partial *p)
{
	pageset_done(&p->set);
}
