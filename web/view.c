#include "web/view.h"

#include <string.h>

static int load_rows(struct db *db, int64_t id, struct series_view *v, struct err *err)
{
	if (step_list(db, id, &v->steps, &v->nsteps, err) < 0 ||
	    step_build_list(db, id, &v->step_builds, &v->nstep_builds, err) < 0 ||
	    build_list_of_series(db, id, &v->builds, &v->nbuilds, err) < 0 ||
	    step_boot_list(db, id, &v->step_boots, &v->nstep_boots, err) < 0 ||
	    boot_list_of_series(db, id, &v->boots, &v->nboots, err) < 0 ||
	    result_list_of_series(db, id, &v->results, &v->nresults, err) < 0)
		return -1;
	return verdict_list(db, id, &v->verdicts, &v->nverdicts, err);
}

static bool is_wanted(const struct series_view *v, const char *what, const char *name)
{
	struct json_object *names = json_arr(v->series.wanted, what);

	for (size_t i = 0; i < json_len(names); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(names, i)),
			   name) == 0)
			return true;
	return !names;
}

/* Cells of an earlier run that was asked for other ones: the verdicts do not cover
 * them. They stay in the database, for whoever asks for them again. */
static void drop_unwanted(struct series_view *v)
{
	size_t n = 0;

	for (size_t i = 0; i < v->nstep_builds; i++)
		if (is_wanted(v, "configs", v->step_builds[i].config))
			v->step_builds[n++] = v->step_builds[i];
		else
			step_build_done(&v->step_builds[i]);
	v->nstep_builds = n;
	n = 0;
	for (size_t i = 0; i < v->nstep_boots; i++)
		if (is_wanted(v, "configs", v->step_boots[i].config) &&
		    is_wanted(v, "topologies", v->step_boots[i].topology))
			v->step_boots[n++] = v->step_boots[i];
		else
			step_boot_done(&v->step_boots[i]);
	v->nstep_boots = n;
}

int series_view_load(struct db *db, int64_t id, struct series_view *ret, struct err *err)
{
	AUTO_TX struct tx tx = TX_INIT;
	struct series_view v = { .nsteps = 0 };
	int r;

	memset(ret, 0, sizeof(*ret));
	if (db_begin(db, &tx, err) < 0)
		return -1;
	r = series_find(db, id, &v.series, err);
	if (r == 1 && load_rows(db, id, &v, err) < 0)
		r = -1;
	if (r == 1 && v.series.base_commit &&
	    bisection_list_found(db, v.series.tree, v.series.base_commit, &v.bisections,
				 &v.nbisections, err) < 0)
		r = -1;
	if (r == 1)
		drop_unwanted(&v);
	if (r == 1 && db_commit(&tx, err) < 0)
		r = -1;
	if (r == 1)
		*ret = v;
	else
		series_view_done(&v);
	return r;
}

void series_view_done(struct series_view *v)
{
	series_done(&v->series);
	step_list_free(v->steps, v->nsteps);
	step_build_list_free(v->step_builds, v->nstep_builds);
	build_list_free(v->builds, v->nbuilds);
	step_boot_list_free(v->step_boots, v->nstep_boots);
	boot_list_free(v->boots, v->nboots);
	result_list_free(v->results, v->nresults);
	verdict_list_free(v->verdicts, v->nverdicts);
	bisection_list_free(v->bisections, v->nbisections);
	memset(v, 0, sizeof(*v));
}

const struct bisection *view_bisection(const struct series_view *v,
				       const struct verdict *d)
{
	if (d->kind != KIND_TEST || d->verdict != VERDICT_PRE_EXISTING)
		return NULL;
	for (size_t i = 0; i < v->nbisections; i++) {
		const struct bisection *b = &v->bisections[i];

		if (strcmp(b->config, d->config ? d->config : "") == 0 &&
		    strcmp(b->topology, d->topology ? d->topology : "") == 0 &&
		    strcmp(b->test, d->test ? d->test : "") == 0)
			return b;
	}
	return NULL;
}

static int by_build_id(const void *key, const void *row)
{
	int64_t a = *(const int64_t *)key, b = ((const struct build *)row)->id;

	return (a > b) - (a < b);
}

const struct build *view_build(const struct series_view *v, int64_t build_id)
{
	return v->nbuilds ? bsearch(&build_id, v->builds, v->nbuilds, sizeof(*v->builds),
				    by_build_id) :
			    NULL;
}

static int by_boot_id(const void *key, const void *row)
{
	int64_t a = *(const int64_t *)key, b = ((const struct boot *)row)->id;

	return (a > b) - (a < b);
}

const struct boot *view_boot(const struct series_view *v, int64_t boot_id)
{
	return v->nboots ? bsearch(&boot_id, v->boots, v->nboots, sizeof(*v->boots),
				   by_boot_id) :
			   NULL;
}

const struct result *view_results(const struct series_view *v, int64_t boot_id,
				  size_t *ret_n)
{
	size_t lo = 0, hi = v->nresults, n = 0;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (v->results[mid].boot_id < boot_id)
			lo = mid + 1;
		else
			hi = mid;
	}
	while (lo + n < v->nresults && v->results[lo + n].boot_id == boot_id)
		n++;
	*ret_n = n;
	return n ? &v->results[lo] : NULL;
}
