#include "tests/unit/posting_fixture.h"

enum { MAILS_MAX = 12 };

struct form {
	const char *name;
	const char *mails[MAILS_MAX];
	const char *want;
};

static const struct form forms[] = {
	{ "cover letter and patches",
	  { "c - a@x 0 [PATCH v3 0/3] mm: all", "p1 c a@x 1 +[PATCH v3 1/3] mm: one",
	    "p2 c a@x 2 +[PATCH v3 2/3] mm: two",
	    "p3 c a@x 3 +[PATCH v3 3/3] mm: three" },
	  "series v3 3/3 c : p1 p2 p3 complete" },
	{ "no cover letter, answers to the first patch",
	  { "p1 - a@x 0 +[PATCH 1/3] mm: one", "p2 p1 a@x 1 +[PATCH 2/3] mm: two",
	    "p3 p1 a@x 2 +[PATCH 3/3] mm: three" },
	  "series v1 3/3 - : p1 p2 p3 complete" },
	{ "each answers the one before",
	  { "c - a@x 0 [PATCH 0/3] mm: all", "p1 c a@x 1 +[PATCH 1/3] mm: one",
	    "p2 p1 a@x 2 +[PATCH 2/3] mm: two", "p3 p2 a@x 3 +[PATCH 3/3] mm: three" },
	  "series v1 3/3 c : p1 p2 p3 complete" },
	{ "not threaded",
	  { "p1 - a@x 0 +[PATCH 1/3] mm: one", "p2 - a@x 0 +[PATCH 2/3] mm: two",
	    "p3 - a@x 0 +[PATCH 3/3] mm: three" },
	  "series v1 3/3 - : p1 p2 p3 complete" },
	{ "the cover letter went to another list",
	  { "p1 elsewhere a@x 0 +[PATCH 1/2] mm: one",
	    "p2 elsewhere a@x 0 +[PATCH 2/2] mm: two" },
	  "series v1 2/2 - : p1 p2 complete" },
	{ "an unnumbered cover letter",
	  { "c - a@x 0 [PATCHSET v3] mm: all", "p1 c a@x 1 +[PATCH v3 1/2] mm: one",
	    "p2 c a@x 2 +[PATCH v3 2/2] mm: two" },
	  "series v3 2/2 c : p1 p2 complete" },
	{ "holes",
	  { "c - a@x 0 [PATCH 0/6] mm: all", "p2 c a@x 2 +[PATCH 2/6] mm: two",
	    "p5 c a@x 5 +[PATCH 5/6] mm: five" },
	  "series v1 2/6 c : - p2 - - p5 - (missing 1, 3-4, 6)" },
	{ "a cover letter so far",
	  { "c - a@x 0 [PATCH 0/3] mm: all" },
	  "series v1 0/3 c : - - - (missing 1-3)" },
	{ "a cover letter by its tag alone", { "c - a@x 0 [RFC] mm: what if" }, "" },
	{ "a single patch",
	  { "p - a@x 0 +[PATCH] mm: one", "r p b@x 5 Re: [PATCH] mm: one" },
	  "single v1 1/1 - : p complete" },
	{ "a single patch with its cover letter",
	  { "c - a@x 0 [PATCH v2 0/1] mm: all", "p c a@x 0 +[PATCH v2 1/1] mm: one" },
	  "single v2 1/1 c : p complete" },
	{ "a single patch posted again in its thread",
	  { "p - a@x 0 +[PATCH] mm: one", "q p a@x 60 +[PATCH v2] mm: one" },
	  "single v1 1/1 - : p complete\nsingle v2 1/1 - : q complete" },
	{ "RFC in its ways",
	  { "a - a@x 0 +[RFC] mm: one", "b - a@x 1 +[RFC PATCH v2] mm: two",
	    "c - a@x 2 +[RFCv3] mm: three", "d - a@x 3 +[PATCH/RFC] mm: four" },
	  "single rfc v1 1/1 - : a complete\nsingle rfc v1 1/1 - : d complete\n"
	  "single rfc v2 1/1 - : b complete\nsingle rfc v3 1/1 - : c complete" },
	{ "a resend beside the first",
	  { "c - a@x 0 [PATCH 0/2] mm: all", "p1 c a@x 0 +[PATCH 1/2] mm: one",
	    "p2 c a@x 0 +[PATCH 2/2] mm: two", "d - a@x 900 [PATCH RESEND 0/2] mm: all",
	    "q1 d a@x 900 +[PATCH RESEND 1/2] mm: one",
	    "q2 d a@x 900 +[PATCH RESEND 2/2] mm: two" },
	  "series resend v1 2/2 d : q1 q2 complete\nseries v1 2/2 c : p1 p2 complete" },
	{ "the next version in the same thread",
	  { "c - a@x 0 [PATCH 0/2] mm: all", "p1 c a@x 0 +[PATCH 1/2] mm: one",
	    "p2 c a@x 0 +[PATCH 2/2] mm: two", "r p2 b@x 20 +Re: [PATCH 2/2] mm: two",
	    "d c a@x 90 [PATCH v2 0/2] mm: all", "q1 d a@x 90 +[PATCH v2 1/2] mm: one",
	    "q2 d a@x 90 +[PATCH v2 2/2] mm: two" },
	  "series v1 2/2 c : p1 p2 complete\nseries v2 2/2 d : q1 q2 complete" },
	{ "one patch of three anew, as an answer",
	  { "c - a@x 0 [PATCH 0/3] mm: all", "p1 c a@x 0 +[PATCH 1/3] mm: one",
	    "p2 c a@x 0 +[PATCH 2/3] mm: two", "p3 c a@x 0 +[PATCH 3/3] mm: three",
	    "r p2 b@x 20 Re: [PATCH 2/3] mm: two",
	    "q2 r a@x 90 +[PATCH v2 2/3] mm: two" },
	  "series v1 3/3 c : p1 p2 p3 complete\n"
	  "series v2 1/3 c : p1 q2 p3 (refilled of v1) complete" },
	{ "a patch of v2 mended",
	  { "c - a@x 0 [PATCH v2 0/2] mm: all", "p1 c a@x 0 +[PATCH v2 1/2] mm: one",
	    "p2 c a@x 0 +[PATCH v2 2/2] mm: two",
	    "q p2 a@x 9 +[PATCH v2.1 1/1] mm: two" },
	  "series v2 2/2 c : p1 p2 complete\nsingle v2.x 1/1 - : q complete" },
	{ "numbered beyond the count",
	  { "c - a@x 0 [PATCH 0/2] mm: all", "p1 c a@x 0 +[PATCH 1/2] mm: one",
	    "p2 c a@x 0 +[PATCH 2/2] mm: two", "p3 c a@x 0 +[PATCH 3/2] mm: three" },
	  "series v1 3/2 c : p1 p2 (patch 3 of 2: numbered beyond the announced count)" },
	{ "a patch without a diff",
	  { "c - a@x 0 [PATCH 0/2] mm: all", "p1 c a@x 0 +[PATCH 1/2] mm: one",
	    "p2 c a@x 0 [PATCH 2/2] mm: two" },
	  "series v1 2/2 c : p1 p2 (patch 2 of 2 holds no diff)" },
	{ "a number twice",
	  { "p1 - a@x 0 +[PATCH 1/2] mm: one", "p2 p1 a@x 1 +[PATCH 2/2] mm: two",
	    "q2 p1 a@x 9 +[PATCH 2/2] mm: two" },
	  "series v1 1/2 - : - q2 (missing 1)\nseries v1 2/2 - : p1 p2 complete" },
	{ "pull requests",
	  { "a - a@x 0 [GIT PULL] mm: fixes", "b - a@x 1 +[GIT PULL 1/2] mm: fixes",
	    "r a b@x 2 Re: [GIT PULL] mm: fixes" },
	  "pull v1 a\npull v1 b" },
	{ "two authors in one thread",
	  { "c - a@x 0 [PATCH 0/2] mm: all", "p1 c a@x 0 +[PATCH 1/2] mm: one",
	    "p2 c a@x 0 +[PATCH 2/2] mm: two", "f p2 b@x 9 +[PATCH] mm: mend two" },
	  "series v1 2/2 c : p1 p2 complete\nsingle v1 1/1 - : f complete" },
	{ "no tag, replies with a diff, talk",
	  { "a - a@x 0 +update core.c", "b a b@x 1 +Re: update core.c",
	    "c a b@x 2 Re: update core.c", "d - a@x 0 mm: a question" },
	  "" },
	{ "another count",
	  { "c - a@x 0 [PATCH 0/3] mm: all", "p1 c a@x 0 +[PATCH 1/3] mm: one",
	    "p2 c a@x 0 +[PATCH 2/3] mm: two", "p3 c a@x 0 +[PATCH 3/4] mm: three" },
	  "series v1 1/4 - : - - p3 - (missing 1-2, 4)\n"
	  "series v1 2/3 c : p1 p2 - (missing 3)" },
	{ "not threaded, of two senders",
	  { "p1 - a@x 0 +[PATCH 1/2] mm: one", "p2 - b@x 0 +[PATCH 2/2] mm: two" },
	  "series v1 1/2 - : - p2 (missing 1)\nseries v1 1/2 - : p1 - (missing 2)" },
	{ "no mail at all", { NULL }, "" },
};

