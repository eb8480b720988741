#include "daemon/verdict_tell.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/verdict_notes.h"
#include "lib/cleanup.h"
#include "lib/str.h"

#define EVIDENCE_LINES 12

static struct json_object *lines_of(const char *text)
{
	struct json_object *a = json_object_new_array();
	char **lines = strv_split(text, "\n");
	size_t n = strv_len(lines);

	for (size_t i = n > EVIDENCE_LINES ? n - EVIDENCE_LINES : 0; i < n; i++)
		json_add_str(a, lines[i]);
	strv_free(lines);
	return a;
}

/* What a test printed: the lines that fail, or its last ones when none says so. */
static struct json_object *failing_lines(const char *output)
{
	struct json_object *a = json_object_new_array();
	char **lines = strv_split(output, "\n");

	for (size_t i = 0; lines[i] && json_len(a) < EVIDENCE_LINES; i++)
		if (str_starts(lines[i], "not ok"))
			json_add_str(a, lines[i]);
	strv_free(lines);
	if (json_len(a))
		return a;
	json_object_put(a);
	return lines_of(output);
}

/* The subtests that failed, the first ones first: of a long output only the end is kept. */
static struct json_object *failing_subtests(struct json_object *subtests)
{
	struct json_object *a = json_object_new_array();
	size_t more = 0;

	for (size_t i = 0; i < json_len(subtests); i++) {
		struct json_object *o = json_object_array_get_idx(subtests, i);
		const char *reason = json_str(o, "reason", NULL);
		AUTO_FREE char *line = NULL;

		if (strcmp(json_str(o, "result", ""), test_result_str(RESULT_FAIL)) != 0)
			continue;
		if (json_len(a) == EVIDENCE_LINES) {
			more++;
			continue;
		}
		line = str_printf("not ok %s%s%s", json_str(o, "name", "?"),
				  reason ? " # " : "", reason ? reason : "");
		json_add_str(a, line);
	}
	if (more) {
		AUTO_FREE char *line = str_printf("and %zu more", more);

		json_add_str(a, line);
	}
	return a;
}

/* Of the result of a test that failed by itself, or NULL. */
static struct json_object *failing_part(const struct result *res)
{
	struct json_object *a = failing_subtests(res->subtests);

	if (json_len(a))
		return a;
	json_object_put(a);
	return res->output ? failing_lines(res->output) : NULL;
}

static const char *first_splat_text(struct json_object *splats)
{
	return json_len(splats) ?
		       json_str(json_object_array_get_idx(splats, 0), "text", NULL) :
		       NULL;
}

/* One line and the console lines that matter, from the boot that shows it. */
static void tell_evidence(struct verdict *v, const struct cell_view *view)
{
	const struct run_boot *b = view->bad;
	const struct result *res = view->result;
	const char *splat;

	v->boot_id = b->boot.id;
	splat = first_splat_text(res ? res->splats : b->boot.splats);
	if (res) {
		v->reason =
			str_dup(res->reason ? res->reason : test_result_str(res->result));
		if (splat)
			v->evidence = lines_of(splat);
		else if (b->boot.status != BOOT_OK && json_len(b->boot.console_tail))
			v->evidence = json_object_get(b->boot.console_tail);
		else
			v->evidence = failing_part(res);
		return;
	}
	v->reason = str_dup(b->boot.reason);
	if (splat) {
		struct json_object *s = json_object_array_get_idx(b->boot.splats, 0);

		if (b->boot.status == BOOT_OK) {
			free(v->reason);
			v->reason = str_dup(
				json_str(s, "title", "a splat in the kernel log"));
		}
		v->evidence = lines_of(splat);
	} else {
		v->evidence = json_object_get(b->boot.console_tail);
	}
}

/* Good but for what is wrong in the kernel, by our list: not this series' doing. */
static void tell_issue(struct verdict *v, const struct cell_view *view, bool gone)
{
	const struct result *res = view->issue_result;

	v->boot_id = view->issue_boot->boot.id;
	v->reason = str_printf(VERDICT_KNOWN_ISSUE " (until %s)%s: %s (%s)",
			       view->issue->expires,
			       gone ? ", which does not show at the last step" : "",
			       view->issue->reason,
			       res->reason ? res->reason : test_result_str(res->result));
	v->evidence = failing_part(res);
}

