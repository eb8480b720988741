/*
 * Threads as they come on lists, made up: what bots, other senders and other trees put
 * beside a series, and what a stranger would like to be taken for. Each in many orders.
 * "version of ID": it is a later or earlier form of the posting that ID names.
 */
#include "tests/unit/posting_fixture.h"

enum { MAILS_MAX = 14, ORDERS = 25 };

struct form {
	const char *name;
	const char *mails[MAILS_MAX];
	const char *want;
};

static const struct form forms[] = {
	/* ---- bots and maintainers' tools ---- */
	{ "a build bot about a commit of a branch",
	  { "p - a@x 0 +[PATCH] mm: one",
	    "b - bot@x 5 [linux-next:master 1234/5678] mm/rmap.c:12: warning: unused",
	    "d - bot@x 6 +[akpm-mm:mm-unstable 12/34] mm/rmap.c:12: error: x",
	    "e p bot@x 7 Re: [PATCH] mm: one" },
	  "single v1 1/1 - : p complete" },
	{ "numbers of something else",
	  { "a - a@x 0 [Bug 12/34] mm: x", "b - a@x 1 [meeting 2/3] notes",
	    "d - a@x 2 [syzbot] [mm?] WARNING in x" },
	  "" },
	{ "the mails of a maintainer's tree",
	  { "a - m@x 0 ++ mm-one.patch added to mm-unstable branch",
	    "b - m@x 1 +[merged mm-stable] mm-one.patch removed from -mm tree",
	    "d - m@x 2 +[tip: x86/mm] x86/mm: one",
	    "e - g@x 3 +Patch \"mm: one\" has been added to the 6.1-stable tree",
	    "f - g@x 4 +FAILED: patch \"[PATCH] mm: one\" failed to apply" },
	  "" },
	{ "a stable review",
	  { "c - g@x 0 [PATCH 6.1 000/003] 6.1.55-rc1 review",
	    "p1 c g@x 0 +[PATCH 6.1 001/003] mm: one",
	    "p2 c g@x 0 +[PATCH 6.1 002/003] mm: two",
	    "p3 c g@x 0 +[PATCH 6.1 003/003] mm: three",
	    "r c u@x 9 Re: [PATCH 6.1 000/003] 6.1.55-rc1 review" },
	  "series v1 3/3 c : p1 p2 p3 complete" },
	{ "one fix for three trees in one thread",
	  { "f - g@x 0 +FAILED: patch \"[PATCH] mm: one\" failed to apply",
	    "a f a@x 5 +[PATCH 5.10.y] mm: one", "b f a@x 5 +[PATCH 5.15.y] mm: one",
	    "d f a@x 9 +[PATCH v2 5.10.y] mm: one" },
	  "single v1 1/1 - : a complete\nsingle v1 1/1 - : b complete\n"
	  "single v2 1/1 - : d complete version of a" },
	{ "two patches for two trees, sent in one second",
	  { "f - g@x 0 FAILED: patch \"[PATCH] mm: one\" failed to apply",
	    "a1 f a@x 5 +[PATCH 5.10 1/2] mm: one", "b1 f a@x 5 +[PATCH 6.1 1/2] mm: one",
	    "a2 f a@x 5 +[PATCH 6.1 2/2] mm: two",
	    "b2 f a@x 5 +[PATCH 5.10 2/2] mm: two" },
	  "series v1 2/2 - : a1 b2 complete\nseries v1 2/2 - : b1 a2 complete" },
	/* ---- tags ---- */
	{ "tags in any order, a list's own before them",
	  { "c - a@x 0 [linux-mm] [v3 PATCH 0/3] mm: all",
	    "p1 c a@x 0 +[linux-mm] [PATCH 1/3 v3] mm: one",
	    "p2 c a@x 0 +[linux-mm] [PATCHv3 2/3] mm: two",
	    "p3 c a@x 0 +[linux-mm][PATCH v3: 3/3] mm: three",
	    "r p3 b@x 9 +[linux-mm] Re: [PATCH v3 3/3] mm: three" },
	  "series v3 3/3 c : p1 p2 p3 complete" },
	{ "no space before the numbers",
	  { "c - a@x 0 [PATCH0/2] mm: all", "p1 c a@x 0 +[PATCH1/2] mm: one",
	    "p2 c a@x 0 +[PATCH2/2] mm: two" },
	  "series v1 2/2 c : p1 p2 complete" },
	{ "for a tree that has a name",
	  { "c - a@x 0 [RFC PATCH mm-unstable v2 0/2] mm: all",
	    "p1 c a@x 0 +[RFC PATCH mm-unstable v2 1/2] mm: one",
	    "p2 c a@x 0 +[RFC PATCH mm-unstable v2 2/2] mm: two" },
	  "series rfc v2 2/2 c : p1 p2 complete" },
	{ "a resend of v3",
	  { "c - a@x 0 [RESEND PATCH v3 0/2] mm: all",
	    "p1 c a@x 0 +[RESEND PATCH v3 1/2] mm: one",
	    "p2 c a@x 0 +[PATCH v3 2/2 RESEND] mm: two" },
	  "series resend v3 2/2 c : p1 p2 complete" },
	{ "nothing, many, and more than there are",
	  { "a - a@x 0 [PATCH 0/0] mm: a", "b - a@x 0 +[PATCH 1/9999] mm: b",
	    "d - a@x 0 +[PATCH 3/2] mm: d" },
	  "series v1 1/2 - : - - (missing 1-2) (patch 3 of 2: numbered beyond the "
	  "announced count)\nseries v1 1/9999 - : (missing 2-9999)" },
	{ "two patches of number two",
	  { "c - a@x 0 [PATCH 0/3] mm: all", "p1 c a@x 0 +[PATCH 1/3] mm: one",
	    "p2 c a@x 1 +[PATCH 2/3] mm: two", "p3 c a@x 2 +[PATCH 2/3] mm: three" },
	  "series v1 1/3 - : - p3 - (missing 1, 3)\n"
	  "series v1 2/3 c : p1 p2 - (missing 3)" },
	/* ---- strangers ---- */
	{ "a stranger's patch of the same number, dated before",
	  { "c - a@x 10 [PATCH 0/2] mm: all", "p1 c a@x 10 +[PATCH 1/2] mm: one",
	    "p2 c a@x 10 +[PATCH 2/2] mm: two", "x c b@x 0 +[PATCH 2/2] mm: two" },
	  "series v1 1/2 - : - x (missing 1)\nseries v1 2/2 c : p1 p2 complete" },
	{ "a stranger's patch beyond the count",
	  { "c - a@x 0 [PATCH 0/2] mm: all", "p1 c a@x 0 +[PATCH 1/2] mm: one",
	    "p2 c a@x 0 +[PATCH 2/2] mm: two", "x c b@x 0 +[PATCH 3/2] mm: three" },
	  "series v1 1/2 - : - - (missing 1-2) (patch 3 of 2: numbered beyond the "
	  "announced count)\nseries v1 2/2 c : p1 p2 complete" },
	{ "a stranger's patch without a diff",
	  { "c - a@x 5 [PATCH 0/2] mm: all", "p1 c a@x 5 +[PATCH 1/2] mm: one",
	    "p2 c a@x 5 +[PATCH 2/2] mm: two", "x c b@x 0 [PATCH 2/2] mm: two" },
	  "series v1 1/2 - : - x (missing 1) (patch 2 of 2 holds no diff)\n"
	  "series v1 2/2 c : p1 p2 complete" },
	{ "a stranger's cover letter",
	  { "p1 - a@x 5 +[PATCH 1/2] mm: one", "p2 p1 a@x 5 +[PATCH 2/2] mm: two",
	    "x p1 b@x 0 [PATCH 0/2] mm: all" },
	  "series v1 0/2 x : - - (missing 1-2)\nseries v1 2/2 - : p1 p2 complete" },
	{ "words that are no cover letter",
	  { "p1 - a@x 5 +[PATCH 1/2] mm: one", "p2 p1 a@x 5 +[PATCH 2/2] mm: two",
	    "x p1 b@x 9 [PATCH] ping", "y p2 a@x 10 [RFC] what about three?" },
	  "series v1 2/2 - : p1 p2 complete" },
	{ "two senders answer one mail",
	  { "m - m@x 0 mm: a question", "a1 m a@x 5 +[PATCH 1/2] mm: one",
	    "b1 m b@x 5 +[PATCH 1/2] mm: another", "a2 m a@x 6 +[PATCH 2/2] mm: two",
	    "b2 m b@x 4 +[PATCH 2/2] mm: yet another" },
	  "series v1 2/2 - : a1 a2 complete\nseries v1 2/2 - : b1 b2 complete" },
	{ "each patch from its author",
	  { "c - a@x 0 [PATCH 0/3] mm: all", "p1 c a@x 1 +[PATCH 1/3] mm: one",
	    "p2 c b@x 2 +[PATCH 2/3] mm: two", "p3 p2 d@x 3 +[PATCH 3/3] mm: three" },
	  "series v1 3/3 c : p1 p2 p3 mixed complete" },
	{ "the cover letter from another address",
	  { "c - a@home 0 [PATCH v2 0/2] mm: all", "p1 c a@x 1 +[PATCH v2 1/2] mm: one",
	    "p2 c a@x 1 +[PATCH v2 2/2] mm: two" },
	  "series v2 2/2 c : p1 p2 mixed complete" },
	{ "a fix in a discussion, and an answer with a diff in it",
	  { "m - m@x 0 mm: it crashes", "f m a@x 5 +[PATCH] mm: mend it",
	    "r f b@x 9 +Re: [PATCH] mm: mend it", "s m b@x 9 +Re: mm: it crashes" },
	  "single v1 1/1 - : f complete" },
	{ "v1 by another sender under the same name",
	  { "p - a@x 0 +[PATCH] mm: one", "x p b@x 9 +[PATCH v9] mm: one" },
	  "single v1 1/1 - : p complete\nsingle v9 1/1 - : x complete version of p" },
	/* ---- versions ---- */
	{ "user space beside the kernel's series",
	  { "c - a@x 0 [PATCH net-next 0/2] net: all",
	    "p1 c a@x 0 +[PATCH net-next 1/2] net: one",
	    "p2 c a@x 0 +[PATCH net-next 2/2] net: two",
	    "u c a@x 1 [PATCH iproute2-next v2 0/2] ip: show it",
	    "u1 u a@x 1 +[PATCH iproute2-next v2 1/2] ip: one",
	    "u2 u a@x 1 +[PATCH iproute2-next v2 2/2] ip: two" },
	  "series v1 2/2 c : p1 p2 complete\nseries v2 2/2 u : u1 u2 complete" },
	{ "a page of the manual beside the patch",
	  { "p - a@x 0 +[PATCH] mm: add a call",
	    "m p a@x 1 +[PATCH v2] call.2: document it" },
	  "single v1 1/1 - : p complete\nsingle v2 1/1 - : m complete" },
	{ "v2 under another name in the thread of v1",
	  { "c - a@x 0 [PATCH 0/2] mm: all", "p1 c a@x 0 +[PATCH 1/2] mm: one",
	    "p2 c a@x 0 +[PATCH 2/2] mm: two", "r c b@x 5 Re: [PATCH 0/2] mm: all",
	    "d r a@x 90 [PATCH v2 0/3] memory: everything",
	    "q1 d a@x 90 +[PATCH v2 1/3] mm: zero", "q2 d a@x 90 +[PATCH v2 2/3] mm: One",
	    "q3 d a@x 90 +[PATCH v2 3/3] mm: three" },
	  "series v1 2/2 c : p1 p2 complete\n"
	  "series v2 3/3 d : q1 q2 q3 complete version of c" },
	{ "RFC, then v1, then a single patch of it",
	  { "c - a@x 0 [RFC PATCH 0/2] mm: all", "p1 c a@x 0 +[RFC PATCH 1/2] mm: one",
	    "p2 c a@x 0 +[RFC PATCH 2/2] mm: two", "d c a@x 90 [PATCH 0/2] mm: all",
	    "q1 d a@x 90 +[PATCH 1/2] mm: one", "q2 d a@x 90 +[PATCH 2/2] mm: two",
	    "s q2 a@x 99 +[PATCH v2] mm: two" },
	  "series rfc v1 2/2 c : p1 p2 complete\n"
	  "series v1 2/2 d : q1 q2 complete version of c\nsingle v2 1/1 - : s complete" },
	{ "two series in one thread",
	  { "c - a@x 0 [PATCH 0/2] mm: all", "p1 c a@x 0 +[PATCH 1/2] mm: one",
	    "p2 c a@x 0 +[PATCH 2/2] mm: two", "d p2 b@x 90 [PATCH 0/2] mm: instead",
	    "q1 d b@x 90 +[PATCH 1/2] mm: other", "q2 d b@x 90 +[PATCH 2/2] mm: more" },
	  "series v1 2/2 c : p1 p2 complete\nseries v1 2/2 d : q1 q2 complete" },
	{ "v3 before v2 and v1, by their dates too",
	  { "a - a@x 90 +[PATCH] mm: one", "b a a@x 50 +[PATCH v2] mm: one",
	    "d b a@x 10 +[PATCH v3] mm: one" },
	  "single v1 1/1 - : a complete version of d\n"
	  "single v2 1/1 - : b complete version of d\nsingle v3 1/1 - : d complete" },
	{ "a ring of answers",
	  { "a b a@x 0 +[PATCH 1/2] mm: one", "b a a@x 0 +[PATCH 2/2] mm: two",
	    "d d a@x 0 +[PATCH] mm: itself" },
	  "series v1 2/2 - : a b complete\nsingle v1 1/1 - : d complete" },
};

