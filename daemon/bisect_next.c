#include "daemon/bisect_next.h"

#include <math.h>
#include <stdlib.h>

#include "daemon/bisect_gain.h"
#include "lib/cleanup.h"
#include "lib/str.h"

/* Runs of each end: the good one is looked at as hard as the bad one, up to a limit. */
#define END_RUNS 2
#define GOOD_END_RUNS 10
/* One that made it the culprit, or its parent, and two more. */
#define CONFIRM_RUNS 3

/* It is given up where the runs that are left would have to tell more than this many
 * times what the best of them tells now. More than in a series: of a bug that shows
 * seldom a run tells little at first, and more once it is known to show seldom. */
#define FUTILE 3.0

/* A call needs as much less doubt than it is said with: how often bugs show is not
 * quite what rates.h expects of them, and one that shows in one run of ten is where
 * the difference is largest. Found with tests/sim/sim_history.c. */
#define DOUBT 0.5

static const char *const whys[] = {
	[BISECT_ENDS] = "to verify an end",
	[BISECT_TELLS] = "tells most for its cost",
	[BISECT_CONFIRM] = "to confirm",
	[BISECT_CALLED] = "called",
	[BISECT_NOT_SEEN] = "the bad end did not fail",
	[BISECT_NO_END] = "an end cannot be run",
	[BISECT_BUDGET] = "no runs are left",
	[BISECT_FUTILE] = "the runs that are left would not do",
};

const char *bisect_why_str(enum bisect_why why)
{
	return whys[why];
}

static int commits_of(const struct bisect *b)
{
	return bisect_graph_commits(bisect_graph_of(b));
}

static bool decided(enum bisect_word word)
{
	return word == BISECT_GOOD_IS_BAD || word == BISECT_NEVER_BAD ||
	       word == BISECT_REVERSED || word == BISECT_CONTRADICTION;
}

/* ---- ends ---- */

/* False: both are verified, or the user answers for them. */
static bool want_end(const struct bisect *b, const struct bisect_policy *policy,
		     const bool *told, struct bisect_step *ret)
{
	int good = 0, bad = commits_of(b) - 1;
	int bad_runs = bisect_runs(b, bad), good_runs = bisect_runs(b, good);
	int want = bad_runs < END_RUNS      ? END_RUNS :
		   bad_runs < GOOD_END_RUNS ? bad_runs :
					      GOOD_END_RUNS;
	bool unseen = bisect_runnable(b, bad) && bisect_failures(b, bad) == 0;
	bool good_wanted = bisect_runnable(b, good) && good_runs < bad_runs &&
			   (good_runs == 0 || bisect_failures(b, good) > 0);

	if (!told[good] || !told[bad]) {
		ret->why = BISECT_NO_END;
		return true;
	}
	if (unseen && bad_runs >= policy->ends_max) {
		ret->why = BISECT_NOT_SEEN;
		return true;
	}
	ret->why = BISECT_ENDS;
	ret->cost = policy->run;
	if (bisect_runnable(b, bad) && (unseen || bad_runs < END_RUNS)) {
		/* That the good end fails is to be known early, and for sure. */
		ret->commit = good_wanted ? good : bad;
		return true;
	}
	ret->commit = good;
	return bisect_runnable(b, good) && good_runs < want;
}

/* An end that ran less often than it must before anything is said of it; -1: none. */
static int end_to_run(const struct bisect *b)
{
	int ends[] = { 0, commits_of(b) - 1 };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (bisect_runnable(b, ends[i]) && !bisect_marked(b, ends[i]) &&
		    bisect_runs(b, ends[i]) < END_RUNS)
			return ends[i];
	return -1;
}

/* ---- confirmation ---- */

/* Sides of the graph that a walk goes to. */
typedef int (*neighbours_fn)(const struct bisect_graph *g, int commit, const int **ret);

/* Marks in found[] the nearest commits on a side that can be run, past those that
 * cannot. A mark of the user ends a way as a run does. */
static void nearest(const struct bisect *b, const bool *told, int commit,
		    neighbours_fn side, bool *found)
{
	int n = commits_of(b), top = 0;
	AUTO_FREE int *stack = mem_alloc0(((size_t)n + 1) * sizeof(*stack));
	AUTO_FREE bool *seen = mem_alloc0((size_t)n * sizeof(*seen));

	stack[top++] = commit;
	seen[commit] = true;
	while (top > 0) {
		const int *to;
		int links = side(bisect_graph_of(b), stack[--top], &to);

		for (int k = 0; k < links; k++) {
			if (seen[to[k]])
				continue;
			seen[to[k]] = true;
			if (bisect_runnable(b, to[k]))
				found[to[k]] = true;
			else if (!told[to[k]])
				stack[top++] = to[k];
		}
	}
}

/* A commit that has to run again before the call is said; -1: none. */
static int confirm_next(const struct bisect *b, const bool *told, int culprit)
{
	AUTO_FREE bool *found = mem_alloc0((size_t)commits_of(b) * sizeof(*found));

	if (bisect_runnable(b, culprit))
		found[culprit] = true;
	else if (!told[culprit])
		nearest(b, told, culprit, bisect_graph_children, found);
	nearest(b, told, culprit, bisect_graph_parents, found);
	/* The culprit, which has the highest number, before its parents. */
	for (int i = commits_of(b) - 1; i >= 0; i--)
		if (found[i] && bisect_runs(b, i) < CONFIRM_RUNS)
			return i;
	return -1;
}

