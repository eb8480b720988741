#include "tests/unit/cm.h"

#include "lib/cleanup.h"
#include "lib/paths.h"
#include "runners/suite.h"
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
	expect_error("[suite]\n[test x]\nprogram = ../init\n", "program must name");
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
		cmocka_unit_test(tiers),      cmocka_unit_test(shipped_ones_are_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
