#include "tests/unit/db_fixture.h"

#include "lib/json.h"
#include "lib/text.h"
#include "web/cell.h"
#include "web/document.h"

static const char evil[] = "\xff<script>\"&'\x1b]0;x\x07";

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

static int64_t seed(struct fixture *f)
{
	int64_t id = add_series(f, "msg@x", 2, evil);
	struct verdict v = VERDICT_INIT;

	add_steps(f, id, 3, evil);
	for (int i = 0; i < 3; i++) {
		add_build(f, (unsigned int)i, id, i, i == 2 ? BUILD_FAIL : BUILD_OK);
		if (i < 2)
			add_boot(f, (unsigned int)i, id, i, "numa2", "a/b",
				 i ? RESULT_FAIL : RESULT_PASS, evil);
	}
	v.kind = KIND_TEST;
	v.verdict = VERDICT_INTRODUCED;
	v.config = str_dup("mlock");
	v.topology = str_dup("numa2");
	v.test = str_dup("a/b");
	v.from_step = 1;
	v.candidates = j("[1]");
	v.runs = 2;
	v.failures = 1;
	v.reason = str_dup(evil);
	v.evidence = j("[\"a line\"]");
	ok(f, verdict_replace(f->db, id, &v, 1, SERIES_DONE, &f->err));
	verdict_done(&v);
	return id;
}

static struct json_object *at(struct json_object *a, size_t i)
{
	return json_object_array_get_idx(a, i);
}

static void has_keys(struct json_object *o, const char *keys)
{
	char **v = strv_split(keys, " ");

	for (char **k = v; *k; k++)
		if (!json_object_object_get_ex(o, *k, NULL))
			fail_msg("no key %s", *k);
	strv_free(v);
}

/* The keys of the issue, all there. */
static void test_keys(void **state)
{
	struct fixture *f = *state;
	AUTO_JSON struct json_object *d = NULL;
	struct json_object *step, *build, *boot, *test, *v;

	assert_int_equal(document_series(f->db, seed(f), &d, &f->err), 1);
	assert_string_equal(json_str(d, "schema", ""), "sluice/1");
	has_keys(d, "schema series base steps verdicts");
	has_keys(json_obj(d, "series"), "message_id subject author version patches");
	has_keys(json_obj(d, "base"), "tree commit how tried");
	assert_int_equal(json_len(json_arr(d, "steps")), 3);
	step = at(json_arr(d, "steps"), 1);
	has_keys(step, "step subject message_id apply builds boots");
	build = at(json_arr(step, "builds"), 0);
	has_keys(build, "config arch status seconds reused image new_warnings not_built");
	assert_true(str_starts(json_str(build, "image", ""), "sha256:"));
	boot = at(json_arr(step, "boots"), 0);
	has_keys(boot, "run config topology status seconds reused tests");
	test = at(json_arr(boot, "tests"), 0);
	has_keys(test, "test result reason");
	v = at(json_arr(d, "verdicts"), 0);
	has_keys(
		v,
		"kind config topology test verdict from until candidates repairs runs failures "
		"probability");
}

static void test_values(void **state)
{
	struct fixture *f = *state;
	AUTO_JSON struct json_object *d = NULL;
	struct json_object *steps, *v, *null = NULL;

	assert_int_equal(document_series(f->db, seed(f), &d, &f->err), 1);
	steps = json_arr(d, "steps");
	assert_string_equal(json_str(at(steps, 0), "apply", ""), "base");
	assert_int_equal(json_int(at(steps, 0), "step", -1), 0);
	assert_string_equal(
		json_str(at(json_arr(at(steps, 2), "builds"), 0), "status", ""), "fail");
	assert_int_equal(json_len(json_arr(at(steps, 2), "boots")), 0);
	v = at(json_arr(d, "verdicts"), 0);
	assert_int_equal(json_int(v, "from", -1), 1);
	assert_true(json_object_object_get_ex(v, "until", &null));
	assert_null(null);
	assert_true(json_object_object_get_ex(v, "probability", &null));
	assert_null(null);
	assert_string_equal(json_str(json_obj(d, "base"), "how", ""), "blobs");
}

/* Whatever came in: valid UTF-8, no controls, parses again. */
static void test_hostile_strings(void **state)
{
	struct fixture *f = *state;
	AUTO_JSON struct json_object *d = NULL;
	AUTO_JSON struct json_object *again = NULL;
	const char *text;

	assert_int_equal(document_series(f->db, seed(f), &d, &f->err), 1);
	text = json_object_to_json_string(d);
	assert_true(text_is_utf8(text, strlen(text)));
	assert_null(strchr(text, 0x1b));
	assert_null(strstr(text, "\\u001b"));
	ok(f, json_parse(text, strlen(text), &again, &f->err));
	assert_non_null(
		strstr(json_str(json_obj(d, "series"), "subject", ""), "<script>"));
}

