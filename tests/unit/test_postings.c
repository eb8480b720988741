#include "tests/unit/postings_fixture.h"

#include "kernels/mbox.h"

static int setup(void **state)
{
	static struct world w;

	world_init(&w);
	*state = &w;
	return 0;
}

static int teardown(void **state)
{
	world_done(*state);
	return 0;
}

static const char cover[] = "c - a@x 0 [PATCH 0/2] mm: all";
static const char one[] = "p1 c a@x 0 +[PATCH 1/2] mm: one";
static const char two[] = "p2 c a@x 0 +[PATCH 2/2] mm: two";

static void test_complete_is_queued_once(void **state)
{
	struct world *w = *state;

	take(w, cover);
	expect_postings(w, "waiting series v1 0/2 c (missing 1-2)");
	take(w, one);
	expect_log(w, "");
	take(w, two);
	expect_log(w, "queue c v1\n");
	expect_postings(w, "queued series v1 2/2 c");
	take(w, "r p1 b@x 9 +Re: [PATCH 1/2] mm: one");
	take(w, two);
	take(w, cover);
	expire(w, 100000);
	expect_log(w, "");
	assert_int_equal(postings_counts(w->p).mails, 4);
	assert_int_equal(postings_counts(w->p).again, 2);
}

static void test_deadline_and_revival(void **state)
{
	struct world *w = *state;

	take(w, cover);
	w->now += 3000;
	take(w, two);
	expire(w, 3599); /* the second part set it anew */
	expect_postings(w, "waiting series v1 1/2 c (missing 1)");
	expire(w, 1);
	expect_postings(w, "incomplete series v1 1/2 c (missing 1): "
			   "patch 1 of 2 is missing");
	expect_log(w, "");
	w->now += 500000;
	take(w, one);
	expect_log(w, "queue c v1\n");
	expect_postings(w, "queued series v1 2/2 c");
}

static void test_a_part_that_is_not_the_last(void **state)
{
	struct world *w = *state;
	int64_t when = 0;

	take(w, "c - a@x 0 [PATCH 0/3] mm: all");
	expire(w, 3600);
	take(w, "p1 c a@x 0 +[PATCH 1/3] mm: one");
	expect_postings(w, "waiting series v1 1/3 c (missing 2-3)");
	ok(&w->f, posting_next_deadline(w->f.db, &when, &w->f.err));
	assert_int_equal(when, w->now + 3600);
	expire(w, 3600);
	expect_postings(w, "incomplete series v1 1/3 c (missing 2-3): "
			   "patches 2-3 of 3 are missing");
}

static void test_what_is_not_tested(void **state)
{
	struct world *w = *state;

	take(w, "a - a@x 0 +[GIT PULL] mm: fixes");
	take(w, "b - a@x 0 +[PATCH v2.1 1/1] mm: x");
	take(w, "d - a@x 0 [PATCH 0/1] mm: y");
	take(w, "e d a@x 0 [PATCH 1/1] mm: y");
	take(w, "f - a@x 0 +a diff");
	take(w, "g f a@x 0 +Re: a diff");
	take(w, "h - a@x 0 [RFC] a thought");
	expect_log(w, "");
	expect_postings(
		w,
		"ignored pull v1 0/0 a: a pull request, not a patch series\n"
		"ignored single v2 1/1 b: one patch of a version posted anew by itself\n"
		"incomplete single v1 1/1 d: patch 1 of 1 holds no diff");
}

