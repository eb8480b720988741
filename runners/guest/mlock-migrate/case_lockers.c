/*
 * Pages that several lock: processes through one shared mapping (lockers.h says
 * what must hold), one process through two mappings of a file, and what fork makes
 * of locked private memory: the child's mapping is not locked, and whoever writes
 * first gets a page of its own.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/ktap.h"
#include "common/numa.h"
#include "common/opts.h"
#include "common/smaps.h"
#include "common/turn.h"
#include "mlock-migrate/account.h"
#include "mlock-migrate/cases.h"
#include "mlock-migrate/lockers.h"
#include "mlock-migrate/oracle.h"
#include "mlock-migrate/pageset.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PAGES LOCKERS_PAGES
#define STORY(NAME, TWO_NODES, ...)                                             \
	{                                                                       \
		.name = NAME, .two_nodes = TWO_NODES, .steps = { __VA_ARGS__ }, \
		.n = ARRAY_SIZE(((const struct lockers_step[]){ __VA_ARGS__ })) \
	}
#define BOTH_LOCK                                                 \
	{ 0, TOUCH, NONE }, { 1, TOUCH, NONE }, { 0, LOCK, ALL }, \
	{                                                         \
		1, LOCK, ALL                                      \
	}

/* clang-format off */
static const struct lockers_story stories[] = {
	STORY("first-out-first", false, BOTH_LOCK, { 0, UNLOCK, ALL }, { 1, UNLOCK, NONE }),
	STORY("last-out-first", false, BOTH_LOCK, { 1, UNLOCK, ALL }, { 0, UNLOCK, NONE }),
	STORY("leave", false, BOTH_LOCK, { 0, LEAVE, ALL }, { 1, LEAVE, NONE }),
	STORY("kill", false, BOTH_LOCK, { 1, KILL, ALL }, { 0, KILL, NONE }),
	STORY("unmap", false, BOTH_LOCK, { 0, UNMAP, ALL }, { 1, UNLOCK, NONE }),
	STORY("unlock-then-leave", false, BOTH_LOCK, { 0, UNLOCK, ALL }, { 0, LEAVE, ALL },
	      { 1, LEAVE, NONE }),
	STORY("three", false, BOTH_LOCK, { 2, TOUCH, ALL }, { 2, LOCK, ALL },
	      { 1, UNLOCK, ALL }, { 0, LEAVE, ALL }, { 2, UNMAP, NONE }),
	STORY("again", false, BOTH_LOCK, { 0, UNLOCK, ALL }, { 0, LOCK, ALL },
	      { 1, UNLOCK, ALL }, { 1, LOCK, ALL }, { 0, UNLOCK, ALL },
	      { 1, UNLOCK, NONE }),
	STORY("twice", false, { 0, TOUCH, NONE }, { 0, LOCK, ALL }, { 0, LOCK, ALL },
	      { 0, LOCK_ON_FAULT, ALL }, { 0, LOCK, ALL }, { 0, UNLOCK, NONE },
	      { 0, UNLOCK, NONE }),
	STORY("drop", false, BOTH_LOCK, { 0, DROP, ALL }, { 1, UNLOCK, NONE },
	      { 0, TOUCH, ALL }, { 0, UNLOCK, NONE }),
	STORY("drop-and-touch", false, BOTH_LOCK, { 0, DROP, ALL }, { 0, TOUCH, ALL },
	      { 1, UNLOCK, ALL }, { 0, UNLOCK, NONE }),
	STORY("on-fault", false, { 0, LOCK_ON_FAULT, NONE }, { 1, LOCK_ON_FAULT, NONE },
	      { 0, TOUCH, ALL }, { 1, TOUCH, ALL }, { 0, UNLOCK, ANY },
	      { 1, UNLOCK, NONE }),
	STORY("undrained", false, { 1, ON_LAST_CPU, NONE }, { 0, TOUCH, NOT_DRAINED },
	      { 1, LOCK, NOT_DRAINED }, { 0, LOCK, ALL }, { 1, UNLOCK, ANY },
	      { 0, UNLOCK, NONE }),
	STORY("move", true, BOTH_LOCK, { 2, TOUCH, ALL }, { 2, LOCK, ALL },
	      { 0, MOVE, ALL }, { 1, UNLOCK, ALL }, { 2, LEAVE, ALL }, { 0, MOVE, ALL },
	      { 0, UNLOCK, NONE }),
	STORY("fail-move", true, BOTH_LOCK, { 0, FAIL_MOVE, ALL }, { 1, UNLOCK, ANY },
	      { 0, UNLOCK, NONE }),
	STORY("fail-move-then-move", true, BOTH_LOCK, { 0, FAIL_MOVE, ALL },
	      { 0, MOVE, ALL }, { 1, UNLOCK, ALL }, { 0, UNLOCK, NONE }),
	STORY("compact", false, BOTH_LOCK, { 0, COMPACT, ALL }, { 1, UNLOCK, ANY },
	      { 0, UNLOCK, NONE }),
};
/* clang-format on */

/* A process and its child, who share private pages until one of them writes. */
struct family {
	struct pageset set;
	struct account base;
	struct why why;
	bool child_writes;
};

