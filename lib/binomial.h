/*
 * How often something may fail that was seen to fail k times of n.
 */
#ifndef SLUICE_LIB_BINOMIAL_H
#define SLUICE_LIB_BINOMIAL_H

#include <stdint.h>

/* P(X <= k) for n independent trials that each succeed with p, 0 <= p <= 1. */
double binomial_cdf(uint64_t k, uint64_t n, double p);

/*
 * The upper bound of the rate after k of n, exact and one-sided (Clopper and
 * Pearson, Biometrika 26 (1934)): the greatest p that would still show so few
 * with a probability of 1 - confidence. Where k is 0 that is
 * 1 - (1 - confidence)^(1/n); else it is found by bisection of binomial_cdf, to
 * 1e-12. 1 for n = 0: nothing is known. confidence: 0.95, between 0 and 1.
 */
double binomial_upper(uint64_t k, uint64_t n, double confidence);

#endif
