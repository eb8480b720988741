#include "cli/report.h"

#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "web/base_words.h"

static const char *short_name(const char *test)
{
	const char *slash = strchr(test, '/');

	return slash ? slash + 1 : test;
}

/* Adds the name unless it is there: there are few, and many results. */
static void name_add(const char **names, size_t *n, const char *name)
{
	for (size_t i = 0; i < *n; i++)
		if (strcmp(names[i], name) == 0)
			return;
	names[(*n)++] = name;
}

/* Whether each test is another without its suite, too. */
static void find_short_names(struct report *r)
{
	AUTO_FREE const char **names = mem_alloc0((r->v.nresults + 1) * sizeof(*names));
	AUTO_FREE const char **shorts = mem_alloc0((r->v.nresults + 1) * sizeof(*shorts));
	size_t nnames = 0, nshorts = 0;

	for (size_t i = 0; i < r->v.nresults; i++)
		name_add(names, &nnames, r->v.results[i].test);
	for (size_t i = 0; i < nnames; i++)
		name_add(shorts, &nshorts, short_name(names[i]));
	r->short_names = nshorts == nnames;
}

void report_prepare(struct report *r)
{
	r->columns = view_columns(&r->v, &r->ncolumns);
	find_short_names(r);
}

int report_load(struct db *db, int64_t series_id, struct report *ret, struct err *err)
{
	int found;

	memset(ret, 0, sizeof(*ret));
	found = series_view_load(db, series_id, &ret->v, err);
	if (found == 0)
		err_set(err, ERR_MISSING, "there is no series %lld",
			(long long)series_id);
	if (found <= 0) {
		report_done(ret);
		return -1;
	}
	report_prepare(ret);
	return 0;
}

void report_done(struct report *r)
{
	series_view_done(&r->v);
	free(r->columns);
	free(r->at_work);
	memset(r, 0, sizeof(*r));
}

const char *report_test_name(const struct report *r, const char *test)
{
	return r->short_names ? short_name(test) : test;
}

char *report_subject(const struct report *r, int64_t step)
{
	for (size_t i = 0; i < r->v.nsteps; i++)
		if (r->v.steps[i].step == step)
			return text_clean_line(r->v.steps[i].subject, 0);
	return str_dup("");
}

const char *report_how_text(const char *how)
{
	const char *words = base_how_words(how);

	return words ? words : "no reason recorded";
}
