/* What is told of a test that passes. */
#include "tests/unit/cm.h"

#include "daemon/verdict_notes.h"
#include "lib/cleanup.h"
#include "lib/str.h"

#define BOOTS 8

struct fixture {
	struct series_run run;
	struct run_boot boots[BOOTS], *list[BOOTS];
	struct result results[BOOTS];
};

static const struct subject subject = { .test = "suite/a" };

/* A boot whose test passed with these subtests: "a pass", "b skip why". */
static struct run_boot *add_boot(struct fixture *f, int step, const char *const *subtests)
{
	size_t i = f->run.nboots++;
	struct json_object *list = json_object_new_array();

	f->list[i] = &f->boots[i];
	f->run.boots = f->list;
	f->results[i] = (struct result){ .test = (char *)"suite/a",
					 .result = RESULT_PASS,
					 .subtests = list };
	f->boots[i] = (struct run_boot){ .step = step,
					 .state = SCHED_DONE,
					 .results = &f->results[i],
					 .nresults = 1 };
	if (step >= f->run.ntested)
		f->run.ntested = step + 1;
	for (; subtests && *subtests; subtests++) {
		struct json_object *o = json_object_new_object();
		char name[16], word[16], why[64] = "";

		assert_true(sscanf(*subtests, "%15s %15s %63[^\n]", name, word, why) >=
			    2);
		json_set_str(o, "name", name);
		json_set_str(o, "result", word);
		json_set_str(o, "reason", *why ? why : NULL);
		json_object_array_add(list, o);
	}
	return &f->boots[i];
}

#define SUBTESTS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* Checks, and frees what the boots hold. */
static void expect_note(struct fixture *f, const char *want)
{
	AUTO_FREE char *note = verdict_note(&f->run, &subject);

	if (want && note)
		assert_string_equal(note, want);
	else if (want || note)
		fail_msg("got \"%s\", want \"%s\"", note ? note : "none",
			 want ? want : "none");
	for (size_t i = 0; i < f->run.nboots; i++)
		json_object_put(f->results[i].subtests);
}

static void a_subtest_that_no_longer_runs_is_told(void **state)
{
	struct fixture f = { .run.nboots = 0 };

	(void)state;
	add_boot(&f, 0, SUBTESTS("a pass", "b pass", "c skip no nodes"));
	add_boot(&f, 1, SUBTESTS("a pass", "b pass", "c skip no nodes"));
	add_boot(&f, 2, SUBTESTS("a pass", "b skip nothing failed", "c skip no nodes"));
	add_boot(&f, 3, SUBTESTS("a pass", "b skip saw 1", "c skip no nodes"));
	expect_note(&f, "subtest b ran at the base, and is skipped from step 2 on: "
			"nothing failed");
}

static void more_than_one(void **state)
{
	struct fixture f = { .run.nboots = 0 };

	(void)state;
	add_boot(&f, 0, SUBTESTS("a pass", "b pass", "c pass"));
	add_boot(&f, 1, SUBTESTS("a pass", "b skip", "c skip"));
	expect_note(&f, "subtest b ran at the base, and is skipped from step 1 on "
			"(and 1 more)");
}

static void one_that_runs_in_any_boot_of_the_step_runs(void **state)
{
	struct fixture f = { .run.nboots = 0 };

	(void)state;
	add_boot(&f, 0, SUBTESTS("b pass"));
	add_boot(&f, 1, SUBTESTS("b skip x"));
	add_boot(&f, 1, SUBTESTS("b pass"));
	expect_note(&f, NULL);
}

static void one_that_was_skipped_on_the_way_is_no_news(void **state)
{
	struct fixture f = { .run.nboots = 0 };

	(void)state;
	add_boot(&f, 0, SUBTESTS("b pass"));
	add_boot(&f, 1, SUBTESTS("b skip x"));
	add_boot(&f, 2, SUBTESTS("b pass"));
	expect_note(&f, NULL);
}

static void what_the_base_skipped_is_no_news(void **state)
{
	struct fixture f = { .run.nboots = 0 };

	(void)state;
	add_boot(&f, 0, SUBTESTS("b skip x"));
	add_boot(&f, 1, SUBTESTS("b skip x"));
	expect_note(&f, NULL);
}

/* The deep tier sees some steps only; a boot that was lost says nothing. */
static void steps_between_may_be_missing(void **state)
{
	struct fixture f = { .run.nboots = 0 };

	(void)state;
	add_boot(&f, 0, SUBTESTS("b pass"));
	add_boot(&f, 1, SUBTESTS("b pass"))->lost = true;
	add_boot(&f, 4, SUBTESTS("b skip x"));
	expect_note(&f, "subtest b ran at the base, and is skipped from step 4 on: x");
}

static void a_known_issue_that_does_not_show_is_told(void **state)
{
	static const struct known_issue issue = { .reason = (char *)"wrong since 6.11",
						  .expires = (char *)"2027-05-31" };
	const struct known_issue *by[1] = { &issue }, *none[1] = { NULL };
	struct fixture f = { .run.nboots = 0 };

	(void)state;
	add_boot(&f, 0, NULL)->issues = by;
	assert_ptr_equal(verdict_issue_missed(&f.run, 0, &subject), &issue);
	/* In one of two boots it showed, or is not known to be that kernel. */
	add_boot(&f, 1, NULL)->issues = by;
	add_boot(&f, 1, NULL)->issues = none;
	assert_null(verdict_issue_missed(&f.run, 1, &subject));
	add_boot(&f, 2, NULL)->issues = by;
	f.results[3].result = RESULT_FAIL;
	assert_null(verdict_issue_missed(&f.run, 2, &subject));
	f.results[3].result = RESULT_PASS;
	expect_note(&f, "known issue of the kernel (until 2027-05-31), which did not "
			"show: mended? Then its entry goes: wrong since 6.11");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_subtest_that_no_longer_runs_is_told),
		cmocka_unit_test(more_than_one),
		cmocka_unit_test(one_that_runs_in_any_boot_of_the_step_runs),
		cmocka_unit_test(one_that_was_skipped_on_the_way_is_no_news),
		cmocka_unit_test(what_the_base_skipped_is_no_news),
		cmocka_unit_test(steps_between_may_be_missing),
		cmocka_unit_test(a_known_issue_that_does_not_show_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