static char *text_of(const struct recognised *all)
{
	char **lines = mem_alloc0((all->n + 1) * sizeof(*lines));
	struct str out = STR_INIT;

	for (size_t i = 0; i < all->n; i++) {
		const struct posting *p = &all->list[i];
		AUTO_FREE char *text = posting_text(p);

		lines[i] = p->family == i ?
				   str_dup(text) :
				   str_printf("%s version of %s", text,
					      all->list[p->family].m->message_id);
	}
	qsort(lines, all->n, sizeof(*lines), by_text);
	for (size_t i = 0; i < all->n; i++)
		str_addf(&out, "%s%s", i ? "\n" : "", lines[i]);
	strv_free(lines);
	return str_take(&out);
}

static char *recognise(const struct form *f, const size_t *order, size_t n)
{
	struct thread *t = thread_new(0);
	struct recognised all;
	char *text;

	for (size_t i = 0; i < n; i++)
		assert_true(thread_add(t, mail_of_line(f->mails[order[i]])));
	all = posting_recognise(t);
	text = text_of(&all);
	recognised_done(&all);
	thread_free(t);
	return text;
}

static void test_forms(void **state)
{
	int bad = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		const struct form *f = &forms[i];
		size_t order[MAILS_MAX], n = 0;

		while (n < MAILS_MAX && f->mails[n])
			n++;
		for (unsigned int seed = 0; seed < ORDERS; seed++) {
			AUTO_FREE char *got = NULL;

			shuffle(order, n, seed);
			got = recognise(f, order, n);
			if (!strcmp(got, f->want))
				continue;
			print_error("%s, order %u: wanted\n%s\ngot\n%s\n", f->name, seed,
				    f->want, got);
			bad++;
			break;
		}
	}
	assert_int_equal(bad, 0);
}

/* What a mail of a series asks the queue to test is that series, whoever answers. */
static void test_asked_for_by_id(void **state)
{
	static const char *const mails[] = {
		"p - a@x 0 +[PATCH] mm: one",
		"x p b@x 9 +[PATCH] mm: one",
		"q p a@x 10 +[PATCH RESEND] mm: one",
	};
	struct thread *t = thread_new(0);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(mails); i++)
		thread_add(t, mail_of_line(mails[i]));
	for (size_t i = 0; i < ARRAY_SIZE(mails); i++) {
		const struct mail *m = thread_mail(t, i);
		struct mail_series s;

		assert_true(thread_find(t, m->message_id, 1, &s));
		assert_ptr_equal(s.patches[0], m);
		mail_series_done(&s);
	}
	thread_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_asked_for_by_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