static void test_newer_version_in_its_own_thread(void **state)
{
	struct world *w = *state;
	struct posting_row v2, v1;

	take(w, cover);
	take(w, one);
	take(w, two);
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

static void test_strangers_parts(void **state)
{
	struct world *w = *state;

	take(w, "c - a@x 0 [PATCH 0/2] mm: all");
	take(w, "p1 c a@x 0 +[PATCH 1/2] mm: one");
	take(w, "x c b@x 0 +[PATCH 2/2] mm: two | tree=other");
	expect_log(w, ""); /* the author's own may still come */
	take(w, "p2 c a@x 0 +[PATCH 2/2] mm: two");
	expect_log(w, "queue c v1\n");
	take(w, "y p1 b@x 0 +[PATCH 3/2] mm: three");
	take(w, "z p1 b@x 0 [PATCH 0/2] mm: all | tree=other");
	expect_log(w, "");
	expire(w, 3600);
	expect_log(w, "");
	expect_postings(w, "incomplete series v1 1/2 x (missing 1): "
			   "patch 1 of 2 is missing\n"
			   "incomplete series v1 1/2 z (missing 1-2): patch 3 of 2: "
			   "numbered beyond the announced count\n"
			   "queued series v1 2/2 c");
}

static void test_parts_of_several_senders(void **state)
{
	struct world *w = *state;

	take(w, "c - a@x 0 [PATCH 0/2] mm: all");
	take(w, "p1 c a@x 0 +[PATCH 1/2] mm: one");
	take(w, "p2 c b@x 0 +[PATCH 2/2] mm: two");
	expire(w, 3599);
	expect_log(w, "");
	expire(w, 1);
	expect_log(w, "queue c v1\n");
	expect_postings(w, "queued series v1 2/2 c");
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

	take(w, cover);
	take(w, one);
	take(w, two);
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

/* What comes while it is tested is tested after that, once. */
static void test_more_while_it_runs(void **state)
{
	struct world *w = *state;
	struct posting_row row;

	take(w, "c - a@x 0 [PATCH 0/2] mm: all");
	take(w, "p1 c a@x 0 +[PATCH 1/2] mm: one");
	take(w, "x c b@x 0 +[PATCH 2/2] mm: two");
	expire(w, 3600);
	w->running = true;
	expect_log(w, "queue c v1\n");
	take(w, "p2 c a@x 0 +[PATCH 2/2] mm: two"); /* goes before the stranger's */
	expect_log(w, "cancel 1\n");
	take(w, "d c a@x 9 Re: [PATCH 0/2] mm: all");
	assert_int_equal(posting_find_by_msgid(w->f.db, "c", &row, &w->f.err), 1);
	for (int i = 0; i < 2; i++)
		ok(&w->f, postings_job_over(w->p, row.id, w->now, &w->f.err));
	posting_row_done(&row);
	expect_log(w, "queue c v1\n");
	assert_int_equal(posting_find_by_msgid(w->f.db, "c", &row, &w->f.err), 1);
	assert_int_equal(row.state, POSTING_DONE);
	assert_int_equal(row.job, 2);
	posting_row_done(&row);
}

static void test_filters(void **state)
{
	struct world *w = *state;
	char *const lists[] = { "linux-mm.*", NULL };
	char *const paths[] = { "mm/", NULL };
	char *const subject[] = { "!RFC*", NULL };

	w->sources[0].filter = (struct source_filter){ .lists = lists,
						       .paths = paths,
						       .subject = subject };
	take(w, "a - a@x 0 +[PATCH] net: x | list=netdev.org path=mm/a.c");
	take(w, "b - a@x 0 +[PATCH] mm: x | list=linux-mm.org path=net/a.c");
	take(w, "d - a@x 0 +[RFC PATCH] mm: y | list=linux-mm.org path=mm/a.c");
	take(w, "e - a@x 0 +[PATCH] mm: z | list=linux-mm.org path=mm/a.c path=net/b.c");
	/* One patch of two is enough; and that is known when both are there. */
	take(w, "p1 g a@x 0 +[PATCH 1/2] mm: u | list=linux-mm.org path=net/a.c");
	take(w, "p2 g a@x 0 +[PATCH 2/2] mm: v | list=linux-mm.org path=mm/a.c");
	expect_log(w, "queue e v1\nqueue p1 v1\n");
	expect_postings(
		w, "ignored single v1 1/1 a: not by a list that is watched: "
		   "netdev.org\n"
		   "ignored single v1 1/1 b: touches no file that is watched: net/a.c\n"
		   "ignored single v1 1/1 d: its subject is not one that is watched\n"
		   "queued series v1 2/2 p1\nqueued single v1 1/1 e");
}

static void test_another_source_takes_it(void **state)
{
	static const char mail[] =
		"a - a@x 0 +[PATCH] net: x | list=netdev.org path=net/a.c";
	struct world *w = *state;
	char *const paths[] = { "mm/", NULL };
	struct posting_row row;

	w->sources[0].filter = (struct source_filter){ .paths = paths };
	take(w, mail);
	expect_log(w, "");
	take(w, mail);
	expect_log(w, "");
	take_from(w, "two", mail);
	expect_log(w, "queue a v1\n");
	take_from(w, "two", mail);
	take_from(w, "none", mail);
	expect_log(w, "");
	assert_int_equal(posting_find_by_msgid(w->f.db, "a", &row, &w->f.err), 1);
	assert_string_equal(row.source, "two");
	posting_row_done(&row);
}

static void test_another_list_brings_it(void **state)
{
	struct world *w = *state;
	char *const lists[] = { "linux-mm.*", NULL };

	w->sources[0].filter = (struct source_filter){ .lists = lists };
	take(w, "p1 c a@x 0 +[PATCH 1/2] mm: x | list=netdev.org");
	expect_postings(w, "ignored series v1 1/2 p1 (missing 2): "
			   "not by a list that is watched: netdev.org");
	take(w, "p1 c a@x 0 +[PATCH 1/2] mm: x | list=linux-mm.org");
	expect_postings(w, "waiting series v1 1/2 p1 (missing 2)");
	take(w, "p2 c a@x 0 +[PATCH 2/2] mm: x | list=netdev.org");
	expect_log(w, "queue p1 v1\n");
}

static void test_older_than_its_source(void **state)
{
	struct world *w = *state;

	w->sources[0].not_before = 1700000000 + 60 * 60;
	take(w, "a - a@x 59 +[PATCH] mm: one");
	take(w, "b - a@x 60 +[PATCH] mm: two");
	expect_log(w, "queue b v1\n");
	expect_postings(w, "ignored single v1 1/1 a: posted before its source was "
			   "listened to\nqueued single v1 1/1 b");
	take_from(w, "gone", "d - a@x 90 +[PATCH] mm: three");
	expect_log(w, "");
}

static void test_wishes_of_the_author(void **state)
{
	struct world *w = *state;
	struct posting_row row;

	take(w, one);
	take(w, "p2 c a@x 0 +[PATCH 2/2] mm: two | tree=other base=0123456789ab");
	expect_log(w, "queue p1 v1\n");
	/* The cover letter is late, and wishes for a tree: it is queued anew. */
	take(w, "c - a@x 0 [PATCH 0/2] mm: all | tree=mm change=id url=http://x/c");
	expect_log(w, "cancel 1\nqueue c v1\n");
	assert_int_equal(posting_find_by_msgid(w->f.db, "c", &row, &w->f.err), 1);
	assert_string_equal(json_str(row.override, "tree", ""), "mm");
	assert_string_equal(row.base_commit, "0123456789ab");
	assert_string_equal(row.change_id, "id");
	assert_string_equal(row.archive_url, "http://x/c");
	assert_int_equal(row.job, 2);
	posting_row_done(&row);
}

static void test_late_cover_without_wishes(void **state)
{
	struct world *w = *state;

	take(w, one);
	take(w, two);
	take(w, cover);
	expect_log(w, "queue p1 v1\n");
	expect_postings(w, "queued series v1 2/2 c");
}

static void test_stray_mails_take_nothing_back(void **state)
{
	struct world *w = *state;

	take(w, cover);
	take(w, one);
	take(w, two);
	take(w, "p3 c a@x 9 +[PATCH 3/2] mm: three");
	take(w, "x p1 b@x 9 +[PATCH 2/2] mm: two");
	expect_log(w, "queue c v1\n");
	expect_postings(w, "queued series v1 3/2 c\nwaiting series v1 1/2 x (missing 1)");
}

static void test_late_parent_joins_threads(void **state)
{
	struct world *w = *state;

	take(w, "p1 m a@x 0 +[PATCH 1/2] mm: one");
	take(w, "p2 n a@x 0 +[PATCH 2/2] mm: two");
	expect_postings(w, "waiting series v1 1/2 p1 (missing 2)\n"
			   "waiting series v1 1/2 p2 (missing 1)");
	take(w, "n c a@x 0 Re: x | ref=c");
	take(w, "m c a@x 0 Re: x | ref=c");
	take(w, "c - a@x 0 talk");
	/* One thread now, but answers to different mails: never one posting. */
	take(w, "q2 m a@x 0 +[PATCH 2/2] mm: two");
	expect_log(w, "queue p1 v1\n");
	expect_postings(w, "queued series v1 2/2 p1\n"
			   "waiting series v1 1/2 p2 (missing 1)");
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

static void test_without_threading(void **state)
{
	struct world *w = *state;

	take(w, "p3 - a@x 100 +[PATCH 3/3] mm: three");
	take(w, "p1 - a@x 0 +[PATCH 1/3] mm: one");
	take(w, "p2 - a@x 50 +[PATCH 2/3] mm: two");
	expect_log(w, "queue p1 v1\n");
	take(w, "q1 - b@x 0 +[PATCH 1/3] mm: one");
	take(w, "q2 - a@x 400 +[PATCH 1/3] mm: one");
	take(w, "q3 - a@x 0 +[PATCH AUTOSEL 2/3] mm: one");
	expect_postings(w, "queued series v1 3/3 p1\n"
			   "waiting series v1 1/3 q1 (missing 2-3)\n"
			   "waiting series v1 1/3 q2 (missing 2-3)\n"
			   "waiting series v1 1/3 q3 (missing 1, 3)");
}

static void test_roll_back(void **state)
{
	struct world *w = *state;
	AUTO_JSON struct json_object *line = poll_line("a - a@x 0 +[PATCH] mm: one");

	w->broken = true;
	begin(w);
	add(w, "one", line);
	assert_int_equal(postings_settle(w->p, w->now, &w->f.err), -1);
	assert_string_equal(w->f.err.msg, "queue a: no queue");
	db_tx_end(&w->tx);
	expect_postings(w, "");
	begin(w);
	add(w, "one", line);
	db_tx_end(&w->tx);
	expect_postings(w, "");
	w->broken = false;
	take(w, "a - a@x 0 +[PATCH] mm: one");
	expect_log(w, "queue a v1\n");
}

static void test_no_lines(void **state)
{
	static const char *const texts[] = { "{}", "{\"message_id\":7}",
					     "{\"message_id\":\"\"}", "[]", "\"x\"" };
	struct world *w = *state;

	begin(w);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		AUTO_JSON struct json_object *line = j(texts[i]);

		add(w, "one", line);
	}
	{
		AUTO_JSON struct json_object *line =
			j("{\"message_id\":\"a\",\"references\":{\"x\":1},\"lists\":3,"
			  "\"paths\":null,\"override\":[],\"subject\":\"[PATCH] x\","
			  "\"has_diff\":true,\"parent\":\"a\"}");

		add(w, "one", line);
	}
	commit(w);
	assert_int_equal(postings_counts(w->p).skipped, ARRAY_SIZE(texts));
	expect_postings(w, "queued single v1 1/1 a");
}

static unsigned int roll(unsigned long long *seed, unsigned int n)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned int)(*seed >> 33) % n;
}

