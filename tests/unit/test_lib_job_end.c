/* How a child ends: by itself, by its deadline, or since it is not wanted any more. */
#include "tests/unit/job_fixture.h"

static void death_by_signal(void **state)
{
	SEEN seen = { 0 };

	(void)state;
	RUN(&seen, "kill -SEGV $$");
	assert_int_equal(seen.how, JOB_SIGNALED);
	assert_int_equal(seen.code, SIGSEGV);
}

/* TERM that somebody else sent is not ours. */
static void foreign_term_is_a_signal(void **state)
{
	SEEN seen = { 0 };

	(void)state;
	RUN(&seen, "kill -TERM $$", .deadline_ms = 20000);
	assert_int_equal(seen.how, JOB_SIGNALED);
	assert_int_equal(seen.code, SIGTERM);
}

static void deadline_terminates(void **state)
{
	SEEN seen = { 0 };

	(void)state;
	RUN(&seen, "exec sleep 60", .deadline_ms = 150);
	assert_int_equal(seen.how, JOB_TIMEOUT);
	assert_int_equal(seen.code, SIGTERM);
	assert_true(seen.seconds >= 0.15 && seen.seconds < 5);
}

static void deadline_kills_who_ignores_it(void **state)
{
	SEEN seen = { 0 };

	(void)state;
	RUN(&seen, "trap '' TERM; echo up; while :; do sleep 0.05; done",
	    .deadline_ms = 300, .grace_ms = 200);
	assert_int_equal(seen.how, JOB_TIMEOUT);
	assert_int_equal(seen.code, SIGKILL);
	assert_string_equal(str_get(&seen.lines), "<up>");
	assert_true(seen.seconds >= 0.5 && seen.seconds < 5);
}

static void leaving_on_term_is_a_timeout_still(void **state)
{
	SEEN seen = { 0 };

	(void)state;
	RUN(&seen, "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done",
	    .deadline_ms = 300);
	assert_int_equal(seen.how, JOB_TIMEOUT);
	assert_int_equal(seen.code, 0);
	/* (A shell may have something to say about its sleep.) */
	assert_true(str_starts(str_get(&seen.lines), "<up>"));
	assert_true(str_ends(str_get(&seen.lines), "<bye>"));
}

static void stopped_child_is_terminated(void **state)
{
	SEEN seen = { 0 };

	(void)state;
	RUN(&seen, "kill -STOP $$", .deadline_ms = 150, .grace_ms = 10000);
	assert_int_equal(seen.how, JOB_TIMEOUT);
	assert_int_equal(seen.code, SIGTERM);
}

static void deadline_not_reached(void **state)
{
	SEEN seen = { 0 };

	(void)state;
	RUN(&seen, "exit 0", .deadline_ms = UINT64_MAX);
	assert_int_equal(seen.how, JOB_EXITED);
}

static void grandchild_goes_with_the_group(void **state)
{
	SEEN seen = { 0 };

	(void)state;
	RUN(&seen, "sleep 60 & echo $!; exit 3", .drain_ms = 30000);
	assert_int_equal(seen.how, JOB_EXITED);
	assert_int_equal(seen.code, 3);
	assert_true(seen.seconds < 20);
	assert_goes_away(pid_in(&seen));
}

static void escaped_grandchild_is_not_waited_for(void **state)
{
	SEEN seen = { 0 };
	pid_t pid;

	(void)state;
	RUN(&seen, "setsid sh -c 'echo $$; exec sleep 60' & sleep 0.3; exit 3");
	assert_int_equal(seen.how, JOB_EXITED);
	assert_int_equal(seen.code, 3);
	assert_true(seen.seconds > 0.9 && seen.seconds < 5);
	pid = pid_in(&seen);
	assert_true(is_alive(pid)); /* else this test tests nothing */
	kill(pid, SIGKILL);
}

/* Even when it never stops writing. */
static void noisy_escaped_grandchild(void **state)
{
	SEEN seen = { 0 };

	(void)state;
	RUN(&seen,
	    "setsid sh -c 'echo $$; while echo x; do :; done' & sleep 0.3; exit 3");
	assert_int_equal(seen.how, JOB_EXITED);
	assert_int_equal(seen.code, 3);
	assert_true(seen.seconds < 5);
	kill(pid_in(&seen), SIGKILL);
}

static void whole_group_is_killed(void **state)
{
	SEEN seen = { 0 };

	(void)state;
	RUN(&seen, "(trap '' TERM; sleep 60; sleep 60) & echo $!; wait",
	    .deadline_ms = 300);
	assert_int_equal(seen.how, JOB_TIMEOUT);
	assert_goes_away(pid_in(&seen));
}

