#include "tests/unit/cm.h"

#include "cli/cmd.h"
#include "lib/cleanup.h"
#include "lib/text.h"

struct fields {
	struct cmd_common common;
	const char *name;
	bool quick;
};

static const struct cmd_opt opts[] = {
	{ "name", 'n', "NAME", "a name", offsetof(struct fields, name) },
	{ "quick", 0, NULL, "be quick", offsetof(struct fields, quick) },
	CMD_OPTS_COMMON,
	{ 0 },
};

static const struct cmd cmd = {
	.name = "try",
	.synopsis = "WHAT...",
	.help = "Try",
	.opts = opts,
};

/* The words of line parsed; what is left comes back in operands. */
static bool parse(const char *line, struct fields *f, struct str *operands, int *rc)
{
	static char text[128], *words[16];
	char **argv = words, *save = NULL;
	int argc = 0;

	snprintf(text, sizeof(text), "%s", line);
	for (char *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save))
		words[argc++] = w;
	words[argc] = NULL;
	if (!cmd_parse(&cmd, &argc, &argv, f, rc))
		return false;
	for (int i = 0; i < argc; i++)
		str_addf(operands, "[%s]", argv[i]);
	return true;
}

static void test_operands_and_options(void **state)
{
	static const struct {
		const char *line, *operands, *name;
		bool quick;
	} cases[] = {
		{ "try", "", NULL, false },
		{ "try a b", "[a][b]", NULL, false },
		{ "try --name x a", "[a]", "x", false },
		{ "try a --name x b --quick c", "[a][b][c]", "x", true },
		{ "try -nx a", "[a]", "x", false },
		{ "try --name=x -- --quick a", "[--quick][a]", "x", false },
		{ "try a -- -n", "[a][-n]", NULL, false },
		{ "try --qui a", "[a]", NULL, true },
		{ "try - a", "[-][a]", NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(str_done) struct str operands = STR_INIT;
		struct fields f = { 0 };
		int rc = -1;

		assert_true(parse(cases[i].line, &f, &operands, &rc));
		assert_string_equal(str_get(&operands), cases[i].operands);
		assert_int_equal(f.quick, cases[i].quick);
		if (cases[i].name)
			assert_string_equal(f.name, cases[i].name);
		else
			assert_null(f.name);
	}
}

static void test_mistakes(void **state)
{
	static const struct {
		const char *line, *told;
	} cases[] = {
		{ "try --nome x", "unknown option --nome, did you mean --name?" },
		{ "try --zzzzzz=name", "unknown option --zzzzzz=name" },
		{ "try --name", "--name needs a value" },
		{ "try -x", "unknown option -x" },
		{ "try a --quick=1", "--quick takes no value" },
		{ "try --qui=1 a", "--quick takes no value" },
		{ "try --help=1", "--help takes no value" },
		{ "try -n", "-n needs a value" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_FREE char *want = str_printf(
			"sluice try: %s\nSee \"sluice try --help\".\n", cases[i].told);
		AUTO(str_done) struct str operands = STR_INIT;
		AUTO_FREE char *told = NULL;
		struct fields f = { 0 };
		FILE *saved = stderr;
		int rc = -1;
		size_t len;
		bool go_on;

		stderr = open_memstream(&told, &len);
		go_on = parse(cases[i].line, &f, &operands, &rc);
		fclose(stderr);
		stderr = saved;
		assert_false(go_on);
		assert_int_equal(rc, EXIT_USAGE);
		assert_string_equal(told, want);
	}
}

static char *help_text(const struct cmd *c)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	cmd_print_help(c, out);
	fclose(out);
	return text;
}

static void test_help(void **state)
{
	AUTO_FREE char *text = help_text(&cmd);

	(void)state;
	assert_string_equal(
		text, "usage: sluice try [OPTIONS] WHAT...\n\nTry.\n\nOptions:\n"
		      "  -n, --name NAME         a name\n"
		      "  --quick                 be quick\n"
		      "  --config-file FILE      read this config.ini and no other\n"
		      "  --state-dir DIR         keep database, logs and builds there\n"
		      "  -h, --help              show this\n");
}

static void check_width(const struct cmd *c)
{
	AUTO_FREE char *text = help_text(c);
	char **lines = strv_split(text, "\n");

	for (size_t i = 0; lines[i]; i++)
		if (text_width(lines[i]) > 80)
			fail_msg("%s: %s", c->name, lines[i]);
	strv_free(lines);
}

static void test_help_fits(void **state)
{
	static const struct cmd_opt long_one[] = {
		{ "a-name-that-is-long", 'l', "VALUE",
		  "what is said of it, in more words than one line of eighty columns takes",
		  0 },
		{ 0 },
	};
	static const struct cmd narrow = { .name = "try",
					   .synopsis = "",
					   .help = "Try",
					   .opts = long_one };
	AUTO_FREE char *text = help_text(&narrow);

	(void)state;
	assert_non_null(strstr(
		text,
		"  -l, --a-name-that-is-long VALUE\n"
		"                          what is said of it, in more words than one "
		"line of\n"
		"                          eighty columns takes\n"));
	for (size_t i = 0; cmd_list[i]; i++) {
		const struct cmd *const *subs = cmd_list[i]->subs;

		check_width(cmd_list[i]);
		for (size_t j = 0; subs && subs[j]; j++)
			check_width(subs[j]);
	}
}

/* Every option of every command, as --help names it. */
static void test_mdoc_names_the_letters(void **state)
{
	AUTO_FREE char *text = NULL;
	size_t len, letters = 0;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	cmd_print_mdoc(out);
	fclose(out);
	for (size_t i = 0; cmd_list[i]; i++) {
		const struct cmd_opt *o = cmd_list[i]->hidden ? NULL : cmd_list[i]->opts;

		for (; o && o->name; o++) {
			AUTO_FREE char *item =
				o->letter ? str_printf("\n.It Fl %c , Fl -%s%s%s\n",
						       o->letter, o->name,
						       o->arg ? " Ar " : "",
						       o->arg ? o->arg : "") :
					    NULL;

			if (item && !strstr(text, item))
				fail_msg("%s: no \"%s\"", cmd_list[i]->name, item);
			letters += item != NULL;
		}
	}
	assert_true(letters > 5);
	assert_null(strstr(text, "Fl h "));
}

static void test_find(void **state)
{
	(void)state;
	assert_ptr_equal(cmd_find(cmd_list, "sluice", "test")->name, cmd_list[0]->name);
	assert_null(cmd_find(cmd_list, "sluice", "tset"));
	assert_null(cmd_find(cmd_list, "sluice", ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_operands_and_options),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_help_fits),
		cmocka_unit_test(test_mdoc_names_the_letters),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
