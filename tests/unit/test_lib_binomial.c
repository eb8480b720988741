#include "tests/unit/cm.h"

#include <math.h>

#include "lib/binomial.h"

static void expect_upper(uint64_t k, uint64_t n, double want, double within)
{
	double got = binomial_upper(k, n, 0.95);

	if (fabs(got - want) > within)
		fail_msg("%llu of %llu: got %.6f, want %.6f", (unsigned long long)k,
			 (unsigned long long)n, got, want);
}

/*
 * Tables of 90 % two-sided Clopper-Pearson intervals have the one-sided 95 %
 * bound as their upper end; for n = 10 they read .259 .394 .507 .607 .696 .778
 * .850 .913 .963 .995 1.
 */
static void table_of_ten(void **state)
{
	static const double upper[] = { .259, .394, .507, .607, .696, .778,
					.850, .913, .963, .995, 1 };

	(void)state;
	for (uint64_t k = 0; k <= 10; k++)
		expect_upper(k, 10, upper[k], 0.0005);
}

/* Made with exact fractions: the greatest p whose sum of terms exceeds 1/20. */
static void exact_values(void **state)
{
	(void)state;
	expect_upper(0, 1, 0.95, 1e-12);
	expect_upper(0, 59, 0.049508, 1e-6); /* the "59 of 59" of sampling plans */
	expect_upper(0, 300, 0.009936, 1e-6);
	expect_upper(1, 20, 0.216106, 1e-6);
	expect_upper(1, 100, 0.046560, 1e-6);
	expect_upper(3, 100, 0.075711, 1e-6);
	expect_upper(2, 1000, 0.006282, 1e-6);
	expect_upper(9, 10, 0.994884, 1e-6);
}

/* Both ways lead to the same: the bound is where the distribution says 5 %. */
static void bound_is_on_the_distribution(void **state)
{
	static const uint64_t n[] = { 2, 17, 100, 1000, 30000 };

	(void)state;
	for (size_t i = 0; i < sizeof(n) / sizeof(n[0]); i++)
		for (uint64_t k = 0; k < n[i] && k < 40; k++) {
			double p = binomial_upper(k, n[i], 0.95);

			assert_true(fabs(binomial_cdf(k, n[i], p) - 0.05) < 1e-6);
		}
	assert_true(binomial_upper(0, 100, 0.99) > binomial_upper(0, 100, 0.95));
}

static void edges(void **state)
{
	(void)state;
	assert_true(binomial_upper(0, 0, 0.95) == 1);
	assert_true(binomial_upper(3, 3, 0.95) == 1);
	assert_true(binomial_cdf(0, 5, 0) == 1);
	assert_true(binomial_cdf(0, 5, 1) == 0);
	assert_true(binomial_cdf(5, 5, 1) == 1);
	assert_true(fabs(binomial_cdf(1, 2, 0.5) - 0.75) < 1e-12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_of_ten),
		cmocka_unit_test(exact_values),
		cmocka_unit_test(bound_is_on_the_distribution),
		cmocka_unit_test(edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
