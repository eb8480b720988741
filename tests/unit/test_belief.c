/*
 * The posterior over what a series did to a test, and which step it wants next. Counts
 * are written as a string, a step each: "0/2" no failure in two runs, "=" the image of
 * the step before it, "." nothing to run, "!" none of them ran alone, "|" no more runs of
 * it can be had.
 */
#include <math.h>
#include <string.h>

#include "daemon/belief_share.h"
#include "lib/cleanup.h"
#include "lib/str.h"
#include "tests/unit/cm.h"

#define SURE 0.99
#define N_MAX 120

static int parse(const char *text, struct belief_step *steps)
{
	char **words = strv_split(text, " ");
	int n = 0;

	for (; words[n]; n++) {
		steps[n] = (struct belief_step){ .image = n };
		if (strcmp(words[n], ".") == 0)
			steps[n].image = -1;
		else if (words[n][0] == '=')
			steps[n].image = steps[n - 1].image;
		else
			assert_int_equal(sscanf(words[n], "%d/%d", &steps[n].failures,
						&steps[n].runs),
					 2);
		/* The first one was beside others; "!": all were. */
		if (steps[n].runs > 1 && !strchr(words[n], '!'))
			steps[n].alone = steps[n].runs - 1;
		steps[n].parked = strchr(words[n], '|');
	}
	strv_free(words);
	return n;
}

/* After 300 runs on good kernels of which bad_before failed. */
static struct belief *belief_of(const char *text, double bad_before)
{
	const struct belief_prior prior = belief_prior(300, bad_before);
	struct belief_step steps[N_MAX];
	int n = parse(text, steps);

	return belief_new(steps, n, &prior);
}

struct expected {
	const char *counts;
	enum belief_word word;
	int first, last, until_first, until_last;
};

static const struct expected calls[] = {
	{ "0/1", BELIEF_CLEAN, -1, -1, -1, -1 },
	{ "0/1 0/1 0/1 0/1 0/1", BELIEF_CLEAN, -1, -1, -1, -1 },
	{ "0/3 0/1 0/3 3/3 2/2", BELIEF_INTRODUCED, 3, 3, -1, -1 },
	{ "0/2 0/1 0/2 0/4 4/4", BELIEF_INTRODUCED, 4, 4, -1, -1 },
	{ "0/3 0/1 0/4 4/4 2/2 0/6", BELIEF_TRANSIENT, 3, 3, 5, 5 },
	{ "1/1 1/1 1/1 1/1", BELIEF_PRE_EXISTING, 0, 0, -1, -1 },
	{ "4/4 4/4 0/4 0/4", BELIEF_PRE_EXISTING, 0, 0, 2, 2 },
	/* One failure that does not come again, of a test that never failed before. */
	{ "0/2 0/1 1/9 0/8 0/2", BELIEF_UNSURE, -1, -1, -1, -1 },
	/* Seen once: nobody is charged. */
	{ "0/1 0/1 0/1 0/1 1/1", BELIEF_UNSURE, -1, -1, -1, -1 },
	/* In about one run of two. */
	{ "0/12 0/12 5/12 6/12", BELIEF_INTRODUCED, 2, 2, -1, -1 },
	/* The same, from the base on. */
	{ "6/12 4/12 5/12 6/12", BELIEF_PRE_EXISTING, 0, 0, -1, -1 },
	/* What cannot be run cannot be told apart. */
	{ "0/3 0/4 . 4/4 3/3", BELIEF_INTRODUCED, 2, 3, -1, -1 },
	{ "0/5 5/5 3/3 . 0/4", BELIEF_TRANSIENT, 1, 1, 3, 4 },
	/* Nothing before it to hold it against. */
	{ ". 2/2 2/2 2/2", BELIEF_UNSURE, 0, 1, -1, -1 },
	/* Nothing tells of steps at the end without a kernel. */
	{ "0/5 5/5 4/4 . . . . . .", BELIEF_INTRODUCED, 1, 1, -1, -1 },
	{ "0/5 0/1 0/1 . . . . . .", BELIEF_CLEAN, -1, -1, -1, -1 },
	/* An image that did not change is not to blame. */
	{ "0/3 0/4 = 4/4", BELIEF_INTRODUCED, 3, 3, -1, -1 },
	{ "0/6 5/5 = =", BELIEF_INTRODUCED, 1, 1, -1, -1 },
	/* Broken, mended, broken again: by the first; by the second where the base was
	 * bad. Not chance. */
	{ "0/6 6/6 0/6 6/6", BELIEF_INTRODUCED, 1, 1, -1, -1 },
	{ "6/6 0/6 6/6 6/6", BELIEF_INTRODUCED, 2, 2, -1, -1 },
	/* What it is held against ran once and cannot run again: neither that patch nor
	 * this one is cleared, and so on back to a step that can tell. */
	{ "0/3 0/4 0/1| 4/4 4/4", BELIEF_INTRODUCED, 2, 3, -1, -1 },
	{ "0/3 0/4 0/1| . 4/4 4/4", BELIEF_INTRODUCED, 2, 4, -1, -1 },
	{ "0/3 0/4 0/1| 0/1| 4/4 4/4", BELIEF_INTRODUCED, 2, 4, -1, -1 },
	{ "0/3 0/4 0/1| 0/3!| 4/4 4/4", BELIEF_INTRODUCED, 2, 4, -1, -1 },
	/* It ran as often as is wanted before it was parked. */
	{ "0/3 0/4 0/2| 4/4 4/4", BELIEF_INTRODUCED, 3, 3, -1, -1 },
	/* The image of a step that can tell. */
	{ "0/3 0/4 =| 4/4 4/4", BELIEF_INTRODUCED, 3, 3, -1, -1 },
	/* The step itself: the next one that is bad confirms it. */
	{ "0/3 0/4 0/4 1/1| 4/4", BELIEF_INTRODUCED, 3, 4, -1, -1 },
	{ "0/3 0/4 0/1| 1/1| 4/4 4/4", BELIEF_INTRODUCED, 2, 4, -1, -1 },
	/* No such step: it is good again. */
	{ "0/9 0/9 0/1| 9/9 0/9 0/9", BELIEF_TRANSIENT, 2, 3, 4, 4 },
};

