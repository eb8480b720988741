#include "tests/unit/cm.h"

#include "lib/cleanup.h"
#include "lib/paths.h"
#include "runners/suite.h"
#include "tests/unit/elf_fixture.h"
#include "runners/topology.h"

static void expect_error(const char *text, const char *want)
{
	struct suite *s = NULL;
	struct err err = { .msg = "" };

	assert_int_equal(suite_parse("s.ini", "s", text, &s, &err), -1);
	if (!strstr(err.msg, want))
		fail_msg("\"%s\" is not in \"%s\"", want, err.msg);
}

static void reads_all(void **state)
{
	struct suite *s = NULL;
	struct err err = { .msg = "" };
	char **programs;

	(void)state;
	assert_int_equal(
		suite_parse("s.ini", "mm",
			    "[suite]\ndescription = d\ntopologies = numa2, numa4\n"
			    "[test one]\nprogram = prog\nargs = a  b\ndeadline = 30s\n"
			    "[test two]\nprogram = another\n"
			    "[test three]\nprogram = prog\ndeadline = 250ms\n",
			    &s, &err),
		0);
	assert_string_equal(s->description, "d");
	assert_int_equal(s->ntests, 3);
	assert_string_equal(s->tests[0].id, "mm/one");
	assert_string_equal(s->tests[0].argv[0], "/tests/prog");
	assert_string_equal(s->tests[0].argv[2], "b");
	assert_null(s->tests[0].argv[3]);
	assert_int_equal(s->tests[0].deadline_ms, 30000);
	assert_null(s->tests[1].argv[1]);
	assert_int_equal(s->tests[1].deadline_ms, 60000);
	assert_int_equal(s->tests[2].deadline_ms, 250);
	assert_true(suite_runs_on(s, "numa4"));
	assert_false(suite_runs_on(s, "up"));
	assert_string_equal(s->tests[1].program, "another");
	assert_null(s->tests[1].file);
	assert_int_equal(s->tests[1].line, 9);
	programs = suite_programs(s);
	assert_string_equal(programs[0], "another");
	assert_string_equal(programs[1], "prog");
	assert_null(programs[2]);
	strv_free(programs);
	programs = suite_selftests(s);
	assert_null(programs[0]);
	strv_free(programs);
	suite_free(s);
}

static void programs_of_the_tree(void **state)
{
	struct suite *s = NULL;
	struct err err = { .msg = "" };
	char **programs;

	(void)state;
	assert_int_equal(suite_parse("s.ini", "mm",
				     "[suite]\nselftests = mm, vm\n"
				     "[test one]\nprogram = mlock_test\nargs = -a b\n"
				     "[test two]\nprogram = huge\n"
				     "with = vm.nr_hugepages=64  user=65534\nargs = -c\n"
				     "[test three]\nprogram = huge\n",
				     &s, &err),
			 0);
	assert_string_equal(s->selftests[0], "mm");
	assert_string_equal(s->selftests[1], "vm");
	assert_null(s->selftests[2]);
	assert_string_equal(s->tests[0].argv[0], "/tests/mm/mlock_test");
	assert_string_equal(s->tests[0].argv[2], "b");
	assert_string_equal(s->tests[1].argv[0], "/tests/with");
	assert_string_equal(s->tests[1].argv[1], "vm.nr_hugepages=64");
	assert_string_equal(s->tests[1].argv[2], "user=65534");
	assert_string_equal(s->tests[1].argv[3], "/tests/mm/huge");
	assert_string_equal(s->tests[1].argv[4], "-c");
	assert_null(s->tests[1].argv[5]);
	programs = suite_selftests(s);
	assert_string_equal(programs[0], "huge");
	assert_string_equal(programs[1], "mlock_test");
	assert_null(programs[2]);
	strv_free(programs);
	programs = suite_programs(s);
	assert_string_equal(programs[0], "with");
	assert_null(programs[1]);
	strv_free(programs);
	suite_free(s);
}

static void complaints(void **state)
{
	(void)state;
	expect_error("", "no section [suite]");
	expect_error("[suite]\n", "no [test NAME]");
	expect_error("[suite]\n[test x]\n", "s.ini:2: [test x]: program must name");
	expect_error("[suite]\n[test x]\nprogram = in it\n", "program must name");
	expect_error("[suite]\n[test a b]\nprogram = x\n", "unknown section [test a b]");
	expect_error("[suite]\n[test x]\nprogram = x\ndeadline = soon\n",
		     "s.ini:4: deadline");
	expect_error("[suite]\n[test x]\nprogram = x\ndeadlin = 3s\n",
		     "did you mean \"deadline\"?");
	expect_error("[suite]\nselftests = ../mm\n[test x]\nprogram = x\n",
		     "s.ini:2: selftests: \"../mm\" is no folder's name");
	expect_error("[suite]\nselftests = ,\n[test x]\nprogram = x\n",
		     "s.ini:2: selftests: names no folder");
	expect_error("[suite]\nselftests = mm\n[test x]\n", "must name a selftest");
	expect_error("[suite]\n[test x]\nprogram = x\nwith = vm.x=1 /proc/x=2\n",
		     "s.ini:4: with: \"/proc/x=2\" is no NAME=NUMBER");
	expect_error("[suite]\n[test x]\nprogram = x\nwith = vm.x=\n",
		     "is no NAME=NUMBER");
	expect_error("[suite]\ntier = slow\n[test x]\nprogram = x\n",
		     "s.ini:2: tier: \"slow\" is neither quick nor deep");
	expect_error("[suite]\ntier =\n[test x]\nprogram = x\n",
		     "s.ini:2: tier: \"\" is neither quick nor deep");
}

