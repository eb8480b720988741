#include "tests/unit/cm.h"

#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/log.h"

/* What call writes to stderr; the caller frees. */
#define LOGGED(dir, call)                                                          \
	({                                                                         \
		AUTO_FREE char *path_ = path_join(dir, "log", NULL);               \
		int saved_ = dup(STDERR_FILENO);                                   \
		char *text_ = NULL;                                                \
		assert_non_null(freopen(path_, "w", stderr));                      \
		call;                                                              \
		fflush(stderr);                                                    \
		dup2(saved_, STDERR_FILENO);                                       \
		close(saved_);                                                     \
		assert_int_equal(file_read(path_, 100000, &text_, NULL, NULL), 0); \
		text_;                                                             \
	})

static void one_line_each(void **state)
{
	AUTO_FREE char *error = LOGGED(*state, log_error("a %d", 1));
	AUTO_FREE char *warn = LOGGED(*state, log_warn("b"));
	AUTO_FREE char *info = LOGGED(*state, log_info("%s", "c%d"));

	assert_string_equal(error, "sluice: a 1\n");
	assert_string_equal(warn, "sluice: warning: b\n");
	assert_string_equal(info, "sluice: c%d\n");
}

/* As systemd does it: JOURNAL_STREAM names the file that stderr is. */
static void the_journal_gets_priorities(void **state)
{
	AUTO_FREE char *path = path_join(*state, "log", NULL);
	AUTO_FREE char *stream = NULL, *error = NULL, *other = NULL;
	struct stat st;

	assert_int_equal(file_write_atomic(path, "", 0, 0644, NULL), 0);
	assert_int_equal(stat(path, &st), 0);
	stream = str_printf("%llu:%llu", (unsigned long long)st.st_dev,
			    (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	error = LOGGED(*state, (log_error("a"), log_warn("b"), log_info("c")));
	assert_string_equal(error, "<3>a\n<4>b\n<6>c\n");
	/* A child whose stderr goes elsewhere inherits the variable. */
	setenv("JOURNAL_STREAM", "1:1", 1);
	other = LOGGED(*state, log_warn("b"));
	assert_string_equal(other, "sluice: warning: b\n");
	unsetenv("JOURNAL_STREAM");
}

static void debug_only_when_asked(void **state)
{
	AUTO_FREE char *off = NULL, *on = NULL;

	unsetenv("SLUICE_DEBUG");
	off = LOGGED(*state, log_debug("x"));
	setenv("SLUICE_DEBUG", "1", 1);
	on = LOGGED(*state, log_debug("x"));
	assert_string_equal(off, "");
	assert_string_equal(on, "sluice: debug: x\n");
}

static void long_lines_are_cut(void **state)
{
	AUTO_FREE char *text = mem_alloc0(5000);
	AUTO_FREE char *line = NULL;

	memset(text, 'x', 4999);
	line = LOGGED(*state, log_error("%s", text));
	assert_true(strlen(line) < 2100);
	assert_true(str_ends(line, "x\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tmpdir_test(one_line_each),
		tmpdir_test(the_journal_gets_priorities),
		tmpdir_test(debug_only_when_asked),
		tmpdir_test(long_lines_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
