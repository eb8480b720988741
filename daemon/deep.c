/*
 * The deep tier of a run: what is known of each (config, topology), and of the
 * builds of each deep config, is put before tiers_want, and what that asks for is
 * built and booted. A quick config has all its kernels anyway; of a deep one only
 * those steps are built that are asked for.
 */
#include "daemon/deep.h"

#include <stdlib.h>

#include "daemon/cells.h"
#include "daemon/tiers.h"
#include "daemon/verdict_odds.h"

/* A view, and the arrays that it points into. */
struct deep_view {
	struct tiers_view v;
	enum tier_ground *ground;
	bool *asked, *want;
	struct cell *cells;
	struct judgement *quick, *deep;
};

static void view_done(struct deep_view *d)
{
	free(d->ground);
	free(d->asked);
	free(d->want);
	free(d->cells);
	free(d->quick);
	free(d->deep);
}

static void view_init(struct deep_view *d, const struct series_run *r, size_t nsubjects)
{
	size_t n = (size_t)r->ntested;

	d->ground = mem_alloc0(n * sizeof(*d->ground));
	d->asked = mem_alloc0(n * sizeof(*d->asked));
	d->want = mem_alloc0(n * sizeof(*d->want));
	d->cells = mem_alloc0(n * nsubjects * sizeof(*d->cells));
	d->v = (struct tiers_view){ .nsteps = r->ntested,
				    .ground = d->ground,
				    .asked = d->asked,
				    .cells = d->cells,
				    .nsubjects = nsubjects };
}

static unsigned char *deep_at(struct series_run *r, int step, size_t c, size_t t)
{
	const struct plan *p = r->plan;

	return &r->deep[((size_t)step * p->nconfigs + c) * p->ntopologies + t];
}

void deep_init(struct series_run *r)
{
	r->deep =
		mem_alloc0((size_t)r->ntested * r->plan->nconfigs * r->plan->ntopologies);
}

/* ---- the quick tier, as far as it decides ---- */

static struct json_object *tests_of(const struct series_run *r, size_t c, size_t t,
				    bool deep)
{
	const struct plan_cell pc = { .config = c, .topology = t, .deep = deep };

	return plan_tests(r->plan, &pc);
}

static const char *test_name(struct json_object *tests, size_t i)
{
	return json_str(json_object_array_get_idx(tests, i), "test", "");
}

bool deep_quick_is_done(struct series_run *r, size_t c, size_t t)
{
	for (int k = 0; k < r->ntested; k++)
		if (!run_build(r, k, c)->decided || run_build(r, k, c)->waits)
			return false;
	for (size_t i = 0; i < r->nboots; i++) {
		const struct run_boot *b = r->boots[i];

		if (b->config == c && b->topology == t && !b->deep &&
		    b->state != SCHED_DONE)
			return false;
	}
	return true;
}

/* As the verdict will be, as things are: by the cells, or by the odds. */
static int judge_subject(struct series_run *r, const struct subject *s,
			 struct judgement *ret, struct err *err)
{
	AUTO_FREE struct cell *cells = mem_alloc0((size_t)r->ntested * sizeof(*cells));
	AUTO(assessment_done) struct assessment a = { .belief = NULL };
	const struct witnesses none = { .v = NULL };

	for (int k = 0; k < r->ntested; k++)
		cells[k] = cell_view_of(r, k, s).cell;
	*ret = judge_cells(cells, r->ntested);
	if (!assess_by_odds(r))
		return 0;
	/* What others say would only have it look at fewer steps. */
	if (assess(r, s, &none, &a, err) < 0)
		return -1;
	if (a.belief && a.call.word == BELIEF_CLEAN)
		ret->word = VERDICT_PASS;
	else if (a.belief)
		odds_judge(&a, r->ntested, ret);
	return 0;
}

