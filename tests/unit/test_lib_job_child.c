/* What a child finds around it: descriptors, signals, limits, its user and folder. */
#include "tests/unit/job_fixture.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		tmpdir_test(what_cannot_start),
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
