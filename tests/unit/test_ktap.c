#include "tests/unit/cm.h"

#include "runners/ktap.h"

static struct ktap *parse(const char *text)
{
	struct ktap *k = ktap_new();

	ktap_feed(k, text, strlen(text));
	ktap_end(k);
	return k;
}

static void expect(const char *text, enum ktap_result want, const char *reason)
{
	struct ktap *k = parse(text);
	char *got = NULL;

	assert_int_equal(ktap_verdict(k, &got), want);
	if (reason)
		assert_string_equal(got, reason);
	else
		assert_null(got);
	free(got);
	ktap_free(k);
}

static void verdicts(void **state)
{
	(void)state;
	expect("KTAP version 1\n1..2\nok 1 - a\nok 2 b\n", KTAP_PASS, NULL);
	expect("TAP version 13\n1..2\nok 1 - a\nnot ok 2 b # expected 5, saw 3\n",
	       KTAP_FAIL, "b: expected 5, saw 3");
	expect("1..2\nok 1 a\n# expected 5, saw 3\nnot ok 2 b\n", KTAP_FAIL,
	       "b: expected 5, saw 3");
	expect("1..1\n# expected 5, saw 3\nok 1 a\n", KTAP_PASS, NULL);
	expect("1..3\nok 1 a\n", KTAP_FAIL, "expected 3 results, saw 1");
	expect("1..1\nok 1 a\nok 2 b\n", KTAP_FAIL, "expected 1 results, saw 2");
	expect("1..0 # SKIP no second node\n", KTAP_SKIP, "no second node");
	expect("1..2\nok 1 a # SKIP no swap\nok 2 b # skip\n", KTAP_SKIP, "no swap");
	expect("1..2\nok 1 a # SKIP no swap\nok 2 b\n", KTAP_PASS, NULL);
	expect("1..2\nnot ok 1 a # TODO later\nok 2 b\n", KTAP_PASS, NULL);
	expect("1..2\nok 1 a\nBail out! no memory\n", KTAP_FAIL, "bailed out: no memory");
	expect("1..1\nnot ok 1", KTAP_FAIL, "unnamed: not ok");
	expect("", KTAP_PASS, NULL);
}

static void says_whether_it_was_ktap(void **state)
{
	struct ktap *k = parse("hello\nok then\n");

	(void)state;
	assert_true(ktap_seen(k));
	ktap_free(k);
	k = parse("hello\nokay\n# data x=1\n");
	assert_false(ktap_seen(k));
	ktap_free(k);
}

static void nested(void **state)
{
	struct ktap *k = parse("KTAP version 1\n1..2\n"
			       "  KTAP version 1\n  # Subtest: suite\n  1..2\n"
			       "    ok 1 - deep\n"
			       "  ok 1 - inner\n  not ok 2 - other # expected a\n"
			       "not ok 1 - suite\nok 2 - last\n");
	char *reason;
	size_t n;
	const struct ktap_subtest *s = ktap_subtests(k, &n);

	(void)state;
	assert_int_equal(n, 5);
	assert_string_equal(s[0].name, "suite/inner/deep");
	assert_string_equal(s[1].name, "suite/inner");
	assert_string_equal(s[2].name, "suite/other");
	assert_string_equal(s[3].name, "suite");
	assert_string_equal(s[4].name, "last");
	assert_int_equal(ktap_verdict(k, &reason), KTAP_FAIL);
	assert_string_equal(reason, "suite/other: expected a");
	free(reason);
	ktap_free(k);
}

static void data(void **state)
{
	struct ktap *k =
		parse("# data moved=123\n# data ratio=0.5\n# data bad=x\n# data =1\n"
		      "# data inf=inf\n# data two=1 2\n#data neg=-4\n");
	size_t n;
	const struct ktap_data *d = ktap_data(k, &n);

	(void)state;
	assert_int_equal(n, 3);
	assert_string_equal(d[0].name, "moved");
	assert_true(d[0].value == 123);
	assert_true(d[1].value == 0.5);
	assert_string_equal(d[2].name, "neg");
	ktap_free(k);
}

/* *ret as ktap_may_skip gives it. */
static bool may_skip(const char *text, char **ret)
{
	struct ktap *k = ktap_new();
	bool may;

	ktap_feed(k, text, strlen(text));
	ktap_end(k);
	may = ktap_may_skip(k, ret);
	ktap_free(k);
	return may;
}

/* Where the exit status says that it was skipped. */
static void skips_by_exit_status(void **state)
{
	char *reason;

	(void)state;
	assert_true(may_skip("1..5\nok 2 # SKIP not supported\n", &reason));
	assert_string_equal(reason, "not supported");
	free(reason);
	assert_true(may_skip("1..0 # SKIP no huge pages\n", &reason));
	assert_string_equal(reason, "no huge pages");
	free(reason);
	assert_true(may_skip("no TAP here\n", &reason));
	assert_null(reason);
	assert_false(may_skip("1..2\nok 1 a # SKIP x\nnot ok 2 b\n", &reason));
	assert_null(reason);
	assert_false(may_skip("1..2\nok 1 a # SKIP x\nBail out! no\n", &reason));
}

static void floods_are_capped(void **state)
{
	struct ktap *k = ktap_new();
	char *reason;
	size_t n;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		ktap_feed(k, "ok 1 a\n# data x=1\n", 18);
		ktap_feed(k, "xxxxxxxxxxxxxxx\n", 16);
	}
	ktap_feed(k, "not ok 9 late\n", 14);
	ktap_subtests(k, &n);
	assert_int_equal(n, KTAP_SUBTESTS_MAX);
	ktap_data(k, &n);
	assert_int_equal(n, KTAP_DATA_MAX);
	assert_int_equal(ktap_verdict(k, &reason), KTAP_FAIL);
	free(reason);
	ktap_free(k);
	ktap_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts),
		cmocka_unit_test(says_whether_it_was_ktap),
		cmocka_unit_test(nested),
		cmocka_unit_test(data),
		cmocka_unit_test(skips_by_exit_status),
		cmocka_unit_test(floods_are_capped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
