#include "tests/unit/db_fixture.h"

#include <sys/wait.h>

#include "db/selftests.h"
#include "db/series_patches.h"
#include "db/state_lock.h"
#include "db/timing.h"

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

static void test_words_round_trip(void **state)
{
	enum verdict_word v = VERDICT_FLAKY;
	enum step_apply a;

	(void)state;
	for (int i = 0; i < VERDICT_WORDS; i++) {
		assert_true(verdict_word_parse(verdict_word_str(i), &v));
		assert_int_equal(v, i);
	}
	assert_true(step_apply_parse("already-applied", &a));
	assert_int_equal(a, APPLY_ALREADY);
	assert_false(verdict_word_parse("fine", &v));
	assert_false(verdict_word_parse(NULL, &v));
	assert_int_equal(v, VERDICT_INFRA);
	assert_string_equal(boot_status_str(BOOT_NO_RESULT), "no-result");
	assert_string_equal(test_result_str(RESULT_NOT_RUN), "not-run");
}

static void test_series_same_key_is_same_row(void **state)
{
	struct fixture *f = *state;
	int64_t a = add_series(f, "a@x", 1, "first");
	int64_t b = add_series(f, "a@x", 2, "second");
	struct series s, again;

	assert_int_not_equal(a, b);
	assert_int_equal(add_series(f, "a@x", 1, "renamed"), a);
	assert_int_equal(series_find(f->db, a, &s, &f->err), 1);
	assert_string_equal(s.subject, "renamed");
	assert_null(s.base_commit);
	assert_null(s.trailers);
	series_done(&s);
	assert_int_equal(series_find_by_msgid(f->db, "a@x", 0, &s, &f->err), 1);
	assert_int_equal(s.id, b);
	series_done(&s);
	assert_int_equal(series_find_by_msgid(f->db, "a@x", 1, &s, &f->err), 1);
	assert_int_equal(s.id, a);
	assert_int_equal(series_find_by_key(f->db, s.key, &again, &f->err), 1);
	assert_int_equal(again.id, a);
	series_done(&again);
	series_done(&s);
	assert_int_equal(series_find_by_msgid(f->db, "' OR 1=1 --", 0, &s, &f->err), 0);
}

static void test_series_key_parts_do_not_run_together(void **state)
{
	char a[SHA256_HEX], b[SHA256_HEX];

	(void)state;
	series_key("ab", 1, "c", "t", "b", a);
	series_key("a", 1, "bc", "t", "b", b);
	assert_string_not_equal(a, b);
	series_key("ab", 1, "c", "t", "b", b);
	assert_string_equal(a, b);
}

static void count_cells(struct fixture *f, int64_t id, size_t builds, size_t boots,
			size_t verdicts)
{
	struct step_build *sb;
	struct step_boot *bo;
	struct verdict *v;
	size_t n;

	ok(f, step_build_list(f->db, id, &sb, &n, &f->err));
	assert_int_equal(n, builds);
	step_build_list_free(sb, n);
	ok(f, step_boot_list(f->db, id, &bo, &n, &f->err));
	assert_int_equal(n, boots);
	step_boot_list_free(bo, n);
	ok(f, verdict_list(f->db, id, &v, &n, &f->err));
	assert_int_equal(n, verdicts);
	verdict_list_free(v, n);
}

static void put_one_verdict(struct fixture *f, int64_t id)
{
	struct verdict v = VERDICT_INIT;

	v.kind = KIND_TEST;
	v.verdict = VERDICT_TRANSIENT;
	v.test = str_dup("mlock-migrate/compaction");
	v.from_step = 1;
	v.until_step = 2;
	v.candidates = j("[1]");
	v.repairs = j("[2]");
	v.runs = 8;
	v.failures = 4;
	ok(f, verdict_replace(f->db, id, &v, 1, SERIES_DONE, &f->err));
	verdict_done(&v);
}