/* Any tag, answering any mail: itself, one to come, one that never comes. */
static char *random_mail(unsigned long long *seed, unsigned int mails)
{
	static const char *const forms[] = {
		"+[PATCH v%u %u/%u] mm: %u",   "[PATCH v%u %u/%u] mm: %u",
		"+[PATCH v%u.1 %u/%u] mm: %u", "+[RFC v%u] mm: %u %u %u",
		"[PATCHSET v%u] mm: %u %u %u", "Re: [PATCH v%u %u/%u] mm: %u",
		"[GIT PULL] %u %u %u %u",
	};
	AUTO_FREE char *parent =
		roll(seed, 4) ? str_printf("m%u", roll(seed, mails + 5)) : str_dup("-");
	struct str s = STR_INIT;

	str_addf(&s, "m%u %s %c@x %u ", roll(seed, mails), parent,
		 'a' + (char)roll(seed, 2), roll(seed, 300));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	str_addf(&s, roll(seed, 2) ? forms[0] : forms[roll(seed, ARRAY_SIZE(forms))],
		 roll(seed, 3) + 1, roll(seed, 4), roll(seed, 2) + 2, roll(seed, 3));
#pragma GCC diagnostic pop
	if (!roll(seed, 5))
		str_addf(&s, " | ref=m%u ref=m%u", roll(seed, mails), roll(seed, mails));
	return str_take(&s);
}