static bool is_deep(const char *text)
{
	struct suite *s = NULL;
	struct err err = { .msg = "" };
	bool deep;

	if (suite_parse("s.ini", "s", text, &s, &err) < 0)
		fail_msg("%s", err.msg);
	deep = s->deep;
	suite_free(s);
	return deep;
}

static void tiers(void **state)
{
	(void)state;
	assert_false(is_deep("[suite]\n[test x]\nprogram = x\n"));
	assert_false(is_deep("[suite]\ntier = quick\n[test x]\nprogram = x\n"));
	assert_true(is_deep("[suite]\ntier = deep\n[test x]\nprogram = x\n"));
}

static void budgets(void **state)
{
	struct suite *s = NULL;
	struct err err = { .msg = "" };

	(void)state;
	assert_int_equal(suite_parse("s.ini", "mm",
				     "[suite]\nbudget = numa2:20s smp4:12s\n"
				     "[test one]\nprogram = p\nbudget = 2s\n"
				     "[test two]\nprogram = p\nbudget = numa4:1m, 500ms\n"
				     "[test three]\nprogram = p\n",
				     &s, &err),
			 0);
	assert_int_equal(suite_budget_ms(&s->budgets, "numa2"), 20000);
	assert_int_equal(suite_budget_ms(&s->budgets, "smp4"), 12000);
	assert_int_equal(suite_budget_ms(&s->budgets, "numa4"), 0);
	assert_int_equal(suite_budget_ms(&s->tests[0].budgets, "numa4"), 2000);
	assert_int_equal(suite_budget_ms(&s->tests[1].budgets, "numa4"), 60000);
	assert_int_equal(suite_budget_ms(&s->tests[1].budgets, "up"), 500);
	assert_int_equal(suite_budget_ms(&s->tests[2].budgets, "up"), 0);
	suite_free(s);
	expect_error("[suite]\nbudget = numa2:soon\n[test x]\nprogram = x\n",
		     "s.ini:2: budget: \"numa2:soon\"");
	expect_error("[suite]\nbudget = ../x:2s\n[test x]\nprogram = x\n",
		     "s.ini:2: budget");
	expect_error("[suite]\nbudget = up:2s up:3s\n[test x]\nprogram = x\n",
		     "s.ini:2: budget: \"up:3s\"");
	expect_error("[suite]\n[test x]\nprogram = x\nbudget = 1s 2s\n",
		     "s.ini:4: budget: \"2s\"");
	expect_error("[suite]\n[test x]\nprogram = x\nbudget = 0s\n", "s.ini:4: budget");
}

/* A budget for a topology that is none would never be looked at. */
static void budgets_name_topologies(const struct suite_budgets *b)
{
	AUTO_FREE char *dir = path_join(paths_data(), "runners/topologies", NULL);

	for (size_t i = 0; i < b->n; i++) {
		struct topology *t = NULL;
		struct err err = { .msg = "" };

		if (b->v[i].topology &&
		    topology_load(dir, b->v[i].topology, &t, &err) < 0)
			fail_msg("%s", err.msg);
		topology_free(t);
	}
}

/* Writes DIR/NAME with that mode; the path, which the caller frees. */
static char *put(const char *dir, const char *name, const void *data, size_t len,
		 mode_t mode)
{
	char *path = path_join(dir, name, NULL), *folder = str_dup(path);
	struct err err = { .msg = "" };

	*strrchr(folder, '/') = '\0';
	if (dir_make(folder, 0755, &err) < 0 ||
	    file_write_atomic(path, data, len, mode, &err) < 0)
		fail_msg("%s", err.msg);
	free(folder);
	return path;
}

static void put_program(const char *dir, const char *name)
{
	char elf[ELF_FILE_MAX];

	free(put(dir, name, elf, elf_make(elf, NULL), 0755));
}

static int load(const char *dir, const char *text, struct suite **ret, struct err *err)
{
	free(put(dir, "mine.ini", text, strlen(text), 0644));
	return suite_load(dir, "mine", ret, err);
}