static void test_steps_keep_cells_up_to_a_change(void **state)
{
	struct fixture *f = *state;
	int64_t id = add_series(f, "a@x", 1, "s");
	struct step *steps;
	struct series s;
	size_t n;

	add_steps(f, id, 3, "p");
	for (int i = 0; i < 3; i++) {
		add_build(f, (unsigned int)i, id, i, BUILD_OK);
		add_boot(f, (unsigned int)i, id, i, "numa2", "a/b", RESULT_PASS, NULL);
	}
	put_one_verdict(f, id);
	add_steps(f, id, 3, "new subject, same trees");
	count_cells(f, id, 3, 3, 1);

	assert_int_equal(series_find(f->db, id, &s, &f->err), 1);
	assert_string_equal(s.base_how, "blobs");
	ok(f, step_list(f->db, id, &steps, &n, &f->err));
	assert_int_equal(n, 3);
	assert_string_equal(steps[2].subject, "new subject, same trees");
	free(steps[1].tree);
	steps[1].tree = str_dup("other");
	ok(f, series_set_steps(f->db, &s, steps, n, &f->err));
	count_cells(f, id, 1, 1, 0);
	step_list_free(steps, n);
	series_done(&s);
}

static void test_failed_steps_leave_all_as_it_was(void **state)
{
	struct fixture *f = *state;
	int64_t id = add_series(f, "a@x", 1, "s");
	struct series s;
	struct step twice[2] = { { .subject = "x" }, { .step = 1 } };
	struct step *steps;
	size_t n;

	add_steps(f, id, 3, "p");
	assert_int_equal(series_find(f->db, id, &s, &f->err), 1);
	free(s.base_commit);
	s.base_commit = str_dup("elsewhere");
	/* No subject: NOT NULL. */
	assert_int_equal(series_set_steps(f->db, &s, twice, 2, &f->err), -1);
	series_done(&s);
	ok(f, step_list(f->db, id, &steps, &n, &f->err));
	assert_int_equal(n, 3);
	step_list_free(steps, n);
	assert_int_equal(series_find(f->db, id, &s, &f->err), 1);
	assert_string_equal(s.base_commit, "c0");
	series_done(&s);
}

static void test_series_list_pages_and_sums(void **state)
{
	struct fixture *f = *state;
	struct series_line *l;
	size_t n;
	int64_t total, id = 0;

	for (int i = 1; i <= 5; i++)
		id = add_series(f, "m@x", i, "s");
	put_one_verdict(f, id);
	ok(f, series_list(f->db, 2, 0, &l, &n, &total, &f->err));
	assert_int_equal(n, 2);
	assert_int_equal(total, 5);
	assert_int_equal(l[0].s.version, 5);
	assert_int_equal(l[0].verdicts[VERDICT_TRANSIENT], 1);
	assert_int_equal(l[0].verdicts[VERDICT_PASS], 0);
	assert_int_equal(l[1].s.version, 4);
	assert_int_equal(l[0].s.state, SERIES_DONE);
	series_line_list_free(l, n);
	ok(f, series_list(f->db, 2, 4, &l, &n, &total, &f->err));
	assert_int_equal(n, 1);
	assert_int_equal(l[0].s.version, 1);
	series_line_list_free(l, n);
	ok(f, series_list(f->db, 2, 40, &l, &n, &total, &f->err));
	assert_int_equal(n, 0);
	series_line_list_free(l, n);
}

static void test_one_line(void **state)
{
	struct fixture *f = *state;
	int64_t id = add_series(f, "m@x", 1, "s");
	struct series_line l;

	put_one_verdict(f, id);
	assert_int_equal(series_line_find(f->db, id + 1, &l, &f->err), 0);
	assert_int_equal(series_line_find(f->db, id, &l, &f->err), 1);
	assert_int_equal(l.s.id, id);
	assert_int_equal(l.verdicts[VERDICT_TRANSIENT], 1);
	assert_int_equal(l.verdicts[VERDICT_PASS], 0);
	series_done(&l.s);
}

static void test_texts_of_patches(void **state)
{
	struct fixture *f = *state;
	int64_t id = add_series(f, "m@x", 1, "s");
	AUTO_FREE char *texts = NULL, *unknown = hex_key(9);
	char sha[SHA256_HEX];

	assert_int_equal(series_patches_get(f->db, id, &texts, &f->err), 0);
	assert_int_equal(series_patches_put(f->db, id, unknown, &f->err), -1);
	ok(f, series_patches_put(f->db, id, f->image, &f->err));
	ok(f, artifact_put_bytes(f->store, "x", 1, ARTIFACT_ZSTD, sha, &f->err));
	ok(f, series_patches_put(f->db, id, sha, &f->err));
	assert_int_equal(series_patches_get(f->db, id, &texts, &f->err), 1);
	assert_string_equal(texts, sha);
	ok(f, series_delete(f->db, id, &f->err));
	assert_int_equal(series_patches_get(f->db, id, &texts, &f->err), 0);
}

