#include "runners/suite.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/conf.h"
#include "lib/file.h"
#include "lib/str.h"
#include "runners/inifile.h"
#include "runners/program.h"

#define DEADLINE_DEFAULT_MS 60000
#define DEADLINE_MAX_MS (3600 * 1000ULL)
#define ARGS_MAX 32

/* The guest program that runs another with settings around it. */
#define WITH "with"

static const char *const suite_keys[] = { "description", "topologies", "tier",
					  "selftests",   "budget",     NULL };
static const char *const test_keys[] = { "program",  "args",   "with",
					 "deadline", "budget", NULL };

static size_t add_words(char **argv, size_t n, const char *text)
{
	char **words = strv_split(text, " \t");
	size_t k = strv_len(words);

	memcpy(argv + n, words, k * sizeof(*argv));
	free(words);
	return n + k;
}

static char **make_argv(const struct suite *suite, const char *program, const char *with,
			const char *args)
{
	/* Each word of a text takes two bytes of it, but the last. */
	size_t max = (with ? strlen(with) : 0) + (args ? strlen(args) : 0) + 5;
	char **argv = mem_alloc0(max * sizeof(*argv));
	size_t n = 0;

	if (with) {
		argv[n++] = str_dup("/tests/" WITH);
		n = add_words(argv, n, with);
	}
	if (suite->selftests)
		argv[n++] = str_printf("/tests/%s/%s", suite->name, program);
	else
		argv[n++] = str_printf("/tests/%s", program);
	add_words(argv, n, args ? args : "");
	return argv;
}

/* A program of the user's own: checked, its real path, and the name of the file. */
static const char *own_program(struct conf *c, int line, const struct suite *suite,
			       const char *value, struct suite_test *t)
{
	AUTO_FREE char *ini = str_dup(suite->path);
	AUTO_FREE char *path = value[0] == '/' ? str_dup(value) :
						 path_join(dirname(ini), value, NULL);
	const char *name = strrchr(value, '/') + 1;
	struct err err = { .msg = "" };

	if (!inifile_name_ok(name)) {
		conf_complain(c, line,
			      "program: \"%s\" is no name for a program (letters, "
			      "digits, - _)",
			      name);
		return "";
	}
	if (strcmp(name, WITH) == 0)
		conf_complain(c, line, "program: \"" WITH "\" is one that sluice ships");
	else if (program_check(path, &err) < 0)
		conf_complain(c, line, "program: %s", err.msg);
	else
		t->file = realpath(path, NULL);
	return name;
}

/* In the guest there is one folder for all: a name stands for one file. */
static void check_program_name(struct conf *c, const struct suite *suite,
			       const struct suite_test *t)
{
	for (const struct suite_test *o = suite->tests; o < t; o++) {
		if (strcmp(o->program, t->program) != 0 || suite_same_file(o, t))
			continue;
		conf_complain(c, t->line,
			      "program: \"%s\" is another file than that of line %d, "
			      "and in the guest they would have the same name",
			      t->program, o->line);
		return;
	}
}

/* vm.nr_hugepages=64 */
static bool setting_ok(const char *word)
{
	size_t name = strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_.");
	size_t digits = word[name] == '=' ? strspn(word + name + 1, "0123456789") : 0;

	return name > 0 && digits > 0 && !word[name + 1 + digits];
}

static const char *parse_with(struct conf *c, const struct conf_section *s)
{
	int line;
	const char *with = conf_get(s, "with", &line);
	char **words = strv_split(with ? with : "", " \t");

	for (size_t i = 0; words[i]; i++)
		if (!setting_ok(words[i]))
			conf_complain(c, line, "with: \"%s\" is no NAME=NUMBER",
				      words[i]);
	strv_free(words);
	return with;
}

static void parse_program(struct conf *c, const struct conf_section *s,
			  const struct suite *suite, struct suite_test *t)
{
	int line = conf_section_line(s), program_line = line;
	const char *program = conf_get(s, "program", &program_line);
	const char *with = parse_with(c, s);
	const char *args = conf_get(s, "args", &line);

	if (program && !suite->selftests && strchr(program, '/')) {
		program = own_program(c, program_line, suite, program, t);
	} else if (!program || !inifile_name_ok(program)) {
		conf_complain(c, program_line, "[%s]: program must name a %s",
			      conf_section_name(s),
			      suite->selftests ? "selftest" : "guest program");
		program = "";
	}
	t->line = program_line;
	t->program = str_dup(program);
	t->argv = make_argv(suite, program, with, args);
	if (*program)
		check_program_name(c, suite, t);
	if (strv_len(t->argv) > ARGS_MAX)
		conf_complain(c, line, "args: more than %d", ARGS_MAX - 1);
}

