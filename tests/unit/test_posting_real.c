/*
 * Every thread of $SLUICE_MAIL_DIR: what its index.tsv says, what thread_find says
 * and what posting_recognise says are one, from the index of the mails alone, in
 * any order, and while they come one by one.
 */
#include "tests/unit/posting_fixture.h"

enum { COL_ID, COL_PATCHES = 3, COL_VERSION = 7, COL_CLASS = 9, COL_MBOX = 14, COLS };

/* A mail of the index from a parsed one. */
static struct mail *known(const struct mail *m)
{
	return mail_known(m->message_id, m->parent, m->subject, m->sender, m->date,
			  m->has_diff);
}

static struct thread *load(const char *path)
{
	struct thread *t = thread_new(0);
	struct err err = { .code = ERR_NONE };
	AUTO_FREE char *data = NULL;
	size_t len;

	if (file_read(path, 64 << 20, &data, &len, &err) < 0 ||
	    thread_add_mbox(t, data, len, &err) < 0)
		fail_msg("%s: %s", path, err.msg);
	return t;
}

/* The first n of t's mails in that order, as an index has them. */
static struct thread *indexed(const struct thread *t, const size_t *order, size_t n)
{
	struct thread *some = thread_new(0);

	for (size_t i = 0; i < n; i++)
		assert_true(thread_add(some, known(thread_mail(t, order[i]))));
	return some;
}

static char *recognised(const struct thread *t)
{
	struct recognised all = posting_recognise(t);
	char *text = postings_text(&all);

	recognised_done(&all);
	return text;
}

static void check_orders(const char *name, const struct thread *t)
{
	AUTO_FREE char *want = recognised(t);
	size_t n = thread_count(t);
	size_t *order = mem_alloc0((n + 1) * sizeof(*order));

	for (unsigned int seed = 1; seed <= 10; seed++) {
		struct thread *some;
		AUTO_FREE char *got = NULL;

		shuffle(order, n, seed);
		some = indexed(t, order, n);
		got = recognised(some);
		if (strcmp(got, want) != 0)
			fail_msg("%s, order %u:\n%s\nwanted\n%s", name, seed, got, want);
		thread_free(some);
	}
	free(order);
}

/* Nothing is complete on the way that is not so in the end: it would be tested. */
static void check_on_the_way(const char *name, const struct thread *t, unsigned int seed)
{
	AUTO_FREE char *last = recognised(t);
	size_t n = thread_count(t);
	size_t *order = mem_alloc0((n + 1) * sizeof(*order));

	shuffle(order, n, seed);
	for (size_t i = 0; i < n && !seed; i++)
		order[i] = i;
	for (size_t i = 1; i <= n; i++) {
		struct thread *some = indexed(t, order, i);
		struct recognised all = posting_recognise(some);

		for (size_t k = 0; k < all.n; k++) {
			AUTO_FREE char *text = posting_text(&all.list[k]);
			const char *ids =
				strchr(text, ':'); /* the cover may come later */

			if (all.list[k].complete && !all.list[k].s.refilled &&
			    !strstr(last, ids))
				fail_msg(
					"%s, %zu of %zu mails, order %u: %s\nin the end\n%s",
					name, i, n, seed, text, last);
		}
		recognised_done(&all);
		thread_free(some);
	}
	free(order);
}

/* The posting that the mail of index i belongs to, or NULL. */
static const struct posting *posting_of(const struct recognised *all, size_t i)
{
	size_t k = all->mails[i].posting;

	return k == POSTING_NONE ? NULL : &all->list[k];
}

/* thread_find of each posting's version finds the same patches. */
static void check_thread_find(const char *name, const struct thread *t)
{
	struct recognised all = posting_recognise(t);

	for (size_t k = 0; k < all.n; k++) {
		const struct posting *p = &all.list[k];
		struct mail_series s;
		bool found = thread_find(t, p->m->message_id, p->s.version, &s);

		/* It takes the newest of one version: postings keep both. */
		if (p->kind == POSTING_PULL ?
			    found :
			    s.total == p->s.total && found != p->complete)
			fail_msg("%s: %s: found %d: %s", name, p->m->message_id, found,
				 s.reason);
		if (found && p->complete && s.cover == p->s.cover)
			assert_memory_equal(s.patches, p->s.patches,
					    (size_t)s.total * sizeof(*s.patches));
		mail_series_done(&s);
	}
	recognised_done(&all);
}

/* "quoted-diff", the kinds that are no patches, said for a mail of the index. */
static const char *odd_kind(const char *mbox)
{
	static const char *const cases[][2] = {
		{ "f2934916-", "pull" },
		{ "ZyGCb34", "pull" },
		{ "CAJb", "untagged" },
		{ "87lemiitdd", "talk" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (str_starts(mbox, cases[i][0]))
			return cases[i][1];
	return NULL;
}

static size_t index_of(const struct thread *t, const char *id)
{
	size_t i = 0;

	while (i < thread_count(t) && strcmp(thread_mail(t, i)->message_id, id) != 0)
		i++;
	return i;
}

static void check_row(const struct thread *t, char **cells)
{
	struct recognised all = posting_recognise(t);
	size_t i = index_of(t, cells[COL_ID]);
	const char *odd = odd_kind(cells[COL_MBOX]);
	int patches = atoi(cells[COL_PATCHES]), version = atoi(cells[COL_VERSION]);
	const struct posting *p;

	assert_true(i < all.mails_n);
	p = posting_of(&all, i);
	if (odd) {
		assert_string_equal(mail_what_str(all.mails[i].what), odd);
		assert_true(!p || p->kind == POSTING_PULL);
	} else if (str_starts(cells[COL_MBOX], "20221018001102")) {
		assert_true(p && !p->complete);
		assert_string_equal(p->missing, "1-2, 4-13");
	} else if (!p || !p->complete || p->s.total != patches ||
		   p->kind != (patches > 1 ? POSTING_SERIES : POSTING_SINGLE) ||
		   (version && p->s.version != version)) {
		fail_msg("%s: %d patches wanted of v%d", cells[COL_ID], patches, version);
	}
	recognised_done(&all);
}

/* Cells between tabs, empty ones too; cuts the line up. */
static size_t cut_cells(char *line, char **cells, size_t max)
{
	size_t n = 0;

	for (char *s = line; s && n < max; s = strchr(s, '\t')) {
		if (n)
			*s++ = '\0';
		cells[n++] = s;
	}
	for (size_t i = 0; i < n; i++)
		cells[i][strcspn(cells[i], "\t\n")] = '\0';
	return n;
}

static void test_real_threads(void **state)
{
	AUTO_FREE char *index = real_mail_path("index.tsv");
	AUTO_FREE char *text = NULL;
	char **lines;
	size_t len;

	(void)state;
	if (!index)
		skip();
	assert_int_equal(file_read(index, 1 << 20, &text, &len, NULL), 0);
	lines = strv_split(text, "\n");
	assert_true(strv_len(lines) > 40);
	for (size_t i = 1; i < strv_len(lines); i++) {
		char *cells[COLS];
		AUTO_FREE char *path = NULL;
		struct thread *t;

		assert_int_equal(cut_cells(lines[i], cells, COLS), COLS);
		path = real_mail_path(cells[COL_MBOX]);
		assert_non_null(path);
		t = load(path);
		check_row(t, cells);
		check_orders(cells[COL_MBOX], t);
		for (unsigned int seed = 0; seed < 4; seed++)
			check_on_the_way(cells[COL_MBOX], t, seed);
		check_thread_find(cells[COL_MBOX], t);
		thread_free(t);
	}
	strv_free(lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
