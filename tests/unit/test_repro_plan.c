/* Plans on a kernel command line. */
#include "tests/unit/cm.h"

#include "cli/repro_plan.h"
#include "lib/cleanup.h"
#include "lib/paths.h"
#include "runners/qemu_argv.h"
#include "runners/suite.h"

/* "a b" of the words of each test, in a boot's plan. */
static struct json_object *plan_of(const char *const *tests)
{
	struct json_object *plan = json_object_new_array();

	for (; *tests; tests++) {
		struct json_object *t = json_object_new_object();
		struct json_object *argv = json_object_new_array();
		char **words = strv_split(*tests, " ");

		for (char **w = words; *w; w++)
			json_add_str(argv, *w);
		strv_free(words);
		json_set_str(t, "test", *tests);
		json_set(t, "argv", argv);
		json_set_int(t, "deadline_ms", 3000);
		json_object_array_add(plan, t);
	}
	return plan;
}

#define TESTS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* The words of each guest, "|" between; or what is wrong. */
static void expect(const char *const *tests, size_t room, const char *want)
{
	AUTO_JSON struct json_object *plan = plan_of(tests);
	AUTO(str_done) struct str got = STR_INIT;
	struct repro_plan *v = NULL;
	struct err err = { .msg = "" };
	size_t n = 0, all = 0;

	if (repro_plans(plan, room, &v, &n, &err) < 0)
		str_add(&got, err.msg);
	for (size_t i = 0; i < n; i++) {
		str_addf(&got, "%s%s", i ? "|" : "", v[i].words);
		assert_true(strlen(v[i].words) <= room);
		all += v[i].n;
	}
	assert_string_equal(str_get(&got), want);
	assert_int_equal(all, n ? json_len(plan) : 0);
	repro_plans_free(v, n);
}

static void as_few_guests_as_will_do(void **state)
{
	(void)state;
	expect(TESTS("/t a", "/t b", "/t c"), 100,
	       "sluice.plan=3000:/t:a,3000:/t:b,3000:/t:c");
	/* 12 bytes of the key, 9 of each test, commas between. */
	expect(TESTS("/t a", "/t b", "/t c"), 41,
	       "sluice.plan=3000:/t:a,3000:/t:b,3000:/t:c");
	expect(TESTS("/t a", "/t b", "/t c"), 40,
	       "sluice.plan=3000:/t:a,3000:/t:b|sluice.plan=3000:/t:c");
	expect(TESTS("/t a", "/t b", "/t c"), 21,
	       "sluice.plan=3000:/t:a|sluice.plan=3000:/t:b|sluice.plan=3000:/t:c");
	expect(TESTS(NULL), 21, "sluice.plan=");
}

static void what_cannot_stand_there(void **state)
{
	(void)state;
	expect(TESTS("/t a", "/t b"), 20,
	       "test /t a: too long for a kernel command line, which has room for 20 "
	       "bytes of it");
	expect(TESTS("/t a:b"), 100,
	       "a test's argument \"a:b\" cannot stand on a kernel command line");
}

/* The longest that sluice has itself: all its suites on a slow kernel. */
static void the_suites_of_sluice(void **state)
{
	static const char *const names[] = { "mlock-migrate", "mlock-migrate-deep",
					     "kselftest-mm" };
	AUTO_FREE char *dir = path_join(paths_data(), "runners", "suites", NULL);
	AUTO_JSON struct json_object *plan = json_object_new_array();
	struct repro_plan *v = NULL;
	struct err err = { .msg = "" };
	size_t n = 0, all = 0, bytes = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct suite *s;

		if (suite_load(dir, names[i], &s, &err) < 0)
			fail_msg("%s", err.msg);
		for (size_t k = 0; k < s->ntests; k++)
			json_object_array_add(plan, suite_test_json(&s->tests[k], 6));
		suite_free(s);
	}
	if (repro_plans(plan, QEMU_CMDLINE_MAX - 200, &v, &n, &err) < 0)
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < n; i++) {
		assert_true(strlen(v[i].words) <= QEMU_CMDLINE_MAX - 200);
		bytes += strlen(v[i].words);
		all += v[i].n;
	}
	print_message("%zu tests, %zu bytes, %zu guests\n", all, bytes, n);
	assert_int_equal(all, json_len(plan));
	repro_plans_free(v, n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_few_guests_as_will_do),
		cmocka_unit_test(what_cannot_stand_there),
		cmocka_unit_test(the_suites_of_sluice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
