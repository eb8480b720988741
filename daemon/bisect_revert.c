#include "daemon/bisect_revert.h"

#include <math.h>

/* P(taking the culprit back mends the bad end): else the bug has a second cause, or was
 * made up of several commits. */
#define MENDS 0.9
/* P(taking back a commit that is not to blame mends it): it may be what shows the bug. */
#define MENDS_ANYWAY 0.05
#define RUNS_MIN 3
#define SURE 0.99

struct counts {
	int runs, failures;
};

/* P(these further runs come out so), of commits that had those. */
static double predict(const struct rate_prior *prior, struct counts had, int runs,
		      int failures)
{
	struct rates *r = rates_new(prior, had.runs + runs);
	double p = exp(rates_log(r, had.runs + runs, had.failures + failures) -
		       rates_log(r, had.runs, had.failures));

	rates_free(r);
	return p;
}

struct bisect_revert bisect_revert_odds(const struct bisect *b,
					const struct bisect_prior *prior,
					const struct bisect_call *call, int runs,
					int failures)
{
	const struct bisect_graph *g = bisect_graph_of(b);
	struct counts good = { 0, 0 }, bad = { 0, 0 };
	double as_good, as_bad, right, wrong;

	for (int i = 0; i < bisect_graph_commits(g); i++) {
		struct counts *c = bisect_graph_leads(g, call->commit, i) ? &bad : &good;

		if (bisect_first(b, i) != i)
			continue;
		c->runs += bisect_runs(b, i);
		c->failures += bisect_failures(b, i);
	}
	as_good = predict(&prior->good, good, runs, failures);
	as_bad = predict(&prior->bad, bad, runs, failures);
	right = MENDS * as_good + (1 - MENDS) * as_bad;
	wrong = MENDS_ANYWAY * as_good + (1 - MENDS_ANYWAY) * as_bad;
	return (struct bisect_revert){
		.mended = MENDS * as_good / right,
		.p = call->p * right / (call->p * right + (1 - call->p) * wrong),
	};
}

bool bisect_revert_again(const struct bisect_revert *r, int runs, int max)
{
	if (runs >= max)
		return false;
	return runs < RUNS_MIN || (r->mended > 1 - SURE && r->mended < SURE);
}
