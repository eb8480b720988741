#include "tests/unit/cm.h"

#include "lib/cleanup.h"
#include "lib/text.h"

#define FFFD "\xef\xbf\xbd"

struct row {
	const char *in;
	const char *want;
};

static void check_clean(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		AUTO(str_done) struct str s = STR_INIT;

		text_clean(&s, rows[i].in, strlen(rows[i].in));
		assert_string_equal(str_get(&s), rows[i].want);
	}
}

static void plain_text_passes(void **state)
{
	static const struct row rows[] = {
		{ "", "" },
		{ "a\tb\nc", "a\tb\nc" },
		{ "J\xc3\xbcrgen \xe2\x82\xac \xf0\x9f\x90\xa7",
		  "J\xc3\xbcrgen \xe2\x82\xac \xf0\x9f\x90\xa7" },
		{ "a\r\nb", "a\nb" },
	};

	(void)state;
	check_clean(rows, ARRAY_SIZE(rows));
}

static void invalid_utf8_is_replaced(void **state)
{
	static const struct row rows[] = {
		{ "a\377b", "a" FFFD "b" },
		{ "\x80", FFFD },
		{ "\xc0\xaf", FFFD FFFD },                   /* overlong slash */
		{ "\xe0\x80\xaf", FFFD FFFD FFFD },          /* overlong */
		{ "\xed\xa0\x80", FFFD FFFD FFFD },          /* surrogate */
		{ "\xf4\x90\x80\x80", FFFD FFFD FFFD FFFD }, /* over 10FFFF */
		{ "\xf5\x80", FFFD FFFD },
		{ "\xe2\x82", FFFD },      /* cut at the end */
		{ "\xe2\x82z", FFFD "z" }, /* and in the middle */
		{ "\360\237\220a", FFFD "a" },
		{ "\xc3(", FFFD "(" },
		/* The table of Unicode 15, 3.9 "U+FFFD substitution". */
		{ "\xf1\x80\x80\xe1\x80\xc2\x62\x80\x63\x80\xbf\x64",
		  FFFD FFFD FFFD "b" FFFD "c" FFFD FFFD "d" },
	};

	(void)state;
	check_clean(rows, ARRAY_SIZE(rows));
}

static void escapes_are_dropped(void **state)
{
	static const struct row rows[] = {
		{ "\033[31mred\033[0m", "red" },
		{ "\033[?25l\033[38;5;1mx\033[2J", "x" },
		{ "\033[1 qx", "x" },               /* intermediate */
		{ "\033]0;title\007x", "x" },       /* OSC ended by BEL */
		{ "\033]8;;http://e\033\\x", "x" }, /* and by ST */
		{ "\033]0;evil\nrest", "\nrest" },  /* and by a newline */
		{ "\033P1$r0m\033\\x", "x" },       /* DCS */
		{ "\033_apc\033\\\033^pm\033\\\033Xsos\033\\x", "x" },
		{ "\033(Bx\0337y\0338z", "xyz" },
		{ "\033cx", "x" },
		{ "\302\23331mx", "x" },         /* C1 CSI */
		{ "\302\2350;t\302\234x", "x" }, /* C1 OSC, C1 ST */
		{ "\302\220q\302\234x", "x" },   /* C1 DCS */
		{ "\302\205x\302\204", "x" },    /* NEL, IND */
		{ "\23331mx", FFFD "31mx" },     /* raw byte: no UTF-8 */
		{ "\033[3\nx", "\nx" },          /* broken off */
		{ "\033[3\033[1mx", "x" },       /* and begun again */
		{ "\033[12", "" },
		{ "x\033", "x" },
		{ "\033\033\033[1mx", "x" },
		{ "\033]0;a\030x", "x" }, /* CAN */
		{ "a\001\002\007\010\013\014\177b", "ab" },
		{ "\033[31\303\274", "\303\274" },
	};

	(void)state;
	check_clean(rows, ARRAY_SIZE(rows));
}