/* Commits of which it is known what comes out, or can be. */
static bool *find_told(const struct bisect *b)
{
	int n = commits_of(b);
	bool *told = mem_alloc0((size_t)n * sizeof(*told));

	for (int i = 0; i < n; i++)
		told[i] = bisect_runnable(b, i) || bisect_marked(b, i);
	return told;
}

bool bisect_confirmed(const struct bisect *b, const struct bisect_call *c)
{
	AUTO_FREE bool *told = find_told(b);

	return c->commit >= 0 && confirm_next(b, told, c->commit) < 0;
}

/* ---- what tells most ---- */

/* How many commits away the next one is that cannot be run; n: there is none. */
static int *distances(const struct bisect *b)
{
	const struct bisect_graph *g = bisect_graph_of(b);
	int n = commits_of(b), head = 0, tail = 0;
	int *away = mem_alloc0((size_t)n * sizeof(*away));
	AUTO_FREE int *queue = mem_alloc0((size_t)n * sizeof(*queue));

	for (int i = 0; i < n; i++) {
		away[i] = n;
		if (bisect_runnable(b, i) || bisect_marked(b, i))
			continue;
		away[i] = 0;
		queue[tail++] = i;
	}
	while (head < tail) {
		int at = queue[head++];

		for (int up = 0; up < 2; up++) {
			const int *to;
			int links = up ? bisect_graph_parents(g, at, &to) :
					 bisect_graph_children(g, at, &to);

			for (int k = 0; k < links; k++)
				if (away[to[k]] == n) {
					away[to[k]] = away[at] + 1;
					queue[tail++] = to[k];
				}
		}
	}
	return away;
}

/* Runs that a build has been good for so far. */
static double runs_of_build(const struct bisect *b)
{
	int built = 0, runs = 0;

	for (int i = 0; i < commits_of(b); i++)
		if (bisect_runs(b, i) > 0) {
			built++;
			runs += bisect_runs(b, i);
		}
	return built ? (double)runs / built : 1;
}

static double cost_of(const struct bisect_policy *policy, int commit, double share)
{
	return policy->run + (policy->build ? policy->build[commit] / share : 0);
}

/*
 * What is broken stays so for a while: half of the time, at the next commit. The chance
 * falls with the distance no faster than 1/d, so that one gets out of a range of any
 * length in few steps, but stays near where it would tell most.
 */
static double builds(const struct bisect *b, const struct bisect_policy *policy,
		     int commit, const int *away)
{
	if (bisect_runs(b, commit) > 0 || !policy->build || policy->build[commit] <= 0)
		return 1;
	return (double)away[commit] / (1 + away[commit]);
}

static struct bisect_step tells_most(const struct bisect *b,
				     const struct bisect_policy *policy, double sure,
				     int left)
{
	int n = commits_of(b);
	struct bisect_step best = { .why = BISECT_FUTILE, .commit = -1 };
	AUTO_FREE double *gain = mem_alloc0((size_t)n * sizeof(*gain));
	AUTO_FREE int *away = distances(b);
	double most = 0, worth = 0, share = runs_of_build(b);

	bisect_gains(b, gain);
	for (int i = 0; i < n; i++) {
		double cost = cost_of(policy, i, share);
		double w = gain[i] * builds(b, policy, i, away) / cost;

		most = fmax(most, gain[i]);
		if (w <= worth)
			continue;
		worth = w;
		best = (struct bisect_step){ .why = BISECT_TELLS,
					     .commit = i,
					     .gain = gain[i],
					     .cost = cost };
	}
	if (most <= 0 || bisect_entropy(b) - bisect_entropy2(sure) > most * left * FUTILE)
		return (struct bisect_step){ .why = BISECT_FUTILE, .commit = -1 };
	return best;
}

static int runs_all(const struct bisect *b)
{
	int runs = 0;

	for (int i = 0; i < commits_of(b); i++)
		if (bisect_first(b, i) == i)
			runs += bisect_runs(b, i);
	return runs;
}

struct bisect_step bisect_next(const struct bisect *b, const struct bisect_policy *policy)
{
	AUTO_FREE bool *told = find_told(b);
	double sure = 1 - (1 - policy->sure) * DOUBT;
	struct bisect_call c = bisect_call(b, sure);
	struct bisect_step s = { .commit = -1 };
	int left = policy->runs_max - runs_all(b);

	s.why = BISECT_CALLED;
	if (decided(c.word)) {
		int end = left > 0 ? end_to_run(b) : -1;

		return end < 0 ? s :
				 (struct bisect_step){ .why = BISECT_ENDS,
						       .commit = end,
						       .cost = policy->run };
	}
	if (want_end(b, policy, told, &s))
		return s;
	s = (struct bisect_step){ .why = BISECT_BUDGET, .commit = -1 };
	if (c.word != BISECT_CULPRIT)
		return left > 0 ? tells_most(b, policy, sure, left) : s;
	s.commit = confirm_next(b, told, c.commit);
	s.cost = policy->run;
	if (s.commit < 0) {
		s.why = BISECT_CALLED;
	} else if (left > 0) {
		s.why = BISECT_CONFIRM;
	} else {
		s.commit = -1;
	}
	return s;
}
