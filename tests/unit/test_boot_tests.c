/*
 * The tests of a boot, from frames to results: what a test that misbehaves comes
 * to, and that it is charged to no other.
 */
#include "tests/unit/cm.h"

#include "runners/boot_tests.h"

#define NONCE "0123456789abcdef0123456789abcdef"
#define MARK "[    1.000000] sluice " NONCE " "

struct boot {
	struct boot_tests *tests;
	struct console *console;
	struct json_object *result;
};

/* Three tests, a/0 to a/2; the console's text is all that it said. */
static struct boot boot_new(const char *console)
{
	struct json_object *plan = json_object_new_array();
	struct boot b = { .console = console_new(NONCE, 3),
			  .result = json_object_new_object() };
	struct err err = { .msg = "" };

	for (int i = 0; i < 3; i++) {
		struct json_object *t = json_object_new_object();
		struct json_object *argv = json_object_new_array();
		char *id = str_printf("a/%d", i);

		json_set_str(t, "test", id);
		json_add_str(argv, "/tests/a");
		json_set(t, "argv", argv);
		json_set_int(t, "deadline_ms", 1000);
		json_object_array_add(plan, t);
		free(id);
	}
	if (boot_tests_new(plan, &b.tests, &err) < 0)
		fail_msg("%s", err.msg);
	console_feed(b.console, console, strlen(console));
	console_end(b.console);
	json_object_put(plan);
	return b;
}

static void boot_free(struct boot *b)
{
	json_object_put(b->result);
	console_free(b->console);
	boot_tests_free(b->tests);
}

static void start(struct boot *b, unsigned int idx, uint64_t alien)
{
	const struct frame_event e = { .kind = FRAME_START, .idx = idx };

	boot_tests_frame(b->tests, &e, alien);
}

static void out(struct boot *b, unsigned int idx, const char *text)
{
	const struct frame_event e = { .kind = FRAME_OUT,
				       .idx = idx,
				       .text = text,
				       .len = strlen(text) };

	boot_tests_frame(b->tests, &e, 0);
}

static void done(struct boot *b, unsigned int idx, enum frame_how how, int code,
		 uint64_t alien)
{
	const struct frame_event e = { .kind = FRAME_DONE,
				       .idx = idx,
				       .how = how,
				       .code = code,
				       .ms = 2000 };

	boot_tests_frame(b->tests, &e, alien);
}

/* Each test as "result: reason", and frees all. */
static void expect(struct boot *b, enum boot_outcome status, const char *why,
		   const char *const want[3])
{
	const struct boot_verdict v = { .status = status, .reason = (char *)why };

	boot_tests_report(b->tests, b->console, &v, b->result);
	for (size_t i = 0; i < 3; i++) {
		struct json_object *t =
			json_object_array_get_idx(json_arr(b->result, "tests"), i);
		char *got = str_printf("%s: %s", json_str(t, "result", "?"),
				       json_str(t, "reason", "-"));

		assert_string_equal(got, want[i]);
		free(got);
	}
	boot_free(b);
}

static void ways_to_end(void **state)
{
	struct boot b = boot_new("");

	(void)state;
	start(&b, 0, 0);
	done(&b, 0, FRAME_OOM, 9, 0);
	start(&b, 1, 0);
	done(&b, 1, FRAME_TIMEOUT, 9, 0);
	start(&b, 2, 0);
	done(&b, 2, FRAME_UNCLEAN, 1, 0);
	expect(&b, BOOT_OK, "fine",
	       (const char *[]){
		       "crash: killed by the kernel, which had run out of memory",
		       "timeout: not done after 2.0 s",
		       "fail: left a process that cannot be killed" });
}

/* Init gives up after a test that it cannot clear away. */
static void the_rest_is_not_run(void **state)
{
	struct boot b = boot_new("");

	(void)state;
	start(&b, 0, 0);
	done(&b, 0, FRAME_EXIT, 0, 0);
	start(&b, 1, 0);
	done(&b, 1, FRAME_UNCLEAN, 2, 0);
	expect(&b, BOOT_OK, "all frames came, powered off",
	       (const char *[]){ "pass: -",
				 "fail: left a CPU, memory or swap that cannot be put "
				 "back (see its output)",
				 "not-run: not reached: the guest's init gave up" });
}

