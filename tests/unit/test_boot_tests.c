#include "tests/unit/cm.h"

#include "lib/json.h"
#include "runners/boot_tests.h"

#define NONCE "0123456789abcdef0123456789abcdef"

static void feed(struct boot_tests *t, const struct frame_event *e)
{
	boot_tests_frame(t, e);
}

/* "result: reason" of a test that printed these lines and ended with code. */
static char *ended(const char *output, int code)
{
	AUTO_JSON struct json_object *plan = json_object_new_array();
	AUTO_JSON struct json_object *result = json_object_new_object();
	struct json_object *o = json_object_new_object(), *argv = json_object_new_array();
	struct boot_verdict v = { .status = BOOT_OK, .reason = (char *)"" };
	struct console *console = console_new(NONCE, 1);
	struct boot_tests *t = NULL;
	char **lines = strv_split(output, "\n");
	struct err err = { .msg = "" };
	char *got;

	json_set_str(o, "test", "s/a");
	json_add_str(argv, "/tests/a");
	json_set(o, "argv", argv);
	json_set_int(o, "deadline_ms", 1000);
	json_object_array_add(plan, o);
	if (boot_tests_new(plan, &t, &err) < 0)
		fail_msg("%s", err.msg);
	feed(t, &(struct frame_event){ .kind = FRAME_START });
	for (char **l = lines; *l; l++)
		feed(t, &(struct frame_event){ .kind = FRAME_OUT,
					       .text = *l,
					       .len = strlen(*l) });
	feed(t, &(struct frame_event){ .kind = FRAME_DONE,
				       .how = FRAME_EXIT,
				       .code = code,
				       .ms = 5 });
	console_end(console);
	boot_tests_report(t, console, &v, result);
	o = json_object_array_get_idx(json_arr(result, "tests"), 0);
	got = str_printf("%s: %s", json_str(o, "result", "?"),
			 json_str(o, "reason", "none"));
	strv_free(lines);
	boot_tests_free(t);
	console_free(console);
	return got;
}

static void expect(const char *output, int code, const char *want)
{
	AUTO_FREE char *got = ended(output, code);

	assert_string_equal(got, want);
}

static void exits_and_ktap(void **state)
{
	(void)state;
	expect("1..1\nok 1 a", 0, "pass: none");
	expect("1..1\nnot ok 1 a # expected 1, saw 2", 1, "fail: a: expected 1, saw 2");
	expect("1..1\nnot ok 1 a # expected 1, saw 2", 0, "fail: a: expected 1, saw 2");
	expect("1..2\nok 1 a", 0, "fail: expected 2 results, saw 1");
	expect("1..1\nok 1 a", 1, "fail: exit status 1");
	expect("1..1\nok 1 a # SKIP no nodes", 0, "skip: no nodes");
	expect("1..1\nok 1 a # SKIP no nodes", 4, "skip: no nodes");
	/* It gave up early: kselftest's ksft_exit_skip after a plan. */
	expect("1..5\nok 2 # SKIP not supported", 4, "skip: not supported");
	expect("1..2\nnot ok 1 a # no\nok 2 b # SKIP x", 4, "fail: a: no");
}

/* Programs of older trees say it in words. */
static void words_of_no_ktap(void **state)
{
	(void)state;
	expect("checking\nOK", 0, "pass: none");
	expect("checking\nmmap should have failed\n  ", 1,
	       "fail: exit status 1: mmap should have failed");
	expect("", 1, "fail: exit status 1");
	expect("needs 2 nodes", 4, "skip: needs 2 nodes");
	expect("", 4, "skip: none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exits_and_ktap),
		cmocka_unit_test(words_of_no_ktap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
