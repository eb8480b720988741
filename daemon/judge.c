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
	/* What ran at an earlier step and is skipped at the tip was not seen
	 * to work there. */
	if (cells[nsteps - 1].state == CELL_SKIP)
		return VERDICT_INCONCLUSIVE;
	return VERDICT_PASS;
}

/* The strongest thing known about the bad cells in [first, last]. */
static enum cell_state episode_strength(const struct cell *cells, int first, int last)
{
	enum cell_state best = CELL_ONCE;

	for (int k = first; k <= last; k++) {
		if (cells[k].state == CELL_FAIL)
			return CELL_FAIL;
		if (cells[k].state == CELL_FLAKY)
			best = CELL_FLAKY;
	}
	return best;
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
			  int good_before)
{
	int last_good = good_before;
	enum cell_state strength;

	for (int k = good_before; k < j->from; k++)
		if (cells[k].state == CELL_PASS)
			last_good = k;
	j->until = cell_find(cells, j->from, nsteps, false);
	j->candidate_first = last_good + 1;
	j->candidate_last = j->from;
	strength = episode_strength(cells, j->from, nsteps - 1);
	if (strength == CELL_FLAKY)
		j->word = VERDICT_FLAKY;
	else if (strength == CELL_ONCE)
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
		.candidate_first = -1,
		.candidate_last = -1,
	};
	int good, bad_first = cell_find(cells, 0, nsteps, true);

	for (int k = 0; k < nsteps; k++) {
		j.runs += cells[k].runs;
		j.failures += cells[k].failures;
	}
	if (bad_first < 0) {
		j.word = judge_without_bad(cells, nsteps);
		return j;
	}
	good = cell_find(cells, 0, nsteps, false);
	if (good >= 0)
		j.from = cell_find(cells, good, nsteps, true);
	if (j.from > 0) {
		judge_episode(&j, cells, nsteps, good);
		return j;
	}
	/* Bad, and never good before it. */
	j.from = bad_first;
	j.until = good;
	if (bad_first > 0)
		j.word = VERDICT_INCONCLUSIVE;
	else if (cells[0].state == CELL_FLAKY)
		j.word = VERDICT_FLAKY;
	else
		j.word = VERDICT_PRE_EXISTING;
	return j;
}
