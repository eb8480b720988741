/*
 * Mappings that are locked in part, split, merged, moved, grown and cut. A model
 * of 64 pages says what is locked and what is there; after each call VmLck must be
 * the locked pages of the model, each page be Mlocked or not by its place, and
 * nr_mlock count just those. Each story runs in a process of its own.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/ktap.h"
#include "common/opts.h"
#include "common/smaps.h"
#include "common/turn.h"
#include "mlock-migrate/account.h"
#include "mlock-migrate/cases.h"
#include "mlock-migrate/limit.h"

#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

#define PAGES ((size_t)64)
#define ROOM (2 * PAGES) /* addresses that nothing else gets */
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct area {
	char *map;
	bool mapped[ROOM], locked[ROOM], there[ROOM];
	struct account base;
	struct why w;
	const char *step;
	long long looks, most; /* how often it was looked at; pages locked at most */
};

struct story {
	const char *name;
	void (*tell)(struct area *a);
};

static char *at(const struct area *a, size_t page)
{
	return a->map + page * PAGE_BYTES;
}

static void mark(bool *what, size_t from, size_t to, bool value)
{
	for (; from < to; from++)
		what[from] = value;
}

/* A call that must do what it is asked. */
static void must(struct area *a, bool ok, const char *step)
{
	if (!ok)
		ktap_bail("%s: %s", step, strerror(errno));
	a->step = step;
}

static void check_page(struct area *a, size_t i)
{
	uint64_t pfn = page_pfn(at(a, i)), flags = page_flags(pfn);
	bool want = a->locked[i] && a->there[i];

	if (!pfn != !a->there[i])
		why_add(&a->w, "%s: expected page %zu to be %s, saw it otherwise",
			a->step, i, a->there[i] ? "present" : "absent");
	if (!pfn || (flags & PAGE_ZERO))
		return;
	if (!(flags & PAGE_MLOCKED) != !want || !(flags & PAGE_UNEVICTABLE) != !want)
		why_add(&a->w,
			"%s: expected page %zu %sMlocked and Unevictable, saw flags %#llx",
			a->step, i, want ? "" : "not ", (unsigned long long)flags);
	if (*(volatile uint64_t *)at(a, i) != i + 1)
		why_add(&a->w, "%s: expected page %zu to keep its contents", a->step, i);
}

static void check(struct area *a)
{
	long long locked = 0, there = 0, vmlck = smaps_vmlck_kib(), grown;
	struct account now;
	size_t i;

	account_read(&now);
	account_machine(&now, &a->w);
	account_process(&a->w);
	for (i = 0; i < ROOM; i++) {
		locked += a->locked[i];
		there += a->locked[i] && a->there[i];
		if (a->mapped[i])
			check_page(a, i);
	}
	grown = now.vm.nr_mlock - a->base.vm.nr_mlock;
	a->looks++;
	a->most = grown > a->most ? grown : a->most;
	if (vmlck != locked * 4)
		why_add(&a->w, "%s: expected VmLck to be %lld kB, saw %lld", a->step,
			locked * 4, vmlck);
	if (grown != there)
		why_add(&a->w, "%s: expected nr_mlock to grow by %lld, saw %lld", a->step,
			there, grown);
}

static void lock(struct area *a, size_t from, size_t to)
{
	must(a, mlock(at(a, from), (to - from) * PAGE_BYTES) == 0, "mlock");
	mark(a->locked, from, to, true);
	mark(a->there, from, to, true);
}

static void unlock(struct area *a, size_t from, size_t to)
{
	must(a, munlock(at(a, from), (to - from) * PAGE_BYTES) == 0, "munlock");
	mark(a->locked, from, to, false);
}

static void protect(struct area *a, size_t from, size_t to, int prot)
{
	must(a, mprotect(at(a, from), (to - from) * PAGE_BYTES, prot) == 0, "mprotect");
}

static void fill(struct area *a, size_t from, size_t to)
{
	for (; from < to; from++) {
		*(volatile uint64_t *)at(a, from) = from + 1;
		a->there[from] = true;
	}
}

