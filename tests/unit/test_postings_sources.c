/* Which source takes a posting, what its author asks for, and the bytes of its mails. */
#include "tests/unit/postings_fixture.h"

#include "kernels/mbox.h"

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

	take(w, ONE);
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

	take(w, ONE);
	take(w, TWO);
	take(w, COVER);
	expect_log(w, "queue p1 v1\n");
	expect_postings(w, "queued series v1 2/2 c");
}

static void test_stray_mails_take_nothing_back(void **state)
{
	struct world *w = *state;

	take(w, COVER);
	take(w, ONE);
	take(w, TWO);
	take(w, "p3 c a@x 9 +[PATCH 3/2] mm: three");
	take(w, "x p1 b@x 9 +[PATCH 2/2] mm: two");
	expect_log(w, "queue c v1\n");
	expect_postings(w, "queued series v1 3/2 c\nwaiting series v1 1/2 x (missing 1)");
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

	take_raw(w, TWO, "Subject: two\n\nFrom there\n");
	take_raw(w, COVER, "Subject: all\n\n");
	take_raw(w, "r c b@x 0 Re: x", "Subject: Re: x\n\n");
	assert_int_equal(posting_find_by_msgid(w->f.db, "c", &row, &w->f.err), 1);
	assert_int_equal(postings_mbox(w->f.db, &row, &got, &w->f.err), 0);
	posting_row_done(&row);
	str_clear(&got);
	take_raw(w, ONE, "Subject: one\n\n");
	assert_int_equal(posting_find_by_msgid(w->f.db, "c", &row, &w->f.err), 1);
	assert_int_equal(postings_mbox(w->f.db, &row, &got, &w->f.err), 1);
	mbox_add(&want, "Subject: all\n\n", 14);
	mbox_add(&want, "Subject: one\n\n", 14);
	mbox_add(&want, "Subject: two\n\nFrom there\n", 25);
	assert_string_equal(str_get(&got), str_get(&want));
	ok(&w->f, postings_job_over(w->p, row.id, w->now, &w->f.err));
	assert_int_equal(postings_mbox(w->f.db, &row, &got, &w->f.err), 0);
	posting_row_done(&row);
	take_raw(w, ONE, "Subject: one\n\n"); /* not kept again */
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
	take_raw(w, "q1 p1 a@x 9 +[PATCH v2 1/2] mm: one", "Subject: ONE, mended\n\n");
	assert_int_equal(posting_find_by_msgid(w->f.db, "q1", &row, &w->f.err), 1);
	assert_int_equal(row.refilled, 1);
	assert_int_equal(postings_mbox(w->f.db, &row, &got, &w->f.err), 1);
	assert_non_null(strstr(str_get(&got), "ONE, mended"));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_filters),
		TEST(test_another_source_takes_it),
		TEST(test_another_list_brings_it),
		TEST(test_older_than_its_source),
		TEST(test_wishes_of_the_author),
		TEST(test_late_cover_without_wishes),
		TEST(test_stray_mails_take_nothing_back),
		TEST(test_mbox),
		TEST(test_bytes_of_a_refill),
		TEST(test_bytes_of_the_first),
		TEST(test_bytes_for_another_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
