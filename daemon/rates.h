/*
 * What counts of runs say about a rate of failure: the Beta-Bernoulli model, with the
 * rate integrated out. Pure. All probabilities of likelihoods are natural logarithms.
 *
 * A step is good or bad for a test. A good one fails now and then for no reason that
 * the series gives it (a machine under load, a test that is not as sound as it should
 * be): a small rate, learned from the test's history. A bad one fails at a rate nobody
 * knows: most bugs show always, a race shows at times.
 */
#ifndef SLUICE_DAEMON_RATES_H
#define SLUICE_DAEMON_RATES_H

#include <stddef.h>

/* A Beta(a, b) density of a rate, and the weight that it has in a mixture. */
struct rate_beta {
	double weight, a, b;
};

#define RATE_MIX_MAX 3

/* A mixture of Betas; weights sum to 1. */
struct rate_prior {
	struct rate_beta mix[RATE_MIX_MAX];
	size_t n;
};

/*
 * Of a good step's failures: what the test did before on kernels that are held to be
 * good, runs of which failures failed. Without any history it says one failure in
 * a thousand runs, since suites are kept silent, and is soon overruled.
 */
struct rate_prior rate_prior_good(double runs, double failures);
/*
 * Of a bad step's: one bug in three shows in nearly every run, one in four seldom, of
 * the rest nothing is known. More bugs than that show always; but a rate of one half is
 * where a few runs mislead most, and the prior is such that those are not rushed.
 */
struct rate_prior rate_prior_bad(void);

/*
 * Marginal likelihoods and predictions of one prior, for all counts up to a maximum;
 * tables, since a posterior needs thousands of them. Owned by the caller.
 */
struct rates;
struct rates *rates_new(const struct rate_prior *prior, int runs_max);
void rates_free(struct rates *r);
/* log P(these outcomes, in their order). 0 <= failures <= runs <= runs_max. */
double rates_log(const struct rates *r, int runs, int failures);
/* P(the next run fails), after those. */
double rates_next(const struct rates *r, int runs, int failures);

#endif