static void test_series_delete_takes_its_cells_only(void **state)
{
	struct fixture *f = *state;
	int64_t id = add_series(f, "a@x", 1, "s");
	struct boot b;
	int64_t run;

	add_steps(f, id, 2, "p");
	add_build(f, 1, id, 1, BUILD_OK);
	run = add_boot(f, 1, id, 1, "numa2", "a/b", RESULT_FAIL, "why");
	put_one_verdict(f, id);
	ok(f, series_delete(f->db, id, &f->err));
	count_cells(f, id, 0, 0, 0);
	assert_int_equal(boot_find(f->db, run, &b, &f->err), 1);
	boot_done(&b);
}

static bool second_seen(const struct build *b, void *arg)
{
	int *calls = arg;

	assert_string_equal(b->tree, "tree1");
	return ++*calls == 2;
}

static void test_build_repeated_keeps_its_id(void **state)
{
	struct fixture *f = *state;
	int64_t id = add_series(f, "a@x", 1, "s");
	struct build b;
	int64_t first;
	AUTO_FREE char *base = hex_key(1000);
	AUTO_FREE char *key = hex_key(1);
	int calls = 0;

	add_steps(f, id, 2, "p");
	first = add_build(f, 1, id, 1, BUILD_INFRA);
	assert_int_equal(add_build(f, 1, id, 1, BUILD_OK), first);
	assert_int_equal(build_find_by_key(f->db, key, &b, &f->err), 1);
	assert_int_equal(b.attempts, 2);
	assert_int_equal(b.status, BUILD_OK);
	assert_true(b.incremental);
	build_done(&b);

	add_build(f, 2, 0, 1, BUILD_FAIL);
	add_build(f, 3, 0, 1, BUILD_INFRA);
	assert_int_equal(build_find_by_tree(f->db, base, "tree1", second_seen, &calls, &b,
					    &f->err),
			 1);
	assert_int_equal(b.id, first); /* newest first, infra left out */
	build_done(&b);
	calls = 7;
	assert_int_equal(build_find_by_tree(f->db, base, "tree1", second_seen, &calls, &b,
					    &f->err),
			 0);
}

static void test_selftests_by_key(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *key = hex_key(7), *other = hex_key(8);
	struct selftests s = { .key = key,
			       .tree = (char *)"t1",
			       .programs = j("[{\"name\":\"a\",\"status\":\"ok\"}]"),
			       .log = f->image,
			       .seconds = 2.5,
			       .toolchain = (char *)"gcc",
			       .finished = 9 };
	struct selftests found;

	assert_int_equal(selftests_find(f->db, key, &found, &f->err), 0);
	ok(f, selftests_put(f->db, &s, &f->err));
	s.folder = (char *)"mm";
	ok(f, selftests_put(f->db, &s, &f->err));
	assert_int_equal(selftests_find(f->db, key, &found, &f->err), 1);
	assert_string_equal(found.folder, "mm");
	assert_string_equal(found.log, f->image);
	assert_true(json_object_equal(found.programs, s.programs));
	selftests_done(&found);
	assert_int_equal(selftests_find(f->db, other, &found, &f->err), 0);
	/* A log that is no artifact. */
	s.log = other;
	assert_int_equal(selftests_put(f->db, &s, &f->err), -1);
	assert_non_null(strstr(f->err.msg, "selftests of t1"));
	json_object_put(s.programs);
}

