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

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void on_line(struct job *job, const char *line, size_t len, void *arg)
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

static void on_done(struct job *job, enum job_how how, int code, void *arg)
{
	struct seen *seen = arg;

	seen->done++;
	seen->how = how;
	seen->code = code;
	job_usage(job, &seen->cpu, &seen->rss);
	/* Too late, and harmless. */
	job_cancel(job);
}

static void loop_until(sd_event *event, const int *flag, int value)
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
static void run(struct job_opts opts, struct seen *seen)
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

static void seen_done(struct seen *seen)
{
	str_done(&seen->lines);
}
#define SEEN AUTO(seen_done) struct seen

static void assert_start_fails(struct job_opts opts, enum err_code code, const char *text)
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
static bool is_alive(pid_t pid)
{
	AUTO_FREE char *path = str_printf("/proc/%d/stat", (int)pid);
	AUTO_FREE char *stat_line = NULL;
	const char *state;

	if (file_read(path, 4096, &stat_line, NULL, NULL) < 0)
		return false;
	state = strrchr(stat_line, ')');
	return state && state[2] != 'Z' && state[2] != 'X';
}

static void assert_goes_away(pid_t pid)
{
	double end = now() + 5;

	while (is_alive(pid))
		assert_true(now() < end);
}

static pid_t pid_in(const struct seen *seen)
{
	int pid = 0;

	assert_int_equal(sscanf(str_get(&seen->lines), "<%d>", &pid), 1);
	assert_true(pid > 1);
	return pid;
}

static size_t count_fds(void)
{
	AUTO_DIR DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	while (readdir(dir))
		n++;
	return n;
}

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

	RUN(&seen, "exec yes", .output_path = path, .output_max = 100001);
	assert_int_equal(seen.how, JOB_FLOODED);
	assert_true(seen.code == SIGTERM || seen.code == SIGPIPE);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 100001);
	assert_int_equal(seen.nlines, 50001);
	assert_true(seen.seconds < 2);
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
	RUN(&seen, "sleep 60 & echo $!; exit 3");
	assert_int_equal(seen.how, JOB_EXITED);
	assert_int_equal(seen.code, 3);
	assert_true(seen.seconds < 0.9);
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

