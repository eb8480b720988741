#include "tests/unit/cm.h"

#include <limits.h>

#include "lib/cleanup.h"
#include "lib/str.h"

static void grows_and_stays_terminated(void **state)
{
	AUTO(str_done) struct str s = STR_INIT;

	(void)state;
	assert_string_equal(str_get(&s), "");
	for (int i = 0; i < 1000; i++) {
		str_addc(&s, 'x');
		assert_int_equal(strlen(str_get(&s)), i + 1);
	}
	str_addf(&s, "%d", 42);
	assert_int_equal(s.len, 1002);
	assert_string_equal(s.data + 1000, "42");
	str_clear(&s);
	assert_string_equal(str_get(&s), "");
}

static void holds_nuls(void **state)
{
	AUTO(str_done) struct str s = STR_INIT;

	(void)state;
	str_addn(&s, "a\0b", 3);
	str_addn(&s, NULL, 0);
	assert_int_equal(s.len, 3);
	assert_memory_equal(s.data, "a\0b", 4);
}

static void limit_drops_and_tells(void **state)
{
	AUTO(str_done) struct str s = { .limit = 5 };

	(void)state;
	str_add(&s, "12345");
	assert_false(s.truncated);
	str_addc(&s, '6');
	assert_true(s.truncated);
	assert_string_equal(str_get(&s), "12345");
	str_clear(&s);
	str_add(&s, "1234567");
	assert_true(s.truncated);
	assert_string_equal(str_get(&s), "12345");
}

static void take_leaves_it_empty(void **state)
{
	struct str s = STR_INIT;
	char *text = str_take(&s);

	(void)state;
	assert_string_equal(text, "");
	free(text);
	str_add(&s, "abc");
	text = str_take(&s);
	assert_string_equal(text, "abc");
	assert_null(s.data);
	assert_int_equal(s.len, 0);
	free(text);
}

static void dups(void **state)
{
	AUTO_FREE char *a = str_ndup("abcdef", 3);
	AUTO_FREE char *b = str_printf("%s-%d", "x", 1);

	(void)state;
	assert_string_equal(a, "abc");
	assert_string_equal(b, "x-1");
	assert_null(str_dup(NULL));
	assert_null(str_ndup(NULL, 4));
}

static void starts_and_ends(void **state)
{
	(void)state;
	assert_true(str_starts("abc", ""));
	assert_true(str_starts("abc", "ab"));
	assert_false(str_starts("a", "ab"));
	assert_true(str_ends("abc", "bc"));
	assert_true(str_ends("abc", ""));
	assert_false(str_ends("c", "bc"));
}

static void numbers_are_whole(void **state)
{
	static const char *const bad[] = { "",    " 1",  "1 ",
					   "1x",  "x",   "0x1",
					   "--1", "1.0", "99999999999999999999" };
	long long v = 77;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(str_to_ll(bad[i], LLONG_MIN, LLONG_MAX, &v));
	assert_false(str_to_ll(NULL, 0, 9, &v));
	assert_false(str_to_ll("10", 0, 9, &v));
	assert_false(str_to_ll("-1", 0, 9, &v));
	assert_int_equal(v, 77);
	assert_true(str_to_ll("9", 0, 9, &v));
	assert_int_equal(v, 9);
	assert_true(str_to_ll("-9223372036854775808", LLONG_MIN, LLONG_MAX, &v));
	assert_true(v == LLONG_MIN);
}

static void trims(void **state)
{
	char a[] = " \t a b \n", b[] = "   ", c[] = "";

	(void)state;
	assert_string_equal(str_trim(a), "a b");
	assert_string_equal(str_trim(b), "");
	assert_string_equal(str_trim(c), "");
}

static void splits(void **state)
{
	char **v = strv_split(" a, b,,c ; ,", ",;");

	(void)state;
	assert_int_equal(strv_len(v), 3);
	assert_string_equal(v[0], "a");
	assert_string_equal(v[1], "b");
	assert_string_equal(v[2], "c");
	strv_free(v);
	v = strv_split(NULL, ",");
	assert_non_null(v);
	assert_int_equal(strv_len(v), 0);
	strv_free(v);
	strv_free(NULL);
	assert_int_equal(strv_len(NULL), 0);
}

static void memory_is_zeroed(void **state)
{
	char *p = mem_alloc0(16);

	(void)state;
	for (int i = 0; i < 16; i++)
		assert_int_equal(p[i], 0);
	p = mem_realloc(p, 0, 8);
	assert_non_null(p);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_and_stays_terminated),
		cmocka_unit_test(holds_nuls),
		cmocka_unit_test(limit_drops_and_tells),
		cmocka_unit_test(take_leaves_it_empty),
		cmocka_unit_test(dups),
		cmocka_unit_test(starts_and_ends),
		cmocka_unit_test(numbers_are_whole),
		cmocka_unit_test(trims),
		cmocka_unit_test(splits),
		cmocka_unit_test(memory_is_zeroed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