static void test_skipped_build_has_no_build(void **state)
{
	struct fixture *f = *state;
	int64_t id = add_series(f, "a@x", 1, "s");
	struct step_build c = { .series_id = id,
				.step = 1,
				.config = "mlock",
				.arch = "x86_64",
				.build_id = DB_NO_INT,
				.status = BUILD_SKIPPED,
				.reason = "not in this config" };
	struct step_build *l;
	size_t n;

	add_steps(f, id, 2, "p");
	c.not_built = j("[\"drivers/x.c\"]");
	ok(f, step_build_put(f->db, &c, &f->err));
	ok(f, step_build_list(f->db, id, &l, &n, &f->err));
	assert_int_equal(l[0].build_id, DB_NO_INT);
	assert_int_equal(l[0].status, BUILD_SKIPPED);
	assert_string_equal(
		json_object_get_string(json_object_array_get_idx(l[0].not_built, 0)),
		"drivers/x.c");
	step_build_list_free(l, n);
	c.status = BUILD_OK; /* ok without a build is a lie */
	assert_int_equal(step_build_put(f->db, &c, &f->err), -1);
	c.step = 9; /* no such step */
	c.status = BUILD_SKIPPED;
	assert_int_equal(step_build_put(f->db, &c, &f->err), -1);
	ok(f, step_build_clear(f->db, &c, &f->err));
	count_cells(f, id, 1, 0, 0);
	c.step = 1;
	ok(f, step_build_clear(f->db, &c, &f->err));
	count_cells(f, id, 0, 0, 0);
	json_object_put(c.not_built);
}

static void test_boot_cell_counts_and_clears(void **state)
{
	struct fixture *f = *state;
	int64_t id = add_series(f, "a@x", 1, "s");
	struct step_boot *l;
	struct step_boot cell = { .series_id = id,
				  .step = 1,
				  .config = "mlock",
				  .arch = "x86_64",
				  .topology = "numa2",
				  .boot_id = DB_NO_INT,
				  .reason = "the build failed" };
	struct boot *boots;
	struct result *r;
	size_t n;
	AUTO_FREE char *key = hex_key(5);
	struct json_object *known = NULL;
	int64_t run;

	add_steps(f, id, 2, "p");
	run = add_boot(f, 5, id, 1, "numa2", "a/b", RESULT_FAIL, "expected 1, saw 2");
	add_boot(f, 5, id, 1, "numa2", "a/b", RESULT_PASS, NULL);
	add_boot(f, 5, id, 1, "smp4", "a/b", RESULT_PASS, NULL);
	ok(f, step_boot_list(f->db, id, &l, &n, &f->err));
	assert_int_equal(n, 3);
	assert_int_equal(l[0].n, 1);
	assert_int_equal(l[1].n, 2);
	assert_int_equal(l[2].n, 1);
	step_boot_list_free(l, n);
	ok(f, boot_list_by_key(f->db, key, &boots, &n, &f->err));
	assert_int_equal(n, 3);
	assert_true(boots[0].id > boots[2].id);
	boot_list_free(boots, n);
	ok(f, result_list(f->db, run, &r, &n, &f->err));
	assert_int_equal(n, 1);
	assert_string_equal(r[0].reason, "expected 1, saw 2");
	assert_int_equal(r[0].console_from, DB_NO_INT);
	result_list_free(r, n);
	ok(f, result_list_of_series(f->db, id, &r, &n, &f->err));
	assert_int_equal(n, 3);
	result_list_free(r, n);
	ok(f, boot_known(f->db, run, &known, &f->err));
	assert_null(known);
	ok(f, step_boot_clear(f->db, &cell, &f->err));
	ok(f, step_boot_put(f->db, &cell, &f->err));
	ok(f, step_boot_list(f->db, id, &l, &n, &f->err));
	assert_int_equal(n, 2);
	assert_int_equal(l[0].boot_id, DB_NO_INT);
	step_boot_list_free(l, n);
}

/* What explains a failure is the step's: the list of issues may have changed since. */
static void test_known_is_as_taken_last(void **state)
{
	struct fixture *f = *state;
	int64_t id = add_series(f, "a@x", 1, "s");
	struct step_boot cell = { .series_id = id,
				  .step = 0,
				  .config = "mlock",
				  .arch = "x86_64",
				  .topology = "numa2",
				  .reused = true };
	AUTO_JSON struct json_object *known = NULL;

	add_steps(f, id, 2, "p");
	cell.boot_id = add_boot(f, 5, id, 1, "numa2", "a/b", RESULT_FAIL, "saw 2");
	cell.known = j("[{\"test\":\"a/b\",\"reason\":\"why\"}]");
	ok(f, step_boot_put(f->db, &cell, &f->err));
	ok(f, boot_known(f->db, cell.boot_id, &known, &f->err));
	assert_string_equal(boot_known_reason(known, "a/b"), "why");
	assert_null(boot_known_reason(known, "a/c"));
	assert_null(boot_known_reason(NULL, "a/b"));
	json_object_put(cell.known);
	cell.known = NULL;
	json_object_put(known);
	known = NULL;
	ok(f, step_boot_clear(f->db, &cell, &f->err));
	ok(f, step_boot_put(f->db, &cell, &f->err));
	ok(f, boot_known(f->db, cell.boot_id, &known, &f->err));
	assert_null(known);
}