static void parse_deadline(struct conf *c, const struct conf_section *s,
			   struct suite_test *t)
{
	int line;
	unsigned long long ms;
	const char *v = conf_get(s, "deadline", &line);

	t->deadline_ms = DEADLINE_DEFAULT_MS;
	if (!v)
		return;
	if (conf_parse_duration(v, &ms) && ms > 0 && ms <= DEADLINE_MAX_MS)
		t->deadline_ms = ms;
	else
		conf_complain(c, line,
			      "deadline: \"%s\" is no time up to an hour (30s, 2m)", v);
}

/* "2s" or "numa2:20s", added to ret. */
static bool budget_add(const char *word, struct suite_budgets *ret)
{
	const char *colon = strchr(word, ':');
	AUTO_FREE char *name = colon ? str_ndup(word, (size_t)(colon - word)) : NULL;
	unsigned long long ms;

	if ((name && !inifile_name_ok(name)) ||
	    !conf_parse_duration(colon ? colon + 1 : word, &ms) || ms == 0)
		return false;
	for (size_t i = 0; i < ret->n; i++)
		if (name && ret->v[i].topology ? strcmp(name, ret->v[i].topology) == 0 :
						 !name && !ret->v[i].topology)
			return false;
	ret->v = mem_realloc(ret->v, ret->n + 1, sizeof(*ret->v));
	ret->v[ret->n++] = (struct suite_budget){ .topology = TAKE_PTR(name), .ms = ms };
	return true;
}

static void parse_budget(struct conf *c, const struct conf_section *s,
			 struct suite_budgets *ret)
{
	int line;
	const char *v = conf_get(s, "budget", &line);
	char **words = strv_split(v ? v : "", " \t,");

	for (size_t i = 0; words[i]; i++)
		if (!budget_add(words[i], ret))
			conf_complain(
				c, line,
				"budget: \"%s\" is no time, or a second one for the "
				"same topology (2s, numa2:20s)",
				words[i]);
	strv_free(words);
}

static void parse_test(struct conf *c, const struct conf_section *s, struct suite *suite)
{
	const char *name = conf_section_name(s);
	int line = conf_section_line(s);
	struct suite_test *t;

	if (!str_starts(name, "test ") || !inifile_name_ok(name + 5)) {
		conf_complain(c, line,
			      "unknown section [%s]; there are [suite] and [test NAME]",
			      name);
		return;
	}
	if (suite->ntests == SUITE_TESTS_MAX) {
		conf_complain(c, line, "more than %d tests", SUITE_TESTS_MAX);
		return;
	}
	for (size_t i = 0; i < suite->ntests; i++)
		if (strcmp(suite->tests[i].name, name + 5) == 0)
			conf_complain(c, line, "[%s] is there twice", name);
	suite->tests = mem_realloc(suite->tests, suite->ntests + 1, sizeof(*t));
	t = &suite->tests[suite->ntests++];
	*t = (struct suite_test){
		.id = str_printf("%s/%s", suite->name, name + 5),
		.name = str_dup(name + 5),
	};
	parse_program(c, s, suite, t);
	parse_deadline(c, s, t);
	parse_budget(c, s, &t->budgets);
	conf_check_unused(c, s, test_keys);
}

static bool parse_tier(struct conf *c, const struct conf_section *s)
{
	int line;
	const char *v = conf_get(s, "tier", &line);

	if (v && strcmp(v, "quick") && strcmp(v, "deep"))
		conf_complain(c, line, "tier: \"%s\" is neither quick nor deep", v);
	return v && strcmp(v, "deep") == 0;
}

static void parse_selftests(struct conf *c, const struct conf_section *top,
			    struct suite *suite)
{
	int line;
	const char *list = conf_get(top, "selftests", &line);

	if (!list)
		return;
	suite->selftests = strv_split(list, " \t,");
	for (size_t i = 0; suite->selftests[i]; i++)
		if (!inifile_name_ok(suite->selftests[i]))
			conf_complain(c, line, "selftests: \"%s\" is no folder's name",
				      suite->selftests[i]);
	if (!suite->selftests[0])
		conf_complain(c, line, "selftests: names no folder");
	if (strcmp(suite->name, WITH) == 0)
		conf_complain(c, line,
			      "selftests: a suite of them cannot be called \"" WITH
			      "\", as a program is that sluice ships");
}