/* Rows and mails agree with each other, whatever came. */
static void check_agreement(struct world *w)
{
	struct posting_row *rows;
	int64_t total;
	size_t n;

	ok(&w->f, posting_list(w->f.db, NULL, 1000, 0, &rows, &n, &total, &w->f.err));
	for (size_t i = 0; i < n; i++) {
		struct mail_row *mails;
		size_t count;
		int64_t have = 0;

		ok(&w->f, mail_list_posting(w->f.db, rows[i].id, false, &mails, &count,
					    &w->f.err));
		for (size_t k = 0; k < count; k++) {
			have += !strcmp(mails[k].what, "patch");
			assert_int_equal(mails[k].thread, rows[i].thread);
			assert_true(k == 0 || mails[k].number != mails[k - 1].number);
		}
		if (count) /* else its mails went to another one after it was queued */
			assert_int_equal(have, rows[i].have);
		else
			assert_int_equal(rows[i].state, POSTING_SUPERSEDED);
		assert_int_equal(rows[i].deadline >= 0, rows[i].state == POSTING_WAITING);
		mail_row_list_free(mails, count);
	}
	posting_row_list_free(rows, n);
}

static void test_random_mails(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < 30; round++) {
		unsigned long long seed = round;
		struct world w;

		world_init(&w);
		w.running = round % 2;
		for (int i = 0; i < 60;) {
			begin(&w);
			for (unsigned int k = roll(&seed, 5); k + 1 > 0 && i < 60;
			     k--, i++) {
				AUTO_FREE char *text = random_mail(&seed, 40);
				AUTO_JSON struct json_object *line = poll_line(text);

				add(&w, "one", line);
			}
			commit(&w);
			check_agreement(&w);
			if (!roll(&seed, 6))
				expire(&w, 3600);
		}
		expire(&w, 3600);
		check_agreement(&w);
		world_done(&w);
	}
}

