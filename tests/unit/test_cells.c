#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/cells.h"
#include "lib/cleanup.h"
#include "lib/str.h"

#define BOOTS 16

/* A run that is nothing but boots; what cells.c looks at is filled by hand. */
struct fixture {
	struct series_run run;
	struct run_boot boots[BOOTS];
	struct run_boot *list[BOOTS];
	struct result results[BOOTS][2];
	struct json_object *garbage[BOOTS * 3];
	size_t ngarbage;
};

static struct run_boot *add_boot(struct fixture *f, int step, int64_t id,
				 enum test_result a)
{
	size_t i = f->run.nboots++;
	struct run_boot *b = &f->boots[i];

	f->list[i] = b;
	f->run.boots = f->list;
	b->index = i;
	b->step = step;
	b->state = SCHED_DONE;
	b->boot.id = id;
	b->boot.status = BOOT_OK;
	b->results = f->results[i];
	b->nresults = 1;
	f->results[i][0] = (struct result){ .test = (char *)"suite/a", .result = a };
	return b;
}

static struct json_object *splat_list(struct fixture *f, const char *key)
{
	struct json_object *a = json_object_new_array(), *o = json_object_new_object();

	json_set_str(o, "key", key);
	json_object_array_add(a, o);
	f->garbage[f->ngarbage++] = a;
	return a;
}

static void fixture_done(struct fixture *f)
{
	for (size_t i = 0; i < f->ngarbage; i++)
		json_object_put(f->garbage[i]);
}

static struct cell_view look(struct fixture *f, int step, const char *test)
{
	return cell_view_of(&f->run, step, &(struct subject){ .test = test });
}

static void one_failure_is_not_yet_a_failure(void **state)
{
	struct fixture f = { .ngarbage = 0 };

	(void)state;
	add_boot(&f, 1, 10, RESULT_FAIL);
	assert_int_equal(look(&f, 1, "suite/a").cell.state, CELL_ONCE);
	add_boot(&f, 1, 11, RESULT_TIMEOUT);
	assert_int_equal(look(&f, 1, "suite/a").cell.state, CELL_FAIL);
	assert_int_equal(look(&f, 1, "suite/a").cell.runs, 2);
	assert_int_equal(look(&f, 1, "suite/a").cell.failures, 2);
	assert_ptr_equal(look(&f, 1, "suite/a").bad, &f.boots[0]);
	/* The guest itself came up and ended. */
	assert_int_equal(look(&f, 1, NULL).cell.state, CELL_PASS);
	assert_int_equal(look(&f, 2, "suite/a").cell.state, CELL_NONE);
}

static void a_repeat_that_passes_makes_it_flaky(void **state)
{
	struct fixture f = { .ngarbage = 0 };

	(void)state;
	add_boot(&f, 1, 10, RESULT_FAIL);
	add_boot(&f, 1, 11, RESULT_PASS);
	assert_int_equal(look(&f, 1, "suite/a").cell.state, CELL_FLAKY);
	assert_int_equal(look(&f, 1, "suite/a").cell.failures, 1);
}

static void a_boot_taken_over_counts_once(void **state)
{
	struct fixture f = { .ngarbage = 0 };

	(void)state;
	add_boot(&f, 1, 10, RESULT_PASS);
	add_boot(&f, 2, 10, RESULT_PASS);
	assert_int_equal(look(&f, 1, "suite/a").cell.runs, 1);
	assert_int_equal(look(&f, 2, "suite/a").cell.runs, 0);
	assert_int_equal(look(&f, 2, "suite/a").cell.state, CELL_PASS);
}

static void a_lost_boot_is_infra_and_nothing_else(void **state)
{
	struct fixture f = { .ngarbage = 0 };

	(void)state;
	add_boot(&f, 1, 0, RESULT_FAIL)->lost = true;
	assert_int_equal(look(&f, 1, "suite/a").cell.state, CELL_INFRA);
	assert_int_equal(look(&f, 1, NULL).cell.state, CELL_INFRA);
	add_boot(&f, 1, 11, RESULT_PASS);
	assert_int_equal(look(&f, 1, "suite/a").cell.state, CELL_PASS);
}