static void test_boot_is_written_whole_or_not(void **state)
{
	struct fixture *f = *state;
	struct boot b, *list;
	struct result r[2] = { { .test = "a/b" }, { .test = "a/b" } }; /* UNIQUE */
	size_t n;

	boot_fill(f, &b, 9, "up");
	assert_int_equal(boot_put(f->db, &b, r, 2, NULL, &f->err), -1);
	ok(f, boot_list_by_key(f->db, b.key, &list, &n, &f->err));
	assert_int_equal(n, 0);
	b.infra = true;
	ok(f, boot_put(f->db, &b, r, 1, NULL, &f->err));
	ok(f, boot_list_by_key(f->db, b.key, &list, &n, &f->err));
	assert_int_equal(n, 0); /* never reused */
	boot_done(&b);
}

static void test_used_by(void **state)
{
	struct fixture *f = *state;
	int64_t id = add_series(f, "a@x", 1, "the series");
	struct used_by *u;
	size_t n;
	int64_t build, run;

	add_steps(f, id, 2, "the patch");
	build = add_build(f, 1, id, 1, BUILD_OK);
	run = add_boot(f, 1, id, 1, "up", "a/b", RESULT_PASS, NULL);
	ok(f, build_used_by(f->db, build, &u, &n, &f->err));
	assert_int_equal(n, 1);
	assert_string_equal(u[0].series_subject, "the series");
	used_by_list_free(u, n);
	ok(f, boot_used_by(f->db, run, &u, &n, &f->err));
	assert_int_equal(u[0].step, 1);
	assert_string_equal(u[0].step_subject, "the patch");
	used_by_list_free(u, n);
}

static void test_verdicts_round_trip(void **state)
{
	struct fixture *f = *state;
	int64_t id = add_series(f, "a@x", 1, "s");
	struct series s;
	struct verdict *v;
	size_t n;

	put_one_verdict(f, id);
	put_one_verdict(f, id);
	ok(f, verdict_list(f->db, id, &v, &n, &f->err));
	assert_int_equal(n, 1);
	assert_int_equal(v[0].from_step, 1);
	assert_string_equal(json_object_to_json_string_ext(v[0].repairs, 0), "[2]");
	assert_null(v[0].topology);
	assert_true(v[0].probability < 0);
	assert_int_equal(v[0].boot_id, DB_NO_INT);
	verdict_list_free(v, n);
	assert_int_equal(series_find(f->db, id, &s, &f->err), 1);
	assert_int_equal(s.state, SERIES_DONE);
	series_done(&s);
}

static void test_timing_is_a_median(void **state)
{
	struct fixture *f = *state;
	double s = 0, boot = 0;
	struct timing_of of = { .topology = "numa2", .arch = "x86_64" };
	struct boot longer;

	assert_int_equal(timing_build(f->db, "mlock", "x86_64", true, &s, &f->err), 0);
	for (unsigned int i = 0; i < 20; i++) {
		struct boot b;

		add_build(f, i, 0, 1, BUILD_OK);
		boot_fill(f, &b, i, "numa2");
		b.seconds = i;
		b.boot_seconds = i < 18 ? 3 : 100;
		ok(f, boot_put(f->db, &b, NULL, 0, NULL, &f->err));
		boot_done(&b);
	}
	assert_int_equal(timing_build(f->db, "mlock", "x86_64", true, &s, &f->err), 1);
	assert_true(s > 11.2 && s < 11.3);
	assert_int_equal(timing_build(f->db, "mlock", "x86_64", false, &s, &f->err), 0);
	assert_int_equal(timing_boot(f->db, &of, &s, &boot, &f->err), 1);
	assert_true(s > 11.9 && s < 12.1); /* of 5..19 */
	assert_true(boot > 2.9 && boot < 3.1);
	of.accel = "kvm";
	assert_int_equal(timing_boot(f->db, &of, &s, NULL, &f->err), 0);
	of.accel = NULL;
	of.config = "other";
	assert_int_equal(timing_boot(f->db, &of, &s, NULL, &f->err), 0);
	of.config = "mlock";
	of.plan = json_object_new_array();
	assert_int_equal(timing_boot(f->db, &of, &s, NULL, &f->err), 0);
	boot_fill(f, &longer, 50, "numa2");
	longer.plan = json_object_get(of.plan);
	longer.seconds = 300;
	longer.boot_seconds = 3;
	ok(f, boot_put(f->db, &longer, NULL, 0, NULL, &f->err));
	boot_done(&longer);
	assert_int_equal(timing_boot(f->db, &of, &s, NULL, &f->err), 1);
	assert_true(s > 299 && s < 301);
	json_object_put(of.plan);
	add_boot(f, 99, 0, 0, "up", "a/b", RESULT_PASS, NULL);
	assert_int_equal(timing_test(f->db, "up", "a/b", &s, &f->err), 1);
	assert_true(s > 1.4 && s < 1.6);
}