static void family_books(struct family *f, bool parent)
{
	struct account now;
	long long want = parent ? (long long)f->set.map_bytes / 1024 : 0;
	long long vmlck = smaps_vmlck_kib(), grown;

	account_read(&now);
	account_machine(&now, &f->why);
	account_process(&f->why);
	grown = now.vm.nr_mlock - f->base.vm.nr_mlock;
	if (vmlck != want)
		why_add(&f->why, "expected VmLck of the %s to be %lld kB, saw %lld",
			parent ? "parent" : "child", want, vmlck);
	if (grown != (long long)PAGES)
		why_add(&f->why, "expected nr_mlock to grow by %zu, saw %lld", PAGES,
			grown);
	if (pageset_damaged(&f->set))
		why_add(&f->why,
			"expected every page to keep its contents, saw %zu changed",
			pageset_damaged(&f->set));
}

/* Two turns: before anybody wrote, and after. */
static void child(void *arg)
{
	struct family *f = arg;
	size_t n;

	family_books(f, false);
	why_check(&f->why, f->child_writes ? "fork-child" : "fork-again-child");
	if (f->child_writes)
		pageset_fill(&f->set);
	turn_yield();
	f->why.n = 0;
	family_books(f, false);
	n = pageset_with(&f->set, PAGE_MLOCKED);
	if (n)
		why_add(&f->why, "expected no page of the child Mlocked, saw %zu", n);
	why_check(&f->why, f->child_writes ? "child-wrote-child" : "parent-wrote-child");
}

static void check_family(bool child_writes)
{
	struct family f = { .child_writes = child_writes };
	struct turn turn;
	size_t n, moved;

	account_read(&f.base);
	pageset_init(&f.set, PAGES, -1, PAGESET_PLAIN);
	if (mlock(f.set.map, f.set.map_bytes) < 0)
		ktap_bail("mlock: %s", strerror(errno));
	turn_start(&turn, child, &f);
	turn_run(&turn);
	moved = pageset_moved(&f.set);
	if (!child_writes)
		pageset_fill(&f.set);
	turn_run(&turn);
	if (child_writes && moved)
		why_add(&f.why, "expected the parent to keep its pages, saw %zu others",
			moved);
	family_books(&f, true);
	n = pageset_without(&f.set, PAGE_MLOCKED);
	if (n)
		why_add(&f.why,
			"expected all pages of the parent Mlocked, saw %zu that are not",
			n);
	why_check(&f.why, child_writes ? "child-wrote-parent" : "parent-wrote-parent");
	pageset_done(&f.set);
}
#define FAMILY_CHECKS 3 /* of one of them */

/* One process, one file, two mappings: a page counts once, VmLck twice. */
static void check_two_mappings(void)
{
	size_t bytes = PAGES * PAGE_BYTES, i;
	int fd = memfd_create("two", MFD_CLOEXEC);
	const long long kib = (long long)bytes / 1024;
	struct account base, now;
	struct why w = { 0 };
	char *map[2];

	account_read(&base);
	if (fd < 0 || ftruncate(fd, (off_t)bytes) < 0)
		ktap_bail("memfd: %s", strerror(errno));
	for (i = 0; i < 2; i++) {
		map[i] = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_POPULATE, fd, 0);
		if (map[i] == MAP_FAILED)
			ktap_bail("mmap: %s", strerror(errno));
	}
	oracle_drain();
	for (i = 0; i < 2; i++) {
		if (mlock(map[i], bytes) < 0)
			ktap_bail("mlock: %s", strerror(errno));
		if (account_growth(&base, &now, &w) != (long long)PAGES ||
		    smaps_vmlck_kib() != kib * (long long)(i + 1))
			why_add(&w,
				"expected %zu pages and VmLck %lld kB with %zu locked mappings, saw %lld and %lld",
				PAGES, kib * (long long)(i + 1), i + 1,
				now.vm.nr_mlock - base.vm.nr_mlock, smaps_vmlck_kib());
		account_process(&w);
	}
	munmap(map[0], bytes);
	if (account_growth(&base, &now, &w) != (long long)PAGES ||
	    smaps_vmlck_kib() != kib)
		why_add(&w,
			"expected %zu pages and VmLck %lld kB with one mapping left, saw %lld and %lld",
			PAGES, kib, now.vm.nr_mlock - base.vm.nr_mlock,
			smaps_vmlck_kib());
	account_process(&w);
	munmap(map[1], bytes);
	close(fd);
	account_read(&now);
	account_gone(&base, &now, &w);
	why_check(&w, "two-mappings");
}

void case_lockers(void)
{
	uint64_t nodes = numa_memory_nodes();
	const int from = numa_first(nodes);
	const int both[2] = { from, numa_first(nodes & ~(UINT64_C(1) << from)) };
	unsigned rounds = (unsigned)opts_number("rounds", 1), i;
	struct account base, last, now;
	struct why w = { 0 };
	size_t s;

	account_begin();
	ktap_begin(rounds * ((unsigned)ARRAY_SIZE(stories) + 2 * FAMILY_CHECKS + 1) + 1);
	account_read(&base);
	for (i = 0; i < rounds; i++) {
		account_read(&last);
		for (s = 0; s < ARRAY_SIZE(stories); s++) {
			if (stories[s].two_nodes && both[1] < 0)
				ktap_skip(stories[s].name, "needs two nodes with memory");
			else if (lockers_has(&stories[s], COMPACT) &&
				 access(LOCKERS_COMPACT, W_OK) < 0)
				ktap_skip(stories[s].name,
					  "this kernel has no compaction");
			else
				lockers_tell(&stories[s], both, &last);
		}
		check_family(true);
		check_family(false);
		check_two_mappings();
	}
	account_last(&now);
	account_gone(&base, &now, &w);
	why_check(&w, "back-at-base");
}
