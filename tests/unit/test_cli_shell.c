#include "tests/unit/cm.h"

#include "cli/shell.h"
#include "lib/cleanup.h"

static void test_word(void **state)
{
	static const struct {
		const char *in, *out;
	} words[] = {
		{ "make", "make" },
		{ "", "''" },
		{ "a b", "'a b'" },
		{ "it's", "'it'\\''s'" },
		{ "$(reboot)", "'$(reboot)'" },
		{ "-append", "-append" },
		{ "tcg,thread=multi", "tcg,thread=multi" },
		{ "a\nb", "'a\nb'" },
		{ "~root", "'~root'" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		AUTO(str_done) struct str s = STR_INIT;

		shell_word(&s, words[i].in);
		assert_string_equal(str_get(&s), words[i].out);
	}
}

/* A shell reads back what was written, line breaks and all. */
static void test_argv(void **state)
{
	char *argv[] = {
		(char *)"printf",
		(char *)"<%s>",
		(char *)"a b",
		(char *)"'",
		(char *)"\\",
		(char *)"a word that is long enough to come onto a line of its own ....",
		(char *)"$HOME",
		NULL
	};
	AUTO(str_done) struct str s = STR_INIT;
	char out[512] = "";
	FILE *f;

	(void)state;
	shell_argv(&s, argv);
	f = popen(str_get(&s), "r");
	assert_non_null(f);
	assert_true(fread(out, 1, sizeof(out) - 1, f) > 0);
	pclose(f);
	assert_string_equal(
		out, "<a b><'><\\>"
		     "<a word that is long enough to come onto a line of its own ....>"
		     "<$HOME>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_word),
		cmocka_unit_test(test_argv),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
