#include "daemon/tiers.h"

#include <stdlib.h>
#include <string.h>

static bool can_ask(const struct tiers_view *v, int k)
{
	return k >= 0 && k < v->nsteps && !v->asked[k] && v->ground[k] != GROUND_NONE;
}

static void ask(const struct tiers_view *v, bool *want, int k)
{
	if (can_ask(v, k))
		want[k] = true;
}

/* The tip; where that has no kernel, the last step that has one. */
static int top_of(const struct tiers_view *v)
{
	if (v->ground[v->nsteps - 1] != GROUND_NONE)
		return v->nsteps - 1;
	/* Until then a later one may turn up. */
	if (!v->settled)
		return -1;
	for (int k = v->nsteps - 2; k >= 0; k--)
		if (v->ground[k] == GROUND_READY)
			return k;
	return -1;
}

/* The step nearest to the middle of those between that can be asked for. */
static void ask_between(const struct tiers_view *v, bool *want, int first, int last)
{
	int middle = first + (last - first) / 2, best = -1;

	for (int k = first + 1; k < last; k++)
		if (can_ask(v, k) && (best < 0 || abs(k - middle) < abs(best - middle)))
			best = k;
	ask(v, want, best);
}

static bool names_a_patch(const struct judgement *j)
{
	return j->word == VERDICT_INTRODUCED || j->word == VERDICT_TRANSIENT;
}

static void narrow(const struct tiers_view *v, bool *want, size_t subject)
{
	struct judgement j =
		v->deep ? v->deep[subject] :
			  judge_cells(&v->cells[subject * (size_t)v->nsteps], v->nsteps);

	if (!names_a_patch(&j))
		return;
	ask_between(v, want, j.candidate_first - 1, j.from);
	if (j.until >= 0)
		ask_between(v, want, j.until_first - 1, j.until);
}

int tiers_want(const struct tiers_view *v, bool *want)
{
	int n = 0;

	memset(want, 0, (size_t)v->nsteps * sizeof(*want));
	ask(v, want, 0);
	ask(v, want, top_of(v));
	for (size_t i = 0; i < v->nquick; i++) {
		if (!names_a_patch(&v->quick[i]))
			continue;
		ask(v, want, v->quick[i].from);
		ask(v, want, v->quick[i].candidate_first - 1);
	}
	/* By halves: what is under way may say in which one to look. */
	for (size_t i = 0; !v->busy && i < v->nsubjects; i++)
		narrow(v, want, i);
	for (int k = 0; k < v->nsteps; k++)
		n += want[k];
	return n;
}
