#include "mlock-migrate/account.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/ktap.h"
#include "common/meminfo.h"
#include "common/opts.h"
#include "common/slowdown.h"
#include "common/smaps.h"
#include "mlock-migrate/oracle.h"

static bool scan_always, scan_last;

void account_begin(void)
{
	scan_always = opts_number("scan", 0) != 0;
	scan_last = opts_number("scan-last", 0) != 0;
}

void account_fold(struct account *ret)
{
	ret->scanned = false;
	vmstat_read(&ret->vm);
}

void account_read(struct account *ret)
{
	if (scan_always) {
		account_scan(ret);
		return;
	}
	ret->scanned = false;
	oracle_begin(&ret->vm);
}

static void scan(struct account *ret)
{
	int err;

	oracle_begin(&ret->vm);
	ret->scanned = true;
	err = page_scan(&ret->frames);
	if (err < 0)
		ktap_bail("/proc/kpageflags: %s", strerror(-err));
}

/* Somebody else's page may be on its way from one frame to another: then once more. */
void account_scan(struct account *ret)
{
	int tries = 0;

	scan(ret);
	while (ret->frames.orphaned && tries++ < ORACLE_FRAMES_TRIES) {
		slowdown_pause_ms(ORACLE_FRAMES_PAUSE_MS);
		scan(ret);
	}
}

void account_last(struct account *ret)
{
	if (scan_last)
		account_scan(ret);
	else
		account_read(ret);
}

static void meminfo_says(const char *name, long long pages, struct why *w)
{
	long long kib = meminfo_kib(name);

	if (kib != pages * 4)
		why_add(w, "expected %s of meminfo to be %lld kB, saw %lld", name,
			pages * 4, kib);
}

static void frames_say(const struct account *now, struct why *w)
{
	if (now->vm.nr_mlock != now->frames.mlocked)
		why_add(w,
			"expected nr_mlock to be the number of frames with Mlocked, saw %lld and %lld",
			now->vm.nr_mlock, now->frames.mlocked);
	if (now->vm.nr_unevictable != now->frames.unevictable)
		why_add(w,
			"expected nr_unevictable to be the number of frames with Unevictable, saw %lld and %lld",
			now->vm.nr_unevictable, now->frames.unevictable);
	if (now->frames.stray)
		why_add(w,
			"expected no frame to be Mlocked without Unevictable, saw %lld",
			now->frames.stray);
	if (now->frames.orphaned)
		why_add(w,
			"expected each frame of a process to be free once nobody maps it, saw %lld that are not",
			now->frames.orphaned);
}

void account_machine(const struct account *now, struct why *w)
{
	const struct vmstat *vm = &now->vm;
	long long events =
		vm->pgs_mlocked - vm->pgs_munlocked - vm->pgs_cleared - vm->stranded;

	if (vm->nr_mlock != events)
		why_add(w,
			"expected nr_mlock to be what unevictable_pgs_* leave, saw %lld and %lld - %lld - %lld - %lld",
			vm->nr_mlock, vm->pgs_mlocked, vm->pgs_munlocked, vm->pgs_cleared,
			vm->stranded);
	meminfo_says("Mlocked", vm->nr_mlock, w);
	meminfo_says("Unevictable", vm->nr_unevictable, w);
	if (now->scanned)
		frames_say(now, w);
}

/* Reading smaps may make the heap grow: then once more. */
static long long smaps_settled(struct smaps *s)
{
	long long before, after;
	int tries = 0;

	for (;;) {
		before = smaps_vmlck_kib();
		smaps_read(s);
		after = smaps_vmlck_kib();
		if (before == after || ++tries == 3)
			return after;
		smaps_done(s);
	}
}

typedef void (*page_fn)(const struct page_whole *page, void *arg);

/* Calls fn for each page that is present in a mapping, again for each part of it. */
static void vma_walk(const struct smaps_vma *v, page_fn fn, void *arg)
{
	struct page_whole page = { 0 };
	uint64_t pfn[512];
	uintptr_t at = v->start;
	size_t i, n;

	for (; at < v->end; at += n * PAGE_BYTES) {
		n = (v->end - at) / PAGE_BYTES;
		n = n < 512 ? n : 512;
		page_pfns((const void *)at, n, pfn);
		for (i = 0; i < n; i++) {
			if (!pfn[i])
				continue;
			page_whole(&page, pfn[i]);
			fn(&page, arg);
		}
	}
}

struct missing {
	size_t n, of;
};

/* A huge page need not be Mlocked, but is Unevictable if it is. */
static void page_missing(const struct page_whole *page, void *arg)
{
	const uint64_t both = PAGE_MLOCKED | PAGE_UNEVICTABLE;
	struct missing *m = arg;

	if (page->flags & PAGE_ZERO)
		return;
	if (page->size > 1 && !(page->flags & PAGE_MLOCKED))
		return;
	m->of++;
	m->n += (page->flags & both) != both;
}

/*
 * Where everything is locked on touch, looking may itself touch a new page of our
 * stack, which then waits in a batch: so it is drained again before a complaint.
 */
