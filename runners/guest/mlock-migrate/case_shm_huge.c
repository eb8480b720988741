/*
 * A System V segment of huge pages that is locked as a whole, by SHM_LOCK: its pages
 * are Unevictable without being Mlocked (mm/swap.c, lru_add asks folio_evictable of the
 * mapping), also when they move, and when they are split; after SHM_UNLOCK none is
 * (mm/shmem.c, shmem_unlock_mapping, which meets all of them on the LRU once the batches
 * are drained). Nothing is counted as Mlocked, and VmLck is 0. One that is mlocked by its
 * mapping as well is as before after the munlock.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>

#include "common/ktap.h"
#include "common/numa.h"
#include "common/page.h"
#include "common/setting.h"
#include "common/sysfile.h"
#include "common/turn.h"
#include "mlock-migrate/account.h"
#include "mlock-migrate/cases.h"
#include "mlock-migrate/thp.h"
#include "mlock-migrate/thpstory.h"

#define BYTES (2 * THP_BYTES)
#define SHMEM_SWITCH "/sys/kernel/mm/transparent_hugepage/shmem_enabled"
#define CHECKS 5 /* of one story */

struct story {
	const char *name;
	bool split, move;
	int from, to; /* nodes; to -1: there is one only */
	const struct account *base;
};

static const struct story stories[] = {
	{ .name = "fault" },
	{ .name = "split", .split = true },
	{ .name = "move", .move = true },
	{ .name = "split-move", .split = true, .move = true },
};
#define STORIES (sizeof(stories) / sizeof(stories[0]))

static const char *check_name(const struct story *st, const char *what)
{
	static char name[64];

	snprintf(name, sizeof(name), "%s-%s", st->name, what);
	return name;
}

static void skip_rest(const struct story *st, int checks, const char *why)
{
	while (checks-- > 0)
		ktap_skip(st->name, "%s", why);
}

/* An address that a huge page may begin at, with room behind it. */
static void *aligned_room(void)
{
	char *room = mmap(NULL, BYTES + THP_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	if (room == MAP_FAILED)
		ktap_bail("mmap: %s", strerror(errno));
	munmap(room, BYTES + THP_BYTES);
	return (void *)(((uintptr_t)room + THP_BYTES - 1) & ~(THP_BYTES - 1));
}

/* Locked before the first touch: pages that are on the LRU would stay as they are. */
static int put_up(const struct story *st, struct pageset *set)
{
	int id = shmget(IPC_PRIVATE, BYTES, IPC_CREAT | 0600);
	void *at;

	if (id < 0)
		ktap_bail("shmget: %s", strerror(errno));
	at = shmat(id, aligned_room(), 0);
	if (at == (void *)-1 || shmctl(id, SHM_LOCK, NULL) < 0 ||
	    shmctl(id, IPC_RMID, NULL) < 0)
		ktap_bail("a locked segment: %s", strerror(errno));
	madvise(at, BYTES, MADV_HUGEPAGE);
	pageset_adopt(set, at, BYTES, 1);
	numa_bind_task(st->from);
	pageset_fill(set);
	numa_bind_task(-1);
	/* Or khugepaged would put together what we split. */
	madvise(at, BYTES, MADV_NOHUGEPAGE);
	return id;
}

/* Growth of nr_unevictable, flags and contents of a segment that is locked, or not. */
static void check_pages(const struct story *st, const struct pageset *set, bool locked,
			struct why *w)
{
	long long want = locked ? (long long)set->n : 0, n;
	struct account now;

	account_read(&now);
	account_machine(&now, w);
	account_process(w);
	if (now.vm.nr_mlock != st->base->vm.nr_mlock)
		why_add(w, "expected nr_mlock to stay at %lld, saw %lld",
			st->base->vm.nr_mlock, now.vm.nr_mlock);
	n = now.vm.nr_unevictable - st->base->vm.nr_unevictable;
	if (n != want)
		why_add(w, "expected nr_unevictable to be %lld above its base, saw %lld",
			want, n);
	n = (long long)thp_with(set, PAGE_UNEVICTABLE);
	if (n != want)
		why_add(w, "expected %lld of %zu pages Unevictable, saw %lld", want,
			set->n, n);
	n = (long long)thp_with(set, PAGE_MLOCKED);
	if (n)
		why_add(w, "expected no page Mlocked, saw %lld", n);
	if (pageset_damaged(set))
		why_add(w, "expected every page to keep its contents, saw %zu changed",
			pageset_damaged(set));
}

static void lock_and_unlock(const struct pageset *set)
{
	if (mlock(set->map, set->map_bytes) < 0)
		ktap_bail("mlock: %s", strerror(errno));
	pageset_touch(set);
	if (munlock(set->map, set->map_bytes) < 0)
		ktap_bail("munlock: %s", strerror(errno));
}

static void tell(void *arg)
{
	const struct story *st = arg;
	struct pageset set;
	struct why w = { 0 };
	int id = put_up(st, &set);

	if (thp_compound(&set) != set.n) {
		skip_rest(st, CHECKS - 1, "no huge pages to be had");
		return;
	}
	check_pages(st, &set, true, &w);
	why_check(&w, check_name(st, "locked"));
	w.n = 0;
	if (st->split)
		thp_split_all(&set, &w);
	if (st->move)
		thp_move_parts(&set, THP_PAGES, st->to, &w);
	check_pages(st, &set, true, &w);
	why_check(&w, check_name(st, "happened"));
	w.n = 0;
	lock_and_unlock(&set);
	check_pages(st, &set, true, &w);
	why_check(&w, check_name(st, "munlocked"));
	w.n = 0;
	if (shmctl(id, SHM_UNLOCK, NULL) < 0)
		ktap_bail("SHM_UNLOCK: %s", strerror(errno));
	check_pages(st, &set, false, &w);
	why_check(&w, check_name(st, "unlocked"));
}

static void run_story(struct story *st, struct account *base)
{
	struct account now;
	struct why w = { 0 };
	struct turn turn;

	st->base = base;
	if (st->move && st->to < 0) {
		skip_rest(st, CHECKS, "needs two nodes with memory");
		return;
	}
	if (st->split && !thp_can_split()) {
		skip_rest(st, CHECKS, "this kernel has no split_huge_pages");
		return;
	}
	turn_start(&turn, tell, st);
	turn_run(&turn);
	account_read(&now);
	account_gone(base, &now, &w);
	why_check(&w, check_name(st, "back-at-base"));
	*base = now;
}

static void settings(void)
{
	int id = shmget(IPC_PRIVATE, PAGE_BYTES, IPC_CREAT | 0600), ret;

	if (id < 0 && errno == ENOSYS)
		ktap_skip_all("this kernel has no System V memory");
	shmctl(id, IPC_RMID, NULL);
	ret = setting_hold(SHMEM_SWITCH, "advise");
	if (ret < 0)
		ktap_skip_all("this kernel has no huge pages of tmpfs: %s",
			      strerror(-ret));
}

void case_shm_huge(void)
{
	uint64_t nodes = numa_memory_nodes();
	int from = numa_first(nodes);
	struct account base;
	struct story st;
	size_t i;

	settings();
	account_begin();
	ktap_begin(STORIES * CHECKS);
	/* Huge pages need room in one piece. */
	sysfile_write("/proc/sys/vm/compact_memory", "1\n");
	account_read(&base);
	for (i = 0; i < STORIES; i++) {
		st = stories[i];
		st.from = from;
		st.to = numa_first(nodes & ~(UINT64_C(1) << from));
		run_story(&st, &base);
	}
}
