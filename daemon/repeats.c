#include "daemon/repeats.h"

#include <math.h>
#include <string.h>

#include "daemon/assess.h"
#include "daemon/boots.h"
#include "daemon/deep.h"
#include "lib/cleanup.h"
#include "lib/str.h"

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

/* Repeats in all columns, or in one, that this series had to make, now or when it was
 * run before: what is taken over from others costs it nothing. */
static int repeats_made(struct series_run *r, const struct plan_cell *column,
			double *ret_seconds)
{
	int n = 0;

	*ret_seconds = 0;
	for (size_t i = 0; i < r->nboots; i++) {
		const struct run_boot *b = r->boots[i];

		if (b->role != BOOT_CONFIRM || b->foreign || b->state != SCHED_DONE ||
		    b->lost)
			continue;
		*ret_seconds += b->boot.seconds;
		n += in_column(b, column);
	}
	return n;
}

/* How many more boots of the column time and number allow. */
static int boots_left(struct series_run *r, const struct plan_cell *column)
{
	double seconds, each = boots_expected(r, column);
	int made = repeats_made(r, column, &seconds);
	double left = (double)r->opts->config->verdict_budget_ms / 1000 - seconds;

	each = each > 0 ? each : BOOT_SECONDS;
	left = left > 0 ? left / each : 0;
	left = fmin(left, (double)r->opts->config->verdict_runs - made);
	return left > 0 ? (int)fmin(left, 100000) : 0;
}

/* What is asked of a column, subject after subject. */
struct asking {
	struct series_run *r;
	const struct plan_cell *column;
	struct witnesses witnesses;
	int left;               /* boots; -1: not known yet */
	bool failed;            /* something did */
	bool *named;            /* [ntested]: patches that a test of the column named */
	bool *settled;          /* [ntested]: and one of which no more is asked */
	struct assessment last; /* of the last subject that failed */
	double *last_worth;     /* what it made of each step */
	double *worth;          /* the sum */
};

/* A test that has named the patch tells enough: no more is asked of this one. Where it
 * names that patch as well, and of the other test nothing is left to be asked, whether it is
 * repaired stays open. */
static bool is_beside(const struct asking *q, const struct assessment *a)
{
	if (assess_names(a->belief, &a->call))
		return q->settled[a->call.first];
	return assess_is_beside(q->r, a, q->named);
}

/* Makes the belief, and what one more boot of each step is worth to it: nats in
 * worth[0..ntested-1]; false: nothing. */
static bool weigh(struct asking *q, const struct subject *s, struct assessment *a,
		  double *worth)
{
	struct series_run *r = q->r;
	AUTO_FREE double *patch = witnesses_tell(r, &q->witnesses, s);
	AUTO_FREE double *cost = mem_alloc0((size_t)r->ntested * sizeof(*cost));
	struct belief_policy policy = {
		.sure = (double)r->opts->config->verdict_sure / 100,
		.cost = cost,
	};

	if (q->left < 0)
		q->left = boots_left(r, q->column);
	for (int k = 0; k < r->ntested; k++) {
		worth[k] = 0;
		cost[k] = first_of(r, k, q->column) ? 1 : INFINITY;
	}
	policy.runs_max = assess_count(a, 0, r->ntested - 1).runs + q->left;
	assess_believe(r, a, patch);
	return belief_worth(a->belief, &policy, worth);
}

static void make_worth(struct asking *q, const struct subject *s, struct assessment *a)
{
	weigh(q, s, a, q->last_worth);
	if (is_beside(q, a))
		memset(q->last_worth, 0, (size_t)q->r->ntested * sizeof(*q->last_worth));
}

/* Tests that one patch breaks have the same counts: one belief does for all of them. */
static int add_worth(struct asking *q, const struct subject *s, struct err *err)
{
	AUTO(assessment_done) struct assessment a = { .belief = NULL };
	struct assessment swap;

	if (assess_evidence(q->r, s, &a, err) < 0)
		return -1;
	if (!a.failed)
		return 0;
	q->failed = true;
	if (!q->last.failed || !assess_alike(q->r, &q->last, &a)) {
		make_worth(q, s, &a);
		swap = q->last;
		q->last = a;
		a = swap;
	}
	for (int k = 0; k < q->r->ntested; k++)
		q->worth[k] += q->last_worth[k];
	return 0;
}

