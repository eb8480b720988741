#include "mlock-migrate/lockers.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/cpu.h"
#include "common/ktap.h"
#include "common/numa.h"
#include "common/smaps.h"
#include "common/sysfile.h"
#include "common/turn.h"
#include "mlock-migrate/account.h"
#include "mlock-migrate/oracle.h"
#include "mlock-migrate/pageset.h"

#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif

#define PAGES LOCKERS_PAGES
#define FILLER 4096

/* What the teller and its actors share. */
struct scene {
	enum locker_op op;
	int nodes[2];
	int at;            /* index of the node the pages are on */
	bool drain, books; /* after the step: empty the batches, hold the books */
	struct why why;
	uint64_t pfn[PAGES];
};

/* Of one process. */
struct actor {
	struct scene *scene;
	struct pageset set;
	bool locked, mapped;
};

/* How many are on the node after a call. */
static size_t move_once(const struct actor *a, int node)
{
	int status[PAGES];
	size_t i, there = 0;

	numa_move_of(0, (void **)a->set.addr, PAGES, node, status, true);
	numa_move_of(0, (void **)a->set.addr, PAGES, -1, status, true);
	for (i = 0; i < PAGES; i++)
		there += status[i] == node;
	return there;
}

static void move_all(const struct actor *a)
{
	struct scene *sc = a->scene;
	size_t there = 0;
	int tries;

	sc->at = !sc->at;
	for (tries = 0; there < PAGES && tries < 5; tries++)
		there = move_once(a, sc->nodes[sc->at]);
	if (there < PAGES)
		why_add(&sc->why, "expected all %zu shared pages on node %d, saw %zu",
			PAGES, sc->nodes[sc->at], there);
}

/* A page that something else holds must stay, and keep its locks. */
static void fail_move(const struct actor *a)
{
	struct iovec iov = { .iov_base = a->set.map, .iov_len = a->set.map_bytes };
	struct scene *sc = a->scene;
	size_t there;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0 ||
	    fcntl(fds[1], F_SETPIPE_SZ, 64 * (int)PAGE_BYTES) < 0 ||
	    vmsplice(fds[1], &iov, 1, 0) != (ssize_t)iov.iov_len)
		ktap_bail("vmsplice: %s", strerror(errno));
	there = move_once(a, sc->nodes[!sc->at]);
	if (there)
		why_add(&sc->why, "expected no page to move that a pipe holds, saw %zu",
			there);
	close(fds[0]);
	close(fds[1]);
}

static void compact(struct actor *a)
{
	int ret;

	pageset_note(&a->set);
	ret = sysfile_write(LOCKERS_COMPACT, "1");
	if (ret < 0)
		ktap_bail("compaction: %s", strerror(-ret));
	ktap_data("compacted", (long long)pageset_moved(&a->set));
}

static void act(struct actor *a, enum locker_op op)
{
	char *map = a->set.map;
	size_t bytes = a->set.map_bytes;
	long ret = 0;

	switch (op) {
	case TOUCH:
		pageset_fill(&a->set);
		break;
	case LOCK:
		ret = mlock(map, bytes);
		a->locked = true;
		break;
	case LOCK_ON_FAULT:
		ret = syscall(SYS_mlock2, map, bytes, MLOCK_ONFAULT);
		a->locked = true;
		break;
	case UNLOCK:
		ret = munlock(map, bytes);
		a->locked = false;
		break;
	case DROP:
		ret = madvise(map, bytes, MADV_DONTNEED_LOCKED);
		break;
	case UNMAP:
		ret = munmap(map, bytes);
		a->locked = a->mapped = false;
		break;
	case MOVE:
		move_all(a);
		break;
	case FAIL_MOVE:
		fail_move(a);
		break;
	case COMPACT:
		compact(a);
		break;
	case ON_LAST_CPU:
		ret = cpu_pin(63 - __builtin_clzll(cpu_online()));
		break;
	default:
		break;
	}
	if (ret < 0)
		ktap_bail("step %d: %s", op, strerror(errno));
}

/* What the process that acted says of itself. */
static void own_books(const struct actor *a)
{
	long long want = a->locked ? (long long)a->set.map_bytes / 1024 : 0;
	long long vmlck = smaps_vmlck_kib();
	struct why *w = &a->scene->why;

	if (vmlck != want)
		why_add(w, "expected VmLck to be %lld kB, saw %lld", want, vmlck);
	account_process(w);
	if (a->mapped && pageset_absent(&a->set) == 0 && pageset_damaged(&a->set))
		why_add(w, "expected every page to keep its contents, saw %zu changed",
			pageset_damaged(&a->set));
}

static void actor_main(void *arg)
{
	struct actor *a = arg;
	struct scene *sc = a->scene;
	size_t i;

	for (;;) {
		if (sc->op == LEAVE)
			return;
		act(a, sc->op);
		if (sc->drain)
			oracle_drain();
		if (sc->books)
			own_books(a);
		for (i = 0; a->mapped && i < PAGES; i++) {
			uint64_t pfn = page_pfn(a->set.addr[i]);

			if (pfn)
				sc->pfn[i] = pfn;
		}
		turn_yield();
	}
}

