/* The evidence of a test that failed: its subtests, or else its last lines. */
#include "tests/unit/cm.h"

#include "daemon/verdict_tell.h"
#include "lib/cleanup.h"
#include "lib/str.h"

static const struct subject subject = { .test = "suite/a" };

static void add_subtest(struct json_object *list, const char *name, const char *word,
			const char *reason)
{
	struct json_object *o = json_object_new_object();

	json_set_str(o, "name", name);
	json_set_str(o, "result", word);
	json_set_str(o, "reason", reason);
	json_object_array_add(list, o);
}

/* What is told of a result of step 1, which is charged. The caller frees. */
static struct verdict told(struct json_object *subtests, const char *output)
{
	struct series_run run = { .ntested = 2 };
	struct run_boot boot = { .step = 1, .boot = { .id = 7, .status = BOOT_OK } };
	struct result result = { .test = (char *)"suite/a",
				 .result = RESULT_FAIL,
				 .reason = (char *)"expected 2, saw 1",
				 .subtests = subtests,
				 .output = (char *)output };
	struct cell_view views[] = { { .bad = NULL },
				     { .bad = &boot, .result = &result } };
	struct judged j = { .j = { .word = VERDICT_INTRODUCED, .from = 1, .p = -1 },
			    .views = views };
	struct verdict v = VERDICT_INIT;

	verdict_tell(&run, &subject, &j, &v);
	assert_int_equal(v.boot_id, 7);
	assert_string_equal(v.reason, "expected 2, saw 1");
	return v;
}

static const char *line(const struct verdict *v, size_t i)
{
	return json_object_get_string(json_object_array_get_idx(v->evidence, i));
}

/* Of a long output the end is kept; the subtests that failed first are evidence, too. */
static void subtests_that_failed_come_first(void **state)
{
	AUTO_JSON struct json_object *subtests = json_object_new_array();
	struct verdict v;

	(void)state;
	add_subtest(subtests, "one", "pass", NULL);
	add_subtest(subtests, "two", "fail", "saw 0");
	add_subtest(subtests, "three", "skip", "no node");
	add_subtest(subtests, "four", "fail", NULL);
	v = told(subtests, "not ok 4 four\n# data moved=0\n");
	assert_int_equal(json_len(v.evidence), 2);
	assert_string_equal(line(&v, 0), "not ok two # saw 0");
	assert_string_equal(line(&v, 1), "not ok four");
	verdict_done(&v);
}

static void many_are_counted(void **state)
{
	AUTO_JSON struct json_object *subtests = json_object_new_array();
	struct verdict v;

	(void)state;
	for (int i = 0; i < 30; i++) {
		AUTO_FREE char *name = str_printf("s%d", i);

		add_subtest(subtests, name, "fail", NULL);
	}
	v = told(subtests, "");
	assert_int_equal(json_len(v.evidence), 13);
	assert_string_equal(line(&v, 11), "not ok s11");
	assert_string_equal(line(&v, 12), "and 18 more");
	verdict_done(&v);
}

static void without_any_its_output_tells(void **state)
{
	struct verdict v = told(NULL, "hello\nnot ok 1 a # saw 1\nbye\n");

	(void)state;
	assert_int_equal(json_len(v.evidence), 1);
	assert_string_equal(line(&v, 0), "not ok 1 a # saw 1");
	verdict_done(&v);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(subtests_that_failed_come_first),
		cmocka_unit_test(many_are_counted),
		cmocka_unit_test(without_any_its_output_tells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
