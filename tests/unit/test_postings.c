/* From mails to postings that are queued once, in whatever order the parts come. */
#include "tests/unit/postings_fixture.h"

static void test_complete_is_queued_once(void **state)
{
	struct world *w = *state;

	take(w, COVER);
	expect_postings(w, "waiting series v1 0/2 c (missing 1-2)");
	take(w, ONE);
	expect_log(w, "");
	take(w, TWO);
	expect_log(w, "queue c v1\n");
	expect_postings(w, "queued series v1 2/2 c");
	take(w, "r p1 b@x 9 +Re: [PATCH 1/2] mm: one");
	take(w, TWO);
	take(w, COVER);
	expire(w, 100000);
	expect_log(w, "");
	assert_int_equal(postings_counts(w->p).mails, 4);
	assert_int_equal(postings_counts(w->p).again, 2);
}

static void test_deadline_and_revival(void **state)
{
	struct world *w = *state;

	take(w, COVER);
	w->now += 3000;
	take(w, TWO);
	expire(w, 3599); /* the second part set it anew */
	expect_postings(w, "waiting series v1 1/2 c (missing 1)");
	expire(w, 1);
	expect_postings(w, "incomplete series v1 1/2 c (missing 1): "
			   "patch 1 of 2 is missing");
	expect_log(w, "");
	w->now += 500000;
	take(w, ONE);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_complete_is_queued_once),
		TEST(test_deadline_and_revival),
		TEST(test_a_part_that_is_not_the_last),
		TEST(test_what_is_not_tested),
		TEST(test_strangers_parts),
		TEST(test_parts_of_several_senders),
		TEST(test_more_while_it_runs),
		TEST(test_late_parent_joins_threads),
		TEST(test_without_threading),
		TEST(test_roll_back),
		TEST(test_no_lines),
		cmocka_unit_test(test_random_mails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
