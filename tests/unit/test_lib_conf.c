#include "tests/unit/cm.h"

#include <limits.h>

#include "lib/cleanup.h"
#include "lib/conf.h"

static void free_conf(struct conf **c)
{
	conf_free(*c);
}
#define AUTO_CONF AUTO(free_conf)

static struct conf *parse(const char *text)
{
	return conf_parse("config.ini", text, strlen(text));
}

static void assert_complaints(const struct conf *c, const char *const *want)
{
	size_t n = 0;

	for (; want[n]; n++) {
		assert_true(n < conf_complaints(c));
		assert_string_equal(conf_complaint(c, n), want[n]);
	}
	if (conf_complaints(c) > n)
		fail_msg("one too many: %s", conf_complaint(c, n));
	assert_null(conf_complaint(c, n));
}

static void reads_in_order_with_lines(void **state)
{
	AUTO_CONF struct conf *c = parse("# a comment\n"
					 "top = 1\n"
					 "\n"
					 "[b]\n"
					 "x=1\n"
					 "  y \t=  two words  \n"
					 "empty =\n"
					 "[ a section ]\r\n"
					 "url = https://e/?a=b;c#d\r\n");
	const struct conf_section *s;
	const char *value = NULL;
	int line = 0;

	(void)state;
	assert_complaints(c, (const char *const[]){ NULL });
	assert_int_equal(conf_sections(c), 3);
	assert_null(conf_section_at(c, 3));
	s = conf_section_at(c, 0);
	assert_string_equal(conf_section_name(s), "");
	assert_string_equal(conf_get(s, "top", &line), "1");
	assert_int_equal(line, 2);
	s = conf_section_at(c, 1);
	assert_int_equal(conf_section_line(s), 4);
	assert_int_equal(conf_keys(s), 3);
	assert_string_equal(conf_key_at(s, 1, &value, &line), "y");
	assert_string_equal(value, "two words");
	assert_int_equal(line, 6);
	assert_string_equal(conf_get(s, "empty", NULL), "");
	assert_null(conf_get(s, "Y", NULL));
	assert_null(conf_key_at(s, 3, NULL, NULL));
	s = conf_section_find(c, "a section");
	assert_non_null(s);
	assert_string_equal(conf_get(s, "url", NULL), "https://e/?a=b;c#d");
	assert_null(conf_section_find(c, "none"));
	assert_null(conf_get(NULL, "x", NULL));
}

static void comments(void **state)
{
	AUTO_CONF struct conf *c = parse("; one\n"
					 "   # two\n"
					 "[s] # three\n"
					 "a = 1 ; four\n"
					 "b = 1\t# five = 5\n"
					 "c = x;y#z\n"
					 "d = # six\n"
					 "e = ;\n");
	const struct conf_section *s = conf_section_find(c, "s");

	(void)state;
	assert_complaints(c, (const char *const[]){ NULL });
	assert_string_equal(conf_get(s, "a", NULL), "1");
	assert_string_equal(conf_get(s, "b", NULL), "1");
	assert_string_equal(conf_get(s, "c", NULL), "x;y#z");
	assert_string_equal(conf_get(s, "d", NULL), "");
	assert_string_equal(conf_get(s, "e", NULL), "");
	assert_int_equal(conf_sections(c), 1);
}

/* inih takes an indented line for more of the value before it. */
static void indented_lines_are_lines(void **state)
{
	AUTO_CONF struct conf *c = parse("[s]\na = 1\n   b = 2\n\tmore\n");
	const struct conf_section *s = conf_section_find(c, "s");

	(void)state;
	assert_string_equal(conf_get(s, "a", NULL), "1");
	assert_string_equal(conf_get(s, "b", NULL), "2");
	assert_complaints(c, (const char *const[]){
				     "config.ini:4: expected \"key = value\"", NULL });
}

