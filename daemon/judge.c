#include "daemon/judge.h"

#include <stdbool.h>

static bool cell_bad(const struct cell *c)
{
	return c->state == CELL_FAIL || c->state == CELL_FLAKY || c->state == CELL_ONCE;
}

/* The first step from first on whose cell is good (or bad), or -1. */
static int cell_find(const struct cell *cells, int first, int nsteps, bool bad)
{
	for (int k = first; k < nsteps; k++)
		if (bad ? cell_bad(&cells[k]) : cells[k].state == CELL_PASS)
			return k;
	return -1;
}

static int cell_find_state(const struct cell *cells, int nsteps, enum cell_state state)
{
	for (int k = 0; k < nsteps; k++)
		if (cells[k].state == state)
			return k;
	return -1;
}

static enum verdict_word judge_without_bad(const struct cell *cells, int nsteps)
{
	int pass = cell_find(cells, 0, nsteps, false);

	if (cell_find_state(cells, nsteps, CELL_INFRA) >= 0)
		return VERDICT_INFRA;
	if (pass < 0)
		return VERDICT_NOT_TESTED;
	/* What ran at an earlier step and is skipped at the tip, or cannot run
	 * there for want of a kernel, was not seen to work there. */
	return cells[nsteps - 1].state == CELL_PASS ? VERDICT_PASS : VERDICT_INCONCLUSIVE;
}

/* A run of bad cells after a good one, until the next good one. */
struct episode {
	int last_good, from, last_bad, until; /* until: -1 when it lasts to the end */
	enum cell_state strength; /* the strongest thing known about its cells */
};

/* FAIL before FLAKY before ONCE. */
static int strength_rank(enum cell_state s)
{
	return s == CELL_FAIL ? 2 : s == CELL_FLAKY ? 1 : 0;
}

/* The last bad step from first on and before until (-1: to the end). */
static int cell_last_bad(const struct cell *cells, int first, int until, int nsteps)
{
	int last = first;

	for (int k = first; k < (until < 0 ? nsteps : until); k++)
		if (cell_bad(&cells[k]))
			last = k;
	return last;
}

static bool episode_next(const struct cell *cells, int first, int nsteps,
			 struct episode *ret)
{
	struct episode e = { .last_good = cell_find(cells, first, nsteps, false),
			     .strength = CELL_ONCE };

	if (e.last_good < 0)
		return false;
	e.from = cell_find(cells, e.last_good, nsteps, true);
	if (e.from < 0)
		return false;
	for (int k = e.last_good; k < e.from; k++)
		if (cells[k].state == CELL_PASS)
			e.last_good = k;
	e.until = cell_find(cells, e.from, nsteps, false);
	e.last_bad = cell_last_bad(cells, e.from, e.until, nsteps);
	for (int k = e.from; k < (e.until < 0 ? nsteps : e.until); k++)
		if (cell_bad(&cells[k]) &&
		    strength_rank(cells[k].state) > strength_rank(e.strength))
			e.strength = cells[k].state;
	*ret = e;
	return true;
}

/* The first of the strongest ones: a flake that a patch showed on the way must
 * not take the blame for what a later one broke for good. */
static bool episode_find(const struct cell *cells, int nsteps, struct episode *ret)
{
	struct episode e;
	bool found = false;

	for (int k = 0; k >= 0 && episode_next(cells, k, nsteps, &e); k = e.until) {
		if (found && strength_rank(e.strength) <= strength_rank(ret->strength))
			continue;
		*ret = e;
		found = true;
	}
	return found;
}

static bool bad_at_the_end(const struct cell *cells, int nsteps)
{
	for (int k = nsteps - 1; k >= 0; k--) {
		if (cell_bad(&cells[k]))
			return true;
		if (cells[k].state == CELL_PASS)
			return false;
	}
	return false;
}

static void judge_episode(struct judgement *j, const struct cell *cells, int nsteps,
			  const struct episode *e)
{
	j->from = e->from;
	j->until = e->until;
	j->until_first = e->until < 0 ? -1 : e->last_bad + 1;
	j->candidate_first = e->last_good + 1;
	j->candidate_last = e->from;
	if (e->strength == CELL_FLAKY)
		j->word = VERDICT_FLAKY;
	else if (e->strength == CELL_ONCE)
		j->word = VERDICT_INCONCLUSIVE;
	else if (bad_at_the_end(cells, nsteps))
		j->word = VERDICT_INTRODUCED;
	else
		j->word = VERDICT_TRANSIENT;
}

struct judgement judge_cells(const struct cell *cells, int nsteps)
{
	struct judgement j = {
		.from = -1,
		.until = -1,
		.until_first = -1,
		.candidate_first = -1,
		.candidate_last = -1,
		.p = -1,
	};
	int bad_first = cell_find(cells, 0, nsteps, true);
	struct episode e = { .from = -1 };

	for (int k = 0; k < nsteps; k++) {
		j.runs += cells[k].runs;
		j.failures += cells[k].failures;
	}
	if (bad_first < 0) {
		j.word = judge_without_bad(cells, nsteps);
		return j;
	}
	/* What comes and goes at the base as well is no patch's doing. */
	if (episode_find(cells, nsteps, &e) &&
	    (!cell_bad(&cells[0]) || e.strength == CELL_FAIL)) {
		judge_episode(&j, cells, nsteps, &e);
		return j;
	}
	/* Bad, and never good before it. */
	j.from = bad_first;
	j.until = cell_find(cells, bad_first, nsteps, false);
	if (j.until >= 0)
		j.until_first = cell_last_bad(cells, bad_first, j.until, nsteps) + 1;
	if (bad_first > 0)
		j.word = VERDICT_INCONCLUSIVE;
	else if (cells[0].state == CELL_FLAKY)
		j.word = VERDICT_FLAKY;
	else
		j.word = VERDICT_PRE_EXISTING;
	return j;
}
