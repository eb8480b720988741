/*
 * The simpler way to repeat, [verdict] repeats = once: a failure that would be charged is
 * seen again in a second boot, with nothing else running.
 */
#include "daemon/repeats_once.h"

#include <string.h>

#include "daemon/boots.h"
#include "daemon/cells.h"
#include "daemon/deep.h"

/* What this boot is evidence of; test NULL: of the boot itself. */
static struct subject boot_subject(const struct run_boot *b, const char *test)
{
	return (struct subject){ .config = b->config,
				 .topology = b->topology,
				 .deep = b->deep,
				 .test = test };
}

/* Whether judge.c would charge it to a patch if the step were bad there: the base
 * is not known to be bad, or an earlier patch repaired what the base has. */
static bool was_good_before(struct series_run *r, const struct run_boot *b,
			    const char *test)
{
	const struct subject s = boot_subject(b, test);

	for (int k = 0; k < b->step; k++) {
		struct cell_view v = cell_view_of(r, k, &s);

		if (v.cell.state == CELL_PASS)
			return true;
		if (k == 0 && (v.cell.state == CELL_SKIP || v.cell.state == CELL_NONE ||
			       v.cell.state == CELL_FLAKY))
			return true;
	}
	return false;
}

/* Whether what is bad in this boot has to be seen again before it counts. */
static bool needs_repeat(struct series_run *r, const struct run_boot *b)
{
	struct cell_view v;

	if (b->role == BOOT_CONFIRM)
		return false;
	for (size_t i = 0; i <= b->nresults; i++) {
		const char *test = i < b->nresults ? b->results[i].test : NULL;
		const struct subject s = boot_subject(b, test);

		if (!boot_is_bad(r, b, test))
			continue;
		v = cell_view_of(r, b->step, &s);
		/* At the base, too: one unlucky boot there would hide what a
		 * patch breaks, in every series on that base. */
		if (v.cell.state == CELL_ONCE &&
		    (b->step == 0 || was_good_before(r, b, test)))
			return true;
	}
	return false;
}

static bool repeat_exists(struct series_run *r, const struct run_boot *b)
{
	for (size_t i = 0; i < r->nboots; i++) {
		const struct run_boot *o = r->boots[i];

		if (o->role == BOOT_CONFIRM && boots_same_cell(o, b) &&
		    strcmp(o->key, b->key) == 0)
			return true;
	}
	return false;
}

static bool has_boots(struct series_run *r, int step, const struct run_boot *b)
{
	for (size_t i = 0; i < r->nboots; i++) {
		const struct run_boot *o = r->boots[i];

		if (o->step == step && o->config == b->config &&
		    o->topology == b->topology && o->deep == b->deep)
			return true;
	}
	return false;
}

/* Whether all that will be known of the base, in the tier of the boot, is. */
static bool base_settled(struct series_run *r, const struct run_boot *b)
{
	const struct walk_build *base = run_build(r, 0, b->config);
	const struct subject s = boot_subject(b, NULL);

	if (!base->decided || base->status != BUILD_OK)
		return base->decided;
	/* Asked for is settled only when it is planned. It is asked for before any other
	 * step, or never: where its kernel does not come up. */
	if (b->deep ? run_deep(r, 0, b->config, b->topology) == DEEP_ASKED : base->waits)
		return false;
	/* Without a boot: the base's kernel does not come up at all. */
	return !has_boots(r, 0, b) || cell_settled(r, 0, &s);
}

int repeats_once_plan(struct series_run *r, struct err *err)
{
	/* What is added on the way is looked at too: it may be taken over. */
	for (size_t i = 0; i < r->nboots; i++) {
		const struct run_boot *b = r->boots[i];
		const struct run_boot more = { .step = b->step,
					       .config = b->config,
					       .topology = b->topology,
					       .deep = b->deep,
					       .role = BOOT_CONFIRM,
					       .plan = b->plan,
					       .unmade = b->unmade,
					       .initramfs = b->initramfs,
					       .alone = true };

		if (b->state != SCHED_DONE || b->lost)
			continue;
		if ((b->step == 0 || base_settled(r, b)) && needs_repeat(r, b) &&
		    !repeat_exists(r, b) && boots_want(r, &more, err) < 0)
			return -1;
	}
	return 0;
}
