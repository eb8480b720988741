/*
 * The further boots that cells need to run the tests that a dead guest did not reach.
 */
#include "daemon/boots.h"

#include <string.h>

#include "daemon/cells.h"

/* Of one cell: one that kills its guest with every test ends here. */
#define CELL_BOOTS_MAX 64

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

int boots_plan_rest(struct series_run *r, struct err *err)
{
	/* What is added on the way is looked at too: a boot taken over from
	 * an earlier run may have died as well. */
	for (size_t i = 0; i < r->nboots; i++) {
		struct run_boot *b = r->boots[i];
		AUTO_JSON struct json_object *rest = NULL;

		if (b->state != SCHED_DONE || b->lost || b->role == BOOT_CONFIRM ||
		    cell_boots(r, b->step, b) >= CELL_BOOTS_MAX)
			continue;
		rest = tests_not_reached(r, b);
		if (json_len(rest)) {
			const struct run_boot more = { .step = b->step,
						       .config = b->config,
						       .topology = b->topology,
						       .deep = b->deep,
						       .role = BOOT_REST,
						       .plan = rest,
						       .initramfs = b->initramfs };

			if (boots_want(r, &more, err) < 0)
				return -1;
		}
	}
	return 0;
}