static size_t mails_of(const struct form *f)
{
	size_t n = 0;

	while (n < MAILS_MAX && f->mails[n])
		n++;
	return n;
}

static char *recognise(const struct form *f, const size_t *order, size_t n)
{
	struct thread *t = thread_new(0);
	struct recognised all;
	char *text;

	for (size_t i = 0; i < n; i++)
		assert_true(thread_add(t, mail_of_line(f->mails[order[i]])));
	all = posting_recognise(t);
	assert_int_equal(all.mails_n, n);
	text = postings_text(&all);
	recognised_done(&all);
	thread_free(t);
	return text;
}

static void test_forms_in_any_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		const struct form *f = &forms[i];
		size_t order[MAILS_MAX];

		for (unsigned int seed = 0; seed < 20; seed++) {
			AUTO_FREE char *got = NULL;

			shuffle(order, mails_of(f), seed);
			got = recognise(f, order, mails_of(f));
			if (strcmp(got, f->want) != 0)
				fail_msg("%s, order %u: wanted\n%s\ngot\n%s", f->name,
					 seed, f->want, got);
		}
	}
}

static bool is_patch_of_series(const char *line)
{
	struct mail *m = mail_of_line(line);
	bool yes = m->has_diff && m->tags.n > 1 && m->tags.k <= m->tags.n &&
		   !m->tags.pull;

	mail_free(m);
	return yes;
}

