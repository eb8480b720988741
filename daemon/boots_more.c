/*
 * The further boots that cells need: to run the tests that a dead guest did not
 * reach, and to see a failure again, with nothing else running.
 */
#include "daemon/boots.h"

#include <string.h>

#include "daemon/cells.h"

/* Of one cell: the first, its repeat, and those for tests not reached. */
#define CELL_BOOTS_MAX 64

/* What this boot is evidence of; test NULL: of the boot itself. */
static struct subject boot_subject(const struct run_boot *b, const char *test)
{
	return (struct subject){ .config = b->config,
				 .topology = b->topology,
				 .deep = b->deep,
				 .test = test };
}

static bool has_result_elsewhere(struct series_run *r, const struct run_boot *b,
				 const char *test)
{
	for (size_t i = 0; i < r->nboots; i++) {
		const struct run_boot *o = r->boots[i];
		const struct result *res;

		if (o == b || !boots_same_cell(o, b))
			continue;
		/* One that is still to run will have it, as far as we know. */
		if (o->state != SCHED_DONE && o->role != BOOT_CONFIRM) {
			for (size_t k = 0; k < json_len(o->plan); k++)
				if (strcmp(json_str(json_object_array_get_idx(o->plan, k),
						    "test", ""),
					   test) == 0)
					return true;
			continue;
		}
		res = o->lost ? NULL : boot_result(o, test);
		if (res && res->result != RESULT_NOT_RUN)
			return true;
	}
	return false;
}

/* The tests that a guest which another test killed or blocked did not reach. */
static struct json_object *tests_not_reached(struct series_run *r,
					     const struct run_boot *b)
{
	struct json_object *rest = json_object_new_array();
	bool culprit = false;

	for (size_t i = 0; i < b->nresults; i++)
		culprit |= b->results[i].result != RESULT_NOT_RUN;
	for (size_t i = 0; culprit && i < json_len(b->plan); i++) {
		struct json_object *t = json_object_array_get_idx(b->plan, i);
		const struct result *res = boot_result(b, json_str(t, "test", ""));

		if (res && res->result == RESULT_NOT_RUN &&
		    !has_result_elsewhere(r, b, json_str(t, "test", "")))
			json_object_array_add(rest, json_object_get(t));
	}
	return rest;
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

/* How many there are of its kind at a step. */
static size_t cell_boots(struct series_run *r, int step, const struct run_boot *b)
{
	size_t n = 0;

	for (size_t i = 0; i < r->nboots; i++) {
		const struct run_boot *o = r->boots[i];

		n += o->step == step && o->config == b->config &&
		     o->topology == b->topology && o->deep == b->deep;
	}
	return n;
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
	return !cell_boots(r, 0, b) || cell_settled(r, 0, &s);
}

/* Another boot of the cell; what is to be seen again is seen alone. */
static int boots_want_more(struct series_run *r, const struct run_boot *b,
			   enum boot_role role, struct json_object *plan, struct err *err)
{
	const struct run_boot more = { .step = b->step,
				       .config = b->config,
				       .topology = b->topology,
				       .deep = b->deep,
				       .role = role,
				       .plan = plan,
				       .unmade = role == BOOT_CONFIRM ? b->unmade : NULL,
				       .initramfs = b->initramfs,
				       .alone = role == BOOT_CONFIRM };

	return boots_want(r, &more, err);
}

int boots_plan_repeats(struct series_run *r, struct err *err)
{
	/* What is added on the way is looked at too: a boot taken over from
	 * an earlier run may have died as well. */
	for (size_t i = 0; i < r->nboots; i++) {
		struct run_boot *b = r->boots[i];
		int rc = 0;

		if (b->state != SCHED_DONE || b->lost ||
		    cell_boots(r, b->step, b) >= CELL_BOOTS_MAX)
			continue;
		if (b->role != BOOT_CONFIRM) {
			AUTO_JSON struct json_object *rest = tests_not_reached(r, b);

			if (json_len(rest))
				rc = boots_want_more(r, b, BOOT_REST, rest, err);
		}
		if (rc == 0 && (b->step == 0 || base_settled(r, b)) &&
		    needs_repeat(r, b) && !repeat_exists(r, b))
			rc = boots_want_more(r, b, BOOT_CONFIRM, b->plan, err);
		if (rc < 0)
			return -1;
	}
	return 0;
}
