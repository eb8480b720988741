/* Status, output and lines of a child, and several in one loop. */
#include "tests/unit/job_fixture.h"

static void status_and_lines(void **state)
{
	SEEN seen = { 0 };

	(void)state;
	RUN(&seen, "echo one; echo; echo two >&2; printf 'a\\000b\\nlast'; exit 7");
	assert_int_equal(seen.how, JOB_EXITED);
	assert_int_equal(seen.code, 7);
	assert_int_equal(seen.lines.len, strlen("<one><><two><a-b><last>"));
	assert_memory_equal(seen.lines.data, "<one><><two><a\0b><last>", seen.lines.len);
}

static void output_goes_to_the_file(void **state)
{
	AUTO_FREE char *path = path_join(*state, "out", NULL);
	AUTO_FREE char *data = NULL;
	SEEN seen = { 0 };
	struct stat st;
	size_t len;

	assert_int_equal(
		file_write_atomic(path, "longer than it will be", 22, 0644, NULL), 0);
	RUN(&seen, "echo a; echo b >&2", .output_path = path);
	assert_int_equal(file_read(path, 100, &data, &len, NULL), 0);
	assert_string_equal(data, "a\nb\n");
	assert_string_equal(str_get(&seen.lines), "<a><b>");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
}

/* The exit may be seen before what was written last is read. */
static void nothing_is_lost_at_the_end(void **state)
{
	AUTO_FREE char *path = path_join(*state, "out", NULL);
	struct stat st;

	for (int i = 0; i < 20; i++) {
		SEEN seen = { 0 };

		RUN(&seen, "head -c 60000 /dev/zero", .output_path = path);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_size, 60000);
	}
	SEEN seen = { 0 };
	RUN(&seen, "yes | head -c 20000000", .output_path = path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 20000000);
	assert_int_equal(seen.nlines, 10000000);
}

static void long_lines_come_in_parts(void **state)
{
	SEEN seen = { 0 };

	(void)state;
	RUN(&seen,
	    "head -c 65536 /dev/zero; echo; head -c 65537 /dev/zero; echo; echo x");
	assert_int_equal(seen.longest, 65536);
	/* 65536 | 65536, 1 | x */
	assert_int_equal(seen.nlines, 4);
}

static void flood_is_stopped(void **state)
{
	AUTO_FREE char *path = path_join(*state, "out", NULL);
	SEEN seen = { 0 };
	struct stat st;

	RUN(&seen, "exec yes", .output_path = path, .output_max = 100001,
	    .grace_ms = 30000);
	assert_int_equal(seen.how, JOB_FLOODED);
	assert_true(seen.code == SIGTERM || seen.code == SIGPIPE);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 100001);
	assert_int_equal(seen.nlines, 50001);
	assert_true(seen.seconds < 20);
}

static void exactly_the_limit_is_no_flood(void **state)
{
	SEEN seen = { 0 };

	(void)state;
	RUN(&seen, "head -c 5000 /dev/zero", .output_max = 5000);
	assert_int_equal(seen.how, JOB_EXITED);
	assert_int_equal(seen.longest, 5000);
}

static void flood_without_mercy(void **state)
{
	SEEN seen = { 0 };

	(void)state;
	RUN(&seen, "trap '' TERM PIPE; while :; do echo x; done 2>/dev/null",
	    .output_max = 1000, .grace_ms = 200);
	assert_int_equal(seen.how, JOB_FLOODED);
	assert_int_equal(seen.code, SIGKILL);
	assert_true(seen.seconds < 5);
}

static void output_may_end_first(void **state)
{
	SEEN seen = { 0 };

	(void)state;
	RUN(&seen, "echo x; exec >/dev/null 2>&1; sleep 0.3; exit 4");
	assert_int_equal(seen.how, JOB_EXITED);
	assert_int_equal(seen.code, 4);
	assert_true(seen.seconds >= 0.3);
}