/* The patch that the subject names, and whether more is asked of it. Those with the same
 * counts say the same. */
static int note_named(struct asking *q, const struct subject *s, struct err *err)
{
	AUTO(assessment_done) struct assessment a = { .belief = NULL };
	struct assessment swap;
	bool more;

	if (assess_evidence(q->r, s, &a, err) < 0)
		return -1;
	if (!a.failed || (q->last.failed && assess_alike(q->r, &q->last, &a)))
		return 0;
	more = weigh(q, s, &a, q->last_worth);
	if (assess_names(a.belief, &a.call)) {
		q->named[a.call.first] = true;
		q->settled[a.call.first] |= !more && a.call.word != BELIEF_BLAMED;
	}
	swap = q->last;
	q->last = a;
	a = swap;
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

static int column_worth(struct asking *q, struct err *err)
{
	struct json_object *tests = plan_tests(q->r->plan, q->column);
	struct subject s = { .config = q->column->config,
			     .topology = q->column->topology,
			     .deep = q->column->deep };
	int (*const passes[])(struct asking * q, const struct subject *s,
			      struct err *err) = { note_named, add_worth };
	int rc = witnesses_of(q->r, s.config, &q->witnesses, err);

	for (size_t pass = 0; pass < ARRAY_SIZE(passes); pass++) {
		assessment_done(&q->last);
		s.test = NULL;
		if (rc == 0)
			rc = passes[pass](q, &s, err);
		for (size_t i = 0; rc == 0 && i < json_len(tests); i++) {
			s.test =
				json_str(json_object_array_get_idx(tests, i), "test", "");
			rc = passes[pass](q, &s, err);
		}
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

/* One more boot of the last step, if a bisection wants that. */
static int plan_wanted_run(struct series_run *r, const struct plan_cell *column,
			   bool *ret_more, struct err *err)
{
	const struct subject s = { .config = column->config,
				   .topology = column->topology,
				   .deep = column->deep,
				   .test = r->opts->repeat_test };
	int step = r->ntested - 1;
	struct cell_view v = cell_view_of(r, step, &s);
	bool recalled;

	/* A revert that was not to be had leaves the base alone. */
	if (r->opts->revert && step == 0)
		return 0;
	if (!first_of(r, step, column) || v.tells >= r->opts->repeat_runs ||
	    v.silent >= CELL_SILENT_MAX)
		return 0;
	*ret_more = true;
	if (recall_column(r, column, &recalled, err) < 0)
		return -1;
	return recalled ? 0 : repeat(r, step, column, err);
}

static int plan_column(struct series_run *r, const struct plan_cell *column,
		       bool *ret_more, struct err *err)
{
	size_t n = (size_t)r->ntested;
	AUTO_FREE double *worth = mem_alloc0(n * sizeof(*worth));
	AUTO_FREE double *last_worth = mem_alloc0(n * sizeof(*last_worth));
	AUTO_FREE bool *named = mem_alloc0(n * sizeof(*named));
	AUTO_FREE bool *settled = mem_alloc0(n * sizeof(*settled));
	struct asking q = { .r = r,
			    .column = column,
			    .left = -1,
			    .named = named,
			    .settled = settled,
			    .last_worth = last_worth,
			    .worth = worth };
	bool recalled;
	int best, rc;

	if (column_is_busy(r, column))
		return 0;
	if (r->opts->repeat_test)
		return plan_wanted_run(r, column, ret_more, err);
	rc = column_worth(&q, err);
	assessment_done(&q.last);
	witnesses_done(&q.witnesses);
	if (rc < 0 || !q.failed)
		return rc;
	if (recall_column(r, column, &recalled, err) < 0)
		return -1;
	if (recalled) {
		*ret_more = true;
		return 0;
	}
	if (best_of(worth, r->ntested, &best) <= 0)
		return 0;
	*ret_more = true;
	return repeat(r, best, column, err);
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
