#include "web/postings.h"

#include <string.h>

#include "lib/str.h"

static void line_done(struct posting_line *l)
{
	posting_row_done(&l->p);
	queue_job_done(&l->job);
	series_done(&l->series.s);
}

void posting_line_list_free(struct posting_line *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		line_done(&list[i]);
	free(list);
}

void postings_view_done(struct postings_view *v)
{
	posting_line_list_free(v->list, v->n);
	*v = (struct postings_view){ .list = NULL };
}

void posting_full_done(struct posting_full *v)
{
	line_done(&v->line);
	mail_row_list_free(v->mails, v->nmails);
	posting_line_list_free(v->versions, v->nversions);
	*v = (struct posting_full){ .mails = NULL };
}

/* Takes the row over, also on failure. */
static int line_load(struct db *db, struct posting_row *row, struct posting_line *l,
		     struct err *err)
{
	*l = (struct posting_line){ .p = *row };
	*row = (struct posting_row){ .id = 0 };
	if (l->p.job > 0 && queue_find(db, l->p.job, &l->job, err) < 0)
		return -1;
	if (l->job.id > 0 && l->job.series_id > 0 &&
	    series_line_find(db, l->job.series_id, &l->series, err) < 0)
		return -1;
	return 0;
}

static int lines_of_rows(struct db *db, struct posting_row *rows, size_t n,
			 struct posting_line **ret, struct err *err)
{
	struct posting_line *list = mem_alloc0((n + 1) * sizeof(*list));
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = line_load(db, &rows[i], &list[i], err);
	posting_row_list_free(rows, n);
	if (rc < 0)
		posting_line_list_free(list, n);
	else
		*ret = list;
	return rc;
}

/* The rows of a page; beyond the last one nothing is looked for. */
static int load_page(struct db *db, const struct posting_filter *which, int64_t offset,
		     struct postings_view *v, struct err *err)
{
	struct posting_row *rows;
	size_t n;

	if (offset >= v->total)
		return 0;
	if (posting_search(db, which, POSTINGS_PAGE, offset, &rows, &n, NULL, err) < 0 ||
	    lines_of_rows(db, rows, n, &v->list, err) < 0)
		return -1;
	v->n = n;
	return 0;
}

int postings_view_load(struct db *db, const struct posting_filter *which, int64_t page,
		       struct postings_view *ret, struct err *err)
{
	AUTO_TX struct tx tx = TX_INIT;
	AUTO(postings_view_done) struct postings_view v = { .list = NULL };

	if (db_begin(db, &tx, err) < 0 || posting_count(db, which, v.counts, err) < 0)
		return -1;
	for (int i = 0; i <= POSTING_IGNORED; i++)
		if (!which->state || (int)*which->state == i)
			v.total += v.counts[i];
	if (load_page(db, which, (page - 1) * POSTINGS_PAGE, &v, err) < 0 ||
	    db_commit(&tx, err) < 0)
		return -1;
	*ret = v;
	v = (struct postings_view){ .list = NULL };
	return 0;
}

/* ---- one ---- */

static int find(struct db *db, int64_t id, const char *msgid, struct posting_row *ret,
		struct err *err)
{
	AUTO(mail_row_done) struct mail_row m = { .id = 0 };
	int r;

	if (!msgid)
		return posting_find(db, id, ret, err);
	r = posting_find_by_msgid(db, msgid, ret, err);
	if (r != 0)
		return r;
	r = mail_find(db, msgid, &m, err);
	if (r != 1)
		return r;
	return m.posting > 0 ? posting_find(db, m.posting, ret, err) : 0;
}

struct rows {
	struct posting_row list[POSTING_VERSIONS_MAX];
	size_t n;
};

static void rows_done(struct rows *r)
{
	for (size_t i = 0; i < r->n; i++)
		posting_row_done(&r->list[i]);
}

static bool is_there(const struct rows *r, int64_t id)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->list[i].id == id)
			return true;
	return false;
}

