/* What strip's ends mean: the file's own fault, or our trouble. */
#include "tests/unit/cm.h"

#include <stdlib.h>

#include "kernels/build_job.h"
#include "kernels/make_argv.h"
#include "lib/cleanup.h"

#define SELF "/proc/self/exe"

/* The fault that strip finds; "" for none, "ours: …" when it could not work. */
static char *strip(const char *from, const char *to)
{
	char **env = make_env(NULL, false);
	struct err err = { .msg = "" };
	char *fault = NULL;
	int rc = build_strip(from, to, env, &fault, &err);

	strv_free(env);
	if (rc == 0)
		return fault ? fault : str_dup("");
	assert_null(fault);
	assert_int_equal(rc, -1);
	return str_printf("ours: %s", err.msg);
}

static void expect(const char *from, const char *to, const char *want)
{
	AUTO_FREE char *got = strip(from, to);

	if (*want ? !strstr(got, want) : *got)
		fail_msg("%s: \"%s\"", from, got);
}

/* A copy of this test, which is a program. */
static char *program(const char *dir)
{
	AUTO_FREE char *self = realpath(SELF, NULL);
	char *copy = path_join(dir, "program", NULL);
	struct err err = { .msg = "" };

	if (file_copy(self, copy, 0755, &err) < 0)
		fail_msg("%s", err.msg);
	return copy;
}

static void strips(void **state)
{
	AUTO_FREE char *from = program(*state);
	AUTO_FREE char *to = path_join(*state, "stripped", NULL);

	expect(from, to, "");
	assert_true(tree_size(to) > 0 && tree_size(to) < tree_size(from));
}

static void faults_of_the_file(void **state)
{
	AUTO_FREE char *from = path_join(*state, "text", NULL);
	AUTO_FREE char *to = path_join(*state, "stripped", NULL);
	AUTO_FREE char *named = path_join(*state, "No space left on device", NULL);

	assert_int_equal(file_write_atomic(from, "hello\n", 6, 0644, NULL), 0);
	expect(from, to, "text: file format not recognized");
	assert_int_equal(file_write_atomic(from, "\177ELF\2\1\1", 7, 0644, NULL), 0);
	expect(from, to, "text: file format not recognized");
	/* A name that nobody but a Makefile chose proves nothing: rather ours. */
	assert_int_equal(file_write_atomic(named, "hello\n", 6, 0644, NULL), 0);
	expect(named, to, "ours: ");
}

static void our_trouble(void **state)
{
	AUTO_FREE char *from = program(*state);
	AUTO_FREE char *full = path_join(*state, "full", NULL);
	AUTO_FREE char *nowhere = path_join(*state, "nowhere", "stripped", NULL);

	/* strip removes an output that failed. */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(symlink("/dev/full", full), 0);
		expect(from, full, i ? "No space left on device" : "ours: strip of ");
	}
	expect(from, nowhere, "ours: strip of ");
}

static void fake_strip(const char *dir, const char *text)
{
	AUTO_FREE char *path = path_join(dir, "strip", NULL);

	assert_int_equal(file_write_atomic(path, text, strlen(text), 0755, NULL), 0);
}

static void signals(void **state)
{
	AUTO_FREE char *from = program(*state);
	AUTO_FREE char *to = path_join(*state, "stripped", NULL);
	AUTO_FREE char *old = str_dup(getenv("PATH"));
	AUTO_FREE char *path = str_printf("%s:%s", (const char *)*state, old);

	setenv("PATH", path, 1);
	fake_strip(*state, "#!/bin/sh\nkill -SEGV $$\n");
	expect(from, to, "strip was ended by signal 11");
	fake_strip(*state, "#!/bin/sh\nkill -KILL $$\n");
	expect(from, to, "ours: strip of ");
	fake_strip(*state, "#!/bin/sh\necho \"strip: $5: memory exhausted\"; exit 1\n");
	expect(from, to, "memory exhausted");
	expect(from, to, "ours: ");
	fake_strip(*state, "#!/bin/sh\nexit 1\n");
	expect(from, to, "ours: ");
	setenv("PATH", old, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tmpdir_test(strips),
		tmpdir_test(faults_of_the_file),
		tmpdir_test(our_trouble),
		tmpdir_test(signals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
