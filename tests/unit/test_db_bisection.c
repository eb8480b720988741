/*
 * What the database knows of a bisection: the same question is the same row, the last
 * word on a commit holds, and runs count by image, whichever series they were for.
 */
#include "db/bisection.h"
#include "db/history.h"
#include "db/queue.h"
#include "db/row.h"
#include "db/turned.h"
#include "tests/unit/db_fixture.h"

static struct bisection question(void)
{
	return (struct bisection){ .tree = "debian",
				   .good = "good",
				   .bad = "bad",
				   .config = "mlock",
				   .arch = "x86_64",
				   .topology = "numa2",
				   .accel = "tcg",
				   .test = "mm/x" };
}

/* A boot of a step whose plan has the test; RESULT_NOT_RUN: the guest died before. */
static void add_planned(struct fixture *f, unsigned int key, int64_t series, int64_t step,
			enum test_result result, int64_t finished)
{
	struct boot b;
	struct result r = { .result = result,
			    .console_from = DB_NO_INT,
			    .console_to = DB_NO_INT };
	struct step_boot c = { .series_id = series, .step = step };

	boot_fill(f, &b, key, "numa2");
	b.plan = j("[{\"test\":\"mm/x\"}]");
	b.finished = finished;
	r.test = str_dup("mm/x");
	c.config = str_dup("mlock");
	c.arch = str_dup("x86_64");
	c.topology = str_dup("numa2");
	ok(f, boot_put(f->db, &b, &r, 1, &c, &f->err));
	boot_done(&b);
	result_done(&r);
	step_boot_done(&c);
}

static void test_same_question(void **state)
{
	struct fixture f;
	struct bisection q = question();
	int64_t id, again, other, created;

	(void)state;
	fixture_init(&f);
	ok(&f, bisection_open(f.db, &q, &id, &created, &f.err));
	assert_true(created > 0);
	ok(&f, bisection_open(f.db, &q, &again, &created, &f.err));
	assert_int_equal(id, again);
	q.accel = "kvm";
	ok(&f, bisection_open(f.db, &q, &other, &created, &f.err));
	assert_int_not_equal(id, other);
	fixture_done(&f);
}

static void test_marks(void **state)
{
	struct fixture f;
	struct bisection q = question();
	struct bisection_mark *list;
	int64_t id, created;
	size_t n;

	(void)state;
	fixture_init(&f);
	ok(&f, bisection_open(f.db, &q, &id, &created, &f.err));
	ok(&f, bisection_mark_put(f.db, id, "one", true, &f.err));
	ok(&f, bisection_mark_put(f.db, id, "two", false, &f.err));
	ok(&f, bisection_mark_put(f.db, id, "one", false, &f.err));
	ok(&f, bisection_marks(f.db, id, &list, &n, &f.err));
	assert_int_equal(n, 2);
	assert_string_equal(list[0].commit_id, "one");
	assert_false(list[0].bad);
	bisection_marks_free(list, n);
	fixture_done(&f);
}

static void test_steps(void **state)
{
	struct fixture f;
	struct bisection q = question();
	struct bisection_step put = { .commit_id = "one",
				      .why = "because",
				      .gain = 0.5,
				      .runs = 3,
				      .failures = 1,
				      .likeliest_p = 0.25 };
	struct bisection_step *list;
	int64_t id, created;
	size_t n;

	(void)state;
	fixture_init(&f);
	ok(&f, bisection_open(f.db, &q, &id, &created, &f.err));
	ok(&f, bisection_step_put(f.db, id, &put, &f.err));
	put.commit_id = put.likeliest = "two";
	ok(&f, bisection_step_put(f.db, id, &put, &f.err));
	ok(&f, bisection_steps(f.db, id, &list, &n, &f.err));
	assert_int_equal(n, 2);
	assert_int_equal(list[0].n, 1);
	assert_null(list[0].likeliest);
	assert_int_equal(list[1].n, 2);
	assert_string_equal(list[1].likeliest, "two");
	assert_int_equal(list[1].runs, 3);
	assert_true(list[1].gain == 0.5);
	bisection_steps_free(list, n);
	fixture_done(&f);
}

static const struct bisection_seen *find(const struct bisection_seen *list, size_t n,
					 int commit)
{
	AUTO_FREE char *id = str_printf("%040d", commit);

	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].commit_id, id) == 0)
			return &list[i];
	return NULL;
}