static void cancel_within_on_line(void **state)
{
	SEEN seen = { .cancel_at = "now" };

	(void)state;
	RUN(&seen, "printf 'a\\nnow\\nb\\nnow\\n'; exec sleep 60");
	assert_int_equal(seen.how, JOB_CANCELLED);
	assert_int_equal(seen.code, SIGTERM);
	assert_true(str_starts(str_get(&seen.lines), "<a><now><b>"));
	assert_true(seen.seconds < 5);
}

/* The last line, without a newline, is given out when the pipe ends. */
static void cancel_within_the_last_line(void **state)
{
	SEEN seen = { .cancel_at = "now" };

	(void)state;
	RUN(&seen, "printf now; exec sleep 0.1");
	assert_int_equal(seen.how, JOB_CANCELLED);
}

static void first_cause_stays(void **state)
{
	SEEN seen = { .cancel_at = "bye" };

	(void)state;
	RUN(&seen, "trap 'echo bye' TERM; while :; do sleep 0.05; done",
	    .deadline_ms = 300, .grace_ms = 300);
	assert_int_equal(seen.how, JOB_TIMEOUT);
	assert_int_equal(seen.code, SIGKILL);
}

static void cancel_at_once(void **state)
{
	struct job_opts opts = { .argv = SH("exec sleep 60"), .on_done = on_done };
	SEEN seen = { 0 };
	sd_event *event = NULL;
	struct job *job = NULL;

	(void)state;
	opts.arg = &seen;
	assert_true(sd_event_new(&event) >= 0);
	assert_int_equal(job_start(event, &opts, &job, NULL), 0);
	assert_true(is_alive(job_pid(job)));
	job_cancel(job);
	job_cancel(job);
	assert_int_equal(seen.done, 0);
	loop_until(event, &seen.done, 1);
	assert_int_equal(seen.how, JOB_CANCELLED);
	sd_event_unref(event);
	job_cancel(NULL);
}

static void causes_have_names(void **state)
{
	(void)state;
	assert_string_equal(job_how_str(JOB_EXITED), "exited");
	assert_string_equal(job_how_str(JOB_FLOODED), "flooded");
	assert_string_equal(job_how_str(JOB_BROKEN), "broken");
	assert_string_equal(job_how_str((enum job_how)99), "unknown");
}

/* True once the process is gone, or only waits to be reaped by init. */
static bool is_dead(pid_t pid)
{
	AUTO_FREE char *path = str_printf("/proc/%d/stat", (int)pid);
	AUTO_FREE char *text = NULL;
	const char *state;

	if (file_read(path, 4096, &text, NULL, NULL) < 0)
		return true;
	state = strrchr(text, ')');
	return state && state[2] == 'Z';
}

static void never_done(struct job *job, enum job_how how, int code, void *arg)
{
	(void)job;
	(void)how;
	(void)code;
	(void)arg;
}

/* In a process of its own: starts a child, tells its pid, and waits to be killed. */
static _Noreturn void be_a_parent(int tell)
{
	const char *argv[] = { "sleep", "100", NULL };
	const struct job_opts opts = { .argv = (char *const *)argv,
				       .with_parent = true,
				       .on_done = never_done };
	struct job *job = NULL;
	sd_event *event = NULL;
	pid_t pid;

	if (sd_event_new(&event) < 0 || job_start(event, &opts, &job, NULL) < 0)
		_exit(1);
	pid = job_pid(job);
	if (write(tell, &pid, sizeof(pid)) != sizeof(pid))
		_exit(1);
	for (;;)
		pause();
}

static void a_child_dies_with_its_parent(void **state)
{
	pid_t parent, child = 0;
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	parent = fork();
	if (parent == 0)
		be_a_parent(p[1]);
	close(p[1]);
	assert_int_equal(read(p[0], &child, sizeof(child)), sizeof(child));
	assert_false(is_dead(child));
	kill(parent, SIGKILL);
	waitpid(parent, NULL, 0);
	for (int i = 0; i < 500 && !is_dead(child); i++)
		usleep(10000);
	assert_true(is_dead(child));
	close(p[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_dies_with_its_parent),
		cmocka_unit_test(death_by_signal),
		cmocka_unit_test(foreign_term_is_a_signal),
		cmocka_unit_test(deadline_terminates),
		cmocka_unit_test(deadline_kills_who_ignores_it),
		cmocka_unit_test(leaving_on_term_is_a_timeout_still),
		cmocka_unit_test(stopped_child_is_terminated),
		cmocka_unit_test(deadline_not_reached),
		cmocka_unit_test(grandchild_goes_with_the_group),
		cmocka_unit_test(escaped_grandchild_is_not_waited_for),
		cmocka_unit_test(noisy_escaped_grandchild),
		cmocka_unit_test(whole_group_is_killed),
		cmocka_unit_test(cancel_within_on_line),
		cmocka_unit_test(cancel_within_the_last_line),
		cmocka_unit_test(first_cause_stays),
		cmocka_unit_test(cancel_at_once),
		cmocka_unit_test(causes_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