static void parse_all(struct conf *c, struct suite *suite)
{
	const struct conf_section *top = conf_section_find(c, "suite");

	if (top) {
		const char *list = conf_get(top, "topologies", NULL);

		suite->description = str_dup(conf_get(top, "description", NULL));
		suite->topologies = list ? strv_split(list, " \t,") : NULL;
		parse_budget(c, top, &suite->budgets);
		parse_selftests(c, top, suite);
		suite->deep = parse_tier(c, top);
		conf_check_unused(c, top, suite_keys);
	} else {
		conf_complain(c, 0, "no section [suite]");
	}
	for (size_t i = 0; i < conf_sections(c); i++)
		if (conf_section_at(c, i) != top)
			parse_test(c, conf_section_at(c, i), suite);
	if (suite->ntests == 0)
		conf_complain(c, 0, "no [test NAME]");
	if (!suite->description)
		suite->description = str_dup("");
}

int suite_parse(const char *label, const char *name, const char *text,
		struct suite **ret_suite, struct err *err)
{
	struct suite *s = mem_alloc0(sizeof(*s));
	struct conf *c = conf_parse(label, text, strlen(text));
	int r;

	s->name = str_dup(name);
	s->path = str_dup(label);
	s->text = str_dup(text);
	parse_all(c, s);
	r = inifile_complaints(c, err);
	conf_free(c);
	if (r < 0)
		suite_free(s);
	else
		*ret_suite = s;
	return r;
}

int suite_load(const char *dir, const char *name, struct suite **ret_suite,
	       struct err *err)
{
	AUTO_FREE char *path = NULL;
	AUTO_FREE char *text = NULL;

	if (inifile_read(dir, "suite", name, &path, &text, err) < 0)
		return -1;
	return suite_parse(path, name, text, ret_suite, err);
}

static void budgets_done(struct suite_budgets *b)
{
	for (size_t i = 0; i < b->n; i++)
		free(b->v[i].topology);
	free(b->v);
}

void suite_free(struct suite *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->ntests; i++) {
		free(s->tests[i].id);
		free(s->tests[i].name);
		free(s->tests[i].program);
		free(s->tests[i].file);
		strv_free(s->tests[i].argv);
		budgets_done(&s->tests[i].budgets);
	}
	budgets_done(&s->budgets);
	free(s->tests);
	free(s->name);
	free(s->path);
	free(s->description);
	free(s->text);
	strv_free(s->topologies);
	strv_free(s->selftests);
	free(s);
}

bool suite_runs_on(const struct suite *s, const char *topology)
{
	if (!s->topologies)
		return true;
	for (char **t = s->topologies; *t; t++)
		if (strcmp(*t, topology) == 0)
			return true;
	return false;
}

bool suite_same_file(const struct suite_test *a, const struct suite_test *b)
{
	return a->file && b->file ? strcmp(a->file, b->file) == 0 : !a->file && !b->file;
}

uint64_t suite_budget_ms(const struct suite_budgets *b, const char *topology)
{
	uint64_t any = 0;

	for (size_t i = 0; i < b->n; i++) {
		if (!b->v[i].topology)
			any = b->v[i].ms;
		else if (strcmp(b->v[i].topology, topology) == 0)
			return b->v[i].ms;
	}
	return any;
}

struct json_object *suite_test_json(const struct suite_test *t, unsigned int slowdown)
{
	struct json_object *o = json_object_new_object(), *argv = json_object_new_array();

	json_set_str(o, "test", t->id);
	for (size_t i = 0; t->argv[i]; i++)
		json_add_str(argv, t->argv[i]);
	json_set(o, "argv", argv);
	json_set_int(o, "deadline_ms", (long long)t->deadline_ms * slowdown);
	return o;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Each once, sorted; takes the texts over. */
static char **sorted_once(char **v, size_t len)
{
	size_t n = 0;

	qsort(v, len, sizeof(*v), by_name);
	for (size_t i = 0; i < len; i++) {
		if (n > 0 && strcmp(v[n - 1], v[i]) == 0)
			free(v[i]);
		else
			v[n++] = v[i];
	}
	v[n] = NULL;
	return v;
}

const char *suite_program_file(const struct suite *s, const char *program)
{
	for (size_t i = 0; i < s->ntests; i++)
		if (strcmp(s->tests[i].program, program) == 0)
			return s->tests[i].file;
	return NULL;
}

char **suite_programs(const struct suite *s)
{
	char **v = mem_alloc0((2 * s->ntests + 1) * sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; i < s->ntests; i++) {
		if (!s->selftests)
			v[n++] = str_dup(s->tests[i].program);
		if (strcmp(s->tests[i].argv[0], "/tests/" WITH) == 0)
			v[n++] = str_dup(WITH);
	}
	return sorted_once(v, n);
}

char **suite_selftests(const struct suite *s)
{
	char **v = mem_alloc0((s->ntests + 1) * sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; s->selftests && i < s->ntests; i++)
		v[n++] = str_dup(s->tests[i].program);
	return sorted_once(v, n);
}

int suite_list(const char *dir, char ***ret_names, struct err *err)
{
	return inifile_list(dir, ret_names, err);
}