static void take_raw(struct world *w, const char *text, const char *raw)
{
	AUTO_JSON struct json_object *line = poll_line(text);

	begin(w);
	ok(&w->f, postings_add(w->p, "one", line, raw, strlen(raw), w->now, &w->f.err));
	commit(w);
}

static void test_mbox(void **state)
{
	struct world *w = *state;
	AUTO(str_done) struct str got = STR_INIT;
	AUTO(str_done) struct str want = STR_INIT;
	struct posting_row row;
	struct mail_row m;
	char *raw = NULL;
	size_t len;

	take_raw(w, two, "Subject: two\n\nFrom there\n");
	take_raw(w, cover, "Subject: all\n\n");
	take_raw(w, "r c b@x 0 Re: x", "Subject: Re: x\n\n");
	assert_int_equal(posting_find_by_msgid(w->f.db, "c", &row, &w->f.err), 1);
	assert_int_equal(postings_mbox(w->f.db, &row, &got, &w->f.err), 0);
	posting_row_done(&row);
	str_clear(&got);
	take_raw(w, one, "Subject: one\n\n");
	assert_int_equal(posting_find_by_msgid(w->f.db, "c", &row, &w->f.err), 1);
	assert_int_equal(postings_mbox(w->f.db, &row, &got, &w->f.err), 1);
	mbox_add(&want, "Subject: all\n\n", 14);
	mbox_add(&want, "Subject: one\n\n", 14);
	mbox_add(&want, "Subject: two\n\nFrom there\n", 25);
	assert_string_equal(str_get(&got), str_get(&want));
	ok(&w->f, postings_job_over(w->p, row.id, w->now, &w->f.err));
	assert_int_equal(postings_mbox(w->f.db, &row, &got, &w->f.err), 0);
	posting_row_done(&row);
	take_raw(w, one, "Subject: one\n\n"); /* not kept again */
	assert_int_equal(mail_find(w->f.db, "p1", &m, &w->f.err), 1);
	assert_int_equal(mail_raw_get(w->f.db, m.id, &raw, &len, &w->f.err), 0);
	mail_row_done(&m);
	expect_postings(w, "done series v1 2/2 c");
}

