/* Which postings are versions of one series, and what a newer one does to the others. */
#include "tests/unit/postings_fixture.h"

static void test_newer_version_in_its_own_thread(void **state)
{
	struct world *w = *state;
	struct posting_row v2, v1;

	take(w, COVER);
	take(w, ONE);
	take(w, TWO);
	take(w, "d - a@x 90 [PATCH v2 0/2] mm: All");
	take(w, "q1 d a@x 90 +[PATCH v2 1/2] mm: one");
	expect_log(w, "queue c v1\n"); /* not before it is complete */
	take(w, "q2 d a@x 90 +[PATCH v2 2/2] mm: two");
	expect_log(w, "queue d v2\ncancel 1\n");
	expect_postings(w, "queued series v2 2/2 d\n"
			   "superseded series v1 2/2 c: v2 is newer");
	assert_int_equal(posting_find_by_msgid(w->f.db, "d", &v2, &w->f.err), 1);
	assert_int_equal(posting_find_by_msgid(w->f.db, "c", &v1, &w->f.err), 1);
	assert_int_equal(v2.earlier, v1.id);
	assert_int_equal(v1.earlier, DB_NO_INT);
	posting_row_done(&v1);
	posting_row_done(&v2);
}

static void test_running_and_done_stay(void **state)
{
	struct world *w = *state;
	struct posting_row row;

	w->running = true;
	take(w, "a - a@x 0 +[PATCH] mm: one");
	take(w, "b - a@x 60 +[PATCH v2] mm: one");
	expect_log(w, "queue a v1\nqueue b v2\ncancel 1\n");
	expect_postings(w, "queued single v1 1/1 a: v2 is newer\n"
			   "queued single v2 1/1 b");
	assert_int_equal(posting_find_by_msgid(w->f.db, "b", &row, &w->f.err), 1);
	ok(&w->f, postings_job_over(w->p, row.id, w->now, &w->f.err));
	posting_row_done(&row);
	take(w, "d - a@x 99 +[PATCH v3] mm: one");
	expect_log(w, "queue d v3\ncancel 1\n");
	expect_postings(w, "done single v2 1/1 b\nqueued single v1 1/1 a: v3 is newer\n"
			   "queued single v3 1/1 d");
}

static void test_older_version_comes_late(void **state)
{
	struct world *w = *state;
	struct posting_row v2, v3;

	take(w, "d - a@x 900 +[PATCH v3] mm: one");
	take(w, "a - a@x 0 +[PATCH] mm: one");
	take(w, "b - a@x 60 +[PATCH v2] mm: one");
	expect_log(w, "queue d v3\n");
	expect_postings(w, "queued single v3 1/1 d\n"
			   "superseded single v1 1/1 a: v3 is newer\n"
			   "superseded single v2 1/1 b: v3 is newer");
	assert_int_equal(posting_find_by_msgid(w->f.db, "d", &v3, &w->f.err), 1);
	assert_int_equal(posting_find_by_msgid(w->f.db, "b", &v2, &w->f.err), 1);
	assert_int_equal(v3.earlier, v2.id);
	posting_row_done(&v2);
	posting_row_done(&v3);
}

static void test_versions_in_one_transaction(void **state)
{
	struct world *w = *state;
	static const char *const mails[] = { "a - a@x 0 +[PATCH] mm: one",
					     "b a a@x 60 +[PATCH v2] mm: mended",
					     "d - a@x 0 +[PATCH] mm: other" };

	begin(w);
	for (size_t i = 0; i < ARRAY_SIZE(mails); i++) {
		AUTO_JSON struct json_object *line = poll_line(mails[i]);

		add(w, "one", line);
	}
	expect_log(w, "");
	commit(w);
	expect_log(w, "queue b v2\nqueue d v1\n"); /* v1 was never queued */
}