static void test_seen(void **state)
{
	struct fixture f;
	struct bisection q = question();
	struct bisection_seen *list;
	const struct bisection_seen *s;
	int64_t series, other;
	size_t n;

	(void)state;
	fixture_init(&f);
	series = add_series(&f, "a@x", 1, "one");
	add_steps(&f, series, 6, "x");
	other = add_series(&f, "b@x", 1, "two");
	add_steps(&f, other, 2, "x");
	/* Commit 0: two runs of one image, one of them for another series. */
	add_planned(&f, 10, series, 0, RESULT_PASS, 100);
	add_planned(&f, 10, other, 0, RESULT_FAIL, 200);
	/* Commit 1: failed before, and since; once the guest did not come to it. */
	add_planned(&f, 11, series, 1, RESULT_CRASH, 100);
	add_planned(&f, 11, series, 1, RESULT_FAIL, 900);
	add_planned(&f, 11, series, 1, RESULT_NOT_RUN, 900);
	/* Commit 2 does not build, 3 was booted without the test, 4 not at all, in 5 it was
	 * skipped. */
	add_build(&f, 2, series, 2, BUILD_FAIL);
	add_boot(&f, 13, series, 3, "numa2", "mm/y", RESULT_FAIL, NULL);
	add_planned(&f, 15, series, 5, RESULT_SKIP, 900);
	q.created = 500;
	ok(&f, bisection_seen(f.db, &q, &list, &n, &f.err));
	assert_int_equal(n, 4);
	s = find(list, n, 0);
	assert_non_null(s);
	assert_int_equal(s->runs, 2);
	assert_int_equal(s->failures, 1);
	assert_int_equal(s->before, 1);
	s = find(list, n, 1);
	assert_non_null(s);
	assert_int_equal(s->boots, 3);
	assert_int_equal(s->runs, 2);
	assert_int_equal(s->failures, 2);
	assert_int_equal(s->before, 1);
	s = find(list, n, 2);
	assert_non_null(s);
	assert_null(s->key);
	s = find(list, n, 5);
	assert_non_null(s);
	assert_int_equal(s->boots, 1);
	assert_int_equal(s->runs, 0);
	assert_int_equal(s->skips, 1);
	bisection_seen_free(list, n);
	fixture_done(&f);
}

/* What a bisection boots is not held to be good. */
static void test_history_without_bisections(void **state)
{
	const struct history_of of = { .config = "mlock",
				       .arch = "x86_64",
				       .topology = "numa2",
				       .accel = "tcg",
				       .test = "mm/x",
				       .not_series = 0 };
	struct history past;
	struct fixture f;
	int64_t base, bisected;

	(void)state;
	fixture_init(&f);
	base = add_series(&f, "a@x", 1, "one");
	add_steps(&f, base, 1, "x");
	bisected = add_series(&f, "bisect-1234", 1, "two");
	add_steps(&f, bisected, 1, "x");
	add_planned(&f, 10, base, 0, RESULT_PASS, 100);
	for (int i = 0; i < 3; i++)
		add_planned(&f, 11, bisected, 0, RESULT_PASS, 100);
	add_planned(&f, 11, bisected, 0, RESULT_FAIL, 100);
	ok(&f, history_of_test(f.db, &of, &past, &f.err));
	assert_int_equal(past.runs, 1);
	assert_int_equal(past.failures, 0);
	fixture_done(&f);
}

/* Wanted by the worker, queued by the daemon, ended, and open again with a mark. */
static void test_wanted(void **state)
{
	struct fixture f;
	struct bisection q = question(), b;
	struct queue_job job = { .kind = QUEUE_BISECT, .posting_id = DB_NO_INT };
	struct bisection *list;
	struct json_object *end = j("{\"word\":\"found\",\"commits\":[{}]}");
	int64_t id, created;
	size_t n;

	(void)state;
	fixture_init(&f);
	assert_int_equal(bisection_same(f.db, &q, &id, &created, &f.err), 0);
	assert_int_equal(bisection_next_wanted(f.db, &b, &f.err), 0);
	ok(&f, bisection_want(f.db, &q, &f.err));
	ok(&f, bisection_want(f.db, &q, &f.err));
	assert_int_equal(bisection_next_wanted(f.db, &b, &f.err), 1);
	assert_true(b.wanted);
	assert_string_equal(bisection_state(&b), "wanted");
	q.arch = q.accel = NULL; /* of any */
	assert_int_equal(bisection_same(f.db, &q, &id, &created, &f.err), 1);
	assert_int_equal(id, b.id);
	job.list = str_dup("");
	job.sender = str_dup("sluice");
	job.subject = str_dup("bisect");
	job.tree = str_dup("debian");
	job.request = json_object_new_object();
	job.bisection_id = id;
	ok(&f, queue_add(f.db, &job, &f.err));
	bisection_done(&b);
	ok(&f, db_exec(f.db, "UPDATE job SET reason = 'the disk is full'", &f.err));
	assert_int_equal(bisection_next_wanted(f.db, &b, &f.err), 0);
	ok(&f, bisection_list(f.db, 9, &list, &n, &f.err));
	assert_int_equal(n, 1);
	assert_int_equal(list[0].job, job.id);
	assert_string_equal(bisection_state(&list[0]), "queued");
	assert_string_equal(list[0].job_reason, "the disk is full");
	bisection_list_free(list, n);
	ok(&f, bisection_end(f.db, id, end, &f.err));
	ok(&f, bisection_set_revert(f.db, id, "one", NULL, "a merge", &f.err));
	assert_int_equal(bisection_find(f.db, id, &b, &f.err), 1);
	assert_string_equal(json_str(b.outcome, "word", ""), "found");
	assert_true(b.ended > 0);
	assert_string_equal(b.revert_why, "a merge");
	bisection_done(&b);
	ok(&f, bisection_list_found(f.db, "debian", "bad", &list, &n, &f.err));
	assert_int_equal(n, 1);
	bisection_list_free(list, n);
	ok(&f, bisection_mark_put(f.db, id, "one", false, &f.err));
	assert_int_equal(bisection_find(f.db, id, &b, &f.err), 1);
	assert_null(b.outcome);
	bisection_done(&b);
	json_object_put(end);
	queue_job_done(&job);
	fixture_done(&f);
}