static struct run_boot *without_program(struct fixture *f, int step, int64_t id,
					enum test_result result)
{
	struct run_boot *b = add_boot(f, step, id, result);
	struct json_object *o = json_object_new_object();

	json_set_str(o, "test", "suite/a");
	json_set_str(o, "result", test_result_str(result));
	b->unmade = json_object_new_array();
	json_object_array_add(b->unmade, o);
	f->garbage[f->ngarbage++] = b->unmade;
	return b;
}

static void what_a_compiler_says_is_not_asked_again(void **state)
{
	struct fixture f = { .ngarbage = 0 };

	(void)state;
	without_program(&f, 1, 10, RESULT_FAIL);
	assert_int_equal(look(&f, 1, "suite/a").cell.state, CELL_FAIL);
	assert_int_equal(look(&f, 1, "suite/a").cell.runs, 1);
	without_program(&f, 2, 11, RESULT_SKIP);
	assert_int_equal(look(&f, 2, "suite/a").cell.state, CELL_SKIP);
	/* The guest that ran without it is another matter. */
	assert_int_equal(look(&f, 1, NULL).cell.state, CELL_PASS);
	fixture_done(&f);
}

static void a_program_that_was_lost_is_infra(void **state)
{
	struct fixture f = { .ngarbage = 0 };

	(void)state;
	without_program(&f, 1, 10, RESULT_NOT_RUN);
	assert_int_equal(look(&f, 1, "suite/a").cell.state, CELL_INFRA);
	assert_int_equal(look(&f, 1, NULL).cell.state, CELL_PASS);
	/* Not reached by the guest, in the tier that has it. */
	add_boot(&f, 2, 11, RESULT_NOT_RUN);
	assert_int_equal(look(&f, 2, "suite/a").cell.state, CELL_NONE);
	fixture_done(&f);
}

static void a_splat_of_the_base_is_nobodys_fault(void **state)
{
	struct fixture f = { .ngarbage = 0 };
	struct run_boot *base = add_boot(&f, 0, 10, RESULT_SPLAT);
	struct run_boot *same = add_boot(&f, 1, 11, RESULT_SPLAT);
	struct run_boot *other = add_boot(&f, 2, 12, RESULT_SPLAT);

	(void)state;
	base->results[0].splats = splat_list(&f, "WARNING mm/old.c f");
	same->results[0].splats = splat_list(&f, "WARNING mm/old.c f");
	other->results[0].splats = splat_list(&f, "BUG mm/new.c g");
	assert_int_equal(look(&f, 0, "suite/a").cell.state, CELL_PASS);
	assert_ptr_equal(look(&f, 0, "suite/a").known_splat, base);
	assert_int_equal(look(&f, 1, "suite/a").cell.state, CELL_PASS);
	assert_ptr_equal(look(&f, 1, "suite/a").known_splat, same);
	assert_ptr_equal(look(&f, 1, "suite/a").known_result, &same->results[0]);
	assert_int_equal(look(&f, 2, "suite/a").cell.state, CELL_ONCE);
	fixture_done(&f);
}

static void a_known_issue_is_nobodys_fault(void **state)
{
	static const struct known_issue issue = { .reason = (char *)"r" };
	const struct known_issue *explained[1] = { &issue }, *not [1] = { NULL };
	struct fixture f = { .ngarbage = 0 };
	struct cell_view v;

	(void)state;
	/* Also where the base happened to pass. */
	add_boot(&f, 0, 9, RESULT_PASS);
	add_boot(&f, 1, 10, RESULT_FAIL)->issues = explained;
	v = look(&f, 1, "suite/a");
	assert_int_equal(v.cell.state, CELL_PASS);
	assert_int_equal(v.cell.failures, 0);
	assert_ptr_equal(v.issue, &issue);
	assert_ptr_equal(v.issue_boot, &f.boots[1]);
	assert_ptr_equal(v.issue_result, &f.results[1][0]);
	assert_null(v.bad);
	assert_false(boot_is_bad(&f.run, &f.boots[1], "suite/a"));
	/* Another failure of the same test is one. */
	add_boot(&f, 2, 11, RESULT_FAIL)->issues = not ;
	v = look(&f, 2, "suite/a");
	assert_int_equal(v.cell.state, CELL_ONCE);
	assert_null(v.issue);
	assert_true(boot_is_bad(&f.run, &f.boots[2], "suite/a"));
}