/* Posted apart from each other; the second supersedes the first, or does not. */
static void test_what_is_a_version(void **state)
{
	static const struct {
		const char *name, *first, *second;
		bool same;
	} cases[] = {
		{ "title", "a - a@x 0 +[PATCH] mm: one", "b - a@x 9 +[PATCH v2] MM:  one",
		  true },
		{ "another title", "a - a@x 0 +[PATCH] mm: one",
		  "b - a@x 9 +[PATCH v2] mm: two", false },
		{ "another sender", "a - a@x 0 +[PATCH] mm: one",
		  "b - b@x 9 +[PATCH v2] mm: one", false },
		{ "change-id", "a - a@x 0 +[PATCH] mm: one | change=2026-x",
		  "b - a@x 9 +[PATCH v2] mm: two | change=2026-x", true },
		{ "change-id of another sender",
		  "a - a@x 0 +[PATCH] mm: one | change=2026-x",
		  "b - b@x 9 +[PATCH v9] mm: one | change=2026-x", false },
		{ "another sender in its thread", "a - a@x 0 +[PATCH] mm: one",
		  "b a b@x 9 +[PATCH v9] mm: one", false },
		{ "another kernel", "a - a@x 0 +[PATCH 6.1.y] mm: one",
		  "b - a@x 9 +[PATCH 5.10.y v2] mm: one", false },
		{ "another kernel in its thread", "a - a@x 0 +[PATCH 6.1.y] mm: one",
		  "b a a@x 9 +[PATCH 5.10.y v2] mm: one", false },
		{ "posted again, more of it",
		  "a - a@x 0 +[PATCH] fix typos | path=mm/a.c path=mm/b.c",
		  "b - a@x 9 +[PATCH] fix typos | path=mm/b.c path=mm/d.c", true },
		{ "other files", "a - a@x 0 +[PATCH] fix typos | path=mm/a.c",
		  "b - a@x 9 +[PATCH] fix typos | path=mm/b.c", false },
		{ "other files, as a resend",
		  "a - a@x 0 +[PATCH] fix typos | path=mm/a.c",
		  "b - a@x 9 +[PATCH RESEND] fix typos | path=mm/b.c", true },
		{ "another change-id", "a - a@x 0 +[PATCH] mm: one | change=2026-x",
		  "b - b@x 9 +[PATCH v2] mm: two | change=2026-y", false },
		{ "resend", "a - a@x 0 +[PATCH] mm: one",
		  "b - a@x 900 +[PATCH RESEND] mm: one", true },
		{ "RFC", "a - a@x 0 +[RFC PATCH] mm: one", "b - a@x 900 +[PATCH] mm: one",
		  true },
		{ "another stable tree", "a - a@x 0 +[PATCH AUTOSEL 5.4] mm: one",
		  "b - a@x 1 +[PATCH AUTOSEL 6.1] mm: one", false },
		{ "v2 long before v1", "a - a@x 0 +[PATCH v2] mm: one",
		  "b - a@x 9000 +[PATCH] mm: one", false },
		{ "nobody's title", "a - a@x 0 +[PATCH] *** SUBJECT HERE ***",
		  "b - a@x 9 +[PATCH v2] *** SUBJECT HERE ***", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;
		const char *want = cases[i].same ? "cancel 1\n" : "";

		world_init(&w);
		take(&w, cases[i].first);
		str_clear(&w.log);
		take(&w, cases[i].second);
		if (!str_starts(str_get(&w.log), "queue b") ||
		    strcmp(strchr(str_get(&w.log), '\n') + 1, want) != 0)
			fail_msg("%s: %s", cases[i].name, str_get(&w.log));
		world_done(&w);
	}
}

/* The other way round: what a stranger posted before keeps nobody's series away. */
static void test_no_takeover(void **state)
{
	struct world *w = *state;
	struct posting_row v2, v9;

	take(w, "x - b@x 0 +[PATCH v9] mm: one | change=2026-x");
	take(w, "a - a@x 9 +[PATCH] mm: one | change=2026-x");
	take(w, "y a b@x 10 +[PATCH v10] mm: one");
	take(w, "b a a@x 99 +[PATCH v2] mm: one | change=2026-x");
	expect_log(w, "queue x v9\nqueue a v1\nqueue y v10\ncancel 1\n"
		      "queue b v2\ncancel 2\n");
	/* Still shown beside each other: series do change hands. */
	assert_int_equal(posting_find_by_msgid(w->f.db, "b", &v2, &w->f.err), 1);
	assert_int_equal(posting_find_by_msgid(w->f.db, "x", &v9, &w->f.err), 1);
	assert_true(v2.earlier >= 0 && v9.earlier >= 0);
	posting_row_done(&v2);
	posting_row_done(&v9);
}

static void test_version_by_its_patches(void **state)
{
	static const char *const mails[] = {
		"c - a@x 0 [PATCH 0/3] mm: all",
		"p1 c a@x 0 +[PATCH 1/3] mm: one",
		"p2 c a@x 0 +[PATCH 2/3] mm: two",
		"p3 c a@x 0 +[PATCH 3/3] mm: three",
		"d - a@x 90 [PATCH v2 0/4] mm: all of it",
		"q1 d a@x 90 +[PATCH v2 1/4] mm: zero",
		"q2 d a@x 90 +[PATCH v2 2/4] mm: one",
		"q3 d a@x 90 +[PATCH v2 3/4] mm: two",
		"q4 d a@x 90 +[PATCH v2 4/4] mm: four",
		"e - a@x 99 [PATCH v3 0/2] mm: else",
		"r1 e a@x 99 +[PATCH v3 1/2] mm: one",
		"r2 e a@x 99 +[PATCH v3 2/2] mm: new",
	};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(mails); i++)
		take(w, mails[i]);
	expect_log(w, "queue c v1\nqueue d v2\ncancel 1\nqueue e v3\n");
}