/* Which bases passed, and whether a search for what broke the test is known. */
static void test_turned(void **state)
{
	struct fixture f;
	struct bisection q = question();
	struct good_base *list;
	int64_t good, flaky, searched;
	size_t n;

	(void)state;
	fixture_init(&f);
	good = add_series(&f, "a@x", 1, "one");
	add_steps(&f, good, 1, "x");
	flaky = add_series(&f, "b@x", 1, "two");
	add_steps(&f, flaky, 1, "x");
	searched = add_series(&f, "bisect-12", 1, "three");
	add_steps(&f, searched, 1, "x");
	ok(&f, db_exec(f.db, "UPDATE series SET tree = 'debian', base_commit = 'c' || id",
		       &f.err));
	add_planned(&f, 10, good, 0, RESULT_PASS, 300);
	add_planned(&f, 11, flaky, 0, RESULT_PASS, 400);
	add_planned(&f, 11, flaky, 0, RESULT_FAIL, 410);
	add_planned(&f, 12, searched, 0, RESULT_PASS, 500);
	ok(&f, turned_good_bases(f.db, &q, 9, &list, &n, &f.err));
	assert_int_equal(n, 1);
	assert_int_equal(list[0].finished, 300);
	q.good = list[0].commit_id;
	assert_int_equal(turned_is_known(f.db, &q, INT64_MAX, &f.err), 0);
	/* One from there, one that waits, and none of another test. */
	ok(&f, bisection_want(f.db, &q, &f.err));
	q.good = "else";
	assert_int_equal(turned_is_known(f.db, &q, INT64_MAX, &f.err), 1);
	ok(&f, db_exec(f.db, "UPDATE bisection SET wanted = 0", &f.err));
	assert_int_equal(turned_is_known(f.db, &q, INT64_MAX, &f.err), 0);
	assert_int_equal(turned_is_known(f.db, &q, 300, &f.err), 1);
	q.good = list[0].commit_id;
	assert_int_equal(turned_is_known(f.db, &q, INT64_MAX, &f.err), 1);
	q.test = "mm/z";
	assert_int_equal(turned_is_known(f.db, &q, 300, &f.err), 0);
	good_base_list_free(list, n);
	fixture_done(&f);
}

static void expect_alike(struct fixture *f, struct history_of of,
			 const struct history_list *list, const char *test, int runs,
			 int failures)
{
	struct history one, all = history_find(list, test);

	of.test = test;
	ok(f, history_of_test(f->db, &of, &one, &f->err));
	assert_int_equal(one.runs, runs);
	assert_int_equal(one.failures, failures);
	assert_int_equal(all.runs, runs);
	assert_int_equal(all.failures, failures);
}

/* All tests of a column in one go: the same as one by one. */
static void test_history_of_column(void **state)
{
	const struct history_of of = { .config = "mlock",
				       .arch = "x86_64",
				       .topology = "numa2",
				       .accel = "tcg" };
	struct history_list *list;
	struct fixture f;
	int64_t base;

	(void)state;
	fixture_init(&f);
	base = add_series(&f, "a@x", 1, "one");
	add_steps(&f, base, 1, "x");
	for (int i = 0; i < 4; i++)
		add_boot(&f, 10, base, 0, "numa2", "mm/x", i ? RESULT_PASS : RESULT_FAIL,
			 NULL);
	add_boot(&f, 10, base, 0, "numa2", "mm/y", RESULT_PASS, NULL);
	add_boot(&f, 10, base, 0, "smp4", "mm/z", RESULT_PASS, NULL);
	/* Bad on another base, which is left out, for that test alone. */
	for (int i = 0; i < 2; i++)
		add_boot(&f, 11, base, 0, "numa2", "mm/x", RESULT_FAIL, NULL);
	ok(&f, history_of_column(f.db, &of, &list, &f.err));
	expect_alike(&f, of, list, "mm/x", 4, 1);
	expect_alike(&f, of, list, "mm/y", 1, 0);
	expect_alike(&f, of, list, "mm/z", 0, 0);
	expect_alike(&f, of, list, NULL, 7, 0);
	history_list_free(list);
	fixture_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_question),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_seen),
		cmocka_unit_test(test_history_without_bisections),
		cmocka_unit_test(test_wanted),
		cmocka_unit_test(test_turned),
		cmocka_unit_test(test_history_of_column),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