/* What the quick tests of a quick config did; the boot itself too if asked for. */
static int add_quick(struct deep_view *d, struct series_run *r, size_t c, size_t t,
		     bool boot, struct err *err)
{
	struct json_object *tests = tests_of(r, c, t, false);
	struct subject s = { .config = c, .topology = t };
	size_t n = json_len(tests);

	if (!n || !deep_quick_is_done(r, c, t))
		return 0;
	d->quick = mem_realloc(d->quick, d->v.nquick + n + 1, sizeof(*d->quick));
	d->v.quick = d->quick;
	for (size_t i = 0; i < n + boot; i++) {
		s.test = i < n ? test_name(tests, i) : NULL;
		if (judge_subject(r, &s, &d->quick[d->v.nquick], err) < 0)
			return -1;
		d->v.nquick++;
	}
	return 0;
}

/* ---- the view of a (config, topology) ---- */

/* The deep tests would only die of what the quick ones died of. */
static bool quick_boot_fails(struct series_run *r, int step, size_t c, size_t t)
{
	const struct subject boot = { .config = c, .topology = t };

	enum cell_state state;

	if (run_config_is_deep(r, c))
		return false;
	/* Once is enough where the patch to blame is known without running it again. */
	state = cell_view_of(r, step, &boot).cell.state;
	return state == CELL_FAIL || state == CELL_ONCE;
}

static enum tier_ground ground_of(struct series_run *r, int step, size_t c, size_t t)
{
	const struct walk_build *b = run_build(r, step, c);

	if (!b->decided || (!run_config_is_deep(r, c) && !deep_quick_is_done(r, c, t)))
		return GROUND_UNKNOWN;
	return b->status == BUILD_OK && !quick_boot_fails(r, step, c, t) ? GROUND_READY :
									   GROUND_NONE;
}

static bool cell_is_busy(struct series_run *r, int step, size_t c, size_t t)
{
	if (*deep_at(r, step, c, t) == DEEP_ASKED)
		return true;
	for (size_t i = 0; i < r->nboots; i++) {
		const struct run_boot *b = r->boots[i];

		if (b->step == step && b->config == c && b->topology == t && b->deep &&
		    b->state != SCHED_DONE)
			return true;
	}
	return false;
}

static int fill_subject(struct deep_view *d, struct series_run *r, struct subject *s,
			size_t at, struct err *err)
{
	for (int k = 0; k < r->ntested; k++)
		d->cells[at * (size_t)r->ntested + (size_t)k] =
			cell_view_of(r, k, s).cell;
	return judge_subject(r, s, &d->deep[at], err);
}

/* builds_settled: no more builds of a deep config are wanted for their own sake. */
static int view_column(struct deep_view *d, struct series_run *r, size_t c, size_t t,
		       bool builds_settled, struct err *err)
{
	struct json_object *tests = tests_of(r, c, t, true);
	struct subject s = { .config = c, .topology = t, .deep = true };
	size_t n = json_len(tests);

	view_init(d, r, n + 1);
	d->deep = mem_alloc0((n + 1) * sizeof(*d->deep));
	d->v.deep = d->deep;
	d->v.settled = run_config_is_deep(r, c) ? builds_settled :
						  deep_quick_is_done(r, c, t);
	for (int k = 0; k < r->ntested; k++) {
		d->ground[k] = ground_of(r, k, c, t);
		d->asked[k] = *deep_at(r, k, c, t) != DEEP_NO;
		d->v.busy |= cell_is_busy(r, k, c, t);
	}
	for (size_t i = 0; !d->v.busy && i < n + 1; i++) {
		s.test = i < n ? test_name(tests, i) : NULL;
		if (fill_subject(d, r, &s, i, err) < 0)
			return -1;
	}
	if (!run_config_is_deep(r, c))
		return add_quick(d, r, c, t, false, err);
	for (size_t q = 0; q < r->plan->nconfigs; q++)
		if (add_quick(d, r, q, t, true, err) < 0)
			return -1;
	return 0;
}

bool deep_is_asked(struct series_run *r, size_t c, size_t t)
{
	for (int k = 0; k < r->ntested; k++)
		if (*deep_at(r, k, c, t) == DEEP_ASKED)
			return true;
	return false;
}

/* ---- asking ---- */

