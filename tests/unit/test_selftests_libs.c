/* Another C library or libnuma is another selftest. */
#include "tests/unit/cm.h"

#include "kernels/selftests_libs.h"
#include "lib/cleanup.h"

static void put(const char *dir, const char *name, const char *text, mode_t mode)
{
	AUTO_FREE char *path = path_join(dir, name, NULL);
	struct err err = { .msg = "" };

	if (file_write_atomic(path, text, strlen(text), mode, &err) < 0)
		fail_msg("%s", err.msg);
}

/* A gcc whose libraries are in dir; what is not there has no path. */
static void fake_gcc(const char *dir)
{
	AUTO_FREE char *old = str_dup(getenv("PATH"));
	AUTO_FREE char *path = str_printf("%s:%s", dir, old);
	AUTO_FREE char *script =
		str_printf("#!/bin/sh\nf=${1#-print-file-name=}\n"
			   "if [ -e %s/$f ]; then echo %s/$f; else echo $f; fi\n",
			   dir, dir);

	put(dir, "gcc", script, 0755);
	setenv("PATH", path, 1);
}

static char *id(const char *dir)
{
	struct err err = { .msg = "" };
	char sha[SHA256_HEX];

	if (selftests_libs_id(dir, sha, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(strlen(sha), 64);
	return str_dup(sha);
}

static void expect_change(const char *dir, char **last)
{
	AUTO_FREE char *before = *last;
	AUTO_FREE char *again = id(dir);

	*last = id(dir);
	assert_string_not_equal(*last, before);
	assert_string_equal(*last, again);
}

static void each_counts(void **state)
{
	AUTO_FREE char *path = str_dup(getenv("PATH"));
	AUTO_FREE char *linux_dir = path_join(*state, "linux", NULL);
	AUTO_FREE char *last = NULL;

	assert_int_equal(dir_make(linux_dir, 0755, NULL), 0);
	fake_gcc(*state);
	put(*state, "libc.a", "2.36", 0644);
	last = id(*state);
	put(*state, "libc.a", "2.37", 0644);
	expect_change(*state, &last);
	put(*state, "libnuma.a", "1", 0644);
	expect_change(*state, &last);
	put(*state, "libcap.a", "1", 0644);
	expect_change(*state, &last);
	put(*state, "numa.h", "1", 0644);
	expect_change(*state, &last);
	put(linux_dir, "version.h", "6.1", 0644);
	expect_change(*state, &last);
	setenv("PATH", path, 1);
}

static void gcc_is_needed(void **state)
{
	AUTO_FREE char *path = str_dup(getenv("PATH"));
	struct err err = { .msg = "" };
	char sha[SHA256_HEX];

	setenv("PATH", *state, 1);
	assert_int_equal(selftests_libs_id(*state, sha, &err), -1);
	assert_non_null(strstr(err.msg, "gcc"));
	setenv("PATH", path, 1);
}

/* The machine's own. */
static void of_this_machine(void **state)
{
	AUTO_FREE char *real = id("/usr/include"), *other = id("/nowhere");

	(void)state;
	assert_string_not_equal(real, other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tmpdir_test(each_counts),
		tmpdir_test(gcc_is_needed),
		cmocka_unit_test(of_this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