static void test_run_and_list(void **state)
{
	struct fixture *f = *state;
	AUTO_JSON struct json_object *run = NULL;
	AUTO_JSON struct json_object *list = NULL;
	AUTO_JSON struct json_object *none = NULL;
	struct json_object *first;

	seed(f);
	assert_int_equal(document_run(f->db, 2, &run, &f->err), 1);
	has_keys(run,
		 "schema run config topology status seconds argv plan tests used_by");
	assert_int_equal(json_int(at(json_arr(run, "used_by"), 0), "step", -1), 1);
	assert_int_equal(document_run(f->db, 99, &none, &f->err), 0);
	assert_int_equal(document_series(f->db, 99, &none, &f->err), 0);
	assert_null(none);
	assert_int_equal(document_series_list(f->db, 1, &list, &f->err), 1);
	assert_int_equal(json_int(list, "total", -1), 1);
	first = at(json_arr(list, "series"), 0);
	assert_int_equal(json_int(json_obj(first, "verdicts"), "introduced", -1), 1);
}

static const struct column numa2 = { "mlock", "x86_64", "numa2" };
static const struct column build = { "mlock", "x86_64", NULL };

static void test_cells(void **state)
{
	struct fixture *f = *state;
	AUTO(series_view_done) struct series_view v = { .nsteps = 0 };
	int64_t id = seed(f);
	struct cell c;

	add_boot(f, 1, id, 1, "numa2", "a/b", RESULT_FAIL, "again");
	assert_int_equal(series_view_load(f->db, id, &v, &f->err), 1);
	cell_of(&v, 0, &numa2, &c);
	assert_int_equal(c.mark, MARK_PASS);
	assert_int_equal(c.tests, 1);
	cell_of(&v, 1, &numa2, &c);
	assert_int_equal(c.mark, MARK_FAIL);
	assert_int_equal(c.boots, 2);
	assert_int_equal(c.failing, 1);
	assert_string_equal(c.names[0], "a/b");
	cell_of(&v, 2, &numa2, &c);
	assert_int_equal(c.mark, MARK_NONE);
	assert_int_equal(cell_test(&v, 2, &build, NULL), MARK_FAIL);
	assert_int_equal(cell_test(&v, 1, &numa2, "a/b"), MARK_FAIL);
	assert_int_equal(cell_test(&v, 0, &numa2, "a/b"), MARK_PASS);
	assert_int_equal(cell_test(&v, 0, &numa2, "no/such"), MARK_NONE);
}

static void test_cell_that_passed_again_is_flaky(void **state)
{
	struct fixture *f = *state;
	AUTO(series_view_done) struct series_view v = { .nsteps = 0 };
	int64_t id = seed(f);
	struct cell c;

	add_boot(f, 1, id, 1, "numa2", "a/b", RESULT_PASS, NULL);
	assert_int_equal(series_view_load(f->db, id, &v, &f->err), 1);
	cell_of(&v, 1, &numa2, &c);
	assert_int_equal(c.mark, MARK_FLAKY);
	assert_int_equal(cell_test(&v, 1, &numa2, "a/b"), MARK_FLAKY);
}

/* The first boot panicked, the rest ran without it: the cell stays failed. */
static void test_cell_with_a_panic(void **state)
{
	struct fixture *f = *state;
	AUTO(series_view_done) struct series_view v = { .nsteps = 0 };
	int64_t id = seed(f);
	struct boot b;
	struct result r = { .test = "a/crash", .result = RESULT_CRASH };
	struct step_boot cell = { .series_id = id,
				  .step = 2,
				  .config = "mlock",
				  .arch = "x86_64",
				  .topology = "numa2" };
	struct cell c;

	boot_fill(f, &b, 50, "numa2");
	b.status = BOOT_PANIC;
	ok(f, boot_put(f->db, &b, &r, 1, &cell, &f->err));
	boot_done(&b);
	add_boot(f, 50, id, 2, "numa2", "a/b", RESULT_PASS, NULL);
	assert_int_equal(series_view_load(f->db, id, &v, &f->err), 1);
	cell_of(&v, 2, &numa2, &c);
	assert_int_equal(c.mark, MARK_FAIL);
	assert_int_equal(c.status, BOOT_PANIC);
	assert_int_equal(c.tests, 2);
	assert_int_equal(cell_test(&v, 2, &numa2, "a/b"), MARK_PASS);
	assert_int_equal(cell_test(&v, 2, &numa2, "a/crash"), MARK_FAIL);
}