/* What is not all there must not look complete: each form with one patch less. */
static void test_no_patch_is_overlooked(void **state)
{
	int tried = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		const struct form *f = &forms[i];
		size_t n = mails_of(f);

		/* These two have more patches than they need. */
		if (strstr(f->want, "refilled") || !strcmp(f->name, "a number twice"))
			continue;
		for (size_t without = 0; without < n; without++) {
			AUTO_FREE char *got = NULL;
			size_t order[MAILS_MAX];

			if (!is_patch_of_series(f->mails[without]))
				continue;
			for (size_t k = 0; k + 1 < n; k++)
				order[k] = k + (k >= without);
			got = recognise(f, order, n - 1);
			if (!strstr(got, "missing"))
				fail_msg("%s without %s: %s", f->name, f->mails[without],
					 got);
			tried++;
		}
	}
	assert_true(tried > 25);
}

static void test_what_each_mail_is(void **state)
{
	static const struct {
		const char *mail;
		enum mail_what what;
		int number;
	} cases[] = {
		{ "c - a@x 0 [PATCH 0/2] mm: all", MAIL_COVER, 0 },
		{ "p1 c a@x 0 +[PATCH 1/2] mm: one", MAIL_PATCH, 1 },
		{ "p2 c a@x 0 +[PATCH 2/2] mm: two", MAIL_PATCH, 2 },
		{ "r p2 b@x 1 Re: [PATCH 2/2] mm: two", MAIL_REPLY, 0 },
		{ "q p2 b@x 1 +Re: [PATCH 2/2] mm: two", MAIL_QUOTED_DIFF, 0 },
		{ "u p2 b@x 1 +this helps", MAIL_UNTAGGED, 0 },
		{ "t - b@x 1 mm: a question", MAIL_TALK, 0 },
		{ "n - b@x 1 [RFC] mm: a thought", MAIL_NO_PATCH, 0 },
		{ "l - b@x 1 [GIT PULL] mm: fixes", MAIL_PULL, 0 },
	};
	struct thread *t = thread_new(0);
	struct recognised all;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		thread_add(t, mail_of_line(cases[i].mail));
	assert_false(thread_add(t, mail_of_line(cases[0].mail)));
	all = posting_recognise(t);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct posting_mail *m = &all.mails[i];

		if (m->what != cases[i].what || m->number != cases[i].number)
			fail_msg("%s: %s %d", cases[i].mail, mail_what_str(m->what),
				 m->number);
		assert_int_equal(m->posting, i < 3 ? 0 : i == 8 ? 1 : POSTING_NONE);
	}
	recognised_done(&all);
	thread_free(t);
}

static void test_families(void **state)
{
	static const char *const mails[] = {
		"p - a@x 0 +[PATCH] mm: one",
		"q p a@x 60 +[PATCH v2] mm: mended",
		"f p b@x 61 +[PATCH] mm: other",
		"r q a@x 90 +[PATCH v3] mm: mended",
	};
	static const size_t family[] = { 0, 0, 2, 0 };
	struct thread *t = thread_new(0);
	struct recognised all;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(mails); i++)
		thread_add(t, mail_of_line(mails[i]));
	all = posting_recognise(t);
	assert_int_equal(all.n, ARRAY_SIZE(mails));
	for (size_t i = 0; i < all.n; i++)
		assert_int_equal(all.list[i].family, family[i]);
	recognised_done(&all);
	thread_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms_in_any_order),
		cmocka_unit_test(test_no_patch_is_overlooked),
		cmocka_unit_test(test_what_each_mail_is),
		cmocka_unit_test(test_families),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
