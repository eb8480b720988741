#include "tests/unit/cm.h"

#include <math.h>

#include "lib/cleanup.h"
#include "lib/json.h"

static struct json_object *must_parse(const char *text)
{
	struct json_object *o = NULL;
	struct err err = { 0 };

	assert_int_equal(json_parse(text, strlen(text), &o, &err), 0);
	assert_non_null(o);
	return o;
}

static void getters_give_what_is_there(void **state)
{
	AUTO_JSON struct json_object *o =
		must_parse("{\"s\":\"x\",\"i\":-5,\"d\":1.5,\"t\":true,\"f\":false,"
			   "\"a\":[1,2],\"o\":{\"k\":\"v\"}}");

	(void)state;
	assert_string_equal(json_str(o, "s", "def"), "x");
	assert_int_equal(json_int(o, "i", 1), -5);
	assert_true(json_num(o, "d", 0) == 1.5);
	assert_true(json_num(o, "i", 0) == -5);
	assert_true(json_flag(o, "t", false));
	assert_false(json_flag(o, "f", true));
	assert_int_equal(json_len(json_arr(o, "a")), 2);
	assert_string_equal(json_str(json_obj(o, "o"), "k", NULL), "v");
}

static void getters_survive_anything(void **state)
{
	AUTO_JSON struct json_object *o = must_parse(
		"{\"n\":null,\"s\":\"1\",\"i\":1,\"a\":[],\"z\":\"a\\u0000b\"}");
	AUTO_JSON struct json_object *arr = must_parse("[\"s\"]");
	struct json_object *const from[] = { NULL, arr, o };
	static const char *const keys[] = { "none", "n", "a" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(from); i++)
		for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
			assert_string_equal(json_str(from[i], keys[k], "def"), "def");
			assert_int_equal(json_int(from[i], keys[k], 7), 7);
			assert_true(json_num(from[i], keys[k], 7.5) == 7.5);
			assert_true(json_flag(from[i], keys[k], true));
			assert_null(json_obj(from[i], keys[k]));
		}
	assert_int_equal(json_int(o, "s", 7), 7);
	assert_null(json_str(o, "i", NULL));
	assert_null(json_arr(o, "i"));
	assert_false(json_flag(o, "i", false));
	assert_string_equal(json_str(o, "z", "def"), "def");
	assert_int_equal(json_len(NULL), 0);
	assert_int_equal(json_len(o), 0);
}

static void huge_numbers_stay_numbers(void **state)
{
	AUTO_JSON struct json_object *o =
		must_parse("{\"max\":9223372036854775807,\"over\":99999999999999999999}");

	(void)state;
	assert_true(json_int(o, "max", 0) == INT64_MAX);
	assert_true(json_int(o, "over", 0) == INT64_MAX);
}

static void refuses(void **state)
{
	static const char *const bad[] = {
		"",     "  \n ",     "{",         "{\"a\":}", "[1,]",       "{} x",
		"{}{}", "nul",       "null",      "'a'",      "{a:1}",      "\"a\xff\"",
		"\"a",  "[1] /*c*/", "\"a\nb\"x", "01x",      "[\"\xc3\"]", "}",
	};
	struct err err = { 0 };
	struct json_object *o = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		err.code = ERR_NONE;
		if (json_parse(bad[i], strlen(bad[i]), &o, &err) != -1)
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(err.code, ERR_INPUT);
		assert_null(o);
	}
	assert_int_equal(json_parse("{}\0x", 4, &o, &err), -1);
	assert_int_equal(json_parse("{}\0", 3, &o, &err), -1);
}