static void a_splat_outside_of_tests_is_the_boots(void **state)
{
	struct fixture f = { .ngarbage = 0 };
	struct run_boot *b;

	(void)state;
	add_boot(&f, 0, 10, RESULT_PASS);
	b = add_boot(&f, 1, 11, RESULT_PASS);
	b->boot.splats = splat_list(&f, "WARNING kernel/x.c h");
	assert_int_equal(look(&f, 1, NULL).cell.state, CELL_ONCE);
	assert_int_equal(look(&f, 1, "suite/a").cell.state, CELL_PASS);
	/* Of the base, too: good, and told. */
	f.boots[0].boot.splats = splat_list(&f, "WARNING kernel/x.c h");
	assert_int_equal(look(&f, 1, NULL).cell.state, CELL_PASS);
	assert_ptr_equal(look(&f, 1, NULL).known_splat, b);
	fixture_done(&f);
}

static void a_panic_under_a_test_is_the_tests(void **state)
{
	struct fixture f = { .ngarbage = 0 };
	struct run_boot *b = add_boot(&f, 1, 10, RESULT_CRASH);

	(void)state;
	b->boot.status = BOOT_PANIC;
	b->results[0].seconds = DB_NO_REAL;
	assert_int_equal(look(&f, 1, NULL).cell.state, CELL_PASS);
	assert_int_equal(look(&f, 1, "suite/a").cell.state, CELL_ONCE);
	/* Before any test it is the boot's. */
	b = add_boot(&f, 2, 11, RESULT_NOT_RUN);
	b->boot.status = BOOT_PANIC;
	assert_int_equal(look(&f, 2, NULL).cell.state, CELL_ONCE);
	assert_int_equal(look(&f, 2, "suite/a").cell.state, CELL_NONE);
}

/* A test that came to its own end, however badly, did not take the guest with it. */
static void a_panic_after_a_bad_test_is_the_boots(void **state)
{
	static const enum test_result bad[] = { RESULT_FAIL, RESULT_CRASH,
						RESULT_TIMEOUT };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct fixture f = { .ngarbage = 0 };
		struct run_boot *b = add_boot(&f, 1, 10, bad[i]);

		b->boot.status = BOOT_PANIC;
		b->results[0].seconds = 0.005;
		assert_int_equal(look(&f, 1, NULL).cell.state, CELL_ONCE);
		assert_int_equal(look(&f, 1, "suite/a").cell.state, CELL_ONCE);
		/* Unless it died under the next. */
		b->results[1] = (struct result){ .test = (char *)"suite/b",
						 .result = RESULT_CRASH,
						 .seconds = DB_NO_REAL };
		b->nresults = 2;
		assert_int_equal(look(&f, 1, NULL).cell.state, CELL_PASS);
		assert_int_equal(look(&f, 1, "suite/b").cell.state, CELL_ONCE);
	}
}

/* The boot for what was not reached leaves out the tests that the first died after. */
static void a_boot_for_the_rest_does_not_clear_the_first(void **state)
{
	struct fixture f = { .ngarbage = 0 };
	struct run_boot *b = add_boot(&f, 1, 10, RESULT_PASS);

	(void)state;
	b->boot.status = BOOT_PANIC;
	add_boot(&f, 1, 11, RESULT_PASS)->role = BOOT_REST;
	assert_int_equal(look(&f, 1, NULL).cell.state, CELL_ONCE);
	b = add_boot(&f, 1, 12, RESULT_PASS);
	b->role = BOOT_CONFIRM;
	b->boot.status = BOOT_RESET;
	assert_int_equal(look(&f, 1, NULL).cell.state, CELL_FAIL);
	b->boot.status = BOOT_OK;
	assert_int_equal(look(&f, 1, NULL).cell.state, CELL_FLAKY);
}