static void output_may_end_first(void **state)
{
	SEEN seen = { 0 };

	(void)state;
	RUN(&seen, "echo x; exec >/dev/null 2>&1; sleep 0.3; exit 4");
	assert_int_equal(seen.how, JOB_EXITED);
	assert_int_equal(seen.code, 4);
	assert_true(seen.seconds >= 0.3);
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

static void what_cannot_start(void **state)
{
	AUTO_FREE char *none = path_join(*state, "none", NULL);
	AUTO_FREE char *plain = path_join(*state, "plain", NULL);
	AUTO_FREE char *script = path_join(*state, "script", NULL);
	AUTO_FREE char *out = path_join(*state, "no", "out", NULL);
	size_t fds = count_fds();
	const int bad_fd = 987;

	assert_int_equal(file_write_atomic(plain, "x", 1, 0644, NULL), 0);
	assert_int_equal(file_write_atomic(script, "#!/no/such/sh\n", 14, 0755, NULL), 0);
#define FAILS(code, text, prog, ...)                                                \
	assert_start_fails(                                                         \
		(struct job_opts){ .argv = (char *const[]){ (char *)(prog), NULL }, \
				   __VA_ARGS__ },                                   \
		code, text)
	FAILS(ERR_MISSING, "no-such-program", "no-such-program");
	FAILS(ERR_MISSING, none, none);
	FAILS(ERR_MISSING, script, script);
	FAILS(ERR_SYS, "Permission denied", plain);
	FAILS(ERR_SYS, "Permission denied", *state);
	FAILS(ERR_MISSING, none, "true", .cwd = none);
	FAILS(ERR_SYS, plain, "true", .cwd = plain);
	FAILS(ERR_MISSING, none, "true", .stdin_path = none);
	FAILS(ERR_SYS, out, "true", .output_path = out);
	FAILS(ERR_SYS, "descriptors", "true", .fds = &bad_fd, .nfds = 1);
	FAILS(ERR_INTERNAL, "uid", "true", .uid = NOBODY);
	assert_int_equal(count_fds(), fds);
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

static void stdin_is_empty_or_fed(void **state)
{
	AUTO_FREE char *path = path_join(*state, "in", NULL);
	SEEN empty = { 0 };
	SEEN fed = { 0 };

	assert_int_equal(file_write_atomic(path, "fed", 3, 0644, NULL), 0);
	RUN(&empty, "cat; readlink /proc/self/fd/0");
	assert_string_equal(str_get(&empty.lines), "</dev/null>");
	RUN(&fed, "cat", .stdin_path = path);
	assert_string_equal(str_get(&fed.lines), "<fed>");
}

static void surroundings(void **state)
{
	char *const env[] = { (char *)"A=b", (char *)"PWD=/", NULL };
	SEEN plain = { 0 };
	SEEN other = { 0 };

	setenv("SLUICE_TEST_INHERITED", "yes", 1);
	RUN(&plain, "pwd -P; echo $SLUICE_TEST_INHERITED");
	assert_string_equal(str_get(&plain.lines), "</><yes>");
	RUN(&other, "echo $A$SLUICE_TEST_INHERITED", .envp = env, .cwd = *state);
	assert_string_equal(str_get(&other.lines), "<b>");
}

static void cwd_is_entered(void **state)
{
	AUTO_FREE char *want = str_printf("<%s>", (char *)*state);
	SEEN seen = { 0 };

	RUN(&seen, "pwd -P", .cwd = *state);
	assert_string_equal(str_get(&seen.lines), want);
}

static void program_relative_to_cwd(void **state)
{
	AUTO_FREE char *script = path_join(*state, "script", NULL);
	char *const argv[] = { (char *)"./script", NULL };
	SEEN seen = { 0 };

	assert_int_equal(file_write_atomic(script, "#!/bin/sh\nexit 5\n", 17, 0755, NULL),
			 0);
	run((struct job_opts){ .argv = argv, .cwd = *state }, &seen);
	assert_int_equal(seen.code, 5);
}

static void session_is_its_own(void **state)
{
	char *const argv[] = { (char *)"cut", (char *)"-d ", (char *)"-f1,5,6",
			       (char *)"/proc/self/stat", NULL };
	int pid, group, session;
	SEEN seen = { 0 };

	(void)state;
	run((struct job_opts){ .argv = argv }, &seen);
	assert_int_equal(
		sscanf(str_get(&seen.lines), "<%d %d %d>", &pid, &group, &session), 3);
	assert_int_equal(group, pid);
	assert_int_equal(session, pid);
	assert_true(pid != getpid());
}

/* The set of signals that /proc/pid/status gives under name. */
static unsigned long long sigset_of(const struct seen *seen, const char *name)
{
	const char *at = strstr(str_get(&seen->lines), name);

	assert_non_null(at);
	/* 32 and 33 are glibc's own and cannot be changed by its sigaction. */
	return strtoull(at + strlen(name), NULL, 16) & ~0x180000000ULL;
}

static void signals_are_as_new(void **state)
{
	char *const argv[] = { (char *)"cat", (char *)"/proc/self/status", NULL };
	SEEN seen = { 0 };
	sigset_t set, old;

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, &old);
	signal(SIGPIPE, SIG_IGN);
	run((struct job_opts){ .argv = argv }, &seen);
	signal(SIGPIPE, SIG_DFL);
	assert_int_equal(sigset_of(&seen, "<SigBlk:\t"), 0);
	assert_int_equal(sigset_of(&seen, "<SigIgn:\t"), 0);
	/* And ours are as they were. */
	sigprocmask(SIG_SETMASK, &old, &set);
	assert_true(sigismember(&set, SIGTERM));
	assert_false(sigismember(&set, SIGUSR1));
}

static void limits_are_set_and_never_raised(void **state)
{
	const struct job_limit limits[] = { { RLIMIT_NOFILE, 64 }, { RLIMIT_CORE, 0 } };
	const struct job_limit lax[] = { { RLIMIT_NOFILE, 1ULL << 40 } };
	AUTO_FREE char *want = NULL;
	SEEN low = { 0 };
	SEEN high = { 0 };
	struct rlimit rl;

	(void)state;
	RUN(&low, "ulimit -Sn; ulimit -Hn; ulimit -Hc", .limits = limits,
	    .nlimits = ARRAY_SIZE(limits));
	assert_string_equal(str_get(&low.lines), "<64><64><0>");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &rl), 0);
	want = str_printf("<%llu>", (unsigned long long)rl.rlim_max);
	RUN(&high, "ulimit -Hn", .limits = lax, .nlimits = ARRAY_SIZE(lax));
	assert_string_equal(str_get(&high.lines), want);
}