static void test_partly_posted_anew_waits(void **state)
{
	struct world *w = *state;

	take(w, COVER);
	take(w, ONE);
	take(w, TWO);
	take(w, "q2 p2 a@x 90 +[PATCH v2 2/2] mm: two");
	expect_log(w, "queue c v1\n");
	expire(w, 3600);
	expect_log(w, "queue q2 v2\ncancel 1\n");
	expect_postings(w, "queued series v2 1/2 q2\n"
			   "superseded series v1 2/2 c: v2 is newer");
	expire(w, 3600);
	expect_log(w, "");
}

/* A stranger's part, dated before all others, leaves with its own row, not the series'. */
static void test_row_of_a_stranger(void **state)
{
	struct world *w = *state;

	take(w, "c - a@x 10 [PATCH 0/2] mm: all");
	take(w, "p1 c a@x 10 +[PATCH 1/2] mm: one");
	take(w, "x c b@x 0 +[PATCH 2/2] mm: two");
	expire(w, 3600);
	expect_log(w, "queue c v1\n");
	take(w, "p2 c a@x 10 +[PATCH 2/2] mm: two");
	expect_log(w, "cancel 1\nqueue c v1\n");
	expect_postings(w, "queued series v1 2/2 c\n"
			   "waiting series v1 1/2 x (missing 1)");
}

static void test_two_rows_become_one(void **state)
{
	struct world *w = *state;
	struct posting_row before, after;

	take(w, "p1 - a@x 0 +[PATCH 1/3] mm: one");
	assert_int_equal(posting_find_by_msgid(w->f.db, "p1", &before, &w->f.err), 1);
	take(w, "p3 p2 a@x 0 +[PATCH 3/3] mm: three");
	expect_postings(w, "waiting series v1 1/3 p1 (missing 2-3)\n"
			   "waiting series v1 1/3 p3 (missing 1-2)");
	take(w, "p2 p1 a@x 0 +[PATCH 2/3] mm: two");
	expect_log(w, "queue p1 v1\n");
	expect_postings(w, "queued series v1 3/3 p1");
	assert_int_equal(posting_find_by_msgid(w->f.db, "p1", &after, &w->f.err), 1);
	assert_int_equal(after.id, before.id);
	posting_row_done(&before);
	posting_row_done(&after);
}

/* With and without References that make one thread of them before. */
static void test_late_parent_connects_versions(void **state)
{
	static const char *const refs[] = { "", " | ref=a ref=r" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refs); i++) {
		AUTO_FREE char *v2 =
			str_printf("b r a@x 90 +[PATCH v2] mm: another name%s", refs[i]);
		struct world w;

		world_init(&w);
		take(&w, "a - a@x 0 +[PATCH] mm: one");
		take(&w, v2);
		expect_log(&w, "queue a v1\nqueue b v2\n");
		take(&w, "r a b@x 9 Re: [PATCH] mm: one");
		expect_log(&w, "cancel 1\n");
		expect_postings(&w, "queued single v2 1/1 b\n"
				    "superseded single v1 1/1 a: v2 is newer");
		take(&w, "t a b@x 9 +[PATCH] mm: other");
		expect_log(&w, "queue t v1\n");
		world_done(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_newer_version_in_its_own_thread),
		TEST(test_running_and_done_stay),
		TEST(test_older_version_comes_late),
		TEST(test_versions_in_one_transaction),
		cmocka_unit_test(test_what_is_a_version),
		TEST(test_no_takeover),
		TEST(test_version_by_its_patches),
		TEST(test_partly_posted_anew_waits),
		TEST(test_row_of_a_stranger),
		TEST(test_two_rows_become_one),
		cmocka_unit_test(test_late_parent_connects_versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
