#include "lib/binomial.h"

#include <math.h>

#define PRECISION 1e-12

/* ln of n over k */
static double ln_choose(uint64_t n, uint64_t k)
{
	return lgamma((double)n + 1) - lgamma((double)k + 1) -
	       lgamma((double)(n - k) + 1);
}

double binomial_cdf(uint64_t k, uint64_t n, double p)
{
	double sum = 0;

	if (k >= n || p <= 0)
		return 1;
	if (p >= 1)
		return 0;
	for (uint64_t i = 0; i <= k; i++)
		sum += exp(ln_choose(n, i) + (double)i * log(p) +
			   (double)(n - i) * log1p(-p));
	return sum < 1 ? sum : 1;
}

double binomial_upper(uint64_t k, uint64_t n, double confidence)
{
	double alpha = 1 - confidence, low, high = 1;

	if (k >= n)
		return 1;
	if (k == 0)
		return -expm1(log(alpha) / (double)n);
	/* It falls as p grows, and the bound is never below what was seen. */
	low = (double)k / (double)n;
	while (high - low > PRECISION) {
		double mid = (low + high) / 2;

		if (binomial_cdf(k, n, mid) > alpha)
			low = mid;
		else
			high = mid;
	}
	return high;
}
