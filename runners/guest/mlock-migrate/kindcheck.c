#include "mlock-migrate/kindcheck.h"

#include <stddef.h>
#include <stdio.h>

#include "common/smaps.h"

const char *kindcheck_name(const struct kind *kind, const char *what)
{
	static char name[64];

	snprintf(name, sizeof(name), "%s-%s", kind->name, what);
	return name;
}

void kindcheck_faults(const struct kind_run *run, struct faults *ret)
{
	faults_of_use(&run->set, ret);
	if (run->kind->traits & KIND_WRITTEN_BACK)
		ret->writes = 0;
}

void kindcheck_pages(const struct kind_run *run, struct why *w)
{
	const struct pageset *set = &run->set;
	bool mlocked = !(run->kind->traits & KIND_NOT_MLOCKED);
	size_t n;

	n = pageset_absent(set);
	if (n)
		why_add(w, "expected all %zu locked pages present, saw %zu absent",
			set->n, n);
	n = pageset_with(set, PAGE_MLOCKED);
	if (n != (mlocked ? set->n : 0))
		why_add(w, "expected %zu of %zu pages Mlocked, saw %zu",
			mlocked ? set->n : 0, set->n, n);
	n = pageset_without(set, PAGE_UNEVICTABLE);
	if (n)
		why_add(w, "expected all %zu pages Unevictable, saw %zu that are not",
			set->n, n);
	n = pageset_damaged(set);
	if (n)
		why_add(w, "expected every page to keep its contents, saw %zu changed",
			n);
}

/* What /proc says of just our mapping. */
static void mapping_says(const struct kind_run *run, bool locked, struct why *w)
{
	const struct pageset *set = &run->set;
	bool counts = locked && !(run->kind->traits & KIND_NOT_MLOCKED);
	long long vmlck = smaps_vmlck_kib(), seen;
	long long want = counts ? (long long)set->map_bytes / 1024 : 0;
	struct smaps s;

	smaps_read(&s);
	seen = smaps_sum(&s, set->map, set->map + set->map_bytes,
			 offsetof(struct smaps_vma, locked));
	smaps_done(&s);
	if ((!locked || !(run->kind->traits & KIND_PROCESS)) && vmlck != want)
		why_add(w, "expected VmLck to be %lld kB, saw %lld", want, vmlck);
	want = counts ? (long long)(set->n * PAGE_BYTES / 1024) : 0;
	if (seen != want)
		why_add(w, "expected Locked of the mapping to be %lld kB, saw %lld", want,
			seen);
}

void kindcheck_locked(const struct kind_run *run, const struct account *base,
		      struct account *now, const char *what)
{
	long long n = (long long)run->set.n, grown;
	struct why w = { 0 };

	grown = account_growth(base, now, &w);
	if (run->kind->traits & KIND_NOT_MLOCKED)
		n = 0;
	if (run->kind->traits & KIND_PROCESS ? grown < n : grown != n)
		why_add(&w, "expected nr_mlock to grow by %lld, saw %lld", n, grown);
	account_process(&w);
	mapping_says(run, true, &w);
	kindcheck_pages(run, &w);
	why_check(&w, kindcheck_name(run->kind, what));
}

/* Those that a munlock met off the LRU stay Unevictable until reclaim comes by. */
static void evictable(const struct kind_run *run, long long stranded, struct why *w)
{
	long long n = (long long)pageset_with(&run->set, PAGE_UNEVICTABLE);
	bool always = run->kind->traits & KIND_ALWAYS_UNEVICTABLE;

	if (always && n != (long long)run->set.n)
		why_add(w, "expected all %zu pages Unevictable as ever, saw %lld",
			run->set.n, n);
	if (!always && n > stranded)
		why_add(w,
			"expected no page Unevictable (%lld were stranded), saw %lld of %zu",
			stranded, n, run->set.n);
}

void kindcheck_unlocked_pages(const struct kind_run *run, long long stranded,
			      struct why *w)
{
	size_t n = pageset_with(&run->set, PAGE_MLOCKED);

	if (n)
		why_add(w, "expected no page Mlocked, saw %zu of %zu", n, run->set.n);
	evictable(run, stranded, w);
	mapping_says(run, false, w);
	n = pageset_damaged(&run->set);
	if (n)
		why_add(w, "expected every page to keep its contents, saw %zu changed",
			n);
}

void kindcheck_unlock(struct kind_run *run, const struct account *base,
		      struct account *now, const char *what)
{
	long long stranded = now->vm.stranded;
	struct why w = { 0 };

	kind_unlock(run);
	account_read(now);
	account_machine(now, &w);
	if (now->vm.nr_mlock != base->vm.nr_mlock)
		why_add(&w, "expected nr_mlock back at %lld, saw %lld", base->vm.nr_mlock,
			now->vm.nr_mlock);
	kindcheck_unlocked_pages(run, now->vm.stranded - stranded, &w);
	why_check(&w, kindcheck_name(run->kind, what));
}

void kindcheck_drop(struct kind_run *run, const struct account *base, struct account *now,
		    const char *what)
{
	struct why w = { 0 };

	kind_drop(run);
	account_read(now);
	account_gone(base, now, &w);
	why_check(&w, kindcheck_name(run->kind, what));
}