/* Good but for a splat that was there before the series. */
static void tell_known_splat(struct verdict *v, const struct cell_view *view)
{
	const struct run_boot *b = view->known_splat;
	struct json_object *splats = view->known_result ? view->known_result->splats :
							  b->boot.splats;

	v->boot_id = b->boot.id;
	v->reason = str_printf("the base has it too: %s",
			       json_str(json_object_array_get_idx(splats, 0), "title",
					"a splat"));
	v->evidence = lines_of(first_splat_text(splats));
}

static void tell_nothing_bad(struct series_run *r, struct verdict *v,
			     const struct subject *s, struct cell_view *views)
{
	int n = r->ntested;

	if (v->verdict == VERDICT_PASS)
		v->reason = verdict_note(r, s);
	for (int k = 0; k < n && !v->reason; k++) {
		if (v->verdict == VERDICT_INFRA && views[k].cell.state == CELL_INFRA)
			v->reason = str_printf("step %d was lost to our own trouble", k);
		else if (v->verdict == VERDICT_NOT_TESTED && views[k].skip_reason)
			v->reason = str_dup(views[k].skip_reason);
		else if (v->verdict == VERDICT_INCONCLUSIVE && views[n - 1].skip_reason)
			v->reason = str_printf("%s at the last step: %s",
					       views[n - 1].cell.state == CELL_SKIP ?
						       "skipped" :
						       "not run",
					       views[n - 1].skip_reason);
	}
	if (!v->reason && v->verdict == VERDICT_INCONCLUSIVE)
		v->reason =
			str_printf("not run at the last step: %s",
				   cell_of_build(r, n - 1, s->config).state == CELL_PASS ?
					   "its kernel does not come up" :
					   "there is no kernel of it");
	if (!v->reason && v->verdict == VERDICT_NOT_TESTED)
		v->reason = str_dup("no boot reached it");
}

/* What could not be repeated as often as it takes, told as what it is. */
static void tell_inconclusive(struct verdict *v, const struct judged *j, int n)
{
	AUTO_FREE char *seen = v->reason, *why = NULL;
	const struct cell_view *views = j->views;
	int k = 0;

	while (k < n && views[k].silent < CELL_SILENT_MAX)
		k++;
	if (k < n && views[k].silent_lost >= CELL_SILENT_MAX)
		why = str_printf("step %d was lost to our own trouble %d times in a row "
				 "and is left alone",
				 k, views[k].silent_lost);
	else if (k < n)
		why = str_printf("step %d is left alone: %d boots in a row told nothing",
				 k, views[k].silent);
	else if (j->beside)
		why = str_printf("no more runs: beside %s, which patch %d breaks, it can "
				 "charge no other patch",
				 j->beside, j->beside_patch);
	else
		why = str_dup("not enough runs to be sure");
	v->reason = str_printf("%s (%s)", seen ? seen : "failed", why);
}

static void tell_end_open(struct verdict *v)
{
	AUTO_FREE char *seen = v->reason;

	v->reason = str_printf("%s (whether a later patch repairs it is not sure)",
			       seen ? seen : "failed");
}

/* The step whose boot shows it: the one that is named, else, where chance has a part in
 * it, the first that failed after it, or at all; -1: none did. */
static int shown_at(const struct judged *j, int n)
{
	int from = j->j.from;

	if (from < 0)
		return -1;
	if (j->j.p < 0)
		return j->views[from].bad ? from : -1;
	for (int k = from; k < n; k++)
		if (j->views[k].bad)
			return k;
	for (int k = 0; k < from; k++)
		if (j->views[k].bad)
			return k;
	return -1;
}

void verdict_tell(struct series_run *r, const struct subject *s, const struct judged *j,
		  struct verdict *v)
{
	int from = j->j.from, shown = shown_at(j, r->ntested);

	if (shown >= 0)
		tell_evidence(v, &j->views[shown]);
	else if (from >= 0 && j->views[from].issue)
		tell_issue(v, &j->views[from],
			   verdict_issue_missed(r, r->ntested - 1, s) != NULL);
	else if (from >= 0 && j->views[from].known_splat)
		tell_known_splat(v, &j->views[from]);
	else
		tell_nothing_bad(r, v, s, j->views);
	if (j->j.word == VERDICT_INCONCLUSIVE && from >= 0)
		tell_inconclusive(v, j, r->ntested);
	else if (j->j.end_open)
		tell_end_open(v);
}

void verdict_tell_deep(struct verdict *v)
{
	AUTO_FREE char *seen = v->reason;

	v->reason = str_printf("in the boot of the deep tests: %s", seen ? seen : "bad");
}