static void lines_of_others_on_the_port(void **state)
{
	struct boot b = boot_new("");

	(void)state;
	start(&b, 0, 3); /* before the first test: not its doing */
	done(&b, 0, FRAME_EXIT, 0, 3);
	start(&b, 1, 3);
	done(&b, 1, FRAME_EXIT, 0, 10);
	start(&b, 2, 10);
	done(&b, 2, FRAME_EXIT, 1, 11); /* bad by itself */
	expect(&b, BOOT_OK, "fine",
	       (const char *[]){ "pass: -", "fail: wrote to the result port, lines: 7",
				 "fail: exit status 1" });
}

/* While one runs, frames of another are nobody's. */
static void one_after_the_other(void **state)
{
	struct boot b = boot_new("");

	(void)state;
	start(&b, 1, 0);
	start(&b, 2, 0);
	out(&b, 2, "not ok 1 forged");
	done(&b, 2, FRAME_EXIT, 0, 0);
	assert_string_equal(boot_tests_current(b.tests, NULL), "a/1");
	done(&b, 1, FRAME_EXIT, 0, 0);
	start(&b, 0, 0); /* too late */
	done(&b, 0, FRAME_EXIT, 0, 0);
	start(&b, 1, 0); /* again */
	done(&b, 1, FRAME_EXIT, 1, 0);
	expect(&b, BOOT_NO_RESULT, "gone",
	       (const char *[]){ "not-run: not reached: gone", "pass: -",
				 "not-run: not reached: gone" });
}

/* What hung is said by the detector that saw it. */
static void detectors_are_named(void **state)
{
	struct boot b = boot_new(
		MARK
		"start 0\n"
		"[   26.000000] INFO: task a:51 blocked for more than 20 seconds.\n" MARK
		"done 0\n" MARK "start 1\n"
		"[   52.000000] watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [a:52]\n" MARK
		"done 1\n" MARK "start 2\n");

	(void)state;
	start(&b, 0, 0);
	done(&b, 0, FRAME_TIMEOUT, 9, 0);
	start(&b, 1, 0);
	done(&b, 1, FRAME_EXIT, 0, 0);
	start(&b, 2, 0);
	expect(&b, BOOT_HANG, "watchdog: guest hung in test a/2",
	       (const char *[]){
		       "timeout: not done after 2.0 s; INFO: task a:51 blocked for more "
		       "than 20 seconds.",
		       "splat: watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [a:52]",
		       "timeout: watchdog: guest hung in test a/2" });
}

/* A program that was killed, and one whose guest went down with it, are both a crash:
 * which of them took the guest along is told by who has an end. */
static void only_what_ended_has_seconds(void **state)
{
	const struct boot_verdict v = { .status = BOOT_PANIC, .reason = (char *)"oops" };
	struct boot b = boot_new("");
	struct json_object *tests;

	(void)state;
	start(&b, 0, 0);
	done(&b, 0, FRAME_SIGNAL, 11, 0);
	start(&b, 1, 0);
	boot_tests_report(b.tests, b.console, &v, b.result);
	tests = json_arr(b.result, "tests");
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(json_str(json_object_array_get_idx(tests, i),
					     "result", ""),
				    i < 2 ? "crash" : "not-run");
	assert_true(json_num(json_object_array_get_idx(tests, 0), "seconds", -1) == 2);
	assert_true(json_num(json_object_array_get_idx(tests, 1), "seconds", -1) == -1);
	assert_true(json_num(json_object_array_get_idx(tests, 2), "seconds", -1) == -1);
	boot_free(&b);
}

