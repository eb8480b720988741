/*
 * What the series did, written down: for applying, for the builds and warnings
 * of each config, for each boot and test of each (config, topology) the cells
 * of all steps are judged, and the one line and the evidence that people need
 * are picked from the boot that shows it.
 */
#include <stdlib.h>

#include "daemon/assess.h"
#include "daemon/cells.h"
#include "daemon/deep.h"
#include "daemon/verdict_builds.h"
#include "daemon/verdict_odds.h"
#include "daemon/verdict_tell.h"
#include "lib/cleanup.h"
#include "lib/str.h"

/* ---- applying ---- */

static void judge_apply(struct series_run *r, struct verdict_list *l)
{
	struct cell *cells = mem_alloc0(r->nsteps * sizeof(*cells));
	struct verdict *v = verdict_add(l, KIND_APPLY, NULL, NULL, NULL);
	struct judgement j;

	for (size_t k = 0; k < r->nsteps; k++) {
		enum step_apply a = r->steps[k].apply;

		cells[k].state = a == APPLY_NOT_REACHED                    ? CELL_NONE :
				 a == APPLY_CONFLICT || a == APPLY_REFUSED ? CELL_FAIL :
									     CELL_PASS;
	}
	j = judge_cells(cells, (int)r->nsteps);
	verdict_fill(v, &j, false);
	if (j.from > 0) {
		const struct step *s = &r->steps[j.from];

		v->reason = str_printf("patch %d %s%s%s%s%s", j.from,
				       s->apply == APPLY_REFUSED ? "is refused" :
								   "does not apply",
				       s->file ? ": " : "", s->file ? s->file : "",
				       s->reason ? ": " : "", s->reason ? s->reason : "");
	}
	free(cells);
}

/* ---- boots and tests ---- */

/* The first step that is good only since what is wrong there is not the series', or -1. */
static int first_excused(const struct cell_view *views, int n)
{
	for (int k = 0; k < n; k++)
		if (views[k].issue || views[k].known_splat)
			return k;
	return -1;
}

/* A failure that was chance makes no cell bad. */
static void take_for_chance(struct cell *cells, int n)
{
	for (int k = 0; k < n; k++)
		if (cells[k].state == CELL_FAIL || cells[k].state == CELL_FLAKY ||
		    cells[k].state == CELL_ONCE)
			cells[k].state = CELL_PASS;
}

/* Why no more was asked of what stays open, if it is that a test beside it tells enough. */
static void find_beside(struct series_run *r, const struct witnesses *w,
			const struct subject *s, const struct assessment *a,
			struct judged *ret)
{
	AUTO_FREE bool *named = mem_alloc0((size_t)r->ntested * sizeof(*named));
	double sure = (double)r->opts->config->verdict_sure / 100;

	for (size_t i = 0; i < w->n; i++) {
		const struct witness *by = &w->v[i];
		struct belief_call c = belief_call(by->own, sure);

		if (by->s.topology != s->topology || by->s.deep != s->deep ||
		    !by->s.test || !assess_names(by->own, &c))
			continue;
		named[c.first] = true;
		if (!ret->beside && belief_from(a->belief, c.first) > 0) {
			ret->beside = by->s.test;
			ret->beside_patch = c.first;
		}
	}
	if (!assess_is_beside(r, a, named))
		ret->beside = NULL;
}

/* The caller frees views and puts odds. */
static int judge_views(struct series_run *r, const struct witnesses *w,
		       const struct subject *s, struct judged *ret, struct err *err)
{
	AUTO(assessment_done) struct assessment a = { .belief = NULL };
	AUTO_FREE struct cell *cells = mem_alloc0((size_t)r->ntested * sizeof(*cells));
	double sure = (double)r->opts->config->verdict_sure / 100;
	struct judgement *j = &ret->j;
	int excused;

	for (int k = 0; k < r->ntested; k++) {
		ret->views[k] = cell_view_of(r, k, s);
		cells[k] = ret->views[k].cell;
	}
	if (assess(r, s, w, &a, err) < 0)
		return -1;
	if (a.belief && a.call.word == BELIEF_CLEAN)
		take_for_chance(cells, r->ntested);
	*j = judge_cells(cells, r->ntested);
	excused = first_excused(ret->views, r->ntested);
	if (j->word == VERDICT_PASS && excused >= 0) {
		j->word = VERDICT_PRE_EXISTING;
		j->from = excused;
	}
	if (a.belief)
		odds_judge(&a, r->ntested, j);
	if (j->p >= 0)
		ret->odds = odds_json(&a, r->ntested, j, sure);
	if (a.belief && j->word == VERDICT_INCONCLUSIVE)
		find_beside(r, w, s, &a, ret);
	return 0;
}