/* What a partly posted version goes back to is its sender's. */
static void test_bytes_of_a_refill(void **state)
{
	struct world *w = *state;
	AUTO(str_done) struct str got = STR_INIT;
	struct posting_row row;

	take(w, "m - m@x 0 mm: a question");
	take_raw(w, "x2 m b@x 0 +[PATCH 2/2] mm: two", "Subject: stranger\n\n");
	take_raw(w, "p1 m a@x 0 +[PATCH 1/2] mm: one", "Subject: one\n\n");
	take_raw(w, "p2 m a@x 0 +[PATCH 2/2] mm: two", "Subject: two\n\n");
	take_raw(w, "q1 p1 a@x 9 +[PATCH v2 1/2] mm: one", "Subject: one, mended\n\n");
	assert_int_equal(posting_find_by_msgid(w->f.db, "q1", &row, &w->f.err), 1);
	assert_int_equal(row.refilled, 1);
	assert_int_equal(postings_mbox(w->f.db, &row, &got, &w->f.err), 1);
	assert_non_null(strstr(str_get(&got), "one, mended"));
	assert_non_null(strstr(str_get(&got), "Subject: two"));
	assert_null(strstr(str_get(&got), "stranger"));
	posting_row_done(&row);
}

/* A second mail with a known id, by another source, is not what gets tested. */
static void test_bytes_of_the_first(void **state)
{
	AUTO_JSON struct json_object *line = poll_line("a - b@x 0 +[PATCH] mm: one");
	struct world *w = *state;
	AUTO(str_done) struct str got = STR_INIT;
	struct posting_row row;

	take(w, "a - a@x 0 +[PATCH] mm: one"); /* from an archive, which keeps them */
	begin(w);
	ok(&w->f,
	   postings_add(w->p, "two", line, "Subject: x\n\n", 12, w->now, &w->f.err));
	commit(w);
	assert_int_equal(posting_find_by_msgid(w->f.db, "a", &row, &w->f.err), 1);
	assert_string_equal(row.sender, "a@x");
	assert_int_equal(postings_mbox(w->f.db, &row, &got, &w->f.err), 0);
	posting_row_done(&row);
}

static void test_bytes_for_another_list(void **state)
{
	struct world *w = *state;
	char *const lists[] = { "linux-mm.*", NULL };
	AUTO(str_done) struct str got = STR_INIT;
	struct posting_row row;

	w->sources[0].filter = (struct source_filter){ .lists = lists };
	take_raw(w, "a - a@x 0 +[PATCH] mm: one | list=netdev.org", "Subject: x\n\n");
	expect_log(w, "");
	take_raw(w, "a - a@x 0 +[PATCH] mm: one | list=linux-mm.org", "Subject: x\n\n");
	expect_log(w, "queue a v1\n");
	assert_int_equal(posting_find_by_msgid(w->f.db, "a", &row, &w->f.err), 1);
	assert_int_equal(postings_mbox(w->f.db, &row, &got, &w->f.err), 1);
	posting_row_done(&row);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_complete_is_queued_once),
		TEST(test_deadline_and_revival),
		TEST(test_a_part_that_is_not_the_last),
		TEST(test_what_is_not_tested),
		TEST(test_newer_version_in_its_own_thread),
		TEST(test_running_and_done_stay),
		TEST(test_older_version_comes_late),
		TEST(test_versions_in_one_transaction),
		cmocka_unit_test(test_what_is_a_version),
		TEST(test_no_takeover),
		TEST(test_strangers_parts),
		TEST(test_parts_of_several_senders),
		TEST(test_version_by_its_patches),
		TEST(test_partly_posted_anew_waits),
		TEST(test_row_of_a_stranger),
		TEST(test_more_while_it_runs),
		TEST(test_filters),
		TEST(test_another_source_takes_it),
		TEST(test_another_list_brings_it),
		TEST(test_older_than_its_source),
		TEST(test_wishes_of_the_author),
		TEST(test_late_cover_without_wishes),
		TEST(test_stray_mails_take_nothing_back),
		TEST(test_late_parent_joins_threads),
		TEST(test_two_rows_become_one),
		cmocka_unit_test(test_late_parent_connects_versions),
		TEST(test_without_threading),
		TEST(test_roll_back),
		TEST(test_no_lines),
		cmocka_unit_test(test_random_mails),
		TEST(test_mbox),
		TEST(test_bytes_of_a_refill),
		TEST(test_bytes_of_the_first),
		TEST(test_bytes_for_another_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
