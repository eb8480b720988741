#include "tests/unit/cm.h"

#include <errno.h>

#include "lib/err.h"

static void sets_code_and_text(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(err_set(&e, ERR_LIMIT, "%s: %d", "x", 3), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_string_equal(e.msg, "x: 3");
}

static void sys_names_errno(void **state)
{
	struct err e = { 0 };

	(void)state;
	errno = ENOENT;
	assert_int_equal(err_sys(&e, "open %s", "/x"), -1);
	assert_int_equal(e.code, ERR_SYS);
	assert_string_equal(e.msg, "open /x: No such file or directory");
}

static void prefix_keeps_code(void **state)
{
	struct err e = { 0 };

	(void)state;
	err_set(&e, ERR_MISSING, "open /x");
	assert_int_equal(err_prefix(&e, "series %d", 7), -1);
	assert_int_equal(e.code, ERR_MISSING);
	assert_string_equal(e.msg, "series 7: open /x");
}

static void null_is_fine(void **state)
{
	(void)state;
	assert_int_equal(err_set(NULL, ERR_SYS, "x"), -1);
	assert_int_equal(err_sys(NULL, "x"), -1);
	assert_int_equal(err_prefix(NULL, "x"), -1);
}

static void long_text_is_cut(void **state)
{
	char text[2000];
	struct err e = { 0 };

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	err_set(&e, ERR_SYS, "%s", text);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
	errno = EIO;
	err_sys(&e, "%s", text);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
	err_prefix(&e, "%s", text);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
	assert_int_equal(e.code, ERR_SYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets_code_and_text), cmocka_unit_test(sys_names_errno),
		cmocka_unit_test(prefix_keeps_code),  cmocka_unit_test(null_is_fine),
		cmocka_unit_test(long_text_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