static void test_calls(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		const struct expected *e = &calls[i];
		struct belief *b = belief_of(e->counts, 0);
		struct belief_call c = belief_call(b, SURE);

		if (c.word != e->word || (e->word != BELIEF_UNSURE && c.p < SURE) ||
		    (e->first >= 0 &&
		     (c.first != e->first || c.last != e->last ||
		      c.until_first != e->until_first || c.until_last != e->until_last)))
			fail_msg("%s: word %d, P %.4f, from %d-%d, until %d-%d",
				 e->counts, c.word, c.p, c.first, c.last, c.until_first,
				 c.until_last);
		belief_free(b);
	}
}

/* It all is a probability: the parts make one. */
static void test_sums(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		struct belief_step steps[N_MAX];
		int n = parse(calls[i].counts, steps);
		struct belief *b = belief_of(calls[i].counts, 3);
		double sum = belief_clean(b);

		for (int k = 0; k < n; k++) {
			sum += belief_from(b, k);
			assert_true(belief_bad(b, k) <= 1 - belief_clean(b) + 1e-9);
		}
		assert_true(fabs(sum - 1) < 1e-9);
		belief_free(b);
	}
}

/* Bayes' rule by hand, for a base alone: bad or not, one run, which failed. */
static void test_by_hand(void **state)
{
	const struct belief_step step = { .image = 0, .runs = 1, .failures = 1 };
	const struct belief_prior prior = {
		.per_patch = 0.1,
		.pre_existing = 0.2,
		.repaired = 0,
		.good = { .mix = { { .weight = 1, .a = 1, .b = 9 } }, .n = 1 },
		.bad = { .mix = { { .weight = 1, .a = 3, .b = 1 } }, .n = 1 },
	};
	struct belief *b = belief_new(&step, 1, &prior);
	/* 0.2 * 3/4 against 0.8 * 1/10 */
	double want = 0.15 / (0.15 + 0.08);

	(void)state;
	assert_true(fabs(belief_from(b, 0) - want) < 1e-9);
	assert_true(fabs(belief_bad(b, 0) - want) < 1e-9);
	belief_free(b);
}

/* A test that often fails for nothing makes one failure worth little. */
static void test_history(void **state)
{
	static const char counts[] = "0/3 0/3 3/3 3/3";
	struct belief *good = belief_of(counts, 0), *noisy = belief_of(counts, 100);

	(void)state;
	assert_true(belief_from(good, 2) > SURE);
	assert_true(belief_from(noisy, 2) < belief_from(good, 2));
	belief_free(good);
	belief_free(noisy);
	/* One failure that does not come again: of a test that failed before it is
	 * chance. */
	noisy = belief_of("0/2 0/1 1/9 0/8 0/2", 6);
	assert_true(belief_clean(noisy) > SURE);
	belief_free(noisy);
}

