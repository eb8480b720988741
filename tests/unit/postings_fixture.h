/*
 * Postings in a database of their own, fed with lines as the role "poll" writes
 * them, and a queue that writes down what it is told. A mail is a line as in
 * posting_fixture.h, behind " | " words "list=", "path=", "change=", "base=", "url=",
 * "tree=" (an override) and "ref=", each as often as wanted.
 */
#ifndef SLUICE_TESTS_UNIT_POSTINGS_FIXTURE_H
#define SLUICE_TESTS_UNIT_POSTINGS_FIXTURE_H

#include "tests/unit/db_fixture.h"
#include "tests/unit/posting_fixture.h"

#include "daemon/postings.h"
#include "db/mail.h"

struct world {
	struct fixture f;
	struct postings *p;
	struct tx tx;
	struct postings_source sources[2];
	struct str log; /* "queue ID\n", "cancel ID\n" */
	int64_t jobs, now;
	bool queued[10000]; /* by the posting's id */
	int again;          /* postings that were queued more than once */
	bool running;       /* jobs have begun: no cancel */
	bool broken;        /* the queue fails */
};

FIXTURE_FN int note_queue(const struct posting_row *p, void *arg, int64_t *ret_job,
			  struct err *err)
{
	struct world *w = arg;

	if (w->broken)
		return err_set(err, ERR_SYS, "no queue");
	assert_true((size_t)p->id < ARRAY_SIZE(w->queued));
	w->again += w->queued[p->id];
	w->queued[p->id] = true;
	str_addf(&w->log, "queue %s v%d\n", p->message_id, (int)p->version);
	*ret_job = ++w->jobs;
	return 0;
}

FIXTURE_FN int note_cancel(int64_t job, const char *why, void *arg, bool *ret_cancelled,
			   struct err *err)
{
	struct world *w = arg;

	(void)err;
	assert_true(job > 0 && job <= w->jobs && *why);
	str_addf(&w->log, "cancel %d\n", (int)job);
	*ret_cancelled = !w->running;
	return 0;
}

FIXTURE_FN void world_init(struct world *w)
{
	memset(w, 0, sizeof(*w));
	fixture_init(&w->f);
	w->now = 1700000000;
	w->sources[0] = (struct postings_source){ .name = "one", .complete_after = 3600 };
	w->sources[1] = (struct postings_source){ .name = "two", .complete_after = 3600 };
	w->p = postings_new(&(struct postings_opts){ .db = w->f.db,
						     .sources = w->sources,
						     .sources_n = 2,
						     .on_queue = note_queue,
						     .on_cancel = note_cancel,
						     .arg = w });
}

FIXTURE_FN void world_done(struct world *w)
{
	postings_free(w->p);
	str_done(&w->log);
	fixture_done(&w->f);
}

FIXTURE_FN void add_word(struct json_object *line, const char *word)
{
	static const char *const lists[][2] = { { "list=", "lists" },
						{ "path=", "paths" },
						{ "ref=", "references" } };
	struct json_object *o;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		if (str_starts(word, lists[i][0]))
			json_add_str(json_arr(line, lists[i][1]), strchr(word, '=') + 1);
	if (str_starts(word, "change="))
		json_set_str(line, "change_id", word + 7);
	if (str_starts(word, "url="))
		json_set_str(line, "archive_url", word + 4);
	if (str_starts(word, "base="))
		json_set_str(line, "base_commit", word + 5);
	if (str_starts(word, "tree=")) {
		o = json_object_new_object();
		json_set_str(o, "tree", word + 5);
		json_set(line, "override", o);
	}
}