static size_t with(const struct scene *sc, uint64_t flag)
{
	size_t i, n = 0;

	for (i = 0; i < PAGES; i++)
		n += (page_flags(sc->pfn[i]) & flag) != 0;
	return n;
}

/* Pages with one of the two flags alone. */
static size_t halves(const struct scene *sc)
{
	const uint64_t both = PAGE_MLOCKED | PAGE_UNEVICTABLE;
	size_t i, n = 0;

	for (i = 0; i < PAGES; i++) {
		uint64_t flags = page_flags(sc->pfn[i]) & both;

		n += flags != 0 && flags != both;
	}
	return n;
}

/* The frames and the counters, after a step. */
static void look(const struct lockers_story *st, size_t i, struct scene *sc,
		 const struct account *base)
{
	enum lockers_flags after = st->steps[i].after;
	size_t mlocked, unevictable, want = after == ALL ? PAGES : 0;
	struct account now;
	long long grown;

	if (after == NOT_DRAINED)
		return;
	/* A process that is still there has drained. */
	if (sc->drain && st->steps[i].op != KILL && st->steps[i].op != LEAVE)
		account_fold(&now);
	else
		account_read(&now);
	account_machine(&now, &sc->why);
	mlocked = with(sc, PAGE_MLOCKED);
	unevictable = with(sc, PAGE_UNEVICTABLE);
	grown = now.vm.nr_mlock - base->vm.nr_mlock;
	if (grown != (long long)mlocked)
		why_add(&sc->why,
			"step %zu: expected nr_mlock to grow by the %zu pages that are Mlocked, saw %lld",
			i + 1, mlocked, grown);
	if (after != ANY && (mlocked != want || unevictable != want))
		why_add(&sc->why,
			"step %zu: expected %zu of %zu pages Mlocked and Unevictable, saw %zu and %zu",
			i + 1, want, PAGES, mlocked, unevictable);
	if (after != ANY)
		return;
	ktap_data("mlocked_where_any", (long long)mlocked);
	if (halves(sc))
		why_add(&sc->why,
			"step %zu: expected each page to be both Mlocked and Unevictable, or neither, saw %zu otherwise",
			i + 1, halves(sc));
}

static void run_step(const struct lockers_story *st, size_t i, struct scene *sc,
		     struct turn *turns, const struct account *base)
{
	const struct lockers_step *step = &st->steps[i];
	unsigned complaints = sc->why.n;

	sc->op = step->op;
	sc->drain = step->after != NOT_DRAINED;
	sc->books = step->after == ALL || step->after == NONE;
	if (step->op == KILL)
		turn_kill(&turns[step->actor]);
	else
		turn_run(&turns[step->actor]);
	look(st, i, sc, base);
	if (!complaints && sc->why.n)
		ktap_note("%s: complaint at step %zu", st->name, i + 1);
}

static struct scene *scene_new(const int nodes[2])
{
	struct scene *sc = mmap(NULL, sizeof(*sc), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (sc == MAP_FAILED)
		ktap_bail("mmap: %s", strerror(errno));
	sc->nodes[0] = nodes[0];
	sc->nodes[1] = nodes[1];
	return sc;
}

/* We map it too, without touching it: all actors have it at one address. */
static void stage(struct pageset *set, int node)
{
	size_t bytes = PAGES * PAGE_BYTES;
	char *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			 -1, 0);

	if (map == MAP_FAILED)
		ktap_bail("mmap: %s", strerror(errno));
	madvise(map, bytes, MADV_NOHUGEPAGE);
	numa_bind(map, bytes, node);
	pageset_adopt(set, map, bytes, 1);
}

/*
 * Compaction packs pages at the end of memory, and new ones come from the gaps that it
 * left there, where it does not look for pages to move: those are taken first.
 */
static void fill(struct pageset *filler, int node)
{
	pageset_init(filler, FILLER, node, PAGESET_PLAIN);
	madvise(filler->map, filler->map_bytes, MADV_DONTFORK);
}

bool lockers_has(const struct lockers_story *st, enum locker_op op)
{
	size_t i;

	for (i = 0; i < st->n; i++) {
		if (st->steps[i].op == op)
			return true;
	}
	return false;
}

void lockers_tell(const struct lockers_story *st, const int nodes[2],
		  struct account *base)
{
	struct scene *sc = scene_new(nodes);
	struct actor actor = { .scene = sc, .mapped = true };
	struct turn turns[LOCKERS_ACTORS];
	bool compacts = lockers_has(st, COMPACT);
	struct account now;
	struct pageset filler;
	size_t i;

	stage(&actor.set, nodes[0]);
	if (compacts)
		fill(&filler, nodes[0]);
	for (i = 0; i < LOCKERS_ACTORS; i++)
		turn_start(&turns[i], actor_main, &actor);
	for (i = 0; i < st->n; i++) {
		if (st->steps[i].op == COMPACT)
			pageset_done(&filler);
		run_step(st, i, sc, turns, base);
	}
	for (i = 0; i < LOCKERS_ACTORS; i++) {
		if (turns[i].pid)
			turn_kill(&turns[i]);
	}
	pageset_done(&actor.set);
	account_read(&now);
	account_gone(base, &now, &sc->why);
	why_check(&sc->why, st->name);
	*base = now;
	munmap(sc, sizeof(*sc));
}