static void full_disk_is_ours(void **state)
{
	SEEN seen = { 0 };

	(void)state;
	if (access("/dev/full", W_OK) < 0)
		skip();
	RUN(&seen, "echo x; exec sleep 60", .output_path = "/dev/full");
	assert_int_equal(seen.how, JOB_BROKEN);
	assert_int_equal(seen.code, ENOSPC);
	assert_string_equal(str_get(&seen.lines), "<x>");
}

static void usage_is_counted(void **state)
{
	SEEN seen = { 0 };

	(void)state;
	RUN(&seen, "(i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done); exit 0");
	assert_int_equal(seen.how, JOB_EXITED);
	assert_true(seen.cpu > 0.01);
	assert_true(seen.cpu < seen.seconds + 1);
	assert_true(seen.rss > 100 && seen.rss < 1 << 20);
}

/* What on_done does next: another one, until there were n. */
struct chain {
	sd_event *event;
	int left, done;
};

static void on_chain_done(struct job *job, enum job_how how, int code, void *arg)
{
	struct chain *chain = arg;
	struct job_opts opts = { .argv = SH("exit 9"),
				 .on_done = on_chain_done,
				 .arg = chain };

	(void)job;
	assert_int_equal(how, JOB_EXITED);
	assert_int_equal(code, 9);
	chain->done++;
	if (chain->left-- > 0)
		assert_int_equal(job_start(chain->event, &opts, NULL, NULL), 0);
}

static void on_done_may_start_another(void **state)
{
	struct chain chain = { .left = 5 };
	struct job_opts opts = { .argv = SH("exit 9"),
				 .on_done = on_chain_done,
				 .arg = &chain };

	(void)state;
	assert_true(sd_event_new(&chain.event) >= 0);
	assert_int_equal(job_start(chain.event, &opts, NULL, NULL), 0);
	loop_until(chain.event, &chain.done, 6);
	sd_event_unref(chain.event);
}

static void many_at_once(void **state)
{
	struct chain chain = { .left = 0 };
	struct job_opts opts = { .argv = SH("echo x; exit 9"),
				 .on_done = on_chain_done,
				 .arg = &chain };
	size_t fds = count_fds();

	(void)state;
	assert_true(sd_event_new(&chain.event) >= 0);
	for (int i = 0; i < 40; i++)
		assert_int_equal(job_start(chain.event, &opts, NULL, NULL), 0);
	loop_until(chain.event, &chain.done, 40);
	sd_event_unref(chain.event);
	assert_int_equal(count_fds(), fds);
}

static void runs_on_its_own_loop(void **state)
{
	SEEN seen = { 0 };
	struct job_opts opts = { .argv = SH("echo a; exit 6"),
				 .on_line = on_line,
				 .arg = &seen };
	enum job_how how = JOB_BROKEN;
	struct err err = { 0 };
	size_t fds = count_fds();
	int code = -1;

	(void)state;
	assert_int_equal(job_run(&opts, &how, &code, &err), 0);
	assert_int_equal(how, JOB_EXITED);
	assert_int_equal(code, 6);
	assert_string_equal(str_get(&seen.lines), "<a>");
	opts.argv = (char *const[]){ (char *)"no-such-program", NULL };
	assert_int_equal(job_run(&opts, &how, &code, &err), -1);
	assert_int_equal(err.code, ERR_MISSING);
	assert_int_equal(count_fds(), fds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_and_lines),
		tmpdir_test(output_goes_to_the_file),
		tmpdir_test(nothing_is_lost_at_the_end),
		cmocka_unit_test(long_lines_come_in_parts),
		tmpdir_test(flood_is_stopped),
		cmocka_unit_test(exactly_the_limit_is_no_flood),
		cmocka_unit_test(flood_without_mercy),
		cmocka_unit_test(output_may_end_first),
		cmocka_unit_test(full_disk_is_ours),
		cmocka_unit_test(usage_is_counted),
		cmocka_unit_test(on_done_may_start_another),
		cmocka_unit_test(many_at_once),
		cmocka_unit_test(runs_on_its_own_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