/* Commas and brackets in strings are no values. */
static void values_are_counted(void **state)
{
	static const struct {
		const char *text;
		size_t max;
		bool taken;
	} cases[] = {
		{ "{\"a\":1,\"b\":[2,3]}", 10, true },
		{ "[1,2,3]", 4, true },
		{ "[1,2,3]", 3, false },
		{ "[[],[],[]]", 5, false },
		{ "[\"[[[[,,,,{{{{\"]", 3, true },
		{ "[\"\\\",,,,,,,,\"]", 3, true },
		{ "[\"\\\\\",1,1,1]", 3, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_JSON struct json_object *o = NULL;
		struct err err = { 0 };
		const char *text = cases[i].text;
		int rc = json_parse_max(text, strlen(text), cases[i].max, &o, &err);

		if ((rc == 0) != cases[i].taken)
			fail_msg("%s: %s", text, rc ? err.msg : "taken");
		assert_int_equal(err.code, rc ? ERR_LIMIT : ERR_NONE);
	}
}

static void takes_any_single_document(void **state)
{
	static const char *const good[] = { "{}",           " [ ] \n", "1",
					    "-1.5e3",       "true",    "\"\"",
					    "\"\xc3\xbc\"", "12 " };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		json_object_put(must_parse(good[i]));
}

static void reads_no_further_than_told(void **state)
{
	struct json_object *o = NULL;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(json_parse("[1]garbage", 3, &o, &err), 0);
	assert_int_equal(json_len(o), 1);
	json_object_put(o);
	assert_int_equal(json_parse("123", 2, &o, &err), 0);
	assert_int_equal(json_object_get_int(o), 12);
	json_object_put(o);
}

static int parse_nested(int depth)
{
	AUTO(str_done) struct str s = STR_INIT;
	struct json_object *o = NULL;
	struct err err = { 0 };
	int rc;

	for (int i = 0; i < depth; i++)
		str_addc(&s, '[');
	for (int i = 0; i < depth; i++)
		str_addc(&s, ']');
	rc = json_parse(s.data, s.len, &o, &err);
	json_object_put(o);
	return rc;
}

static void depth_is_limited(void **state)
{
	(void)state;
	assert_int_equal(parse_nested(31), 0);
	assert_int_equal(parse_nested(34), -1);
	assert_int_equal(parse_nested(100000), -1);
}

static void setters(void **state)
{
	AUTO_JSON struct json_object *o = json_object_new_object();
	struct json_object *arr = json_object_new_array();

	(void)state;
	json_set_str(o, "s", "a\"b");
	json_set_str(o, "null", NULL);
	json_set_int(o, "i", 1LL << 60);
	json_set_num(o, "d", 1.0 / 3);
	json_set_num(o, "nan", NAN);
	json_set_num(o, "inf", INFINITY);
	json_set_num(o, "huge", -1e300);
	json_set_bool(o, "b", true);
	json_add_str(arr, "x");
	json_add_str(arr, "bad \xff");
	json_set(o, "a", arr);
	assert_string_equal(json_str(o, "s", ""), "a\"b");
	assert_string_equal(json_object_to_json_string_ext(json_arr(o, "a"),
							   JSON_C_TO_STRING_PLAIN),
			    "[\"x\",\"bad \xef\xbf\xbd\"]");
	json_object_object_del(o, "a");
	json_object_object_del(o, "huge");
	assert_string_equal(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN),
			    "{\"s\":\"a\\\"b\",\"null\":null,\"i\":1152921504606846976,"
			    "\"d\":0.333,\"nan\":null,\"inf\":null,\"b\":true}");
}

static void files(void **state)
{
	AUTO_FREE char *path = path_join(*state, "x.json", NULL);
	AUTO_JSON struct json_object *o = json_object_new_object();
	AUTO_JSON struct json_object *back = NULL;
	struct json_object *none = NULL;
	struct err err = { 0 };

	assert_int_equal(json_read_file(path, 1000, &none, &err), -1);
	assert_int_equal(err.code, ERR_MISSING);
	json_set_str(o, "url", "https://e/x");
	assert_int_equal(json_write_file(path, o, &err), 0);
	assert_int_equal(json_read_file(path, 1000, &back, &err), 0);
	assert_string_equal(json_str(back, "url", ""), "https://e/x");
	assert_int_equal(json_read_file(path, 5, &none, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_int_equal(file_write_atomic(path, "{", 1, 0644, &err), 0);
	assert_int_equal(json_read_file(path, 1000, &none, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	assert_true(str_starts(err.msg, path));
	assert_null(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(getters_give_what_is_there),
		cmocka_unit_test(getters_survive_anything),
		cmocka_unit_test(huge_numbers_stay_numbers),
		cmocka_unit_test(refuses),
		cmocka_unit_test(values_are_counted),
		cmocka_unit_test(takes_any_single_document),
		cmocka_unit_test(reads_no_further_than_told),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(setters),
		tmpdir_test(files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