static void test_hostile_text_survives(void **state)
{
	struct fixture *f = *state;
	static const char evil[] = "\xff\xfe'\"; DROP TABLE series;-- <script>\x1b[31m";
	int64_t id = add_series(f, evil, 1, evil);
	struct series s;

	assert_int_equal(series_find_by_msgid(f->db, evil, 0, &s, &f->err), 1);
	assert_int_equal(s.id, id);
	assert_string_equal(s.subject, evil);
	series_done(&s);
}

static void test_lock_names_its_holder(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *mine = str_printf("(pid %d)", (int)getpid());
	AUTO_FREE char *holder = state_lock_holder(f->dir);
	int fd = -1, second = -1;

	assert_null(holder);
	ok(f, state_lock(f->dir, "sluice test", &fd, &f->err));
	holder = state_lock_holder(f->dir);
	assert_true(str_starts(holder, "sluice test (pid "));
	assert_non_null(strstr(holder, mine));
	assert_int_equal(state_lock(f->dir, "sluice tree", &second, &f->err), -1);
	assert_int_equal(f->err.code, ERR_BUSY);
	assert_non_null(strstr(f->err.msg, "sluice test"));
	assert_non_null(strstr(f->err.msg, mine));
	assert_int_equal(second, -1);
	close(fd);
	free(holder);
	holder = state_lock_holder(f->dir);
	assert_null(holder);
	ok(f, state_lock(f->dir, "sluice tree", &second, &f->err));
	close(second);
}

/* The holder died while a child of its was on the way to exec: that has the lock for
 * a moment more, and nobody is to be turned away for it. */
static void test_lock_of_a_dead_holder_is_waited_for(void **state)
{
	struct fixture *f = *state;
	int p[2], fd = -1;
	char c;
	pid_t pid;

	assert_int_equal(pipe(p), 0);
	pid = fork();
	if (pid == 0) {
		if (state_lock(f->dir, "sluice daemon", &fd, NULL) < 0)
			_exit(1);
		if (fork() == 0) {
			/* Holds it until the test lets go. */
			close(p[1]);
			usleep(300000);
			_exit(read(p[0], &c, 1) != 0);
		}
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	close(p[1]);
	ok(f, state_lock(f->dir, "sluice daemon", &fd, &f->err));
	close(fd);
	close(p[0]);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_words_round_trip),
		T(test_series_same_key_is_same_row),
		T(test_series_key_parts_do_not_run_together),
		T(test_steps_keep_cells_up_to_a_change),
		T(test_failed_steps_leave_all_as_it_was),
		T(test_series_list_pages_and_sums),
		T(test_one_line),
		T(test_texts_of_patches),
		T(test_series_delete_takes_its_cells_only),
		T(test_build_repeated_keeps_its_id),
		T(test_selftests_by_key),
		T(test_skipped_build_has_no_build),
		T(test_boot_cell_counts_and_clears),
		T(test_known_is_as_taken_last),
		T(test_boot_is_written_whole_or_not),
		T(test_used_by),
		T(test_verdicts_round_trip),
		T(test_timing_is_a_median),
		T(test_hostile_text_survives),
		T(test_lock_names_its_holder),
		T(test_lock_of_a_dead_holder_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
