/* The confirmation of a culprit by its revert on the bad end. */
#include <string.h>

#include "daemon/bisect_inside.h"
#include "db/step.h"
#include "lib/str.h"

#define WHY "to confirm by its revert"
/* In struct known, where a commit's number is not this. */
#define REVERTED (-2)

/* What is known of the reverted tree; false: it cannot be run, ret->why says so. */
static bool look(struct bisecting *g, const struct bisection *row,
		 struct bisect_taken_back *ret)
{
	struct bisection_seen *seen = NULL, *made = NULL;
	size_t n = 0;

	if (bisection_seen(g->db, &g->found.what, &seen, &n, &g->err) < 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (strcmp(seen[i].commit_id, row->revert_id) == 0)
			made = &seen[i];
	if (!made || !made->key)
		ret->why = "what comes of it does not build or boot";
	else if (made->runs == 0 && made->boots >= BISECT_SILENT_MAX)
		ret->why = "what comes of it does not run the test";
	for (size_t i = 0; made && made->key && i < n; i++) {
		int at = commit_range_find(&g->found.range, seen[i].commit_id);

		if (at >= 0 && seen[i].key && strcmp(seen[i].key, made->key) == 0)
			ret->same = at;
	}
	if (made) {
		ret->runs = (int)made->runs;
		ret->failures = (int)made->failures;
	}
	bisection_seen_free(seen, n);
	return !ret->why;
}

/* What the run made of it: the second step of its series. */
static int take_step(struct bisecting *g, long long series_id, const char *of)
{
	struct step *steps = NULL;
	AUTO_FREE char *why = NULL;
	size_t n = 0;
	int rc;

	if (step_list(g->db, series_id, &steps, &n, &g->err) < 0)
		return -1;
	if (n < 2)
		why = str_dup("it was not tried");
	else if (!steps[1].commit_id)
		why = str_printf("%s%s%s", steps[1].reason ? steps[1].reason : "",
				 steps[1].file ? ": " : "",
				 steps[1].file ? steps[1].file : "");
	rc = bisection_set_revert(g->db, g->found.what.id, of,
				  n < 2 ? NULL : steps[1].commit_id, why, &g->err);
	step_list_free(steps, n);
	return rc;
}

static int note(struct bisecting *g, const struct bisect_call *call, const char *of,
		const char *made, const struct bisect_taken_back *t)
{
	const struct bisection_step row = { .commit_id = (char *)(made ? made : of),
					    .why = (char *)WHY,
					    .runs = t->runs,
					    .failures = t->failures,
					    .likeliest = (char *)of,
					    .likeliest_p = call->p };
	AUTO_FREE char *text =
		str_printf("next the revert of %.12s on %.12s, %d/%d so far: " WHY, of,
			   g->found.what.bad, t->failures, t->runs);

	bisecting_say(g, text);
	return bisection_step_put(g->db, g->found.what.id, &row, &g->err);
}

static enum confirmed fail(struct bisecting *g, enum run_exit exit)
{
	g->exit = exit;
	return CONFIRM_FAILED;
}

/* made: what came of the revert when it was run before; NULL: it was not. */
static enum confirmed run(struct bisecting *g, const struct bisect_call *call,
			  const char *made, const struct bisect_taken_back *t)
{
	const char *of = g->found.range.v[call->commit].id;
	long long series_id;
	enum run_exit exit;

	if (bisecting_must_yield(g) || note(g, call, of, made, t) < 0)
		return fail(g, RUN_INFRA);
	exit = bisecting_run_commit(g, g->found.what.bad, of, t->runs, &series_id);
	if (exit != RUN_CLEAN && exit != RUN_BROKEN)
		return fail(g, exit);
	return take_step(g, series_id, of) < 0 ? fail(g, RUN_INFRA) : CONFIRM_MORE;
}

/* Whether the last run of it told nothing; and notes how far it is now. */
static bool stands_still(struct bisecting *g, const struct bisect_taken_back *t)
{
	const struct known now = { REVERTED, 0, t->runs };
	bool same = memcmp(&now, &g->last, sizeof(now)) == 0;

	g->last = now;
	return same;
}

enum confirmed bisecting_confirm(struct bisecting *g, const struct bisect *b,
				 const struct bisect_call *call, int left,
				 struct bisection *row, struct bisect_taken_back *ret)
{
	const char *of = g->found.range.v[call->commit].id;

	*ret = (struct bisect_taken_back){ .same = -1 };
	if (bisection_find(g->db, g->found.what.id, row, &g->err) <= 0)
		return fail(g, RUN_INFRA);
	if (!row->revert_of || strcmp(row->revert_of, of) != 0) {
		if (left > 0)
			return run(g, call, NULL, ret);
		ret->why = "no runs are left";
		return CONFIRM_DONE;
	}
	ret->why = row->revert_why;
	if (!row->revert_id || !look(g, row, ret))
		return g->err.code == ERR_NONE ? CONFIRM_DONE : fail(g, RUN_INFRA);
	ret->odds =
		bisect_revert_odds(b, &g->found.prior, call, ret->runs, ret->failures);
	if (ret->same >= 0 || stands_still(g, ret) || left <= ret->runs ||
	    !bisect_revert_again(&ret->odds, ret->runs, BISECT_ENDS_MAX))
		return CONFIRM_DONE;
	return run(g, call, row->revert_id, ret);
}
