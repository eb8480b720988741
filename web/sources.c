#include "web/sources.h"

#include "lib/str.h"

void sources_view_done(struct sources_view *v)
{
	source_state_list_free(v->sources, v->nsources);
	for (size_t i = 0; i < v->ntrees; i++) {
		tree_fetch_done(&v->trees[i].f);
		queue_job_done(&v->trees[i].job);
		series_done(&v->trees[i].series.s);
	}
	free(v->trees);
	*v = (struct sources_view){ .sources = NULL };
}

static int load_test(struct db *db, struct tree_line *l, struct err *err)
{
	if (queue_find_head(db, l->f.name, &l->job, err) < 0)
		return -1;
	if (l->job.id > 0 && l->job.series_id > 0 &&
	    series_line_find(db, l->job.series_id, &l->series, err) < 0)
		return -1;
	return 0;
}

static int load_trees(struct db *db, struct sources_view *v, struct err *err)
{
	struct tree_fetch *rows;
	size_t n;
	int rc = 0;

	if (tree_fetch_list(db, &rows, &n, err) < 0)
		return -1;
	v->trees = mem_alloc0((n + 1) * sizeof(*v->trees));
	v->ntrees = n;
	for (size_t i = 0; i < n; i++)
		v->trees[i].f = rows[i]; /* the line owns it now */
	free(rows);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = load_test(db, &v->trees[i], err);
	return rc;
}

int sources_view_load(struct db *db, struct sources_view *ret, struct err *err)
{
	AUTO_TX struct tx tx = TX_INIT;
	AUTO(sources_view_done) struct sources_view v = { .sources = NULL };

	if (db_begin(db, &tx, err) < 0 ||
	    source_state_list(db, &v.sources, &v.nsources, err) < 0 ||
	    load_trees(db, &v, err) < 0 || db_commit(&tx, err) < 0)
		return -1;
	*ret = v;
	v = (struct sources_view){ .sources = NULL };
	return 0;
}
