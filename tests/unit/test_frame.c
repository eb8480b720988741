#include "tests/unit/cm.h"

#include "runners/frame.h"

#define NONCE "0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210"

struct seen {
	size_t n;
	struct frame_event e[16];
	char text[16][64];
};

static void on_frame(const struct frame_event *e, void *arg)
{
	struct seen *s = arg;
	size_t i = s->n++ % 16;

	s->e[i] = *e;
	snprintf(s->text[i], sizeof(s->text[i]), "%s", e->text ? e->text : "");
}

static void feed(struct frame *f, const char *text, struct seen *s)
{
	frame_feed(f, text, strlen(text), on_frame, s);
}

static void send(struct frame *f, const char *nonce, unsigned int seq,
		 const char *payload, struct seen *s)
{
	char *line = str_printf("@%s %u %zu %08x %s\n", nonce, seq, strlen(payload),
				frame_crc32(payload, strlen(payload)), payload);

	feed(f, line, s);
	free(line);
}

static void crc_is_the_usual_one(void **state)
{
	(void)state;
	assert_int_equal(frame_crc32("123456789", 9), 0xcbf43926);
	assert_int_equal(frame_crc32("", 0), 0);
}

static void a_whole_run(void **state)
{
	struct frame *f = frame_new(NONCE, 2);
	struct seen s = { .n = 0 };

	(void)state;
	feed(f, "HELLO sluice 1\nHELLO sluice 1\n", &s);
	send(f, NONCE, 0, "plan 2", &s);
	send(f, NONCE, 1, "start 0", &s);
	send(f, NONCE, 2, "out 0 ok 1 - a  b ", &s);
	send(f, NONCE, 3, "done 0 exit 0 1234", &s);
	send(f, NONCE, 4, "start 1", &s);
	send(f, NONCE, 5, "done 1 signal 11 7", &s);
	send(f, NONCE, 6, "end 2", &s);
	assert_int_equal(s.n, 9);
	assert_int_equal(s.e[0].kind, FRAME_HELLO);
	assert_int_equal(s.e[0].n, 1);
	assert_int_equal(s.e[2].kind, FRAME_PLAN);
	assert_int_equal(s.e[2].n, 2);
	assert_int_equal(s.e[3].kind, FRAME_START);
	assert_int_equal(s.e[4].kind, FRAME_OUT);
	assert_string_equal(s.text[4], "ok 1 - a  b ");
	assert_int_equal(s.e[4].len, 12);
	assert_int_equal(s.e[5].kind, FRAME_DONE);
	assert_int_equal(s.e[5].how, FRAME_EXIT);
	assert_int_equal(s.e[5].ms, 1234);
	assert_int_equal(s.e[7].how, FRAME_SIGNAL);
	assert_int_equal(s.e[7].code, 11);
	assert_int_equal(s.e[7].idx, 1);
	assert_int_equal(s.e[8].kind, FRAME_END);
	assert_int_equal(frame_stats(f)->frames, 7);
	assert_int_equal(frame_stats(f)->noise, 0);
	frame_free(f);
}

static void ways_to_end(void **state)
{
	static const char *const names[] = { "exit", "signal", "timeout", "oom",
					     "unclean" };
	struct frame *f = frame_new(NONCE, 1);
	struct seen s = { .n = 0 };

	(void)state;
	send(f, NONCE, 0, "plan 1", &s);
	for (unsigned int i = 0; i < 5; i++) {
		char *done = str_printf("done 0 %s 2 9", names[i]);

		/* As init sends them: behind whatever a test left on the line. */
		feed(f, "noise\n", &s);
		send(f, NONCE, i + 1, done, &s);
		assert_int_equal(s.e[i + 1].how, FRAME_EXIT + i);
		assert_int_equal(s.e[i + 1].code, 2);
		free(done);
	}
	assert_int_equal(s.n, 6);
	frame_free(f);
}