static void tell_middle(struct area *a)
{
	lock(a, 16, 48);
	check(a);
	lock(a, 24, 56); /* in part again */
	check(a);
	unlock(a, 20, 28);
	check(a);
	lock(a, 0, PAGES);
	check(a);
	unlock(a, 0, PAGES);
	check(a);
}

/* 64 mappings of a page each, and one again. */
static void tell_every_other(struct area *a)
{
	size_t i;

	lock(a, 0, PAGES);
	for (i = 0; i < PAGES; i += 2)
		unlock(a, i, i + 1);
	check(a);
	for (i = 0; i < PAGES; i += 2)
		lock(a, i, i + 1);
	check(a);
	for (i = 1; i < PAGES; i += 2)
		unlock(a, i, i + 1);
	unlock(a, 0, PAGES);
	check(a);
}

static void tell_protect(struct area *a)
{
	lock(a, 8, 56);
	protect(a, 0, 16, PROT_READ);
	check(a);
	protect(a, 24, 40, PROT_READ);
	check(a);
	unlock(a, 32, 64);
	check(a);
	protect(a, 0, PAGES, PROT_READ | PROT_WRITE);
	check(a);
	unlock(a, 0, PAGES);
	check(a);
}

/*
 * A private mapping that may not be written maps the zero page, which is never
 * locked; when it may be written, its pages are made at once (mm/mprotect.c,
 * "Private VM_LOCKED VMA becoming writable"). They are zero: filled to be checked.
 */
static void tell_readonly(struct area *a)
{
	long long kib;

	must(a, madvise(a->map, PAGES * PAGE_BYTES, MADV_DONTNEED) == 0, "MADV_DONTNEED");
	protect(a, 0, PAGES, PROT_READ);
	must(a, mlock(a->map, PAGES * PAGE_BYTES) == 0,
	     "mlock of what cannot be written");
	mark(a->mapped, 0, PAGES, false);
	mark(a->locked, 0, PAGES, true);
	mark(a->there, 0, PAGES, false);
	check(a);
	protect(a, 16, 32, PROT_READ | PROT_WRITE);
	kib = (long long)(16 * PAGE_BYTES / 1024);
	mark(a->mapped, 16, 32, true);
	mark(a->there, 16, 32, page_pfn(at(a, 16)) != 0);
	if (!a->there[16])
		why_add(&a->w, "expected %lld kB present that became writable, saw none",
			kib);
	fill(a, 16, 32);
	check(a);
	unlock(a, 0, PAGES);
	check(a);
}

/* Nothing can be read, so nothing is made, but the mapping is locked. */
static void tell_none(struct area *a)
{
	must(a, madvise(a->map, PAGES * PAGE_BYTES, MADV_DONTNEED) == 0, "MADV_DONTNEED");
	mark(a->there, 0, PAGES, false);
	protect(a, 0, PAGES, PROT_NONE);
	if (mlock(a->map, PAGES * PAGE_BYTES) == 0 || errno != ENOMEM)
		why_add(&a->w, "expected mlock of PROT_NONE to fail with ENOMEM, saw %s",
			strerror(errno));
	a->step = "mlock of PROT_NONE";
	mark(a->locked, 0, PAGES, true);
	check(a);
	protect(a, 0, PAGES, PROT_READ | PROT_WRITE);
	fill(a, 0, PAGES);
	check(a);
}

static void tell_grow(struct area *a)
{
	char *map;

	lock(a, 32, PAGES);
	map = mremap(at(a, 32), 32 * PAGE_BYTES, 48 * PAGE_BYTES, 0);
	must(a, map == at(a, 32), "mremap to grow");
	mark(a->mapped, PAGES, PAGES + 16, true);
	mark(a->locked, PAGES, PAGES + 16, true);
	mark(a->there, PAGES, PAGES + 16, page_pfn(at(a, PAGES + 15)) != 0);
	if (!a->there[PAGES])
		why_add(&a->w,
			"expected a locked mapping to grow with its pages present, saw none");
	fill(a, PAGES, PAGES + 16);
	check(a);
	map = mremap(at(a, 32), 48 * PAGE_BYTES, 8 * PAGE_BYTES, 0);
	must(a, map == at(a, 32), "mremap to shrink");
	mark(a->mapped, 40, ROOM, false);
	mark(a->locked, 40, ROOM, false);
	check(a);
}