static void all_faults_at_once(void **state)
{
	AUTO_CONF struct conf *c = parse("[tree]\n"
					 "path = /x\n"
					 "nonsense\n"
					 "= value\n"
					 "two words = 1\n"
					 "a: b = 1\n"
					 "[unfinished\n"
					 "skipped = 1\n"
					 "[]\n"
					 "[a]b]\n"
					 "[run]\n"
					 "topologie = x\n"
					 "path = \001\n"
					 "name = \xff\n"
					 "[tree]\n"
					 "path = /y\n"
					 "colour = red\n");
	static const char *const known[] = { "path", "topology", NULL };
	const struct conf_section *run = conf_section_find(c, "run");
	const struct conf_section *tree = conf_section_find(c, "tree");

	(void)state;
	assert_string_equal(conf_get(tree, "path", NULL), "/x");
	conf_check_unused(c, tree, known);
	conf_check_unused(c, run, known);
	conf_complain(c, 0, "no section [%s]", "mail");
	assert_complaints(
		c,
		(const char *const[]){
			"config.ini: no section [mail]",
			"config.ini:3: expected \"key = value\"",
			"config.ini:4: \"\" cannot be a key: no spaces, colons, quotes or "
			"brackets",
			"config.ini:5: \"two words\" cannot be a key: no spaces, colons, "
			"quotes or brackets",
			"config.ini:6: \"a: b\" cannot be a key: no spaces, colons, quotes "
			"or brackets",
			"config.ini:7: expected \"[section]\"",
			"config.ini:9: a section's name is 1 to 49 bytes without brackets",
			"config.ini:10: a section's name is 1 to 49 bytes without brackets",
			"config.ini:12: unknown key \"topologie\", did you mean "
			"\"topology\"?",
			"config.ini:13: control character 0x01",
			"config.ini:14: not valid UTF-8",
			"config.ini:15: section [tree] again, first on line 1",
			"config.ini:16: key \"path\" again, first on line 2",
			"config.ini:17: unknown key \"colour\"", NULL });
}

static void unknown_key_gets_a_suggestion(void **state)
{
	static const char *const known[] = { "tree", "topology", "timeout", NULL };
	AUTO_CONF struct conf *c =
		parse("\n\n\n\n\n\n\n\n\n\n[x]\ntopologie = a\ntree = b\n");

	(void)state;
	conf_check_unused(c, conf_section_at(c, 0), known);
	assert_complaints(c, (const char *const[]){
				     "config.ini:12: unknown key \"topologie\", did you "
				     "mean \"topology\"?",
				     NULL });
}

static void asked_for_is_not_unknown(void **state)
{
	AUTO_CONF struct conf *c = parse("[x]\nfree = 1\nother = 2\n");
	const struct conf_section *s = conf_section_at(c, 0);

	(void)state;
	assert_string_equal(conf_get(s, "free", NULL), "1");
	conf_check_unused(c, s, NULL);
	assert_complaints(c, (const char *const[]){ "config.ini:3: unknown key \"other\"",
						    NULL });
}

static void complaints_of_a_line_keep_their_order(void **state)
{
	AUTO_CONF struct conf *c = parse("");

	(void)state;
	conf_complain(c, 5, "a");
	conf_complain(c, 3, "b");
	conf_complain(c, 5, "c");
	conf_complain(c, 3, "d");
	assert_complaints(c, (const char *const[]){ "config.ini:3: b", "config.ini:3: d",
						    "config.ini:5: a", "config.ini:5: c",
						    NULL });
}

/* A line of n bytes "a = vvv...", and one behind it. */
static struct conf *parse_line_of(size_t n)
{
	AUTO(str_done) struct str s = STR_INIT;

	str_add(&s, "a = ");
	while (s.len < n)
		str_addc(&s, 'v');
	str_add(&s, "\nb = 1\n");
	return conf_parse("x", s.data, s.len);
}

static void long_lines_are_whole_or_refused(void **state)
{
	AUTO_CONF struct conf *longest = parse_line_of(4096);
	AUTO_CONF struct conf *over = parse_line_of(4097);
	AUTO_CONF struct conf *far_over = parse_line_of(100000);
	const struct conf_section *s = conf_section_at(longest, 0);
	static const char *const want[] = { "x:1: line over 4096 bytes", NULL };

	(void)state;
	assert_complaints(longest, (const char *const[]){ NULL });
	assert_int_equal(strlen(conf_get(s, "a", NULL)), 4092);
	assert_string_equal(conf_get(s, "b", NULL), "1");
	assert_complaints(over, want);
	s = conf_section_at(over, 0);
	assert_null(conf_get(s, "a", NULL));
	assert_string_equal(conf_get(s, "b", NULL), "1");
	assert_complaints(far_over, want);
}

static void odd_files(void **state)
{
	AUTO_CONF struct conf *bom = parse("\xef\xbb\xbf[s]\na = 1");
	AUTO_CONF struct conf *nul = conf_parse("x", "a = 1\0b = 2\nc = 3\n", 18);
	AUTO_CONF struct conf *name =
		parse("[0123456789012345678901234567890123456789012345678]\na=1\n"
		      "[01234567890123456789012345678901234567890123456789]\nb=1\n");
	AUTO_CONF struct conf *none = conf_parse("x", NULL, 0);

	(void)state;
	assert_complaints(bom, (const char *const[]){ NULL });
	assert_string_equal(conf_get(conf_section_find(bom, "s"), "a", NULL), "1");
	assert_complaints(nul,
			  (const char *const[]){ "x:1: control character 0x00", NULL });
	assert_string_equal(conf_get(conf_section_at(nul, 0), "c", NULL), "3");
	assert_int_equal(conf_sections(name), 1);
	assert_int_equal(strlen(conf_section_name(conf_section_at(name, 0))), 49);
	assert_int_equal(conf_complaints(name), 1);
	assert_int_equal(conf_sections(none), 0);
	conf_free(NULL);
}