FIXTURE_FN struct json_object *poll_line(const char *text)
{
	AUTO_FREE char *head = str_dup(text);
	char *more = strstr(head, " | ");
	struct json_object *line = json_object_new_object();
	struct mail *m;
	char **words;

	if (more)
		*more = '\0';
	m = mail_of_line(head);
	words = strv_split(more ? more + 3 : "", " ");
	json_set_str(line, "message_id", m->message_id);
	json_set_str(line, "parent", m->parent);
	json_set_str(line, "subject", m->subject);
	json_set_str(line, "from", m->from);
	json_set_str(line, "sender", m->sender);
	json_set_int(line, "date", m->date);
	json_set_bool(line, "has_diff", m->has_diff);
	json_set(line, "references", json_object_new_array());
	json_set(line, "lists", json_object_new_array());
	json_set(line, "paths", json_object_new_array());
	for (size_t i = 0; words[i]; i++)
		add_word(line, words[i]);
	strv_free(words);
	mail_free(m);
	return line;
}

FIXTURE_FN void begin(struct world *w)
{
	ok(&w->f, db_begin(w->f.db, &w->tx, &w->f.err));
}

FIXTURE_FN void add(struct world *w, const char *source, struct json_object *line)
{
	ok(&w->f, postings_add(w->p, source, line, NULL, 0, w->now, &w->f.err));
}

FIXTURE_FN void commit(struct world *w)
{
	ok(&w->f, postings_settle(w->p, w->now, &w->f.err));
	ok(&w->f, db_commit(&w->tx, &w->f.err));
}

/* In a transaction of its own. */
FIXTURE_FN void take_from(struct world *w, const char *source, const char *text)
{
	AUTO_JSON struct json_object *line = poll_line(text);

	begin(w);
	add(w, source, line);
	commit(w);
}

FIXTURE_FN void take(struct world *w, const char *text)
{
	take_from(w, "one", text);
}

FIXTURE_FN void expire(struct world *w, int64_t seconds)
{
	w->now += seconds;
	ok(&w->f, postings_expire(w->p, w->now, &w->f.err));
}

/* "queued series v1 3/3 ID", with missing numbers and reason; sorted. */
FIXTURE_FN char *world_text(struct world *w)
{
	struct posting_row *rows;
	struct str out = STR_INIT;
	char **lines;
	int64_t total;
	size_t n;

	ok(&w->f, posting_list(w->f.db, NULL, 100000, 0, &rows, &n, &total, &w->f.err));
	lines = mem_alloc0((n + 1) * sizeof(*lines));
	for (size_t i = 0; i < n; i++) {
		const struct posting_row *r = &rows[i];
		struct str s = STR_INIT;

		str_addf(&s, "%s %s v%d %d/%d %s", posting_state_str(r->state), r->kind,
			 (int)r->version, (int)r->have, (int)r->total, r->message_id);
		if (*r->missing)
			str_addf(&s, " (missing %s)", r->missing);
		if (r->reason)
			str_addf(&s, ": %s", r->reason);
		lines[i] = str_take(&s);
	}
	qsort(lines, n, sizeof(*lines), by_text);
	for (size_t i = 0; i < n; i++)
		str_addf(&out, "%s%s", i ? "\n" : "", lines[i]);
	strv_free(lines);
	posting_row_list_free(rows, n);
	return str_take(&out);
}

#define expect_postings(w, want)                      \
	do {                                          \
		AUTO_FREE char *got_ = world_text(w); \
		assert_string_equal(got_, want);      \
	} while (0)

/* The log so far, which is cleared. */
#define expect_log(w, want)                                    \
	do {                                                   \
		assert_string_equal(str_get(&(w)->log), want); \
		str_clear(&(w)->log);                          \
	} while (0)

FIXTURE_FN int world_setup(void **state)
{
	static struct world w;

	world_init(&w);
	*state = &w;
	return 0;
}

FIXTURE_FN int world_teardown(void **state)
{
	world_done(*state);
	return 0;
}

/* A test with such a world of its own. */
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

/* A series of two, as lines of mails. */
#define COVER "c - a@x 0 [PATCH 0/2] mm: all"
#define ONE "p1 c a@x 0 +[PATCH 1/2] mm: one"
#define TWO "p2 c a@x 0 +[PATCH 2/2] mm: two"

#endif
