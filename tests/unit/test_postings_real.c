/*
 * Every thread of $SLUICE_MAIL_DIR through the index, all into one database: in
 * order, shuffled over all threads, one mail in a transaction or many, and each mail
 * up to three times. What comes out is the same, and what index.tsv says.
 */
#include "tests/unit/postings_fixture.h"

#include "kernels/poll.h"
#include "kernels/thread.h"

enum { COL_ID, COL_PATCHES = 3, COL_VERSION = 7, COL_CLASS = 9, COL_MBOX = 14, COLS };

struct lines {
	struct json_object **list;
	size_t n;
};

/* The lines that the role writes of a mailbox. */
static void read_mbox(struct lines *l, const char *path)
{
	struct thread *t = thread_new(0);
	struct poll p = { .limits = { .mail_bytes = 64 << 20 } };
	struct err err = { .code = ERR_NONE };
	AUTO_FREE char *data = NULL;
	char *out = NULL;
	size_t len;

	if (file_read(path, 64 << 20, &data, &len, &err) < 0 ||
	    thread_add_mbox(t, data, len, &err) < 0)
		fail_msg("%s: %s", path, err.msg);
	p.notes = json_object_new_array();
	p.lines = open_memstream(&out, &len);
	for (size_t i = 0; i < thread_count(t); i++) {
		const struct mail *m = thread_mail(t, i);

		assert_int_equal(poll_add(&p, "x", m->raw, m->len, false, &err), 0);
	}
	fclose(p.lines);
	l->list = mem_realloc(l->list, l->n + p.mails, sizeof(*l->list));
	for (char *s = out; *s; s = strchr(s, '\n') + 1)
		assert_int_equal(json_parse(s, strcspn(s, "\n"), &l->list[l->n++], &err),
				 0);
	json_object_put(p.notes);
	free(out);
	thread_free(t);
}

static void lines_done(struct lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		json_object_put(l->list[i]);
	free(l->list);
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

typedef void row_fn(char **cells, void *arg);

static void each_row(row_fn *fn, void *arg)
{
	AUTO_FREE char *index = real_mail_path("index.tsv");
	AUTO_FREE char *text = NULL;
	char **lines;
	size_t len;

	assert_int_equal(file_read(index, 1 << 20, &text, &len, NULL), 0);
	lines = strv_split(text, "\n");
	for (size_t i = 1; i < strv_len(lines); i++) {
		char *cells[COLS];

		assert_int_equal(cut_cells(lines[i], cells, COLS), COLS);
		fn(cells, arg);
	}
	strv_free(lines);
}

static void read_row(char **cells, void *arg)
{
	AUTO_FREE char *path = real_mail_path(cells[COL_MBOX]);

	assert_non_null(path);
	read_mbox(arg, path);
}

/* batch mails in a transaction; times over, each time in another order. */
static void feed(struct world *w, const struct lines *l, unsigned int seed, size_t batch,
		 int times)
{
	size_t *order = mem_alloc0((l->n + 1) * sizeof(*order));

	for (int round = 0; round < times; round++) {
		if (seed)
			shuffle(order, l->n, seed + (unsigned int)round);
		for (size_t i = 0; i < l->n; i++) {
			if (i % batch == 0)
				begin(w);
			add(w, "one", l->list[seed ? order[i] : i]);
			if (i % batch == batch - 1 || i == l->n - 1)
				commit(w);
		}
	}
	expire(w, 3600);
	free(order);
}

/* Each mail's place, for each mail of the lines in order. */
static char *places_text(struct world *w, const struct lines *l)
{
	struct str out = STR_INIT;

	for (size_t i = 0; i < l->n; i++) {
		const char *id = json_str(l->list[i], "message_id", "");
		struct posting_row p = { .id = 0 };
		struct mail_row m;

		assert_int_equal(mail_find(w->f.db, id, &m, &w->f.err), 1);
		if (m.posting >= 0)
			assert_int_equal(posting_find(w->f.db, m.posting, &p, &w->f.err),
					 1);
		str_addf(&out, "%s %s %d %s\n", id, m.what, (int)m.number,
			 p.message_id ? p.message_id : "-");
		mail_row_done(&m);
		posting_row_done(&p);
	}
	return str_take(&out);
}

static void check_row(char **cells, void *arg)
{
	struct world *w = arg;
	struct posting_row p;
	struct mail_row m;
	int patches = atoi(cells[COL_PATCHES]), version = atoi(cells[COL_VERSION]);

	assert_int_equal(mail_find(w->f.db, cells[COL_ID], &m, &w->f.err), 1);
	if (m.posting < 0) {
		assert_true(str_starts(cells[COL_MBOX], "CAJb") ||
			    str_starts(cells[COL_MBOX], "87lemi"));
		mail_row_done(&m);
		return;
	}
	assert_int_equal(posting_find(w->f.db, m.posting, &p, &w->f.err), 1);
	if (strstr(cells[COL_ID], "linuxfoundation.org") ||
	    strstr(cells[COL_ID], "ZyGCb34")) {
		assert_string_equal(p.kind, "pull");
		assert_int_equal(p.state, POSTING_IGNORED);
	} else if (str_starts(cells[COL_ID], "20221018001102")) {
		assert_int_equal(p.state, POSTING_INCOMPLETE);
		assert_string_equal(p.missing, "1-2, 4-13");
	} else if (p.total != patches || *p.missing ||
		   (version && p.version != version) ||
		   (p.state != POSTING_QUEUED && p.state != POSTING_SUPERSEDED)) {
		fail_msg("%s: %s v%d of %d, missing \"%s\"", cells[COL_ID],
			 posting_state_str(p.state), (int)p.version, (int)p.total,
			 p.missing);
	}
	posting_row_done(&p);
	mail_row_done(&m);
}

/* Each line of got is one of want. */
static void check_same(const char *what, size_t way, const char *got, const char *want)
{
	char **lines = strv_split(got, "\n");

	for (size_t i = 0; lines[i]; i++)
		if (!strstr(want, lines[i]))
			fail_msg("%s, way %zu: not so in order: %s", what, way, lines[i]);
	strv_free(lines);
	assert_int_equal(strlen(got), strlen(want));
}

static void test_real_threads_in_any_order(void **state)
{
	static const struct {
		unsigned int seed;
		size_t batch;
		int times;
	} ways[] = { { 0, 1, 1 },  { 0, 200, 2 }, { 1, 3, 1 },
		     { 2, 10, 1 }, { 3, 70, 3 },  { 4, 100000, 1 } };
	AUTO_FREE char *index = real_mail_path("index.tsv");
	AUTO_FREE char *want = NULL;
	AUTO_FREE char *places = NULL;
	struct lines l = { .n = 0 };

	(void)state;
	if (!index)
		skip();
	each_row(read_row, &l);
	assert_true(l.n > 700);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		AUTO_FREE char *got = NULL;
		AUTO_FREE char *where = NULL;
		struct world w;

		world_init(&w);
		feed(&w, &l, ways[i].seed, ways[i].batch, ways[i].times);
		each_row(check_row, &w);
		assert_int_equal(w.again, 0);
		got = world_text(&w);
		where = places_text(&w, &l);
		if (!want) {
			want = TAKE_PTR(got);
			places = TAKE_PTR(where);
		} else {
			check_same("postings", i, got, want);
			check_same("places", i, where, places);
		}
		world_done(&w);
	}
	lines_done(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_threads_in_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