static void vma_flags(const struct smaps_vma *v, struct why *w)
{
	struct missing m = { 0 };
	int tries = 0;

	vma_walk(v, page_missing, &m);
	while (m.n && tries++ < 3) {
		oracle_drain();
		m = (struct missing){ 0 };
		vma_walk(v, page_missing, &m);
	}
	if (m.n)
		why_add(w,
			"expected each page of the locked mapping at %#lx Mlocked and Unevictable, saw %zu of %zu otherwise",
			(unsigned long)v->start, m.n, m.of);
}

void account_process(struct why *w)
{
	struct smaps s;
	long long vmlck = smaps_settled(&s), sum = smaps_locked_kib(&s), want;
	size_t i;

	if (vmlck != sum)
		why_add(w,
			"expected VmLck to be the %lld kB of the locked mappings, saw %lld",
			sum, vmlck);
	for (i = 0; i < s.n; i++) {
		want = s.vma[i].vm_locked ? s.vma[i].pss : 0;
		if (s.vma[i].locked != want)
			why_add(w,
				"expected Locked of the mapping at %#lx to be %lld kB, saw %lld",
				(unsigned long)s.vma[i].start, want, s.vma[i].locked);
		if (s.vma[i].vm_locked)
			vma_flags(&s.vma[i], w);
	}
	smaps_done(&s);
}

struct frames {
	size_t n, room;
	struct page_whole *page;
};

static void frames_add(const struct page_whole *page, void *arg)
{
	struct frames *f = arg;
	struct page_whole *grown;

	if (!(page->flags & PAGE_MLOCKED) ||
	    (f->n && f->page[f->n - 1].head == page->head))
		return;
	if (f->n == f->room) {
		f->room = f->room ? f->room * 2 : 1024;
		grown = realloc(f->page, f->room * sizeof(*f->page));
		if (!grown)
			ktap_bail("out of memory for %zu frames", f->room);
		f->page = grown;
	}
	f->page[f->n++] = *page;
}

static int by_head(const void *a, const void *b)
{
	const struct page_whole *x = a, *y = b;

	return x->head < y->head ? -1 : x->head > y->head;
}

/* Each page once, however often it is mapped. */
static long long frames_sum(const struct frames *f)
{
	long long pages = 0;
	size_t i;

	for (i = 0; i < f->n; i++) {
		if (i == 0 || f->page[i].head != f->page[i - 1].head)
			pages += (long long)f->page[i].size;
	}
	return pages;
}

/* Pages that are Mlocked in locked mappings of this process. */
static long long process_mlocked(void)
{
	struct frames f = { 0 };
	struct smaps s;
	long long pages;
	size_t i;

	smaps_read(&s);
	for (i = 0; i < s.n; i++) {
		if (s.vma[i].vm_locked)
			vma_walk(&s.vma[i], frames_add, &f);
	}
	smaps_done(&s);
	if (f.n)
		qsort(f.page, f.n, sizeof(*f.page), by_head);
	pages = frames_sum(&f);
	free(f.page);
	return pages;
}

/* Counting needs memory, which is locked too in a process that locks everything. */
long long account_growth(const struct account *base, struct account *now, struct why *w)
{
	long long held, grown;
	int tries = 0;

	do {
		held = process_mlocked();
		account_read(now);
	} while (process_mlocked() != held && ++tries < 3);
	account_machine(now, w);
	grown = now->vm.nr_mlock - base->vm.nr_mlock;
	if (grown != held)
		why_add(w,
			"expected nr_mlock to grow by the %lld pages that the locked mappings hold, saw %lld",
			held, grown);
	return grown;
}

static void back(const struct account *base, const struct account *now,
		 long long stranded, struct why *w)
{
	long long left = now->vm.nr_unevictable - base->vm.nr_unevictable;

	account_machine(now, w);
	if (now->vm.nr_mlock != base->vm.nr_mlock)
		why_add(w, "expected nr_mlock back at %lld, saw %lld", base->vm.nr_mlock,
			now->vm.nr_mlock);
	if (left < 0 || left > stranded)
		why_add(w,
			"expected Unevictable back at %lld pages (%lld may be stranded), saw %lld",
			base->vm.nr_unevictable, stranded, now->vm.nr_unevictable);
}

void account_back(const struct account *base, const struct account *before,
		  const struct account *now, struct why *w)
{
	back(base, now, now->vm.stranded - before->vm.stranded, w);
}

void account_gone(const struct account *base, const struct account *now, struct why *w)
{
	back(base, now, 0, w);
}

void account_data(const struct account *from, const struct account *to)
{
	ktap_data("nr_mlock_grown", to->vm.nr_mlock - from->vm.nr_mlock);
	ktap_data("nr_unevictable_grown",
		  to->vm.nr_unevictable - from->vm.nr_unevictable);
	ktap_data("stranded", to->vm.stranded - from->vm.stranded);
	oracle_migrate_data(&from->vm, &to->vm);
}