static void loads_files(void **state)
{
	AUTO_FREE char *path = path_join(*state, "c.ini", NULL);
	AUTO_FREE char *big = mem_alloc0((1 << 20) + 1);
	AUTO_FREE char *want = str_printf("%s:2: expected \"key = value\"", path);
	AUTO_CONF struct conf *c = NULL;
	struct err err = { 0 };

	assert_int_equal(conf_load(path, &c, &err), -1);
	assert_int_equal(err.code, ERR_MISSING);
	assert_null(c);
	assert_int_equal(file_write_atomic(path, "a = 1\nb\n", 8, 0644, &err), 0);
	assert_int_equal(conf_load(path, &c, &err), 0);
	assert_complaints(c, (const char *const[]){ want, NULL });
	conf_free(TAKE_PTR(c));
	assert_int_equal(file_write_atomic(path, big, (1 << 20) + 1, 0644, &err), 0);
	assert_int_equal(conf_load(path, &c, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
}

static void sizes(void **state)
{
	static const char *const bad[] = { "",
					   "k",
					   "-1",
					   " 1",
					   "1 ",
					   "1kb",
					   "1.5G",
					   "1 G",
					   "x",
					   "+1",
					   "0x1",
					   "1e3",
					   "18446744073709551616",
					   "16777216T" };
	unsigned long long v = 77;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(conf_parse_size(bad[i], &v));
	assert_false(conf_parse_size(NULL, &v));
	assert_int_equal(v, 77);
	assert_true(conf_parse_size("7", &v) && v == 7);
	assert_true(conf_parse_size("0", &v) && v == 0);
	assert_true(conf_parse_size("100k", &v) && v == 102400);
	assert_true(conf_parse_size("512M", &v) && v == 512ULL << 20);
	assert_true(conf_parse_size("4g", &v) && v == 4ULL << 30);
	assert_true(conf_parse_size("2T", &v) && v == 2ULL << 40);
	assert_true(conf_parse_size("18446744073709551615", &v) && v == ULLONG_MAX);
}

static void durations(void **state)
{
	unsigned long long v = 77;

	(void)state;
	assert_false(conf_parse_duration("", &v));
	assert_false(conf_parse_duration("ms", &v));
	assert_false(conf_parse_duration("1w", &v));
	assert_false(conf_parse_duration("-1s", &v));
	assert_false(conf_parse_duration("1m30s", &v));
	assert_false(conf_parse_duration("18446744073709551615", &v));
	assert_int_equal(v, 77);
	assert_true(conf_parse_duration("7", &v) && v == 7000);
	assert_true(conf_parse_duration("250ms", &v) && v == 250);
	assert_true(conf_parse_duration("90s", &v) && v == 90000);
	assert_true(conf_parse_duration("10m", &v) && v == 600000);
	assert_true(conf_parse_duration("2h", &v) && v == 7200000);
	assert_true(conf_parse_duration("3d", &v) && v == 259200000);
}

static void bools(void **state)
{
	bool v = false;

	(void)state;
	assert_true(conf_parse_bool("yes", &v) && v);
	assert_true(conf_parse_bool("Off", &v) && !v);
	assert_true(conf_parse_bool("TRUE", &v) && v);
	assert_true(conf_parse_bool("0", &v) && !v);
	assert_false(conf_parse_bool("", &v));
	assert_false(conf_parse_bool("2", &v));
	assert_false(conf_parse_bool("y", &v));
	assert_false(conf_parse_bool(NULL, &v));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_in_order_with_lines),
		cmocka_unit_test(comments),
		cmocka_unit_test(indented_lines_are_lines),
		cmocka_unit_test(all_faults_at_once),
		cmocka_unit_test(unknown_key_gets_a_suggestion),
		cmocka_unit_test(asked_for_is_not_unknown),
		cmocka_unit_test(complaints_of_a_line_keep_their_order),
		cmocka_unit_test(long_lines_are_whole_or_refused),
		cmocka_unit_test(odd_files),
		tmpdir_test(loads_files),
		cmocka_unit_test(sizes),
		cmocka_unit_test(durations),
		cmocka_unit_test(bools),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