static void uid_is_dropped(void **state)
{
	AUTO_FREE char *locked = path_join(*state, "locked", NULL);
	SEEN seen = { 0 };

	if (geteuid() != 0) {
		assert_start_fails((struct job_opts){ .argv = SH("true"),
						      .uid = NOBODY - 1,
						      .gid = NOBODY - 1 },
				   ERR_SYS, "become uid");
		return;
	}
	RUN(&seen,
	    "grep -E '^(Uid|Gid|Groups|CapEff):' /proc/self/status | tr -s '\\t ' ' '",
	    .uid = NOBODY, .gid = NOBODY);
	/* (Built for coverage, gcov has a complaint of its own before exec.) */
	assert_true(str_ends(str_get(&seen.lines), "<Uid: 65534 65534 65534 65534>"
						   "<Gid: 65534 65534 65534 65534>"
						   "<Groups: >"
						   "<CapEff: 0000000000000000>"));
	/* A folder that only root may enter is no place to start in. */
	assert_int_equal(dir_make(locked, 0700, NULL), 0);
	assert_start_fails((struct job_opts){ .argv = SH("true"),
					      .uid = NOBODY,
					      .gid = NOBODY,
					      .cwd = locked },
			   ERR_SYS, "Permission denied");
}

static void staying_who_we_are_is_no_drop(void **state)
{
	SEEN seen = { 0 };

	(void)state;
	if (geteuid() == 0)
		skip();
	RUN(&seen, "id -u", .uid = geteuid(), .gid = getegid());
	assert_int_equal(seen.how, JOB_EXITED);
	assert_int_equal(seen.code, 0);
}

/* Gives name's content a descriptor that is open for reading, not CLOEXEC. */
static int open_leaky(const char *dir, const char *text, int at)
{
	AUTO_FREE char *path = path_join(dir, text, NULL);
	int fd, moved;

	assert_int_equal(file_write_atomic(path, text, strlen(text), 0644, NULL), 0);
	fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	if (fd == at)
		return fd;
	moved = dup2(fd, at);
	assert_int_equal(moved, at);
	close(fd);
	return moved;
}

static void descriptors_are_passed_and_no_others(void **state)
{
	char *const ls[] = { (char *)"ls", (char *)"/proc/self/fd", NULL };
	/* Each lies where the other is to go, and one is given twice. */
	int b = open_leaky(*state, "bbb", 43);
	int a = open_leaky(*state, "aaa", 44);
	int leak = open_leaky(*state, "leak", 200);
	int fds[] = { a, b, a };
	SEEN listed = { 0 };
	SEEN none = { 0 };
	SEEN read_back = { 0 };

	/* ls itself opens the folder, as the next free one. */
	run((struct job_opts){ .argv = ls }, &none);
	assert_string_equal(str_get(&none.lines), "<0><1><2><3>");
	run((struct job_opts){ .argv = ls, .fds = fds, .nfds = 3 }, &listed);
	assert_string_equal(str_get(&listed.lines), "<0><1><2><3><4><5><6>");
	RUN(&read_back, "cat <&3; echo; cat <&4; echo; readlink /proc/self/fd/5",
	    .fds = fds, .nfds = 3);
	assert_true(str_starts(str_get(&read_back.lines), "<aaa><bbb></"));
	assert_true(str_ends(str_get(&read_back.lines), "/aaa>"));
	/* Ours are still open. */
	assert_int_equal(close(a), 0);
	assert_int_equal(close(b), 0);
	assert_int_equal(close(leak), 0);
}

