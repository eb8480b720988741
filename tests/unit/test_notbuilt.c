#include "tests/unit/toy_fixture.h"

#include <sys/stat.h>

#include "kernels/deps.h"
#include "kernels/notbuilt.h"

static void put(const char *dir, const char *file, const char *text)
{
	AUTO_FREE char *path = path_join(dir, file, NULL);
	AUTO_FREE char *folder = str_ndup(path, (size_t)(strrchr(path, '/') - path));
	struct err err = { 0 };

	if (dir_make(folder, 0755, &err) < 0 ||
	    file_write_atomic(path, text, strlen(text), 0644, &err) < 0)
		fail_msg("%s", err.msg);
}

/* What kbuild leaves of mm/a.c with one header, and a generated table. */
static void fill(const char *out)
{
	put(out, "mm/.a.o.cmd",
	    "savedcmd_mm/a.o := gcc -I/src/include -c -o mm/a.o /src/mm/a.c\n\n"
	    "source_mm/a.o := /src/mm/a.c\n\n"
	    "deps_mm/a.o := \\\n  /src/include/linux/a.h \\\n"
	    "    $(wildcard include/config/FOO) \\\n  include/generated/x.h \\\n\n"
	    "mm/a.o: $(deps_mm/a.o)\n\n$(deps_mm/a.o):\n");
	put(out, "arch/x86/include/generated/.t.h.cmd",
	    "savedcmd_t.h := sh '/src/scripts/t.sh' /src/arch/x86/t.tbl > t.h\n");
}

static void by_dependencies(void **state)
{
	char *changed[] = {
		(char *)"mm/a.c",
		(char *)"mm/b.c",
		(char *)"include/linux/a.h",
		(char *)"include/linux/b.h",
		(char *)"arch/x86/t.tbl",
		(char *)"scripts/t.sh",
		(char *)"mm/Makefile",
		(char *)"drivers/x/Makefile",
		(char *)"drivers/x/Kconfig",
		(char *)"mm/Kconfig",
		(char *)"Makefile",
		(char *)"Documentation/a.rst",
		(char *)"MAINTAINERS",
		(char *)".mailmap",
		NULL,
	};
	static const char *const expected[] = {
		"mm/b.c",
		"include/linux/b.h",
		"drivers/x/Makefile",
		"drivers/x/Kconfig",
		"Documentation/a.rst",
		"MAINTAINERS",
		".mailmap",
	};
	struct err err = { 0 };
	char **files;

	fill(*state);
	if (notbuilt_find("/src", *state, changed, &files, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(strv_len(files), 7);
	for (size_t i = 0; i < 7; i++)
		assert_string_equal(files[i], expected[i]);
	strv_free(files);
}

static void roles_of_files(void **state)
{
	(void)state;
	assert_int_equal(file_role("mm/mlock.c"), FILE_SOURCE);
	assert_int_equal(file_role("mm/Makefile"), FILE_MAKEFILE);
	assert_int_equal(file_role("mm/Kconfig.debug"), FILE_KCONFIG);
	assert_int_equal(file_role("Kconfig"), FILE_KCONFIG);
	assert_int_equal(file_role("Makefile"), FILE_CONFIGURE);
	assert_int_equal(file_role("arch/x86/Makefile"), FILE_CONFIGURE);
	assert_int_equal(file_role("arch/x86/mm/Makefile"), FILE_MAKEFILE);
	assert_int_equal(file_role("arch/x86/configs/tiny.config"), FILE_CONFIGURE);
	assert_int_equal(file_role("scripts/Makefile.lib"), FILE_CONFIGURE);
	assert_int_equal(file_role("scripts/checkpatch.pl"), FILE_SOURCE);
	assert_int_equal(file_role("Documentation/mm/x.rst"), FILE_NEVER);
	assert_int_equal(file_role("mm/Makefile_not.c"), FILE_MAKEFILE);
}

static void count_pair(size_t file, const char *object, void *arg)
{
	int *counts = arg;

	assert_non_null(object);
	counts[file]++;
}

/* A build may plant anything beside its objects. */
static void planted_files(void **state)
{
	AUTO_FREE char *fifo = path_join(*state, "mm/.fifo.o.cmd", NULL);
	AUTO_FREE char *loop = path_join(*state, "mm/loop", NULL);
	AUTO_FREE char *link = path_join(*state, "mm/.link.o.cmd", NULL);
	const char *files[] = { "mm/a.c" };
	struct err err = { 0 };
	int counts[1] = { 0 };

	fill(*state);
	put(*state, "mm/.empty.o.cmd", "");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(symlink("..", loop), 0);
	assert_int_equal(symlink("/dev/zero", link), 0);
	if (deps_scan("/src", *state, files, 1, count_pair, counts, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(counts[0], 1);
	assert_int_equal(
		deps_scan("/src", "/no/such", files, 1, count_pair, counts, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tmpdir_test(by_dependencies),
		cmocka_unit_test(roles_of_files),
		tmpdir_test(planted_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
