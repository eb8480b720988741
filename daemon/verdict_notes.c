#include "daemon/verdict_notes.h"

#include <string.h>

#include "daemon/issues.h"
#include "lib/str.h"

const struct known_issue *verdict_issue_missed(struct series_run *r, int step,
					       const struct subject *s)
{
	const struct known_issue *issue = NULL;

	for (size_t i = 0; i < r->nboots; i++) {
		const struct run_boot *b = r->boots[i];
		const struct result *res =
			cell_has_boot(b, step, s) ? boot_result(b, s->test) : NULL;

		if (!res || res->result == RESULT_NOT_RUN || res->result == RESULT_SKIP)
			continue;
		issue = issues_missed(b, res);
		if (!issue)
			return NULL;
	}
	return issue;
}

/* Whether a subtest of that name came to the word; *ret_reason then is its reason. */
static bool subtest_is(struct json_object *list, const char *name, enum test_result word,
		       const char **ret_reason)
{
	for (size_t i = 0; i < json_len(list); i++) {
		struct json_object *o = json_object_array_get_idx(list, i);

		if (strcmp(json_str(o, "name", ""), name) != 0 ||
		    strcmp(json_str(o, "result", ""), test_result_str(word)) != 0)
			continue;
		*ret_reason = json_str(o, "reason", NULL);
		return true;
	}
	return false;
}

enum seen { SEEN_NOTHING, SEEN_SKIP, SEEN_RUN };

/* In all boots of the step; a subtest that ran in one of them did run. */
static enum seen subtest_seen(struct series_run *r, int step, const struct subject *s,
			      const char *name, const char **ret_reason)
{
	enum seen seen = SEEN_NOTHING;

	for (size_t i = 0; i < r->nboots; i++) {
		const struct run_boot *b = r->boots[i];
		const struct result *res =
			cell_has_boot(b, step, s) ? boot_result(b, s->test) : NULL;
		const char *none;

		if (!res)
			continue;
		if (subtest_is(res->subtests, name, RESULT_PASS, &none) ||
		    subtest_is(res->subtests, name, RESULT_FAIL, &none))
			return SEEN_RUN;
		if (subtest_is(res->subtests, name, RESULT_SKIP, ret_reason))
			seen = SEEN_SKIP;
	}
	return seen;
}

/* The first step from which on it is skipped wherever it is looked at, or 0. */
static int skipped_from(struct series_run *r, const struct subject *s, const char *name,
			const char **ret_reason)
{
	const char *why = NULL;
	int from = 0;

	*ret_reason = NULL;
	for (int k = r->ntested - 1; k > 0; k--) {
		enum seen seen = subtest_seen(r, k, s, name, &why);

		if (seen == SEEN_RUN || (seen == SEEN_NOTHING && !from))
			return from;
		if (seen == SEEN_SKIP) {
			from = k;
			*ret_reason = why;
		}
	}
	return from;
}

/* The subtests that passed in this boot of the base, and are skipped later. */
static void add_skipped(struct series_run *r, const struct subject *s,
			struct json_object *list, struct str *out)
{
	const char *first = NULL, *first_why = NULL;
	size_t more = 0;
	int first_from = 0;

	for (size_t i = 0; i < json_len(list); i++) {
		struct json_object *o = json_object_array_get_idx(list, i);
		const char *name = json_str(o, "name", ""), *why;
		int from;

		if (strcmp(json_str(o, "result", ""), test_result_str(RESULT_PASS)) != 0)
			continue;
		from = skipped_from(r, s, name, &why);
		if (from > 0 && first)
			more++;
		if (from <= 0 || first)
			continue;
		first = name;
		first_why = why;
		first_from = from;
	}
	if (!first)
		return;
	str_addf(out, "subtest %s ran at the base, and is skipped from step %d on%s%s",
		 first, first_from, first_why ? ": " : "", first_why ? first_why : "");
	if (more)
		str_addf(out, " (and %zu more)", more);
}

char *verdict_note(struct series_run *r, const struct subject *s)
{
	const struct known_issue *issue;
	AUTO(str_done) struct str out = STR_INIT;

	if (!s->test || r->ntested < 1)
		return NULL;
	issue = verdict_issue_missed(r, r->ntested - 1, s);
	if (issue)
		return str_printf(VERDICT_KNOWN_ISSUE
				  " (until %s), which did not "
				  "show: mended? Then its entry goes: %s",
				  issue->expires, issue->reason);
	for (size_t i = 0; i < r->nboots && !out.len; i++) {
		const struct result *res = cell_has_boot(r->boots[i], 0, s) ?
						   boot_result(r->boots[i], s->test) :
						   NULL;

		if (res)
			add_skipped(r, s, res->subtests, &out);
	}
	return out.len ? str_dup(str_get(&out)) : NULL;
}
