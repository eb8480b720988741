/*
 * What a revert on the bad end says of the commit that is named, and how often that has to
 * run.
 */
#include "daemon/bisect_revert.h"

#include <math.h>

#include "tests/unit/bisect_fixture.h"

/* The culprit is commit 2 of four, with runs and failures of the reverted tree. */
static struct bisect_revert odds(struct bisect_fixture *f, const char *history, int runs,
				 int failures, double *ret_before)
{
	struct bisect_call call;
	struct bisect_revert r;

	fixture_init(f, history, 0);
	call = bisect_call(f->b, 0.9);
	assert_int_equal(call.word, BISECT_CULPRIT);
	assert_int_equal(call.commit, 2);
	r = bisect_revert_odds(f->b, &f->prior, &call, runs, failures);
	*ret_before = call.p;
	fixture_done(f);
	return r;
}

#define ALWAYS ":0/4 0:0/4 1:4/4 2:4/4"
#define SELDOM ":0/40 0:0/40 1:8/40 2:9/40"

static void test_always(void **state)
{
	struct bisect_fixture f;
	struct bisect_revert r;
	double before;

	(void)state;
	r = odds(&f, ALWAYS, 1, 0, &before);
	assert_true(bisect_revert_again(&r, 1, 30));
	r = odds(&f, ALWAYS, 3, 0, &before);
	assert_true(r.p > before && r.p <= 1);
	assert_true(r.mended > 0.99);
	assert_false(bisect_revert_again(&r, 3, 30));
	/* It fails as before: less sure, and not mended. */
	r = odds(&f, ALWAYS, 3, 3, &before);
	assert_true(r.p < before && r.p > 0);
	assert_true(r.mended < 0.01);
	assert_false(bisect_revert_again(&r, 3, 30));
}

static void test_seldom(void **state)
{
	struct bisect_fixture f;
	struct bisect_revert r;
	double before;

	(void)state;
	/* Three runs say little of what shows in one of five. */
	r = odds(&f, SELDOM, 3, 0, &before);
	assert_true(r.mended < 0.99);
	assert_true(bisect_revert_again(&r, 3, 30));
	assert_false(bisect_revert_again(&r, 3, 3));
	r = odds(&f, SELDOM, 25, 0, &before);
	assert_true(r.mended > 0.99);
	assert_true(r.p > before);
	assert_false(bisect_revert_again(&r, 25, 30));
	r = odds(&f, SELDOM, 10, 3, &before);
	assert_true(r.mended < 0.01);
	assert_true(r.p < before);
}

static void test_without_runs(void **state)
{
	struct bisect_fixture f;
	double before;
	struct bisect_revert r = odds(&f, ALWAYS, 0, 0, &before);

	(void)state;
	assert_true(fabs(r.p - before) < 1e-9);
	assert_true(bisect_revert_again(&r, 0, 30));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_always),
		cmocka_unit_test(test_seldom),
		cmocka_unit_test(test_without_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
