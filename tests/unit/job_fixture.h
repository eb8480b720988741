/*
 * A child of lib/job.h that is run to its end, and what it came to.
 */
#ifndef SLUICE_TESTS_UNIT_JOB_FIXTURE_H
#define SLUICE_TESTS_UNIT_JOB_FIXTURE_H

#include "tests/unit/cm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/job.h"

#define FIXTURE_FN __attribute__((unused)) static

#define NOBODY 65534
#define GUARD_S 30 /* no test takes as long: then something hangs */

/* What one job came to. */
struct seen {
	int done;
	enum job_how how;
	int code;
	double cpu;
	long rss;
	double seconds;
	struct str lines; /* each as "<text>" */
	size_t nlines, longest;
	const char *cancel_at; /* cancels at this line */
};

FIXTURE_FN double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

FIXTURE_FN void on_line(struct job *job, const char *line, size_t len, void *arg)
{
	struct seen *seen = arg;

	assert_int_equal(seen->done, 0);
	assert_int_equal(line[len], '\0');
	seen->nlines++;
	if (len > seen->longest)
		seen->longest = len;
	if (seen->lines.len < 65536) {
		str_addc(&seen->lines, '<');
		str_addn(&seen->lines, line, len);
		str_addc(&seen->lines, '>');
	}
	if (seen->cancel_at && strcmp(line, seen->cancel_at) == 0)
		job_cancel(job);
}

FIXTURE_FN void on_done(struct job *job, enum job_how how, int code, void *arg)
{
	struct seen *seen = arg;

	seen->done++;
	seen->how = how;
	seen->code = code;
	job_usage(job, &seen->cpu, &seen->rss);
	/* Too late, and harmless. */
	job_cancel(job);
}

FIXTURE_FN void loop_until(sd_event *event, const int *flag, int value)
{
	double end = now() + GUARD_S;

	while (*flag < value) {
		assert_true(now() < end);
		assert_true(sd_event_run(event, 1000000) >= 0);
	}
	/* And nothing comes after it. */
	assert_true(sd_event_run(event, 0) >= 0);
	assert_int_equal(*flag, value);
}

/* Runs opts to the end, with the callbacks above. */
FIXTURE_FN void run(struct job_opts opts, struct seen *seen)
{
	struct err err = { 0 };
	sd_event *event = NULL;
	double start = now();

	opts.on_line = on_line;
	opts.on_done = on_done;
	opts.arg = seen;
	assert_true(sd_event_new(&event) >= 0);
	if (job_start(event, &opts, NULL, &err) < 0)
		fail_msg("%s", err.msg);
	loop_until(event, &seen->done, 1);
	seen->seconds = now() - start;
	sd_event_unref(event);
	/* Nobody is left to be waited for. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

#define SH(script) ((char *const[]){ (char *)"sh", (char *)"-c", (char *)(script), NULL })
#define RUN(seen, script, ...) \
	run((struct job_opts){ .argv = SH(script), __VA_ARGS__ }, seen)

FIXTURE_FN void seen_done(struct seen *seen)
{
	str_done(&seen->lines);
}
#define SEEN AUTO(seen_done) struct seen

FIXTURE_FN void assert_start_fails(struct job_opts opts, enum err_code code,
				   const char *text)
{
	struct job *job = NULL;
	struct err err = { 0 };
	sd_event *event = NULL;

	opts.on_done = on_done;
	assert_true(sd_event_new(&event) >= 0);
	assert_int_equal(job_start(event, &opts, &job, &err), -1);
	assert_null(job);
	if (!strstr(err.msg, text))
		fail_msg("\"%s\" is not in \"%s\"", text, err.msg);
	assert_int_equal(err.code, code);
	sd_event_unref(event);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* A process that nobody has waited for yet is gone, too. */
FIXTURE_FN bool is_alive(pid_t pid)
{
	AUTO_FREE char *path = str_printf("/proc/%d/stat", (int)pid);
	AUTO_FREE char *stat_line = NULL;
	const char *state;

	if (file_read(path, 4096, &stat_line, NULL, NULL) < 0)
		return false;
	state = strrchr(stat_line, ')');
	return state && state[2] != 'Z' && state[2] != 'X';
}

FIXTURE_FN void assert_goes_away(pid_t pid)
{
	double end = now() + 5;

	while (is_alive(pid))
		assert_true(now() < end);
}

FIXTURE_FN pid_t pid_in(const struct seen *seen)
{
	int pid = 0;

	assert_int_equal(sscanf(str_get(&seen->lines), "<%d>", &pid), 1);
	assert_true(pid > 1);
	return pid;
}

FIXTURE_FN size_t count_fds(void)
{
	AUTO_DIR DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	while (readdir(dir))
		n++;
	return n;
}

#endif
