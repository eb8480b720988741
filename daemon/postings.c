#include "daemon/postings.h"

#include <glib.h>
#include <string.h>

#include "daemon/posting_index.h"
#include "daemon/posting_settle.h"
#include "kernels/mbox.h"

enum { EXPIRE_MAX = 500 }; /* postings in one transaction */

struct postings {
	struct postings_opts o;
	GHashTable *dirty; /* threads, to be recognised anew */
	struct postings_counts counts;
};

struct postings *postings_new(const struct postings_opts *o)
{
	struct postings *p = mem_alloc0(sizeof(*p));

	p->o = *o;
	p->dirty = g_hash_table_new_full(g_int64_hash, g_int64_equal, free, NULL);
	return p;
}

void postings_free(struct postings *p)
{
	if (!p)
		return;
	g_hash_table_unref(p->dirty);
	free(p);
}

void postings_set_sources(struct postings *p, const struct postings_source *sources,
			  size_t n)
{
	p->o.sources = sources;
	p->o.sources_n = n;
}

struct postings_counts postings_counts(const struct postings *p)
{
	return p->counts;
}

static void mark(struct postings *p, int64_t thread)
{
	int64_t *key = mem_alloc0(sizeof(*key));

	*key = thread;
	g_hash_table_add(p->dirty, key);
}

/* The bytes are of use as long as a posting may be made of the mail. */
static int keep_raw(struct postings *p, const struct mail_row *m, bool dirty,
		    const void *raw, size_t len, struct err *err)
{
	struct posting_row row;
	bool over;
	int r;

	if (!raw || !index_is_piece(m) || !strcmp(m->what, "pull"))
		return 0;
	if (m->posting >= 0) {
		r = posting_find(p->o.db, m->posting, &row, err);
		if (r < 0)
			return -1;
		/* Another list or source may take what was ignored so far. */
		over = r > 0 &&
		       (row.state == POSTING_DONE || row.state == POSTING_SUPERSEDED ||
			(row.state == POSTING_IGNORED && !dirty));
		if (r > 0)
			posting_row_done(&row);
		if (over)
			return 0;
	}
	return mail_raw_put(p->o.db, m->id, raw, len, err);
}

int postings_add(struct postings *p, const char *source, struct json_object *line,
		 const void *raw, size_t raw_len, int64_t now, struct err *err)
{
	struct mail_row m;
	bool dirty = false, same = true;
	int r;

	if (!index_read_line(line, source, now, &m)) {
		p->counts.skipped++;
		return 0;
	}
	r = index_add(p->o.db, &m, json_arr(line, "references"), &dirty, &same, err);
	if (r >= 0) {
		p->counts.mails += r > 0;
		p->counts.again += r == 0;
		if (dirty)
			mark(p, m.thread);
		r = same ? keep_raw(p, &m, dirty, raw, raw_len, err) : 0;
	}
	mail_row_done(&m);
	return r;
}

/* Oldest thread first, whatever the table's order: what is done repeats. */
static int by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static int settle_dirty(struct postings *p, int64_t now, struct err *err)
{
	guint n = g_hash_table_size(p->dirty), i = 0;
	int64_t *threads = mem_alloc0((n + 1) * sizeof(*threads));
	GHashTableIter it;
	gpointer key;
	int r = 0;

	g_hash_table_iter_init(&it, p->dirty);
	while (g_hash_table_iter_next(&it, &key, NULL))
		threads[i++] = *(int64_t *)key;
	qsort(threads, n, sizeof(*threads), by_number);
	for (i = 0; i < n && r == 0; i++)
		r = posting_settle(&p->o, threads[i], now, err);
	free(threads);
	/* After a failure as well: the lines come again, and note them again. */
	g_hash_table_remove_all(p->dirty);
	return r;
}