/* Of a boot that was lost, what it was to run is lost, and nothing else. */
static void test_cell_that_was_not_to_run_it(void **state)
{
	struct fixture *f = *state;
	AUTO(series_view_done) struct series_view v = { .nsteps = 0 };
	int64_t id = seed(f);
	struct boot b;
	struct step_boot cell = { .series_id = id,
				  .step = 2,
				  .config = "mlock",
				  .arch = "x86_64",
				  .topology = "numa2" };

	boot_fill(f, &b, 50, "numa2");
	b.status = BOOT_INFRA;
	b.infra = true;
	b.plan = j("[{\"test\":\"a/b\",\"argv\":[],\"deadline_ms\":1}]");
	ok(f, boot_put(f->db, &b, NULL, 0, &cell, &f->err));
	boot_done(&b);
	assert_int_equal(series_view_load(f->db, id, &v, &f->err), 1);
	assert_int_equal(cell_test(&v, 2, &numa2, "a/b"), MARK_INFRA);
	assert_int_equal(cell_test(&v, 2, &numa2, "a-deep/b"), MARK_NONE);
}

/* A deep boot that passed says nothing of the quick one, which was lost beside it. */
static void test_cell_with_a_lost_boot(void **state)
{
	struct fixture *f = *state;
	AUTO(series_view_done) struct series_view v = { .nsteps = 0 };
	int64_t id = seed(f);
	struct result before = { .test = "a/a", .result = RESULT_PASS };
	struct boot b;
	struct step_boot lost = { .series_id = id,
				  .config = "mlock",
				  .arch = "x86_64",
				  .topology = "numa2" };
	struct cell c;

	for (int step = 1; step <= 2; step++) {
		boot_fill(f, &b, 50, "numa2");
		b.status = BOOT_INFRA;
		b.infra = true;
		b.plan = j("[{\"test\":\"a/a\"},{\"test\":\"a/b\"}]");
		lost.step = step;
		ok(f, boot_put(f->db, &b, &before, 1, &lost, &f->err));
		boot_done(&b);
	}
	add_boot(f, 51, id, 2, "numa2", "a-deep/b", RESULT_PASS, NULL);
	assert_int_equal(series_view_load(f->db, id, &v, &f->err), 1);
	cell_of(&v, 2, &numa2, &c);
	assert_int_equal(c.mark, MARK_INFRA);
	assert_int_equal(c.lost, 1);
	assert_int_equal(c.boots, 2);
	assert_int_equal(c.tests, 1);
	assert_int_equal(cell_test(&v, 2, &numa2, NULL), MARK_INFRA);
	assert_int_equal(cell_test(&v, 2, &numa2, "a-deep/b"), MARK_PASS);
	assert_int_equal(cell_test(&v, 2, &numa2, "a/b"), MARK_INFRA);
	/* What it got done does not count. */
	assert_int_equal(cell_test(&v, 2, &numa2, "a/a"), MARK_INFRA);
	assert_int_equal(cell_test(&v, 2, &numa2, "a-deep/c"), MARK_NONE);
	/* A failure stays one, whatever was lost beside it. */
	cell_of(&v, 1, &numa2, &c);
	assert_int_equal(c.mark, MARK_FAIL);
	assert_int_equal(c.lost, 1);
}

static void test_columns_in_the_order_asked_for(void **state)
{
	struct fixture *f = *state;
	AUTO(series_view_done) struct series_view v = { .nsteps = 0 };
	AUTO_FREE struct column *cols = NULL;
	int64_t id = seed(f);
	size_t n;

	add_boot(f, 7, id, 1, "smp4", "a/b", RESULT_PASS, NULL);
	add_boot(f, 8, id, 1, "cpuless", "a/b", RESULT_PASS, NULL);
	assert_int_equal(series_view_load(f->db, id, &v, &f->err), 1);
	v.series.wanted =
		j("{\"configs\":[\"mlock\"],\"topologies\":[\"smp4\",\"numa2\"]}");
	cols = view_columns(&v, &n);
	assert_int_equal(n, 4);
	assert_null(cols[0].topology);
	assert_string_equal(cols[1].topology, "smp4");
	assert_string_equal(cols[2].topology, "numa2");
	assert_string_equal(cols[3].topology, "cpuless");
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_keys),
		T(test_values),
		T(test_hostile_strings),
		T(test_run_and_list),
		T(test_cells),
		T(test_cell_that_passed_again_is_flaky),
		T(test_cell_with_a_panic),
		T(test_cell_that_was_not_to_run_it),
		T(test_cell_with_a_lost_boot),
		T(test_columns_in_the_order_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
