#include "cli/report.h"

#include <stdlib.h>
#include <string.h>

#include "lib/text.h"

static bool column_is(const struct report_column *c, const char *config, const char *arch,
		      const char *topology)
{
	return strcmp(c->config, config) == 0 && strcmp(c->arch, arch) == 0 &&
	       !c->topology == !topology &&
	       (!topology || strcmp(c->topology, topology) == 0);
}

static void column_add(struct report *r, const char *config, const char *arch,
		       const char *topology)
{
	for (size_t i = 0; i < r->ncolumns; i++)
		if (column_is(&r->columns[i], config, arch, topology))
			return;
	r->columns[r->ncolumns++] = (struct report_column){ config, arch, topology };
}

/* Topologies in the order that was asked for, then whatever else there is. */
static void columns_of_config(struct report *r, const char *config, const char *arch)
{
	struct json_object *wanted = json_arr(r->v.series.wanted, "topologies");

	column_add(r, config, arch, NULL);
	for (size_t i = 0; i < json_len(wanted); i++) {
		const char *name =
			json_object_get_string(json_object_array_get_idx(wanted, i));

		for (size_t j = 0; name && j < r->v.nstep_boots; j++)
			if (strcmp(r->v.step_boots[j].topology, name) == 0 &&
			    strcmp(r->v.step_boots[j].config, config) == 0)
				column_add(r, config, arch, r->v.step_boots[j].topology);
	}
	for (size_t j = 0; j < r->v.nstep_boots; j++)
		if (strcmp(r->v.step_boots[j].config, config) == 0 &&
		    strcmp(r->v.step_boots[j].arch, arch) == 0)
			column_add(r, config, arch, r->v.step_boots[j].topology);
}

static void find_columns(struct report *r)
{
	r->columns = mem_alloc0((r->v.nstep_builds * 2 + r->v.nstep_boots + 1) *
				sizeof(*r->columns));
	for (size_t i = 0; i < r->v.nstep_builds; i++)
		columns_of_config(r, r->v.step_builds[i].config,
				  r->v.step_builds[i].arch);
}

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
	find_columns(r);
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

const struct step_build *report_build_of(const struct report *r, int64_t step,
					 const struct report_column *col)
{
	for (size_t i = 0; i < r->v.nstep_builds; i++)
		if (r->v.step_builds[i].step == step &&
		    strcmp(r->v.step_builds[i].config, col->config) == 0 &&
		    strcmp(r->v.step_builds[i].arch, col->arch) == 0)
			return &r->v.step_builds[i];
	return NULL;
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