/* Frames and locks go with it. */
static void tell_move(struct area *a)
{
	uint64_t pfn[16];
	size_t i;
	char *map;

	lock(a, 16, 48);
	for (i = 0; i < 16; i++)
		pfn[i] = page_pfn(at(a, 24 + i));
	map = mremap(at(a, 24), 16 * PAGE_BYTES, 16 * PAGE_BYTES,
		     MREMAP_MAYMOVE | MREMAP_FIXED, at(a, PAGES + 24));
	must(a, map == at(a, PAGES + 24), "mremap to move");
	for (i = 0; i < 16; i++) {
		*(volatile uint64_t *)at(a, PAGES + 24 + i) = PAGES + 25 + i;
		if (page_pfn(at(a, PAGES + 24 + i)) != pfn[i])
			why_add(&a->w, "expected page %zu to keep its frame when moved",
				i);
	}
	mark(a->mapped, 24, 40, false);
	mark(a->locked, 24, 40, false);
	mark(a->mapped, PAGES + 24, PAGES + 40, true);
	mark(a->locked, PAGES + 24, PAGES + 40, true);
	mark(a->there, PAGES + 24, PAGES + 40, true);
	check(a);
	unlock(a, PAGES + 24, PAGES + 32);
	check(a);
}

/* The old mapping stays, empty and not locked. */
static void tell_dontunmap(struct area *a)
{
	char *map;
	size_t i;

	lock(a, 16, 48);
	map = mremap(at(a, 24), 16 * PAGE_BYTES, 16 * PAGE_BYTES,
		     MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, at(a, PAGES + 24));
	must(a, map == at(a, PAGES + 24), "mremap(MREMAP_DONTUNMAP)");
	for (i = 0; i < 16; i++)
		*(volatile uint64_t *)at(a, PAGES + 24 + i) = PAGES + 25 + i;
	mark(a->locked, 24, 40, false);
	mark(a->there, 24, 40, false);
	mark(a->mapped, PAGES + 24, PAGES + 40, true);
	mark(a->locked, PAGES + 24, PAGES + 40, true);
	mark(a->there, PAGES + 24, PAGES + 40, true);
	check(a);
	fill(a, 24, 40);
	check(a);
}