static int next_of(const char *counts, int runs_max)
{
	struct belief *b = belief_of(counts, 0);
	const struct belief_policy policy = { .sure = SURE, .runs_max = runs_max };
	int step = belief_next(b, &policy);

	belief_free(b);
	return step;
}

static void test_next(void **state)
{
	(void)state;
	/* All steps first. */
	assert_int_equal(next_of("0/1 0/0 0/0", 100), 1);
	assert_int_equal(next_of("0/1 1/1 0/0", 100), 2);
	/* Nothing failed. */
	assert_int_equal(next_of("0/1 0/1 0/1", 100), -1);
	/* What failed once is run again, and what it is held against, and the base. */
	assert_int_equal(next_of("0/4 0/2 0/4 1/1 4/4 4/4 4/4 4/4", 100), 3);
	assert_int_equal(next_of("0/4 0/4 0/1 4/4 4/4 4/4 4/4 4/4", 100), 2);
	assert_int_equal(next_of("0/1 0/4 0/4 4/4 4/4 4/4 4/4 4/4", 100), 0);
	assert_int_equal(next_of("0/4 0/4 0/4 4/4 4/4 4/4 4/4 4/4", 100), -1);
	/* However sure it is: not by what ran once, and not by what something may have
	 * disturbed. */
	assert_int_equal(next_of("0/4 0/4 0/4 4/4! 4/4 4/4 4/4 4/4", 100), 3);
	assert_int_equal(next_of("0/4 0/4 0/4! 4/4 4/4 4/4 4/4 4/4", 100), 2);
	/* Kernels that do not build are not what is missing. */
	assert_int_not_equal(next_of("0/1 . . . . . . . . . . . . . . . 1/1", 8), -1);
	/* Nothing before it, and nothing more to be had. */
	assert_int_equal(next_of(". 4/4 4/4 4/4", 100), -1);
	/* The budget ends it. */
	assert_int_equal(next_of("0/1 0/1 0/1 0/1 1/1", 5), -1);
}

#define TEN " 0/1 0/1 0/1 0/1 0/1 0/1 0/1 0/1 0/1 0/1"

/* With a silent history chance leads after one failure and one pass in a long series. It
 * is asked on until a bug that shows in half of the runs would have shown again; then it
 * is given up. */
static void test_early_chance(void **state)
{
	(void)state;
	assert_int_equal(next_of("0/1" TEN " 0/1 1/2" TEN " 0/1", 170), 12);
	assert_int_equal(next_of("0/1" TEN " 0/1 1/4" TEN " 0/1", 170), 12);
	assert_int_equal(next_of("0/1" TEN " 0/1 1/5" TEN " 0/1", 170), -1);
}

/* A bug that shows at times is asked for until the doubt is less than of one that always
 * shows; a base is not held for bad by one failure, though its history was silent. */
static void test_doubt(void **state)
{
	(void)state;
	assert_int_equal(next_of("0/2 0/1 0/1 0/7 4/4 1/1 0/1 1/1 0/1 1/1", 100), 3);
	assert_int_equal(next_of("0/2 0/1 0/1 0/8 4/4 1/1 0/1 1/1 0/1 1/1", 100), -1);
	assert_int_equal(next_of("1/2 0/1 1/1 0/1 1/1 1/1", 100), 0);
	assert_int_equal(next_of("2/3 0/1 1/1 0/1 1/1 1/1", 100), -1);
}

/* Patches that may have repaired it and that no run tells apart leave nothing to ask. */
static void test_repair_known(void **state)
{
	struct belief *b = belief_of("0/4 0/4 0/4 6/6 . 0/9 0/2 0/2 0/2 0/2", 0);
	const struct belief_policy policy = { .sure = SURE, .runs_max = 100 };
	struct belief_call c = belief_call(b, SURE);

	(void)state;
	assert_int_equal(c.word, BELIEF_TRANSIENT);
	assert_int_equal(c.until_first, 4);
	assert_int_equal(c.until_last, 5);
	assert_int_equal(belief_next(b, &policy), -1);
	belief_free(b);
}

