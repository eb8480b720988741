#include "mlock-migrate/account.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/ktap.h"
#include "common/meminfo.h"
#include "common/opts.h"
#include "common/setting.h"
#include "common/smaps.h"
#include "mlock-migrate/oracle.h"

static bool scan_always;

void account_begin(void)
{
	scan_always = opts_number("scan", 0) != 0;
	/* -ENOENT: a kernel that does not do it at all. */
	setting_hold("/proc/sys/vm/compaction_proactiveness", "0\n");
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

void account_scan(struct account *ret)
{
	int err;

	oracle_begin(&ret->vm);
	ret->scanned = true;
	err = page_scan(&ret->frames);
	if (err < 0)
		ktap_bail("/proc/kpageflags: %s", strerror(-err));
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

/* Pages that lack a flag; *ret_n of those that are to have it. */
static size_t vma_missing(const struct smaps_vma *v, size_t *ret_n)
{
	size_t missing = 0, n = 0;
	uint64_t flags, pfn;
	uintptr_t at;

	for (at = v->start; at < v->end; at += PAGE_BYTES) {
		pfn = page_pfn((const void *)at);
		flags = page_flags(pfn);
		if (!pfn || (flags & (PAGE_ZERO | PAGE_HEAD | PAGE_TAIL)))
			continue;
		n++;
		missing += !(flags & PAGE_MLOCKED) || !(flags & PAGE_UNEVICTABLE);
	}
	*ret_n = n;
	return missing;
}

/*
 * Where everything is locked on touch, looking may itself touch a new page of our
 * stack, which then waits in a batch: so it is drained again before a complaint.
 */
static void vma_flags(const struct smaps_vma *v, struct why *w)
{
	size_t n, missing = vma_missing(v, &n);
	int tries = 0;

	while (missing && tries++ < 3) {
		oracle_drain();
		missing = vma_missing(v, &n);
	}
	if (missing)
		why_add(w,
			"expected each page of the locked mapping at %#lx Mlocked and Unevictable, saw %zu of %zu otherwise",
			(unsigned long)v->start, missing, n);
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
	uint64_t *pfn;
};

static void frames_add(struct frames *f, uint64_t pfn)
{
	uint64_t *grown;

	if (f->n && f->pfn[f->n - 1] == pfn)
		return;
	if (f->n == f->room) {
		f->room = f->room ? f->room * 2 : 1024;
		grown = realloc(f->pfn, f->room * sizeof(*f->pfn));
		if (!grown)
			ktap_bail("out of memory for %zu frames", f->room);
		f->pfn = grown;
	}
	f->pfn[f->n++] = pfn;
}

/* Heads of what is Mlocked in one mapping; a huge page is looked up once. */
static void frames_of(struct frames *f, const struct smaps_vma *v)
{
	uint64_t pfn, head = 0, size = 0;
	uintptr_t at;

	for (at = v->start; at < v->end; at += PAGE_BYTES) {
		pfn = page_pfn((const void *)at);
		if (!pfn || pfn - head < size)
			continue;
		head = page_head(pfn);
		size = page_size(head);
		if (page_flags(head) & PAGE_MLOCKED)
			frames_add(f, head);
	}
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static long long frames_pages(struct frames *f)
{
	long long pages = 0;
	size_t i;

	qsort(f->pfn, f->n, sizeof(*f->pfn), by_number);
	for (i = 0; i < f->n; i++) {
		if (i == 0 || f->pfn[i] != f->pfn[i - 1])
			pages += (long long)page_size(f->pfn[i]);
	}
	free(f->pfn);
	return pages;
}

/* Pages that are Mlocked in locked mappings of this process. */
static long long process_mlocked(void)
{
	struct frames f = { 0 };
	struct smaps s;
	size_t i;

	smaps_read(&s);
	for (i = 0; i < s.n; i++) {
		if (s.vma[i].vm_locked)
			frames_of(&f, &s.vma[i]);
	}
	smaps_done(&s);
	return f.n ? frames_pages(&f) : 0;
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

void account_back(const struct account *base, const struct account *before,
		  const struct account *now, struct why *w)
{
	long long stranded = now->vm.stranded - before->vm.stranded, left;

	account_machine(now, w);
	if (now->vm.nr_mlock != base->vm.nr_mlock)
		why_add(w, "expected nr_mlock back at %lld, saw %lld", base->vm.nr_mlock,
			now->vm.nr_mlock);
	left = now->vm.nr_unevictable - base->vm.nr_unevictable;
	if (left < 0 || left > stranded)
		why_add(w,
			"expected Unevictable back at %lld pages (%lld were stranded), saw %lld",
			base->vm.nr_unevictable, stranded, now->vm.nr_unevictable);
}