static void tell_cut(struct area *a)
{
	char *map;

	lock(a, 0, PAGES);
	must(a, munmap(at(a, 24), 8 * PAGE_BYTES) == 0, "munmap of the middle");
	mark(a->mapped, 24, 32, false);
	mark(a->locked, 24, 32, false);
	check(a);
	map = mmap(at(a, 40), 8 * PAGE_BYTES, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	must(a, map == at(a, 40), "mmap over the middle");
	mark(a->locked, 40, 48, false);
	mark(a->there, 40, 48, false);
	check(a);
	fill(a, 40, 48);
	check(a);
	must(a, munmap(a->map, PAGES * PAGE_BYTES) == 0, "munmap");
	mark(a->mapped, 0, PAGES, false);
	mark(a->locked, 0, PAGES, false);
	check(a);
}

/* A locked page is dropped only by those who say that they mean it. */
static void tell_dontneed(struct area *a)
{
	lock(a, 16, 48);
	if (madvise(at(a, 16), 32 * PAGE_BYTES, MADV_DONTNEED) == 0 || errno != EINVAL)
		why_add(&a->w,
			"expected MADV_DONTNEED of locked pages to fail with EINVAL, saw %s",
			strerror(errno));
	a->step = "MADV_DONTNEED";
	check(a);
	must(a, madvise(at(a, 20), 16 * PAGE_BYTES, MADV_DONTNEED_LOCKED) == 0,
	     "MADV_DONTNEED_LOCKED");
	mark(a->there, 20, 36, false);
	check(a);
	fill(a, 24, 30);
	check(a);
}

static void tell_on_fault(struct area *a)
{
	must(a, madvise(a->map, PAGES * PAGE_BYTES, MADV_DONTNEED) == 0, "MADV_DONTNEED");
	mark(a->there, 0, PAGES, false);
	fill(a, 8, 16);
	must(a, syscall(SYS_mlock2, at(a, 0), 32 * PAGE_BYTES, MLOCK_ONFAULT) == 0,
	     "mlock2(MLOCK_ONFAULT)");
	mark(a->locked, 0, 32, true);
	check(a);
	fill(a, 4, 12);
	check(a);
	must(a, mlock(at(a, 0), 16 * PAGE_BYTES) == 0, "mlock after mlock2");
	fill(a, 0, 16);
	check(a);
	unlock(a, 0, PAGES);
	check(a);
}

/* The heap of a process that locks what is to come. */
static void tell_heap(struct area *a)
{
	char *old = sbrk(0);
	long long before, after, back;

	must(a, mlockall(MCL_FUTURE) == 0, "mlockall");
	before = smaps_vmlck_kib();
	must(a, brk(old + 16 * PAGE_BYTES) == 0, "brk to grow");
	after = smaps_vmlck_kib();
	if (!page_pfn(old + 15 * PAGE_BYTES))
		why_add(&a->w, "expected the grown heap present, saw it absent");
	account_process(&a->w);
	must(a, brk(old) == 0, "brk to shrink");
	back = smaps_vmlck_kib();
	if (after - before != 64 || back != before)
		why_add(&a->w,
			"expected VmLck to grow by 64 kB and shrink again, saw %lld, %lld, %lld",
			before, after, back);
	must(a, munlockall() == 0, "munlockall");
	check(a);
}

static const struct story stories[] = {
	{ "middle", tell_middle },     { "every-other", tell_every_other },
	{ "mprotect", tell_protect },  { "readonly", tell_readonly },
	{ "prot-none", tell_none },    { "grow-and-shrink", tell_grow },
	{ "move", tell_move },         { "dontunmap", tell_dontunmap },
	{ "cut", tell_cut },           { "dontneed", tell_dontneed },
	{ "on-fault", tell_on_fault }, { "heap", tell_heap },
};

static void data(const struct story *st, const struct area *a)
{
	char name[64];

	snprintf(name, sizeof(name), "%s-looks", st->name);
	ktap_data(name, a->looks);
	snprintf(name, sizeof(name), "%s-mlocked-most", st->name);
	ktap_data(name, a->most);
}

static void process(void *arg)
{
	const struct story *st = arg;
	struct area a = { .step = "mmap" };

	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	a.map = mmap(NULL, ROOM * PAGE_BYTES, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(&a, a.map != MAP_FAILED, "mmap");
	must(&a, munmap(at(&a, PAGES), (ROOM - PAGES) * PAGE_BYTES) == 0, "munmap");
	mark(a.mapped, 0, PAGES, true);
	fill(&a, 0, PAGES);
	account_read(&a.base);
	st->tell(&a);
	data(st, &a);
	why_check(&a.w, st->name);
}

void case_vma(void)
{
	unsigned rounds = (unsigned)opts_number("rounds", 1), i;
	struct account base, now;
	struct why w = { 0 };
	struct turn turn;
	size_t s;

	account_begin();
	ktap_begin(rounds * ((unsigned)ARRAY_SIZE(stories) + LIMIT_CHECKS) + 1);
	account_read(&base);
	for (i = 0; i < rounds; i++) {
		for (s = 0; s < ARRAY_SIZE(stories); s++) {
			turn_start(&turn, process, (void *)&stories[s]);
			turn_run(&turn);
		}
		turn_start(&turn, limit_checks, NULL);
		turn_run(&turn);
	}
	account_last(&now);
	account_data(&base, &now);
	account_gone(&base, &now, &w);
	why_check(&w, "back-at-base");
}