/* What cannot be run again is passed over, but nothing is named unconfirmed. */
static void test_parked(void **state)
{
	static const struct {
		const char *counts;
		int next;
		bool confirmed;
	} cases[] = {
		{ "0/4 0/4 0/1| 4/4 4/4 4/4 4/4", -1, true },
		{ "0/4 0/1 0/1| 4/4 4/4 4/4 4/4", 1, false },
		{ "0/4 0/3! 0/1| 4/4 4/4 4/4 4/4", 1, false },
		{ "0/4 0/4 0/4 1/1| 1/1 4/4 4/4", 4, false },
		/* The base is not known twice: the next step that can be. */
		{ "0/1| 0/1 0/4 0/4 4/4 4/4 4/4 4/4", 1, false },
		{ "0/1| 0/2 0/4 0/4 4/4 4/4 4/4 4/4", -1, true },
		/* Nothing before it can tell, or nothing from it on. */
		{ "0/1| 0/1| 0/1| 0/3!| 4/4 4/4 4/4", -1, false },
		{ "0/4 0/4 0/4 0/4 1/1| 1/1| 1/1|", -1, false },
		/* The only other one before it is bad. */
		{ "6/6 0/5!| 6/6 6/6 6/6", -1, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct belief *b = belief_of(cases[i].counts, 0);
		const struct belief_policy policy = { .sure = SURE, .runs_max = 100 };
		struct belief_call c = belief_call(b, SURE);
		int next = belief_next(b, &policy);

		if (c.word != BELIEF_INTRODUCED || next != cases[i].next ||
		    belief_confirmed(b, &c) != cases[i].confirmed)
			fail_msg("%s: word %d, P %.4f, %d-%d, next %d", cases[i].counts,
				 c.word, c.p, c.first, c.last, next);
		belief_free(b);
	}
}

/* One failure is never put down to chance unseen: not where little is asked for, and not
 * of a test that often fails. */
static void test_dismissed(void **state)
{
	static const double before[] = { 0, 100 };
	const struct belief_policy policy = { .sure = 0.6, .runs_max = 100 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(before); i++) {
		struct belief *b = belief_of("0/1 0/1 1/1 0/1", before[i]);

		assert_int_equal(belief_call(b, policy.sure).word, BELIEF_UNSURE);
		assert_int_equal(belief_next(b, &policy), 2);
		belief_free(b);
	}
}

static void test_cost(void **state)
{
	struct belief *b = belief_of("0/1 0/1 0/1 0/1 1/1", 0);
	const double cost[] = { 1, 1, 1, 1, INFINITY };
	double worth[5] = { 0 };
	struct belief_policy policy = { .sure = SURE, .runs_max = 300 };

	(void)state;
	assert_int_equal(belief_next(b, &policy), 4);
	policy.cost = cost;
	assert_int_not_equal(belief_next(b, &policy), 4);
	belief_worth(b, &policy, worth);
	assert_true(worth[4] == 0);
	belief_free(b);
}

/* Of one image the first step is run, and its runs count for all of them. */
static void test_images(void **state)
{
	struct belief *b = belief_of("0/1 1/1 = =", 0);

	(void)state;
	assert_true(belief_from(b, 2) == 0);
	assert_true(belief_from(b, 3) == 0);
	assert_true(belief_gain(b, 2) > 0);
	assert_true(fabs(belief_gain(b, 1) - belief_gain(b, 3)) < 1e-9);
	belief_free(b);
	/* A revert: the image of step 0 again. It is not bad at 2 and good at 0. */
	{
		struct belief_step steps[] = { { .image = 0, .runs = 1 },
					       { .image = 1, .runs = 1, .failures = 1 },
					       { .image = 0 } };
		const struct belief_prior prior = belief_prior(300, 0);
		struct belief *r = belief_new(steps, 3, &prior);

		assert_true(fabs(belief_bad(r, 2) - belief_bad(r, 0)) < 1e-9);
		belief_free(r);
	}
}

/* Gains are what they are defined as: the entropy of the classes now, less what it is
 * expected to be after the run. */
static void test_gain(void **state)
{
	const struct belief_prior prior = belief_prior(300, 1);
	struct belief_step steps[] = { { .image = 0, .runs = 1 },
				       { .image = 1, .runs = 1, .failures = 1 } };
	struct belief *b = belief_new(steps, 2, &prior), *after[2];
	double h[3], p_fail = 0;

	(void)state;
	for (int failed = 0; failed < 2; failed++) {
		struct belief_step more[] = { steps[0], steps[1] };

		more[1].runs++;
		more[1].failures += failed;
		after[failed] = belief_new(more, 2, &prior);
	}
	/* P(it fails again) follows from the classes before and after. */
	p_fail = (belief_clean(b) - belief_clean(after[0])) /
		 (belief_clean(after[1]) - belief_clean(after[0]));
	for (int i = 0; i < 3; i++) {
		struct belief *x = i < 2 ? after[i] : b;
		struct belief_likely all[16];
		size_t n = belief_likely(x, 0, all, 16);
		double cls[4] = { 0 };

		h[i] = 0;
		for (size_t k = 0; k < n; k++)
			cls[all[k].from < 0  ? 0 :
			    all[k].from == 1 ? 1 :
			    all[k].until < 2 ? 2 :
					       3] += all[k].p;
		for (int c = 0; c < 4; c++)
			h[i] -= cls[c] > 0 ? cls[c] * log(cls[c]) : 0;
	}
	assert_true(fabs(belief_gain(b, 1) -
			 (h[2] - p_fail * h[1] - (1 - p_fail) * h[0])) < 1e-6);
	belief_free(b);
	belief_free(after[0]);
	belief_free(after[1]);
}

/* The same counts, with what a witness says. */
static struct belief_call call_with(const char *counts, const double *patch,
				    double bad_before)
{
	struct belief_prior prior = belief_prior(300, bad_before);
	struct belief_step steps[N_MAX];
	struct belief_call c;
	struct belief *b;
	int n = parse(counts, steps);

	prior.patch = patch;
	b = belief_new(steps, n, &prior);
	c = belief_call(b, SURE);
	belief_free(b);
	return c;
}

static void test_shared(void **state)
{
	struct belief *witness = belief_of("0/4 0/1 0/4 4/4 2/2", 0);
	struct belief *loose = belief_of("0/4 0/1 0/1 1/1 1/1", 0);
	struct belief *chance = belief_of("0/4 1/9 0/4 0/9 0/2", 30);
	const double rare = belief_prior(0, 0).per_patch;
	double patch[5] = { rare, rare, rare, rare, rare };
	struct belief_call c;

	(void)state;
	assert_true(belief_is_witness(witness));
	/* Not confirmed, and no patch's doing. */
	assert_false(belief_is_witness(loose));
	assert_false(belief_is_witness(chance));
	belief_share(witness, 5, patch);
	assert_true(patch[3] > 0.2 && patch[3] <= 0.25);
	for (int k = 0; k < 5; k++)
		assert_true(k == 3 || patch[k] == rare);
	/* A race of that patch needs fewer runs to be told. */
	c = call_with("0/4 0/1 0/4 1/4 1/2", NULL, 0);
	assert_int_equal(c.word, BELIEF_UNSURE);
	c = call_with("0/4 0/1 0/4 1/4 1/2", patch, 0);
	assert_true(c.first == 3 && c.last == 3 && c.p > SURE);
	/* One that often fails, beside it, is not charged. */
	c = call_with("0/4 0/1 1/4 1/4 0/2", patch, 30);
	assert_int_equal(c.word, BELIEF_UNSURE);
	/* Its own failures are before that patch. */
	c = call_with("0/4 4/4 4/4 4/4 2/2", patch, 0);
	assert_true(c.first == 1 && c.last == 1 && c.p > SURE);
	belief_free(witness);
	belief_free(loose);
	belief_free(chance);
}

static void test_rates(void **state)
{
	const struct rate_prior flat = { .mix = { { .weight = 1, .a = 1, .b = 1 } },
					 .n = 1 };
	struct rates *r = rates_new(&flat, 10);

	(void)state;
	/* Laplace: (1 + failures) / (2 + runs), and 1 / ((n+1) C(n, k)). */
	assert_true(fabs(rates_next(r, 4, 1) - 2.0 / 6) < 1e-12);
	assert_true(fabs(exp(rates_log(r, 4, 1)) - 1.0 / (5 * 4)) < 1e-12);
	assert_true(fabs(rates_log(r, 0, 0)) < 1e-12);
	rates_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls),        cmocka_unit_test(test_sums),
		cmocka_unit_test(test_by_hand),      cmocka_unit_test(test_history),
		cmocka_unit_test(test_next),         cmocka_unit_test(test_cost),
		cmocka_unit_test(test_dismissed),    cmocka_unit_test(test_images),
		cmocka_unit_test(test_gain),         cmocka_unit_test(test_rates),
		cmocka_unit_test(test_parked),       cmocka_unit_test(test_shared),
		cmocka_unit_test(test_early_chance), cmocka_unit_test(test_doubt),
		cmocka_unit_test(test_repair_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