static int judge_subject(struct series_run *r, struct verdict_list *l,
			 const struct witnesses *w, const struct subject *s,
			 bool only_bad, struct err *err)
{
	AUTO_FREE struct cell_view *views =
		mem_alloc0((size_t)r->ntested * sizeof(*views));
	struct judged j = { .views = views };
	int rc = judge_views(r, w, s, &j, err);

	if (rc == 0 && (!only_bad || j.j.from >= 0)) {
		struct verdict *v = verdict_add(l, s->test ? KIND_TEST : KIND_BOOT,
						r->plan->configs[s->config]->name,
						r->plan->topologies[s->topology]->name,
						s->test);

		verdict_fill(v, &j.j, true);
		verdict_tell(r, s, &j, v);
		if (only_bad)
			verdict_tell_deep(v);
		v->odds = TAKE_PTR(j.odds);
	}
	json_object_put(j.odds);
	return rc;
}

static int judge_tests(struct series_run *r, struct verdict_list *l,
		       const struct witnesses *w, struct subject s,
		       struct json_object *tests, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < json_len(tests); i++) {
		s.test = json_str(json_object_array_get_idx(tests, i), "test", "");
		rc = judge_subject(r, l, w, &s, false, err);
	}
	return rc;
}

static int judge_cell_column(struct series_run *r, struct verdict_list *l,
			     const struct witnesses *w, size_t c, size_t t,
			     struct err *err)
{
	int rc = 0;

	struct plan_cell pc = { .config = c, .topology = t };
	struct json_object *quick = plan_tests(r->plan, &pc), *deep;
	struct subject s = { .config = c, .topology = t };

	pc.deep = true;
	deep = plan_tests(r->plan, &pc);
	if (quick || !deep) {
		rc = judge_subject(r, l, w, &s, false, err);
		if (rc == 0)
			rc = judge_tests(r, l, w, s, quick, err);
	}
	if (rc < 0 || !deep)
		return rc;
	s.deep = true;
	/* Beside a quick one of the same kernel, only its own trouble is worth a line. */
	rc = judge_subject(r, l, w, &s, quick != NULL, err);
	return rc < 0 ? rc : judge_tests(r, l, w, s, deep, err);
}

/* ---- the whole ---- */

static enum run_exit exit_of(const struct verdict_list *l)
{
	enum run_exit code = RUN_CLEAN;

	for (size_t i = 0; i < l->n; i++) {
		const struct verdict *v = &l->v[i];

		if (v->verdict == VERDICT_INFRA && code == RUN_CLEAN)
			code = RUN_INFRA;
		if (v->kind == KIND_WARNING)
			continue;
		if (v->verdict == VERDICT_INTRODUCED || v->verdict == VERDICT_TRANSIENT ||
		    (v->verdict == VERDICT_FLAKY && v->from_step > 0))
			code = RUN_BROKEN;
	}
	return code;
}

/* A repeat that was lost leaves a cell unjudged even if another boot passed. */
static bool any_lost(struct series_run *r)
{
	for (size_t i = 0; i < r->nboots; i++)
		if (r->boots[i]->lost)
			return true;
	return false;
}

int verdicts_write(struct series_run *r, enum run_exit *ret_exit, struct err *err)
{
	struct verdict_list l = { .v = NULL };
	int rc = 0;

	if (deep_forget(r, err) < 0)
		return -1;
	judge_apply(r, &l);
	for (size_t c = 0; rc == 0 && c < r->plan->nconfigs; c++) {
		struct witnesses w = { .v = NULL };

		verdict_builds(r, &l, c);
		rc = verdict_warnings(r, &l, c, err);
		if (rc == 0)
			rc = witnesses_of(r, c, &w, err);
		for (size_t t = 0; rc == 0 && t < r->plan->ntopologies; t++)
			rc = judge_cell_column(r, &l, &w, c, t, err);
		witnesses_done(&w);
	}
	verdict_not_built(r, &l);
	if (rc == 0)
		rc = verdict_replace(r->db, r->series.id, l.v, l.n, SERIES_DONE, err);
	*ret_exit = exit_of(&l);
	if (*ret_exit == RUN_CLEAN && any_lost(r))
		*ret_exit = RUN_INFRA;
	verdict_list_free(l.v, l.n);
	return rc;
}