/* The low numbers are the targets: sources that lie there, crosswise. */
static void descriptors_swap(void **state)
{
	SEEN seen = { 0 };
	int three, four, saved3 = fcntl(3, F_DUPFD_CLOEXEC, 100);
	int saved4 = fcntl(4, F_DUPFD_CLOEXEC, 100);
	int fds[2];

	four = open_leaky(*state, "was-four", 4);
	three = open_leaky(*state, "was-three", 3);
	fds[0] = four;
	fds[1] = three;
	RUN(&seen, "cat <&3; echo; cat <&4", .fds = fds, .nfds = 2);
	assert_string_equal(str_get(&seen.lines), "<was-four><was-three>");
	close(3);
	close(4);
	if (saved3 >= 0 && dup2(saved3, 3) == 3)
		close(saved3);
	if (saved4 >= 0 && dup2(saved4, 4) == 4)
		close(saved4);
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
		cmocka_unit_test(status_and_lines),
		cmocka_unit_test(a_child_dies_with_its_parent),
		cmocka_unit_test(death_by_signal),
		cmocka_unit_test(foreign_term_is_a_signal),
		tmpdir_test(output_goes_to_the_file),
		tmpdir_test(nothing_is_lost_at_the_end),
		cmocka_unit_test(long_lines_come_in_parts),
		tmpdir_test(flood_is_stopped),
		cmocka_unit_test(exactly_the_limit_is_no_flood),
		cmocka_unit_test(flood_without_mercy),
		cmocka_unit_test(deadline_terminates),
		cmocka_unit_test(deadline_kills_who_ignores_it),
		cmocka_unit_test(leaving_on_term_is_a_timeout_still),
		cmocka_unit_test(stopped_child_is_terminated),
		cmocka_unit_test(deadline_not_reached),
		cmocka_unit_test(grandchild_goes_with_the_group),
		cmocka_unit_test(escaped_grandchild_is_not_waited_for),
		cmocka_unit_test(noisy_escaped_grandchild),
		cmocka_unit_test(whole_group_is_killed),
		cmocka_unit_test(output_may_end_first),
		cmocka_unit_test(cancel_within_on_line),
		cmocka_unit_test(cancel_within_the_last_line),
		cmocka_unit_test(first_cause_stays),
		cmocka_unit_test(cancel_at_once),
		tmpdir_test(what_cannot_start),
		cmocka_unit_test(full_disk_is_ours),
		tmpdir_test(stdin_is_empty_or_fed),
		tmpdir_test(surroundings),
		tmpdir_test(cwd_is_entered),
		tmpdir_test(program_relative_to_cwd),
		cmocka_unit_test(session_is_its_own),
		cmocka_unit_test(signals_are_as_new),
		cmocka_unit_test(limits_are_set_and_never_raised),
		tmpdir_test(uid_is_dropped),
		cmocka_unit_test(staying_who_we_are_is_no_drop),
		tmpdir_test(descriptors_are_passed_and_no_others),
		tmpdir_test(descriptors_swap),
		cmocka_unit_test(usage_is_counted),
		cmocka_unit_test(on_done_may_start_another),
		cmocka_unit_test(many_at_once),
		cmocka_unit_test(runs_on_its_own_loop),
		cmocka_unit_test(causes_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
