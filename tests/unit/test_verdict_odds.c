/* What odds are told as: a patch that is named, and whether a later one repairs it. */
#include "tests/unit/cm.h"

#include "daemon/verdict_odds.h"
#include "lib/cleanup.h"

#define STEPS 4
#define SURE 0.99

/* Patch 2 fails now and then; so many runs of the tip, none of which failed. */
static struct judgement judged(int tip_runs, enum belief_word *ret_word,
			       struct json_object **ret_odds)
{
	struct belief_step steps[STEPS] = {
		{ .image = 0, .runs = 20, .alone = 19 },
		{ .image = 1, .runs = 20, .alone = 19 },
		{ .image = 2, .runs = 12, .failures = 5, .alone = 11 },
		{ .image = 3, .runs = tip_runs, .alone = tip_runs - 1 },
	};
	struct belief_prior prior = belief_prior(200, 0);
	struct assessment a = { .steps = steps, .failed = true };
	struct judgement j = { .word = VERDICT_INTRODUCED, .from = 2, .until = 3 };

	a.belief = belief_new(steps, STEPS, &prior);
	a.call = belief_call(a.belief, SURE);
	*ret_word = a.call.word;
	odds_judge(&a, STEPS, &j);
	*ret_odds = odds_json(&a, STEPS, &j, SURE);
	belief_free(a.belief);
	return j;
}

static void counts_are(struct json_object *odds, const char *key, int runs, int failures)
{
	struct json_object *n = json_obj(odds, key);

	assert_int_equal(json_int(n, "runs", -1), runs);
	assert_int_equal(json_int(n, "failures", -1), failures);
}

static void a_few_good_runs_of_the_tip_repair_nothing(void **state)
{
	AUTO_JSON struct json_object *odds = NULL;
	enum belief_word word;
	struct judgement j = judged(5, &word, &odds);

	(void)state;
	assert_int_equal(word, BELIEF_BLAMED);
	assert_int_equal(j.word, VERDICT_INTRODUCED);
	assert_int_equal(j.from, 2);
	assert_int_equal(j.until, -1);
	assert_true(j.end_open);
	assert_true(j.p >= SURE);
	counts_are(odds, "before", 40, 0);
	counts_are(odds, "bad", 12, 5);
	counts_are(odds, "after", 5, 0);
}

static void many_do(void **state)
{
	AUTO_JSON struct json_object *odds = NULL;
	enum belief_word word;
	struct judgement j = judged(60, &word, &odds);

	(void)state;
	assert_int_equal(word, BELIEF_TRANSIENT);
	assert_int_equal(j.word, VERDICT_TRANSIENT);
	assert_int_equal(j.from, 2);
	assert_int_equal(j.until, 3);
	assert_false(j.end_open);
	counts_are(odds, "bad", 12, 5);
	counts_are(odds, "after", 60, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_few_good_runs_of_the_tip_repair_nothing),
		cmocka_unit_test(many_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
