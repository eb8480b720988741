#include "tests/unit/cm.h"

#include <sys/stat.h>

#include "lib/cleanup.h"
#include "lib/job.h"
#include "runners/initramfs.h"

static char *write_and_read(const char *dir, const struct initramfs_entry *e, size_t n,
			    size_t *ret_len)
{
	AUTO_FREE char *path = path_join(dir, "i.cpio", NULL);
	struct err err = { .msg = "" };
	char *data;

	if (initramfs_write(path, e, n, &err) < 0 ||
	    file_read(path, 1 << 20, &data, ret_len, &err) < 0)
		fail_msg("%s", err.msg);
	return data;
}

static void same_bytes_in_any_order(void **state)
{
	const struct initramfs_entry a[] = { { .path = "/init", .data = "xyz", .len = 3 },
					     { .path = "tests/b", .data = "", .len = 0 } };
	const struct initramfs_entry b[] = { a[1], a[0] };
	size_t na, nb;
	AUTO_FREE char *da = write_and_read(*state, a, 2, &na);
	AUTO_FREE char *db = write_and_read(*state, b, 2, &nb);

	assert_int_equal(na, nb);
	assert_memory_equal(da, db, na);
	assert_int_equal(na % 4, 0);
}

static void on_line(struct job *job, const char *line, size_t len, void *arg)
{
	(void)job;
	str_addn(arg, line, len);
	str_addc(arg, '\n');
}

static void run(const char *dir, const char *script, struct str *out)
{
	char *const argv[] = { (char *)"sh", (char *)"-c", (char *)script, NULL };
	const struct job_opts opts = { .argv = argv,
				       .cwd = dir,
				       .on_line = on_line,
				       .arg = out };
	enum job_how how;
	int code;
	struct err err = { .msg = "" };

	if (job_run(&opts, &how, &code, &err) < 0)
		fail_msg("%s", err.msg);
}

static void cpio_reads_it(void **state)
{
	AUTO_FREE char *source = path_join(*state, "source", NULL);
	const struct initramfs_entry e[] = {
		{ .path = "/init", .source = source },
		{ .path = "/etc/deep/er/name", .data = "hello", .len = 5, .mode = 0640 },
	};
	AUTO(str_done) struct str out = STR_INIT;
	struct err err;
	size_t len;

	assert_int_equal(file_write_atomic(source, "#!program", 9, 0600, &err), 0);
	free(write_and_read(*state, e, 2, &len));
	run(*state,
	    "command -v cpio >/dev/null || { echo none; exit; }; "
	    "cpio -t --quiet <i.cpio && mkdir x && cd x && "
	    "cpio -idm --quiet --no-absolute-filenames init 'etc/*' <../i.cpio && "
	    "cat init etc/deep/er/name && echo && stat -c '%a %Y' init etc/deep/er/name",
	    &out);
	if (strcmp(str_get(&out), "none\n") == 0)
		skip();
	assert_string_equal(str_get(&out),
			    "dev\ndev/console\netc\netc/deep\netc/deep/er\n"
			    "etc/deep/er/name\ninit\n#!programhello\n"
			    "755 0\n640 0\n");
}

static void refuses(void **state)
{
	static const char *const bad[] = { "", "/", "a//b", "../x", "a/../b", "a/" };
	AUTO_FREE char *path = path_join(*state, "i.cpio", NULL);
	struct err err;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct initramfs_entry e = { .path = bad[i], .data = "", .len = 0 };

		assert_int_equal(initramfs_write(path, &e, 1, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
	}
	{
		const struct initramfs_entry e[] = { { .path = "a" }, { .path = "/a" } };

		assert_int_equal(initramfs_write(path, e, 2, &err), -1);
		assert_non_null(strstr(err.msg, "twice"));
	}
	{
		const struct initramfs_entry e = { .path = "a",
						   .source = "/nowhere/at/all" };

		assert_int_equal(initramfs_write(path, &e, 1, &err), -1);
	}
	assert_false(path_exists(path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tmpdir_test(same_bytes_in_any_order),
		tmpdir_test(cpio_reads_it),
		tmpdir_test(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
