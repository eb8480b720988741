#include "daemon/verdict_builds.h"

#include <string.h>

#include "kernels/warnings.h"
#include "lib/cleanup.h"
#include "lib/str.h"

#define WARNINGS_MAX (64UL << 20)

static struct json_object *step_new_warnings(struct series_run *r, int step, size_t c,
					     struct step_build *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].step == step &&
		    strcmp(list[i].config, r->plan->configs[c]->name) == 0)
			return list[i].new_warnings;
	return NULL;
}

/* The first step from k on that no longer shows the warning, or none; *ret_shows: the
 * last that does. */
static int64_t warning_until(struct series_run *r, struct json_object *warning, int k,
			     size_t c, int *ret_shows)
{
	AUTO_JSON struct json_object *shown = NULL;
	AUTO_FREE char *want = warnings_normal_text(json_str(warning, "text", ""));

	*ret_shows = k;
	for (int s = k + 1; s < r->ntested; s++) {
		AUTO_JSON struct json_object *doc = NULL, *all = NULL;
		AUTO_FREE char *text = NULL;
		const char *sha = run_build(r, s, c)->warnings;
		bool there = false;
		size_t len;

		if (!sha || run_build(r, s, c)->status != BUILD_OK ||
		    artifact_load(r->artifacts, sha, 0, WARNINGS_MAX, WARNINGS_MAX, &text,
				  &len, NULL) < 0 ||
		    json_parse(text, len, &doc, NULL) < 0)
			continue;
		all = warnings_all(doc);
		for (size_t i = 0; !there && i < json_len(all); i++) {
			struct json_object *w = json_object_array_get_idx(all, i);
			AUTO_FREE char *have =
				warnings_normal_text(json_str(w, "text", ""));

			there = strcmp(json_str(w, "file", ""),
				       json_str(warning, "file", "")) == 0 &&
				strcmp(json_str(w, "flag", ""),
				       json_str(warning, "flag", "")) == 0 &&
				strcmp(have, want) == 0;
		}
		if (!there)
			return s;
		*ret_shows = s;
	}
	return DB_NO_INT;
}

static void judge_one_warning(struct series_run *r, struct verdict_list *l, size_t c,
			      int k, struct json_object *w)
{
	struct verdict *v =
		verdict_add(l, KIND_WARNING, r->plan->configs[c]->name, NULL, NULL);
	const char *flag = json_str(w, "flag", "");
	long long since = json_int(w, "since", k);
	int shows;

	v->from_step = k;
	v->until_step = warning_until(r, w, k, c, &shows);
	v->verdict = v->until_step == DB_NO_INT ? VERDICT_INTRODUCED : VERDICT_TRANSIENT;
	/* Seen only now because a build between failed before it got there. */
	v->candidates = verdict_steps(since < k && since > 0 ? since : k, k);
	if (v->until_step != DB_NO_INT)
		v->repairs = verdict_steps(shows + 1, v->until_step);
	v->reason = str_printf("%s:%lld: %s%s%s%s", json_str(w, "file", "?"),
			       json_int(w, "line", 0), json_str(w, "text", ""),
			       *flag ? " [-W" : "", flag, *flag ? "]" : "");
}

int verdict_warnings(struct series_run *r, struct verdict_list *l, size_t c,
		     struct err *err)
{
	struct step_build *list = NULL;
	size_t n = 0;

	if (step_build_list(r->db, r->series.id, &list, &n, err) < 0)
		return -1;
	for (int k = 1; k < r->ntested; k++) {
		struct json_object *a = step_new_warnings(r, k, c, list, n);

		for (size_t i = 0; i < json_len(a); i++)
			judge_one_warning(r, l, c, k, json_object_array_get_idx(a, i));
	}
	step_build_list_free(list, n);
	return 0;
}