static void a_skip_is_not_a_pass(void **state)
{
	struct fixture f = { .ngarbage = 0 };

	(void)state;
	add_boot(&f, 1, 10, RESULT_SKIP)->results[0].reason = (char *)"needs two nodes";
	assert_int_equal(look(&f, 1, "suite/a").cell.state, CELL_SKIP);
	assert_string_equal(look(&f, 1, "suite/a").skip_reason, "needs two nodes");
}

static void settled_means_all_of_them(void **state)
{
	struct fixture f = { .ngarbage = 0 };

	(void)state;
	assert_false(cell_settled(&f.run, 0, &(struct subject){ .deep = false }));
	add_boot(&f, 0, 10, RESULT_PASS);
	assert_true(cell_settled(&f.run, 0, &(struct subject){ .deep = false }));
	add_boot(&f, 0, 11, RESULT_PASS)->state = SCHED_RUNNING;
	assert_false(cell_settled(&f.run, 0, &(struct subject){ .deep = false }));
}

static void tiers_are_apart(void **state)
{
	const struct subject deep = { .deep = true, .test = "suite/a" };
	const struct subject boot = { .deep = true };
	struct fixture f = { .ngarbage = 0 };

	(void)state;
	add_boot(&f, 1, 10, RESULT_PASS);
	/* Not looked at there: not lost, not passed. */
	assert_int_equal(cell_view_of(&f.run, 1, &deep).cell.state, CELL_NONE);
	assert_int_equal(cell_view_of(&f.run, 1, &boot).cell.state, CELL_NONE);
	assert_false(cell_settled(&f.run, 1, &boot));
	add_boot(&f, 2, 0, RESULT_PASS)->lost = true;
	assert_int_equal(cell_view_of(&f.run, 2, &deep).cell.state, CELL_NONE);
	/* And a guest that only deep tests bring down. */
	add_boot(&f, 3, 11, RESULT_PASS);
	add_boot(&f, 3, 12, RESULT_NOT_RUN)->deep = true;
	f.boots[3].boot.status = BOOT_PANIC;
	assert_int_equal(look(&f, 3, NULL).cell.state, CELL_PASS);
	assert_int_equal(cell_view_of(&f.run, 3, &boot).cell.state, CELL_ONCE);
}

static void a_splat_is_known_from_either_tier(void **state)
{
	struct fixture f = { .ngarbage = 0 };
	struct run_boot *base = add_boot(&f, 0, 10, RESULT_SPLAT);
	struct run_boot *same = add_boot(&f, 1, 11, RESULT_SPLAT);

	(void)state;
	base->deep = true;
	base->results[0].splats = splat_list(&f, "WARNING mm/old.c f");
	same->results[0].splats = splat_list(&f, "WARNING mm/old.c f");
	assert_int_equal(look(&f, 1, "suite/a").cell.state, CELL_PASS);
	fixture_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_failure_is_not_yet_a_failure),
		cmocka_unit_test(a_repeat_that_passes_makes_it_flaky),
		cmocka_unit_test(a_boot_taken_over_counts_once),
		cmocka_unit_test(a_lost_boot_is_infra_and_nothing_else),
		cmocka_unit_test(what_a_compiler_says_is_not_asked_again),
		cmocka_unit_test(a_program_that_was_lost_is_infra),
		cmocka_unit_test(a_splat_of_the_base_is_nobodys_fault),
		cmocka_unit_test(a_known_issue_is_nobodys_fault),
		cmocka_unit_test(a_splat_outside_of_tests_is_the_boots),
		cmocka_unit_test(a_panic_under_a_test_is_the_tests),
		cmocka_unit_test(a_panic_after_a_bad_test_is_the_boots),
		cmocka_unit_test(a_boot_for_the_rest_does_not_clear_the_first),
		cmocka_unit_test(a_skip_is_not_a_pass),
		cmocka_unit_test(settled_means_all_of_them),
		cmocka_unit_test(tiers_are_apart),
		cmocka_unit_test(a_splat_is_known_from_either_tier),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