/* Back along "earlier" to the first version. What goes in a circle ends. */
static int add_earlier(struct db *db, int64_t id, struct rows *r, struct err *err)
{
	int found = 1;

	while (found == 1 && id > 0 && r->n < POSTING_VERSIONS_MAX && !is_there(r, id)) {
		found = posting_find(db, id, &r->list[r->n], err);
		if (found == 1)
			id = r->list[r->n++].earlier;
	}
	return found < 0 ? -1 : 0;
}

/* All that come after any that is there already. */
static int add_later(struct db *db, struct rows *r, struct err *err)
{
	for (size_t i = 0; i < r->n; i++) {
		struct posting_row *later;
		size_t n;

		if (posting_list_later(db, r->list[i].id, POSTING_VERSIONS_MAX, &later,
				       &n, err) < 0)
			return -1;
		for (size_t k = 0; k < n; k++) {
			if (r->n == POSTING_VERSIONS_MAX || is_there(r, later[k].id))
				continue;
			r->list[r->n++] = later[k];
			later[k] = (struct posting_row){ .id = 0 };
		}
		posting_row_list_free(later, n);
	}
	return 0;
}

static int by_age(const void *a, const void *b)
{
	const struct posting_line *x = a, *y = b;

	if (x->p.version != y->p.version)
		return x->p.version < y->p.version ? -1 : 1;
	if (x->p.posted != y->p.posted)
		return x->p.posted < y->p.posted ? -1 : 1;
	return (x->p.id > y->p.id) - (x->p.id < y->p.id);
}

int posting_versions(struct db *db, int64_t id, struct posting_line **ret_list,
		     size_t *ret_n, struct err *err)
{
	AUTO(rows_done) struct rows r = { .n = 0 };
	struct posting_line *list;
	int rc = 0;

	if (add_earlier(db, id, &r, err) < 0 || add_later(db, &r, err) < 0)
		return -1;
	list = mem_alloc0((r.n + 1) * sizeof(*list));
	for (size_t i = 0; i < r.n && rc == 0; i++)
		rc = line_load(db, &r.list[i], &list[i], err);
	if (rc < 0) {
		posting_line_list_free(list, r.n);
		return -1;
	}
	qsort(list, r.n, sizeof(*list), by_age);
	*ret_list = list;
	*ret_n = r.n;
	return 0;
}

int posting_of_series(struct db *db, const struct series *s, int64_t *ret_id,
		      struct err *err)
{
	AUTO(queue_job_done) struct queue_job j = { .posting_id = DB_NO_INT };
	AUTO(posting_row_done) struct posting_row p = { .id = 0 };
	int r = queue_find_by_series(db, s->id, &j, err);

	if (r < 0)
		return -1;
	if (r == 1 && j.posting_id > 0) {
		*ret_id = j.posting_id;
		return 1;
	}
	/* By hand, of a series that came by a list, too. */
	r = posting_find_by_msgid(db, s->message_id, &p, err);
	if (r == 1)
		*ret_id = p.id;
	return r;
}

int posting_full_load(struct db *db, int64_t id, const char *msgid,
		      struct posting_full *ret, struct err *err)
{
	AUTO_TX struct tx tx = TX_INIT;
	AUTO(posting_full_done) struct posting_full v = { .mails = NULL };
	struct posting_row row;
	int r;

	if (db_begin(db, &tx, err) < 0)
		return -1;
	r = find(db, id, msgid, &row, err);
	if (r != 1)
		return r;
	if (line_load(db, &row, &v.line, err) < 0 ||
	    mail_list_posting(db, v.line.p.id, false, &v.mails, &v.nmails, err) < 0 ||
	    posting_versions(db, v.line.p.id, &v.versions, &v.nversions, err) < 0 ||
	    db_commit(&tx, err) < 0)
		return -1;
	*ret = v;
	v = (struct posting_full){ .mails = NULL };
	return 1;
}