static void forgeries_are_dropped(void **state)
{
	struct frame *f = frame_new(NONCE, 1);
	struct seen s = { .n = 0 };

	(void)state;
	send(f, OTHER, 0, "plan 1", &s);
	send(f, "", 0, "plan 1", &s);
	feed(f, "@" NONCE " 0 6 00000000 plan 1\n", &s);
	feed(f, "@" NONCE "\n@" NONCE " \n@\n", &s);
	send(f, NONCE, 0, "end 1", &s); /* not before the plan */
	assert_int_equal(s.n, 0);
	send(f, NONCE, 0, "plan 1", &s);
	send(f, NONCE, 0, "start 0", &s); /* a number twice */
	send(f, NONCE, 1, "plan 1", &s);  /* a second plan */
	feed(f, "HELLO sluice 1\n", &s);  /* too late */
	assert_int_equal(s.n, 1);
	assert_true(frame_stats(f)->foreign >= 2);
	assert_true(frame_stats(f)->damaged >= 4);
	frame_free(f);
}

static void bad_payloads(void **state)
{
	static const char *const bad[] = {
		"start 1",
		"start -1",
		"start",
		"start 0 x",
		"start +0",
		"done 0",
		"out 1 x",
		"done 0 exit 0",
		"done 0 exit 300 1",
		"done 0 magic 0 1",
		"done 0 exit 0 1 x",
		"end 2",
		"end",
		"nonsense",
		"",
		"plan",
		"start 99999999999999999999",
	};
	struct frame *f = frame_new(NONCE, 1);
	struct seen s = { .n = 0 };

	(void)state;
	send(f, NONCE, 0, "plan 1", &s);
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		send(f, NONCE, i + 1, bad[i], &s);
	assert_int_equal(s.n, 1);
	assert_int_equal(frame_stats(f)->damaged, sizeof(bad) / sizeof(bad[0]));
	frame_free(f);
}

static void noise_between_and_before(void **state)
{
	struct frame *f = frame_new(NONCE, 1);
	struct seen s = { .n = 0 };

	(void)state;
	feed(f, "\x01\xff@@ junk\n", &s);
	feed(f, "user@host: ", &s); /* no newline of its own */
	send(f, NONCE, 0, "plan 1", &s);
	feed(f, "\r\n\n", &s);
	send(f, NONCE, 3, "start 0", &s);
	assert_int_equal(s.n, 2);
	assert_int_equal(frame_stats(f)->lost, 2);
	frame_free(f);
}

static void endless_line(void **state)
{
	struct frame *f = frame_new(NONCE, 1);
	struct seen s = { .n = 0 };

	(void)state;
	for (int i = 0; i < 100000; i++)
		feed(f, "xxxxxxxxxxxxxxxx", &s);
	feed(f, "\n", &s);
	send(f, NONCE, 0, "plan 1", &s);
	assert_int_equal(s.n, 1);
	assert_int_equal(frame_stats(f)->noise, 1);
	frame_free(f);
}

static void plan_text(void **state)
{
	static const char *const a[] = { "/tests/x", "one", NULL };
	static const char *const b[] = { "/tests/y", NULL };
	const struct frame_test tests[] = { { a, 1000 }, { b, 20 } };
	static const char lines[] = "0 1000 /tests/x one\n1 20 /tests/y\n";
	char *want = str_printf("PLAN " NONCE " 2 %08x\n%s",
				frame_crc32(lines, strlen(lines)), lines);
	char *got = frame_plan(NONCE, tests, 2);

	(void)state;
	assert_string_equal(got, want);
	free(want);
	free(got);
	got = frame_plan(NONCE, NULL, 0);
	assert_string_equal(got, "PLAN " NONCE " 0 00000000\n");
	free(got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crc_is_the_usual_one),
		cmocka_unit_test(a_whole_run),
		cmocka_unit_test(ways_to_end),
		cmocka_unit_test(forgeries_are_dropped),
		cmocka_unit_test(bad_payloads),
		cmocka_unit_test(noise_between_and_before),
		cmocka_unit_test(endless_line),
		cmocka_unit_test(plan_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