static void direction_marks_are_dropped(void **state)
{
	static const struct row rows[] = {
		{ "a\342\200\256b\342\200\254c", "abc" },
		{ "\xe2\x81\xa6x\xe2\x81\xa9", "x" },
		{ "\xe2\x80\x8fx\xd8\x9c", "x" },
	};

	(void)state;
	check_clean(rows, ARRAY_SIZE(rows));
}

static void nuls_are_dropped(void **state)
{
	AUTO(str_done) struct str s = STR_INIT;

	(void)state;
	str_add(&s, "before ");
	text_clean(&s, "a\0b\0", 4);
	assert_string_equal(str_get(&s), "before ab");
	assert_int_equal(s.len, 9);
}

static void lines(void **state)
{
	static const struct {
		const char *in;
		size_t max;
		const char *want;
	} rows[] = {
		{ NULL, 0, "" },
		{ "a\tb\nc", 0, "a b c" },
		{ "abcdef", 6, "abcdef" },
		{ "abcdef", 5, "abcd\xe2\x80\xa6" },
		{ "\xc3\xbc\xc3\xbc\xc3\xbc", 2, "\xc3\xbc\xe2\x80\xa6" },
		{ "ab", 1, "\xe2\x80\xa6" },
		{ "\033[1mab\033[0m", 2, "ab" },
		{ "a\342\200\250b", 0, "a b" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_FREE char *line = text_clean_line(rows[i].in, rows[i].max);

		assert_string_equal(line, rows[i].want);
	}
}

static void utf8_only_replaces(void **state)
{
	AUTO(str_done) struct str s = STR_INIT;

	(void)state;
	text_utf8(&s, "\033[1m\0\xff", 6);
	assert_int_equal(s.len, 8);
	assert_memory_equal(s.data, "\033[1m\0" FFFD, 8);
	assert_true(text_is_utf8("a\0\xc3\xbc", 4));
	assert_true(text_is_utf8("", 0));
	assert_false(text_is_utf8("\xc3", 1));
	assert_true(text_is_utf8(FFFD, 3));
}

static void widths(void **state)
{
	(void)state;
	assert_int_equal(text_width(""), 0);
	assert_int_equal(text_width("abc"), 3);
	assert_int_equal(text_width("\xc3\xbc"), 1);
	assert_int_equal(text_width("u\xcc\x88"), 1); /* combining diaeresis */
	assert_int_equal(text_width("\xe6\x9d\x8e\xe5\x9b\x9b"), 4);
}

static void distances(void **state)
{
	char long_word[70];

	(void)state;
	memset(long_word, 'a', sizeof(long_word) - 1);
	long_word[sizeof(long_word) - 1] = '\0';
	assert_int_equal(text_distance("", ""), 0);
	assert_int_equal(text_distance("", "abc"), 3);
	assert_int_equal(text_distance("abc", ""), 3);
	assert_int_equal(text_distance("kitten", "sitting"), 3);
	assert_int_equal(text_distance("topologie", "topology"), 2);
	assert_int_equal(text_distance(long_word, "a"), 64);
	long_word[64] = '\0';
	assert_int_equal(text_distance(long_word, ""), 64);
	assert_int_equal(text_distance(long_word, long_word), 0);
}

static void nearest(void **state)
{
	static const char *const known[] = { "topology", "timeout", "tests", NULL };

	(void)state;
	assert_string_equal(text_nearest("topologie", known), "topology");
	assert_string_equal(text_nearest("test", known), "tests");
	assert_null(text_nearest("colour", known));
	assert_null(text_nearest("", known));
	assert_null(text_nearest("x", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_text_passes),
		cmocka_unit_test(invalid_utf8_is_replaced),
		cmocka_unit_test(escapes_are_dropped),
		cmocka_unit_test(direction_marks_are_dropped),
		cmocka_unit_test(nuls_are_dropped),
		cmocka_unit_test(lines),
		cmocka_unit_test(utf8_only_replaces),
		cmocka_unit_test(widths),
		cmocka_unit_test(distances),
		cmocka_unit_test(nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
