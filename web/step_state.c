#include "web/step_state.h"

#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/json.h"
#include "lib/str.h"

static void set(struct step_state *s, enum mark mark, const char *words)
{
	s->mark = mark;
	snprintf(s->words, sizeof(s->words), "%s", words);
}

/* Whether it says all there is: it did not apply, or was not built well. */
static bool is_stuck(const struct series_view *v, const struct step *s,
		     struct step_state *ret)
{
	if (s->apply == APPLY_CONFLICT || s->apply == APPLY_REFUSED)
		return set(ret, MARK_FAIL, step_apply_str(s->apply)), true;
	if (s->apply == APPLY_NOT_REACHED)
		return set(ret, MARK_SKIP, "not reached"), true;
	for (size_t i = 0; i < v->nstep_builds; i++) {
		const struct step_build *b = &v->step_builds[i];

		if (b->step != s->step || b->status == BUILD_SKIPPED)
			continue;
		ret->built = true;
		/* Of several configs the one that fails is the one to see. */
		if (b->status == BUILD_INFRA && ret->mark != MARK_FAIL)
			set(ret, MARK_INFRA, "build lost");
		else if (b->status != BUILD_OK && b->status != BUILD_INFRA)
			set(ret, MARK_FAIL, "build fails");
	}
	return ret->mark != MARK_NONE;
}

/* The worst of its cells. What is skipped there is no news. */
static enum mark worst_of(const struct series_view *v, int64_t step,
			  const struct column *cols, size_t n)
{
	enum mark worst = MARK_NONE;

	for (size_t i = 0; i < n; i++) {
		struct cell c;

		if (!cols[i].topology)
			continue;
		cell_of(v, step, &cols[i], &c);
		if (c.mark == MARK_FAIL)
			return MARK_FAIL;
		if (c.mark == MARK_FLAKY || (c.mark == MARK_INFRA && worst != MARK_FLAKY))
			worst = c.mark;
	}
	return worst;
}

static bool is_there(const struct series_view *v, int64_t step, const char *topology)
{
	for (size_t i = 0; topology && i < v->nstep_boots; i++)
		if (v->step_boots[i].step == step &&
		    strcmp(v->step_boots[i].topology, topology) == 0)
			return true;
	return false;
}

void step_state_of(const struct series_view *v, const struct step *s,
		   struct step_state *ret)
{
	struct json_object *wanted = json_arr(v->series.wanted, "topologies");
	AUTO_FREE struct column *cols = NULL;
	size_t n = 0, there = 0;
	enum mark worst;

	*ret = (struct step_state){ .mark = MARK_NONE };
	if (is_stuck(v, s, ret))
		return;
	cols = view_columns(v, &n);
	worst = worst_of(v, s->step, cols, n);
	if (worst != MARK_NONE)
		return set(ret, worst, "");
	for (size_t i = 0; i < json_len(wanted); i++)
		there += is_there(
			v, s->step,
			json_object_get_string(json_object_array_get_idx(wanted, i)));
	if (there > 0 && there == json_len(wanted))
		return set(ret, MARK_PASS, "");
	if (there > 0)
		snprintf(ret->words, sizeof(ret->words), "%zu of %zu pass", there,
			 json_len(wanted));
	else
		set(ret, MARK_NONE, ret->built ? "built" : "");
}