/* Boots what was asked for and can be booted now, or never. */
static int plan_column(struct series_run *r, size_t c, size_t t, bool *ret_more,
		       struct err *err)
{
	const struct plan_cell pc = { .config = c, .topology = t, .deep = true };

	for (int k = 0; k < r->ntested; k++) {
		enum tier_ground ground = ground_of(r, k, c, t);

		if (*deep_at(r, k, c, t) != DEEP_ASKED || ground == GROUND_UNKNOWN)
			continue;
		if (ground == GROUND_READY && !walk_selftests_ready(r, k, &pc, ret_more))
			continue;
		*deep_at(r, k, c, t) = DEEP_DONE;
		*ret_more = true;
		if ((ground == GROUND_READY || run_config_is_deep(r, c)) &&
		    boots_plan_deep(r, k, c, t, err) < 0)
			return -1;
	}
	return 0;
}

static int ask_column(struct series_run *r, size_t c, size_t t, bool builds_settled,
		      bool *ret_more, struct err *err)
{
	AUTO(view_done) struct deep_view d = { .ground = NULL };

	if (!tests_of(r, c, t, true))
		return 0;
	if (view_column(&d, r, c, t, builds_settled, err) < 0)
		return -1;
	if (tiers_want(&d.v, d.want))
		*ret_more = true;
	for (int k = 0; k < r->ntested; k++) {
		if (!d.want[k])
			continue;
		*deep_at(r, k, c, t) = DEEP_ASKED;
		run_build(r, k, c)->wanted = true;
	}
	return plan_column(r, c, t, ret_more, err);
}

/* A patch that breaks the build of a deep config is looked for as well. True while
 * that is not over. */
static bool ask_builds(struct series_run *r, size_t c, bool *ret_more)
{
	AUTO(view_done) struct deep_view d = { .ground = NULL };
	bool any;

	view_init(&d, r, 1);
	for (int k = 0; k < r->ntested; k++) {
		const struct walk_build *b = run_build(r, k, c);

		d.asked[k] = b->wanted;
		d.v.busy |= b->wanted && !b->decided;
		d.cells[k] = cell_of_build(r, k, c);
	}
	any = tiers_want(&d.v, d.want) > 0;
	*ret_more |= any;
	for (int k = 0; k < r->ntested; k++)
		run_build(r, k, c)->wanted |= d.want[k];
	return any || d.v.busy;
}

int deep_plan(struct series_run *r, bool *ret_more, struct err *err)
{
	*ret_more = false;
	for (size_t c = 0; c < r->plan->nconfigs; c++) {
		bool open = run_config_is_deep(r, c) && ask_builds(r, c, ret_more);

		for (size_t t = 0; t < r->plan->ntopologies; t++)
			if (ask_column(r, c, t, !open, ret_more, err) < 0)
				return -1;
	}
	return 0;
}

/* ---- the end ---- */

static int forget_cell(struct series_run *r, int step, size_t c, size_t t,
		       struct err *err)
{
	const struct step_boot cell = { .series_id = r->series.id,
					.step = step,
					.config = r->plan->configs[c]->name,
					.arch = r->plan->configs[c]->arch,
					.topology = r->plan->topologies[t]->name };

	if (!run_config_is_deep(r, c) || *deep_at(r, step, c, t) == DEEP_DONE)
		return 0;
	return step_boot_clear(r->db, &cell, err);
}

int deep_forget(struct series_run *r, struct err *err)
{
	for (int k = 0; k < r->ntested; k++)
		for (size_t c = 0; c < r->plan->nconfigs; c++) {
			const struct step_build sb = {
				.series_id = r->series.id,
				.step = k,
				.config = r->plan->configs[c]->name,
				.arch = r->plan->configs[c]->arch,
			};

			if (!run_build(r, k, c)->wanted &&
			    step_build_clear(r->db, &sb, err) < 0)
				return -1;
			for (size_t t = 0; t < r->plan->ntopologies; t++)
				if (forget_cell(r, k, c, t, err) < 0)
					return -1;
		}
	return 0;
}