int postings_settle(struct postings *p, int64_t now, struct err *err)
{
	AUTO_TX struct tx tx = TX_INIT;

	if (db_begin(p->o.db, &tx, err) < 0 || settle_dirty(p, now, err) < 0)
		return -1;
	return db_commit(&tx, err);
}

int postings_expire(struct postings *p, int64_t now, struct err *err)
{
	AUTO_TX struct tx tx = TX_INIT;
	struct posting_row *due;
	size_t n;

	if (db_begin(p->o.db, &tx, err) < 0 ||
	    posting_list_due(p->o.db, now, EXPIRE_MAX, &due, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		mark(p, due[i].thread);
	posting_row_list_free(due, n);
	if (settle_dirty(p, now, err) < 0)
		return -1;
	return db_commit(&tx, err);
}

/* 1 when it was queued once more, 0, -1. */
static int queue_again(struct postings *p, int64_t posting, int64_t now, struct err *err)
{
	struct posting_row row = { .id = 0 };
	int r = posting_find(p->o.db, posting, &row, err);

	if (r > 0 && row.state == POSTING_QUEUED && row.reason &&
	    !strcmp(row.reason, POSTING_AGAIN) && p->o.on_queue) {
		free(TAKE_PTR(row.reason));
		row.changed = now;
		if (p->o.on_queue(&row, p->o.arg, &row.job, err) < 0 ||
		    posting_put(p->o.db, &row, err) < 0)
			r = -1;
	} else if (r > 0) {
		r = 0;
	}
	posting_row_done(&row);
	return r;
}

int postings_job_over(struct postings *p, int64_t posting, int64_t now, struct err *err)
{
	AUTO_TX struct tx tx = TX_INIT;
	int r = db_begin(p->o.db, &tx, err);

	if (r == 0)
		r = queue_again(p, posting, now, err);
	if (r > 0)
		return db_commit(&tx, err);
	if (r < 0 ||
	    posting_set_state(p->o.db, posting, POSTING_DONE, NULL, now, err) < 0 ||
	    mail_raw_drop(p->o.db, posting, err) < 0)
		return -1;
	return db_commit(&tx, err);
}

/* ---- the mails of a posting ---- */

/* Marks the numbers that it added; those that are marked are not wanted. */
static int add_mails(struct db *db, int64_t posting, bool *have, int64_t total,
		     struct str *out, struct err *err)
{
	struct mail_row *mails;
	size_t n;
	int r = 0;

	if (mail_list_posting(db, posting, false, &mails, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n && r >= 0; i++) {
		AUTO_FREE char *raw = NULL;
		int64_t number = mails[i].number;
		size_t len;

		if (number > total || have[number])
			continue;
		r = mail_raw_get(db, mails[i].id, &raw, &len, err);
		if (r > 0) {
			mbox_add(out, raw, len);
			have[number] = true;
		}
	}
	mail_row_list_free(mails, n);
	return r < 0 ? -1 : 0;
}

/* The version that a partly posted one goes back to. */
static int add_refill(struct db *db, const struct posting_row *p, bool *have,
		      struct str *out, struct err *err)
{
	struct posting_row *rows;
	size_t n;
	int r = 0;

	if (posting_list_thread(db, p->thread, &rows, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n && r == 0; i++)
		if (rows[i].version == p->refilled && rows[i].total == p->total &&
		    !strcmp(rows[i].sender, p->sender))
			r = add_mails(db, rows[i].id, have, p->total, out, err);
	posting_row_list_free(rows, n);
	return r;
}

int postings_mbox(struct db *db, const struct posting_row *p, struct str *out,
		  struct err *err)
{
	bool *have = mem_alloc0((size_t)p->total + 1);
	int r = add_mails(db, p->id, have, p->total, out, err);

	if (r == 0 && p->refilled)
		r = add_refill(db, p, have, out, err);
	for (int64_t k = 1; k <= p->total && r == 0; k++)
		if (!have[k])
			r = 1;
	free(have);
	return r < 0 ? -1 : !r;
}
