/*
 * A frame under an mlocked page breaks (MADV_HWPOISON): its contents are lost,
 * who touches it gets SIGBUS, and nothing else may suffer. In a child, since it
 * ought to die of it: one page at rest, one that waits in the batch of another
 * CPU; the child lives on, unlocks and exits.
 *
 * The kernel takes the page out of the page tables of all who map it, and there
 * munlocks it into the batch, whose reference must be drained before the frame is
 * given up. What this shows: a broken frame that stays Mlocked or Unevictable,
 * so that nr_mlock never comes down; a signal that does not come, or for another
 * address; neighbours or the parent's pages unlocked or changed; one frame
 * counted twice.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include "common/cpu.h"
#include "common/ktap.h"
#include "common/page.h"
#include "common/peer.h"
#include "common/tally.h"
#include "mlock-migrate/cases.h"
#include "mlock-migrate/oracle.h"
#include "mlock-migrate/poison.h"
#include "mlock-migrate/residue.h"

#define PAGES 48

enum {
	PEER_MAKE,
	PEER_REST,
	PEER_BATCH,
	PEER_WAITS,
	PEER_HIT,
	PEER_TOUCH,
	PEER_STRAYS,
	PEER_UNLOCK
};

static sigjmp_buf back;
static volatile sig_atomic_t bus_code;
static void *volatile bus_addr;

static void on_bus(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	bus_code = info->si_code;
	bus_addr = info->si_addr;
	siglongjmp(back, 1);
}

/*
 * The child's: the page that is to be hit next, then no more one of the set, and
 * whether it was off the LRU when it was chosen: it waits in a batch.
 */
static char *victim;
static bool victim_waits;

static void make(struct pageset *set)
{
	struct sigaction sa = { .sa_sigaction = on_bus, .sa_flags = SA_SIGINFO };

	sigaction(SIGBUS, &sa, NULL);
	pageset_init(set, PAGES, -1, PAGESET_LOCK_ON_FAULT);
}

/* Gives the frame. */
static long choose(struct pageset *set, size_t from)
{
	size_t i = poison_pick(set, from, set->n);
	uint64_t pfn = set->pfn[i];

	victim = set->addr[i];
	victim_waits = !(page_flags(pfn) & PAGE_LRU);
	set->n--;
	set->addr[i] = set->addr[set->n];
	set->pfn[i] = set->pfn[set->n];
	return (long)pfn;
}

/* The call may itself end in the signal: we are the one who used the page. */
static long hit(void)
{
	if (sigsetjmp(back, 1) != 0)
		return 0;
	return madvise(victim, PAGE_BYTES, MADV_HWPOISON) < 0 ? -errno : 0;
}

/* 0: the signal came, and for that page. */
static long touch(void)
{
	bus_code = 0;
	bus_addr = NULL;
	if (sigsetjmp(back, 1) == 0)
		*(volatile char *)victim;
	if (bus_code != BUS_MCEERR_AR)
		return 1;
	return (uintptr_t)bus_addr / PAGE_BYTES == (uintptr_t)victim / PAGE_BYTES ? 0 : 2;
}

static long peer_step(void *arg, int what, long value)
{
	struct pageset *set = arg;

	(void)value;
	switch (what) {
	case PEER_MAKE:
		make(set);
		return 0;
	case PEER_REST:
		oracle_strays(set); /* drains */
		return choose(set, 0);
	case PEER_BATCH:
		residue_refault(set);
		return choose(set, set->n - RESIDUE_PAGES);
	case PEER_WAITS:
		return victim_waits;
	case PEER_HIT:
		return hit();
	case PEER_TOUCH:
		return touch();
	case PEER_STRAYS:
		return (long)oracle_strays(set);
	default:
		return munlock(set->map, set->map_bytes) < 0 ? -errno : 0;
	}
}

static void break_one(struct peer *p, int which, const char *name, uint64_t *ret_pfn)
{
	struct tally t = { .name = name };
	uint64_t pfn = (uint64_t)peer_ask(p, which, 0);
	long waits = peer_ask(p, PEER_WAITS, 0);
	long ret = peer_ask(p, PEER_HIT, 0);

	tally_add(&t, ret == 0, "expected madvise(MADV_HWPOISON) to succeed, saw %s",
		  strerror((int)-ret));
	ret = peer_ask(p, PEER_TOUCH, 0);
	tally_add(&t, ret == 0,
		  "expected SIGBUS with BUS_MCEERR_AR for the touched page, saw %s",
		  ret == 1 ? "none" : "it for another address");
	ret = peer_ask(p, PEER_STRAYS, 0);
	tally_add(
		&t, ret == 0,
		"expected the other pages present, Mlocked, Unevictable and unchanged, saw %ld that are not",
		ret);
	tally_add(
		&t, poison_marked(pfn),
		"expected the broken frame out of use without Mlocked and Unevictable, saw flags %#llx",
		(unsigned long long)page_flags(pfn));
	if (which == PEER_BATCH && !waits && !t.bad)
		ktap_skip(name, "the page did not wait in a batch");
	else
		tally_check(&t);
	*ret_pfn = pfn;
}

static void check_count(long long before, const uint64_t *pfn, const char *name)
{
	long long grown = poison_count() - before;

	ktap_check(
		grown == 2 && poison_marked(pfn[0]) && poison_marked(pfn[1]), name,
		"expected two more broken frames, marked so and not Mlocked, saw %lld more, flags %#llx and %#llx",
		grown, (unsigned long long)page_flags(pfn[0]),
		(unsigned long long)page_flags(pfn[1]));
}

static void check_mlock(const struct vmstat *base, long long expected, const char *name)
{
	struct vmstat now;

	oracle_begin(&now);
	ktap_check(now.nr_mlock - base->nr_mlock == expected, name,
		   "expected nr_mlock to be %lld above its base value, saw %lld",
		   expected, now.nr_mlock - base->nr_mlock);
}

void case_memory_failure(void)
{
	long long before = poison_count();
	struct pageset set, peer_set = { 0 };
	struct peer peer;
	struct vmstat base;
	uint64_t pfn[2];
	int status;

	if (before < 0)
		ktap_skip_all("this kernel has no memory failure handling");
	ktap_begin(6 + ORACLE_LOCKED_CHECKS + ORACLE_UNLOCKED_CHECKS + ORACLE_END_CHECKS);
	oracle_begin(&base);
	cpu_run_on(cpu_first());
	pageset_init(&set, PAGES, -1, PAGESET_LOCK_ON_FAULT);
	peer_start(&peer, peer_step, &peer_set);
	peer_ask(&peer, PEER_MAKE, 0);
	break_one(&peer, PEER_REST, "at-rest", &pfn[0]);
	break_one(&peer, PEER_BATCH, "in-batch", &pfn[1]);
	check_mlock(&base, PAGES + PAGES - 2, "nr_mlock-of-others");
	peer_ask(&peer, PEER_UNLOCK, 0);
	check_mlock(&base, PAGES, "nr_mlock-after-its-munlock");
	status = peer_end(&peer);
	ktap_check(status == 0, "exit", "expected the child to exit with 0, saw 0x%x",
		   status);
	check_count(before, pfn, "frames-counted");
	oracle_locked(&set, &base);
	oracle_unlocked(&set, &base);
	pageset_done(&set);
	oracle_end(&base);
}