/* Output and an exit status alone: what becomes of a/0. */
static void expect_exit(const char *output, int code, const char *want)
{
	const struct boot_verdict v = { .status = BOOT_OK, .reason = (char *)"" };
	struct boot b = boot_new("");
	char **lines = strv_split(output, "\n");
	struct json_object *t;
	char *got;

	start(&b, 0, 0);
	for (char **l = lines; *l; l++)
		out(&b, 0, *l);
	done(&b, 0, FRAME_EXIT, code, 0);
	boot_tests_report(b.tests, b.console, &v, b.result);
	t = json_object_array_get_idx(json_arr(b.result, "tests"), 0);
	got = str_printf("%s: %s", json_str(t, "result", "?"),
			 json_str(t, "reason", "none"));
	assert_string_equal(got, want);
	free(got);
	strv_free(lines);
	boot_free(&b);
}

static void exits_and_ktap(void **state)
{
	(void)state;
	expect_exit("1..1\nok 1 a", 0, "pass: none");
	expect_exit("1..1\nnot ok 1 a # expected 1, saw 2", 1,
		    "fail: a: expected 1, saw 2");
	expect_exit("1..1\nnot ok 1 a # expected 1, saw 2", 0,
		    "fail: a: expected 1, saw 2");
	expect_exit("1..2\nok 1 a", 0, "fail: expected 2 results, saw 1");
	expect_exit("1..1\nok 1 a", 1, "fail: exit status 1");
	expect_exit("1..1\nok 1 a # SKIP no nodes", 0, "skip: no nodes");
	expect_exit("1..1\nok 1 a # SKIP no nodes", 4, "skip: no nodes");
	/* It gave up early: kselftest's ksft_exit_skip after a plan. */
	expect_exit("1..5\nok 2 # SKIP not supported", 4, "skip: not supported");
	expect_exit("1..2\nnot ok 1 a # no\nok 2 b # SKIP x", 4, "fail: a: no");
	/* A pass that is not whole says so, and is no reason for anything else. */
	expect_exit("1..3\nok 1 a # SKIP no nodes\nok 2 b\nok 3 c # SKIP", 0,
		    "pass: 2 of 3 subtests skipped (a: no nodes)");
	expect_exit("1..2\nok 1 a\nok 2 b # SKIP x", 1, "fail: exit status 1");
}

/* Of a test that says more than is passed on, the exit status tells the rest. */
static void output_that_is_cut(void **state)
{
#define CUT "\n# sluice: the rest of the output is cut"
	(void)state;
	expect_exit("1..670\nok 1 a\nok 2 b" CUT, 0, "pass: none");
	expect_exit("1..670\nok 1 a\nok 2 b" CUT, 1,
		    "fail: exit status 1: its output was too long to say why");
	expect_exit("1..670\nok 1 a\nnot ok 2 b # no" CUT, 0, "fail: b: no");
	expect_exit("1..670\nok 1 a # SKIP x" CUT, 4, "skip: x");
	expect_exit("1..1\nok 1 a\nok 2 b" CUT, 0, "fail: expected 1 results, saw 2");
	/* Fewer, and all that it said is there. */
	expect_exit("1..670\nok 1 a\nok 2 b", 0, "fail: expected 670 results, saw 2");
}

/* Programs of older trees say it in words. */
static void words_of_no_ktap(void **state)
{
	(void)state;
	expect_exit("checking\nOK", 0, "pass: none");
	expect_exit("checking\nmmap should have failed\n  ", 1,
		    "fail: exit status 1: mmap should have failed");
	expect_exit("mmap should have failed\n# sluice: removed cgroups, 2", 1,
		    "fail: exit status 1: mmap should have failed");
	expect_exit("", 1, "fail: exit status 1");
	expect_exit("needs 2 nodes", 4, "skip: needs 2 nodes");
	expect_exit("", 4, "skip: none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exits_and_ktap),
		cmocka_unit_test(output_that_is_cut),
		cmocka_unit_test(words_of_no_ktap),
		cmocka_unit_test(ways_to_end),
		cmocka_unit_test(the_rest_is_not_run),
		cmocka_unit_test(lines_of_others_on_the_port),
		cmocka_unit_test(one_after_the_other),
		cmocka_unit_test(detectors_are_named),
		cmocka_unit_test(only_what_ended_has_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