static void own_programs(void **state)
{
	const char *dir = *state;
	struct suite *s = NULL;
	struct err err = { .msg = "" };
	char *text = str_printf("[suite]\n[test a]\nprogram = ./first\nargs = x\n"
				"[test b]\nprogram = sub/../sub/second\n"
				"[test c]\nprogram = %s/first\n"
				"[test d]\nprogram = shipped\n",
				dir);
	char *first = path_join(dir, "first", NULL);
	char *real;

	put_program(dir, "first");
	put_program(dir, "sub/second");
	real = realpath(first, NULL);
	if (load(dir, text, &s, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(s->tests[0].program, "first");
	assert_string_equal(s->tests[0].file, real);
	assert_string_equal(s->tests[0].argv[0], "/tests/first");
	assert_string_equal(s->tests[0].argv[1], "x");
	assert_true(str_ends(s->tests[1].file, "/sub/second"));
	assert_null(strstr(s->tests[1].file, ".."));
	assert_true(suite_same_file(&s->tests[0], &s->tests[2]));
	assert_null(s->tests[3].file);
	suite_free(s);
	free(real);
	free(first);
	free(text);
}

static void expect_load_error(const char *dir, const char *text, const char *want)
{
	struct suite *s = NULL;
	struct err err = { .msg = "" };

	assert_int_equal(load(dir, text, &s, &err), -1);
	if (!strstr(err.msg, want))
		fail_msg("\"%s\" is not in \"%s\"", want, err.msg);
}

static void own_complaints(void **state)
{
	const char *dir = *state;

	put_program(dir, "first");
	put_program(dir, "sub/first");
	put_program(dir, "a.out");
	free(put(dir, "script", "#!/bin/sh\n", 10, 0755));
	expect_load_error(dir, "[suite]\n[test a]\nprogram = ./none\n",
			  "/none: there is no such file");
	expect_load_error(dir, "[suite]\n[test a]\n\nprogram = ./script\n",
			  "mine.ini:4: program: ");
	expect_load_error(dir, "[suite]\n[test a]\nprogram = ./script\n", "is a script");
	expect_load_error(dir, "[suite]\n[test a]\nprogram = ./a.out\n",
			  "mine.ini:3: program: \"a.out\" is no name");
	expect_load_error(dir, "[suite]\n[test a]\nprogram = ./\n", "is no name");
	expect_load_error(dir, "[suite]\n[test a]\nprogram = ./with\n",
			  "mine.ini:3: program: \"with\" is one that sluice ships");
	expect_load_error(dir, "[suite]\nselftests = mm\n[test a]\nprogram = ./first\n",
			  "program must name a selftest");
	/* One name, two files: the user's own, and the shipped one of that name. */
	expect_load_error(dir,
			  "[suite]\n[test a]\nprogram = ./first\n"
			  "[test b]\nprogram = sub/first\n",
			  "mine.ini:5: program: \"first\" is another file than that of "
			  "line 3");
	expect_load_error(dir,
			  "[suite]\n[test a]\nprogram = first\n"
			  "[test b]\nprogram = ./first\n",
			  "mine.ini:5: program: \"first\" is another file");
}

/* Each says what it may take, wherever it runs, and a deadline is no budget. */
static void budgets_are_stated(const struct suite *s)
{
	static const char *const measured[] = { "numa2", "smp4" };

	for (size_t k = 0; k < ARRAY_SIZE(measured); k++) {
		uint64_t whole = suite_budget_ms(&s->budgets, measured[k]);

		for (size_t i = 0; suite_runs_on(s, measured[k]) && i < s->ntests; i++) {
			const struct suite_test *t = &s->tests[i];
			uint64_t ms = suite_budget_ms(&t->budgets, measured[k]);

			if (ms == 0 || ms > t->deadline_ms / 2 || (whole && ms > whole))
				fail_msg("%s on %s: budget %llu ms, deadline %llu ms",
					 t->id, measured[k], (unsigned long long)ms,
					 (unsigned long long)t->deadline_ms);
		}
	}
	if (suite_budget_ms(&s->budgets, "numa2") == 0)
		fail_msg("suite %s: no budget on numa2", s->name);
}

static void shipped_ones_are_fine(void **state)
{
	char *dir = path_join(paths_data(), "runners/suites", NULL);
	char **names;
	struct err err;

	(void)state;
	assert_int_equal(suite_list(dir, &names, &err), 0);
	for (char **n = names; *n; n++) {
		struct suite *s = NULL;

		if (suite_load(dir, *n, &s, &err) < 0)
			fail_msg("%s", err.msg);
		budgets_name_topologies(&s->budgets);
		budgets_are_stated(s);
		for (size_t i = 0; i < s->ntests; i++)
			budgets_name_topologies(&s->tests[i].budgets);
		suite_free(s);
	}
	strv_free(names);
	free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_all),  cmocka_unit_test(programs_of_the_tree),
		cmocka_unit_test(complaints), cmocka_unit_test(budgets),
		cmocka_unit_test(tiers),      tmpdir_test(own_programs),
		tmpdir_test(own_complaints),  cmocka_unit_test(shipped_ones_are_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
