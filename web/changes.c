#include "web/changes.h"

#include <string.h>

#include "db/series_patches.h"
#include "lib/str.h"

/* Of the document in the store: the most that kernels/posted.h keeps, escaped. */
#define TEXTS_MAX (24u << 20)

const char *patch_change_str(enum patch_change c)
{
	static const char *const words[] = {
		[PATCH_SAME] = "same",       [PATCH_REBASED] = "rebased",
		[PATCH_MESSAGE] = "message", [PATCH_CHANGED] = "changed",
		[PATCH_ADDED] = "added",     [PATCH_DROPPED] = "dropped",
		[PATCH_UNKNOWN] = "unknown",
	};

	return words[c];
}

void changes_view_done(struct changes_view *v)
{
	posting_line_list_free(v->versions, v->nversions);
	patch_set_done(&v->old_set);
	patch_set_done(&v->new_set);
	free(v->pairs);
	*v = (struct changes_view){ .pairs = NULL };
}

/* The series that was tested as this posting: 1, 0, -1. */
static int find_series(struct db *db, const struct posting_line *l, int64_t *ret_id,
		       struct err *err)
{
	AUTO(series_done) struct series s = { .id = 0 };
	int r;

	if (l->series.s.id > 0) {
		*ret_id = l->series.s.id;
		return 1;
	}
	r = series_find_by_msgid(db, l->p.message_id, l->p.version, &s, err);
	*ret_id = s.id;
	return r;
}

/* What is not there any more, or is damaged, is as if it was never stored. */
static int load_texts(struct request *rq, const struct posting_line *l,
		      struct patch_set *set, struct err *err)
{
	AUTO_FREE char *sha = NULL, *data = NULL;
	AUTO_JSON struct json_object *doc = NULL;
	int64_t series = 0;
	size_t len = 0;
	int r = find_series(rq->db, l, &series, err);

	if (r == 1)
		r = series_patches_get(rq->db, series, &sha, err);
	if (r == 1 &&
	    artifact_load(rq->store, sha, 0, UINT64_MAX, TEXTS_MAX, &data, &len, NULL) ==
		    0 &&
	    json_parse(data, len, &doc, NULL) == 0)
		patch_set_read(set, doc);
	return r < 0 ? -1 : 0;
}

static int load_titles(struct db *db, const struct posting_line *l, struct patch_set *set,
		       struct err *err)
{
	struct mail_row *mails;
	size_t n;

	if (mail_list_posting(db, l->p.id, false, &mails, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (mails[i].number > 0)
			patch_set_add(set, mails[i].number, mails[i].subject);
	mail_row_list_free(mails, n);
	return 0;
}

static int load_set(struct request *rq, const struct posting_line *l,
		    struct patch_set *set, struct err *err)
{
	if (load_texts(rq, l, set, err) < 0)
		return -1;
	return set->n ? 0 : load_titles(rq->db, l, set, err);
}

static const struct posting_line *find(const struct changes_view *v, int64_t id)
{
	for (size_t i = 0; i < v->nversions; i++)
		if (v->versions[i].p.id == id)
			return &v->versions[i];
	return NULL;
}

int changes_view_load(struct request *rq, struct changes_view *ret, struct err *err)
{
	AUTO(changes_view_done) struct changes_view v = { .pairs = NULL };

	if (posting_versions(rq->db, rq->id, &v.versions, &v.nversions, err) < 0)
		return -1;
	v.new = find(&v, rq->id);
	if (v.new)
		v.old = find(&v, rq->from ? rq->from : v.new->p.earlier);
	if (!v.new || !v.old || v.old == v.new)
		return 0;
	if (load_set(rq, v.old, &v.old_set, err) < 0 ||
	    load_set(rq, v.new, &v.new_set, err) < 0)
		return -1;
	/* Where nothing is known of one, nothing is dropped or added. */
	if (v.old_set.n && v.new_set.n)
		v.pairs = patch_set_match(&v.old_set, &v.new_set, &v.npairs);
	*ret = v;
	v = (struct changes_view){ .pairs = NULL };
	return 1;
}
