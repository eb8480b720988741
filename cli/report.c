#include "cli/report.h"

#include <stdlib.h>
#include <string.h>

#include "lib/text.h"

static void find_suites(struct report *r)
{
	const char *first = r->v.nresults ? r->v.results[0].test : "";
	size_t len = strcspn(first, "/");

	r->one_suite = true;
	for (size_t i = 0; i < r->v.nresults; i++)
		if (strncmp(first, r->v.results[i].test, len + 1) != 0)
			r->one_suite = false;
}

void report_prepare(struct report *r)
{
	r->columns = view_columns(&r->v, &r->ncolumns);
	find_suites(r);
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
	memset(r, 0, sizeof(*r));
}

const char *report_test_name(const struct report *r, const char *test)
{
	const char *slash = r->one_suite ? strchr(test, '/') : NULL;

	return slash ? slash + 1 : test;
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
	static const struct {
		const char *how, *text;
	} words[] = {
		{ "option", "as --base says" },
		{ "base-commit", "the mails' base-commit" },
		{ "blobs", "its files match the patches' index lines" },
		{ "head", "the tree's head" },
		{ "range", "where the range starts" },
	};

	for (size_t i = 0; how && i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i].how, how) == 0)
			return words[i].text;
	return "no reason recorded";
}
