/* What the queue says of each step of a series that runs. */
#include "tests/unit/db_fixture.h"

#include "web/step_state.h"

#define STEPS 8

static int setup(void **state)
{
	static struct fixture f;

	fixture_init(&f);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	fixture_done(*state);
	return 0;
}

static void states_are(struct fixture *f, int64_t id, const char *wanted,
		       const char *const *want)
{
	struct series_view v;

	assert_int_equal(series_view_load(f->db, id, &v, &f->err), 1);
	json_object_put(v.series.wanted);
	v.series.wanted = wanted ? j(wanted) : NULL;
	assert_int_equal(v.nsteps, STEPS);
	for (size_t i = 0; i < v.nsteps; i++) {
		struct step_state s;
		AUTO_FREE char *text = NULL;

		step_state_of(&v, &v.steps[i], &s);
		text = str_printf("%d %s", s.mark, s.words);
		assert_string_equal(text, want[i]);
	}
	series_view_done(&v);
}

static char *is(enum mark mark, const char *words)
{
	return str_printf("%d %s", mark, words);
}

/* Built is not booted, and on one topology is not on all; what is wrong is said at once. */
static void test_each_apart(void **state)
{
	struct fixture *f = *state;
	int64_t id = add_series(f, "a@x", 1, "s");
	char *want[STEPS] = {
		is(MARK_PASS, ""),      is(MARK_NONE, "1 of 2 pass"), is(MARK_FAIL, ""),
		is(MARK_NONE, "built"), is(MARK_FAIL, "build fails"), is(MARK_NONE, ""),
		is(MARK_PASS, ""),      is(MARK_INFRA, "build lost"),
	};
	static const enum build_status builds[STEPS] = {
		BUILD_OK,   BUILD_OK,      BUILD_OK, BUILD_OK,
		BUILD_FAIL, BUILD_SKIPPED, BUILD_OK, BUILD_INFRA,
	};
	struct step_boot known = { .series_id = id,
				   .step = 6,
				   .config = "mlock",
				   .arch = "x86_64",
				   .topology = "numa2",
				   .n = 1 };

	add_steps(f, id, STEPS, "p");
	for (int i = 0; i < STEPS; i++)
		if (builds[i] != BUILD_SKIPPED)
			add_build(f, (unsigned int)i + 1, id, i, builds[i]);
	add_boot(f, 1, id, 0, "smp4", "a/b", RESULT_PASS, NULL);
	add_boot(f, 2, id, 0, "numa2", "a/b", RESULT_PASS, NULL);
	add_boot(f, 3, id, 1, "smp4", "a/b", RESULT_PASS, NULL);
	add_boot(f, 4, id, 2, "numa2", "a/b", RESULT_FAIL, "saw 2");
	add_boot(f, 5, id, 6, "smp4", "a/b", RESULT_PASS, NULL);
	known.boot_id = add_boot(f, 6, id, 6, "numa2", "a/b", RESULT_FAIL, "saw 2");
	known.known = j("[{\"test\":\"a/b\",\"reason\":\"why\"}]");
	ok(f, step_boot_put(f->db, &known, &f->err));
	json_object_put(known.known);
	states_are(f, id, "{\"configs\":[\"mlock\"],\"topologies\":[\"smp4\",\"numa2\"]}",
		   (const char *const *)want);
	for (size_t i = 0; i < STEPS; i++)
		free(want[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_each_apart, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
