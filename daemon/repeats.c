#include "daemon/repeats.h"

#include <math.h>

#include "daemon/assess.h"
#include "daemon/boots.h"
#include "daemon/deep.h"
#include "lib/cleanup.h"
#include "lib/str.h"

/* A cell whose boots told nothing so often, by our own trouble or since the guest died
 * of another test each time, is left alone. */
#define TOLD_NOTHING_MAX 3

/* Runs of one image that are taken over from earlier: more would not change much. */
#define RECALL_MAX 40

/* Seconds of a boot where nothing is known of it. */
#define BOOT_SECONDS 30

static bool in_column(const struct run_boot *b, const struct plan_cell *column)
{
	return b->config == column->config && b->topology == column->topology &&
	       b->deep == column->deep;
}

static bool column_is_busy(struct series_run *r, const struct plan_cell *column)
{
	for (size_t i = 0; i < r->nboots; i++)
		if (in_column(r->boots[i], column) && r->boots[i]->state != SCHED_DONE)
			return true;
	return column->deep ? deep_is_asked(r, column->config, column->topology) :
			      !deep_quick_is_done(r, column->config, column->topology);
}

/* The first boot of the cell, which a repeat is like; NULL: there is none. */
static const struct run_boot *first_of(struct series_run *r, int step,
				       const struct plan_cell *column)
{
	for (size_t i = 0; i < r->nboots; i++)
		if (r->boots[i]->step == step && in_column(r->boots[i], column) &&
		    r->boots[i]->role == BOOT_FIRST)
			return r->boots[i];
	return NULL;
}

/* Boots of the cell that had the chance to tell, and those lost among them. */
static int boots_of(struct series_run *r, int step, const struct plan_cell *column)
{
	int n = 0;

	for (size_t i = 0; i < r->nboots; i++)
		n += r->boots[i]->step == step && in_column(r->boots[i], column) &&
		     r->boots[i]->role != BOOT_REST;
	return n;
}

/* How many more boots the time for repeats allows. */
static int boots_left(struct series_run *r, const struct plan_cell *column)
{
	double left = (double)r->opts->config->verdict_budget_ms / 1000;
	double each = boots_expected(r, column);

	for (size_t i = 0; i < r->nboots; i++)
		if (r->boots[i]->role == BOOT_CONFIRM && !r->boots[i]->reused)
			left -= r->boots[i]->boot.seconds;
	each = each > 0 ? each : BOOT_SECONDS;
	return left > 0 ? (int)fmin(left / each, 100000) : 0;
}

static int runs_of(const struct assessment *a, int nsteps)
{
	return assess_count(a, 0, nsteps - 1).runs;
}

/* Adds what one more boot of each step is worth to the subject. */
static int add_worth(struct series_run *r, const struct subject *s,
		     const struct plan_cell *column, double *worth, struct err *err)
{
	AUTO(assessment_done) struct assessment a = { .belief = NULL };
	AUTO_FREE double *cost = mem_alloc0((size_t)r->ntested * sizeof(*cost));
	struct belief_policy policy = {
		.sure = (double)r->opts->config->verdict_sure / 100,
		.cost = cost,
	};

	if (assess(r, s, &a, err) < 0)
		return -1;
	if (!a.belief)
		return 0;
	for (int k = 0; k < r->ntested; k++)
		cost[k] = first_of(r, k, column) &&
					  boots_of(r, k, column) - a.steps[k].runs <
						  TOLD_NOTHING_MAX ?
				  1 :
				  INFINITY;
	policy.runs_max =
		(int)fmin((double)r->opts->config->verdict_runs,
			  runs_of(&a, r->ntested) + (double)boots_left(r, column));
	belief_worth(a.belief, &policy, worth);
	return 0;
}

static int repeat(struct series_run *r, int step, const struct plan_cell *column,
		  struct err *err)
{
	const struct run_boot *b = first_of(r, step, column);
	const struct run_boot more = { .step = step,
				       .config = b->config,
				       .topology = b->topology,
				       .deep = b->deep,
				       .role = BOOT_CONFIRM,
				       .plan = b->plan,
				       .unmade = b->unmade,
				       .initramfs = b->initramfs,
				       .alone = true };

	return boots_want(r, &more, err);
}

static int column_worth(struct series_run *r, const struct plan_cell *column,
			double *worth, struct err *err)
{
	struct json_object *tests = plan_tests(r->plan, column);
	struct subject s = { .config = column->config,
			     .topology = column->topology,
			     .deep = column->deep };
	int rc = add_worth(r, &s, column, worth, err);

	for (size_t i = 0; rc == 0 && i < json_len(tests); i++) {
		s.test = json_str(json_object_array_get_idx(tests, i), "test", "");
		rc = add_worth(r, &s, column, worth, err);
	}
	return rc;
}

static size_t recall_max(const struct series_run *r)
{
	return r->opts->repeat_runs > RECALL_MAX ? (size_t)r->opts->repeat_runs :
						   RECALL_MAX;
}

/* Every run of these images that ever was is evidence, whichever series it was for.
 * *ret_any: something was taken over. */
static int recall_column(struct series_run *r, const struct plan_cell *column,
			 bool *ret_any, struct err *err)
{
	size_t before = r->nboots;

	for (size_t i = 0; i < before; i++) {
		struct run_boot *b = r->boots[i];

		if (!in_column(b, column) || b->role != BOOT_FIRST || b->lost ||
		    b->recall_done)
			continue;
		b->recall_done = true;
		if (boots_recall(r, b, recall_max(r), err) < 0)
			return -1;
	}
	*ret_any = r->nboots > before;
	return 0;
}

static double best_of(const double *worth, int n, int *ret_best)
{
	*ret_best = 0;
	for (int k = 1; k < n; k++)
		if (worth[k] > worth[*ret_best])
			*ret_best = k;
	return worth[*ret_best];
}

/* Whether a bisection wants one more boot of the commit. */
static bool wants_runs(struct series_run *r, const struct plan_cell *column)
{
	const struct subject s = { .config = column->config,
				   .topology = column->topology,
				   .deep = column->deep,
				   .test = r->opts->repeat_test };
	int told = cell_view_of(r, 0, &s).tells;

	return told < r->opts->repeat_runs && first_of(r, 0, column) &&
	       boots_of(r, 0, column) - told < TOLD_NOTHING_MAX;
}

static int plan_column(struct series_run *r, const struct plan_cell *column,
		       bool *ret_more, struct err *err)
{
	AUTO_FREE double *worth = mem_alloc0((size_t)r->ntested * sizeof(*worth));
	bool recalled;
	int best;

	if (column_is_busy(r, column))
		return 0;
	if (r->opts->repeat_test)
		worth[0] = wants_runs(r, column);
	else if (column_worth(r, column, worth, err) < 0)
		return -1;
	if (best_of(worth, r->ntested, &best) <= 0)
		return 0;
	*ret_more = true;
	if (recall_column(r, column, &recalled, err) < 0)
		return -1;
	return recalled ? 0 : repeat(r, best, column, err);
}

int repeats_plan(struct series_run *r, bool *ret_more, struct err *err)
{
	struct plan_cell column;

	*ret_more = false;
	for (column.config = 0; column.config < r->plan->nconfigs; column.config++)
		for (column.topology = 0; column.topology < r->plan->ntopologies;
		     column.topology++)
			for (int deep = 0; deep < 2; deep++) {
				column.deep = deep;
				if (plan_column(r, &column, ret_more, err) < 0)
					return -1;
			}
	return 0;
}
