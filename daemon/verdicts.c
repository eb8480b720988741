/*
 * What the series did, written down: for applying, for the builds and warnings
 * of each config, for each boot and test of each (config, topology) the cells
 * of all steps are judged, and the one line and the evidence that people need
 * are picked from the boot that shows it.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/cells.h"
#include "daemon/deep.h"
#include "daemon/verdict_notes.h"
#include "daemon/verdict_odds.h"
#include "kernels/selftests_tree.h"
#include "kernels/warnings.h"
#include "lib/str.h"

#define EVIDENCE_LINES 12
#define WARNINGS_MAX (64UL << 20)

struct verdict_list {
	struct verdict *v;
	size_t n;
	struct witnesses witnesses; /* of the config that is judged */
};

static struct verdict *verdict_add(struct verdict_list *l, enum verdict_kind kind,
				   const char *config, const char *topology,
				   const char *test)
{
	struct verdict *v;

	l->v = mem_realloc(l->v, l->n + 1, sizeof(*l->v));
	v = &l->v[l->n++];
	*v = (struct verdict)VERDICT_INIT;
	v->kind = kind;
	v->config = str_dup(config);
	v->topology = str_dup(topology);
	v->test = str_dup(test);
	return v;
}

static struct json_object *steps_between(long long first, long long last)
{
	struct json_object *a = json_object_new_array();

	for (long long k = first; k <= last; k++)
		json_object_array_add(a, json_object_new_int64(k));
	return a;
}

static void verdict_fill(struct verdict *v, const struct judgement *j, bool with_runs)
{
	v->verdict = j->word;
	v->from_step = j->from >= 0 ? j->from : DB_NO_INT;
	v->until_step = j->until >= 0 ? j->until : DB_NO_INT;
	if (j->candidate_first >= 0)
		v->candidates = steps_between(j->candidate_first, j->candidate_last);
	if (j->until_first >= 0)
		v->repairs = steps_between(j->until_first, j->until);
	if (with_runs) {
		v->runs = j->runs;
		v->failures = j->failures;
	}
	if (j->p >= 0)
		v->probability = j->p;
}

static bool is_bad_word(enum verdict_word w)
{
	return w == VERDICT_INTRODUCED || w == VERDICT_TRANSIENT || w == VERDICT_FLAKY ||
	       w == VERDICT_PRE_EXISTING;
}

/* ---- applying ---- */

static void judge_apply(struct series_run *r, struct verdict_list *l)
{
	struct cell *cells = mem_alloc0(r->nsteps * sizeof(*cells));
	struct verdict *v = verdict_add(l, KIND_APPLY, NULL, NULL, NULL);
	struct judgement j;

	for (size_t k = 0; k < r->nsteps; k++) {
		enum step_apply a = r->steps[k].apply;

		cells[k].state = a == APPLY_NOT_REACHED                    ? CELL_NONE :
				 a == APPLY_CONFLICT || a == APPLY_REFUSED ? CELL_FAIL :
									     CELL_PASS;
	}
	j = judge_cells(cells, (int)r->nsteps);
	verdict_fill(v, &j, false);
	if (j.from > 0) {
		const struct step *s = &r->steps[j.from];

		v->reason = str_printf("patch %d %s%s%s%s%s", j.from,
				       s->apply == APPLY_REFUSED ? "is refused" :
								   "does not apply",
				       s->file ? ": " : "", s->file ? s->file : "",
				       s->reason ? ": " : "", s->reason ? s->reason : "");
	}
	free(cells);
}

/* ---- builds ---- */

static void build_reason(struct series_run *r, struct verdict *v, int step, size_t c)
{
	struct build b = { 0 };
	const char *file, *text;

	if (build_find(r->db, run_build(r, step, c)->build_id, &b, NULL) > 0) {
		file = json_str(b.error, "file", NULL);
		text = json_str(b.error, "text", NULL);
		if (b.status == BUILD_INFRA)
			v->reason = str_dup(b.reason);
		else if (file && text)
			v->reason = str_printf("%s:%lld: %s", file,
					       json_int(b.error, "line", 0), text);
		else
			v->reason = str_dup(text ? text : b.reason);
	}
	build_done(&b);
}

static void judge_builds(struct series_run *r, struct verdict_list *l, size_t c)
{
	struct cell *cells = mem_alloc0((size_t)r->ntested * sizeof(*cells));
	struct verdict *v =
		verdict_add(l, KIND_BUILD, r->plan->configs[c]->name, NULL, NULL);
	struct judgement j;
	int lost = -1;

	for (int k = 0; k < r->ntested; k++) {
		cells[k] = cell_of_build(r, k, c);
		if (cells[k].state == CELL_INFRA && lost < 0)
			lost = k;
	}
	j = judge_cells(cells, r->ntested);
	verdict_fill(v, &j, false);
	if (is_bad_word(j.word))
		build_reason(r, v, j.from, c);
	else if (j.word == VERDICT_INFRA)
		build_reason(r, v, lost, c);
	free(cells);
}

static bool list_holds(struct json_object *list, const char *text)
{
	for (size_t i = 0; i < json_len(list); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(list, i)),
			   text) == 0)
			return true;
	return false;
}

/* Whether a suite's programs are made of it, from the step on. */
static bool selftests_take(struct series_run *r, int step, const char *path)
{
	if (!str_starts(path, SELFTESTS_DIR "/"))
		return false;
	path += strlen(SELFTESTS_DIR "/");
	for (int k = step; k < r->ntested; k++)
		for (size_t s = 0; s < r->plan->nsuites; s++) {
			const struct walk_selftests *t = run_selftests(r, k, s);
			size_t n = t->folder ? strlen(t->folder) : 0;

			/* In the folder, or beside it for all of them. */
			if (n && (!strchr(path, '/') ||
				  (str_starts(path, t->folder) && path[n] == '/')))
				return true;
		}
	return false;
}

/* Whether the config compiles nothing of the patch, as the first build that has it
 * tells; a deep config's may be a later step's, or none. */
static bool patch_is_left_out(struct series_run *r, int step, size_t c)
{
	struct json_object *files = r->steps[step].files;
	const struct walk_build *b;
	int k = step;

	while (k < r->ntested && !run_build(r, k, c)->decided)
		k++;
	if (k == r->ntested)
		return true;
	b = run_build(r, k, c);
	if (b->status != BUILD_OK)
		return false;
	for (size_t i = 0; i < json_len(files); i++) {
		const char *path =
			json_str(json_object_array_get_idx(files, i), "path", "");

		if (!list_holds(b->not_built, path) || selftests_take(r, step, path))
			return false;
	}
	return true;
}

/* A patch none of whose files any config compiles was not tested by anything. */
static void judge_not_built(struct series_run *r, struct verdict_list *l)
{
	for (int k = 1; k < r->ntested; k++) {
		size_t files = json_len(r->steps[k].files);
		bool untested = files > 0 && r->steps[k].apply != APPLY_ALREADY;
		struct verdict *v;

		for (size_t c = 0; untested && c < r->plan->nconfigs; c++)
			untested = patch_is_left_out(r, k, c);
		if (!untested)
			continue;
		v = verdict_add(l, KIND_BUILD, NULL, NULL, NULL);
		v->verdict = VERDICT_NOT_TESTED;
		v->from_step = k;
		v->reason = str_printf(
			"not in this config: nothing that patch %d changes is compiled",
			k);
	}
}

/* ---- warnings ---- */

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
	v->candidates = steps_between(since < k && since > 0 ? since : k, k);
	if (v->until_step != DB_NO_INT)
		v->repairs = steps_between(shows + 1, v->until_step);
	v->reason = str_printf("%s:%lld: %s%s%s%s", json_str(w, "file", "?"),
			       json_int(w, "line", 0), json_str(w, "text", ""),
			       *flag ? " [-W" : "", flag, *flag ? "]" : "");
}

static int judge_warnings(struct series_run *r, struct verdict_list *l, size_t c,
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

/* ---- boots and tests ---- */

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
		else if (res->output)
			v->evidence = failing_lines(res->output);
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
	if (res->output)
		v->evidence = failing_lines(res->output);
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

/* Of the two boots that a cell has, which. */
static void tell_deep(struct verdict *v)
{
	AUTO_FREE char *seen = v->reason;

	v->reason = str_printf("in the boot of the deep tests: %s", seen ? seen : "bad");
}

/* What could not be repeated as often as it takes, told as what it is. */
static void tell_inconclusive(struct verdict *v, const struct cell_view *views, int n)
{
	AUTO_FREE char *seen = v->reason, *why = NULL;
	int k = 0;

	while (k < n && views[k].silent < CELL_SILENT_MAX)
		k++;
	if (k == n)
		why = str_dup("not enough runs to be sure");
	else if (views[k].silent_lost >= CELL_SILENT_MAX)
		why = str_printf("step %d was lost to our own trouble %d times in a row "
				 "and is left alone",
				 k, views[k].silent_lost);
	else
		why = str_printf("step %d is left alone: %d boots in a row told nothing",
				 k, views[k].silent);
	v->reason = str_printf("%s (%s)", seen ? seen : "failed", why);
}

static void tell_end_open(struct verdict *v)
{
	AUTO_FREE char *seen = v->reason;

	v->reason = str_printf("%s (whether a later patch repairs it is not sure)",
			       seen ? seen : "failed");
}

/* The step whose boot shows it: the one that is named, else the first that failed after
 * it, or at all; -1: none did. */
static int shown_at(const struct cell_view *views, int n, int from)
{
	for (int k = from > 0 ? from : 0; k < n; k++)
		if (views[k].bad)
			return k;
	for (int k = 0; k < from; k++)
		if (views[k].bad)
			return k;
	return -1;
}

/* The first step that is good only since what is wrong there is not the series', or -1. */
static int first_excused(const struct cell_view *views, int n)
{
	for (int k = 0; k < n; k++)
		if (views[k].issue || views[k].known_splat)
			return k;
	return -1;
}

/* A failure that was chance makes no cell bad. */
static void take_for_chance(struct cell *cells, int n)
{
	for (int k = 0; k < n; k++)
		if (cells[k].state == CELL_FAIL || cells[k].state == CELL_FLAKY ||
		    cells[k].state == CELL_ONCE)
			cells[k].state = CELL_PASS;
}

/* *ret_odds: what chance has to do with it, NULL where nothing failed. */
static int judge_views(struct series_run *r, const struct witnesses *w,
		       const struct subject *s, struct cell_view *views,
		       struct judgement *ret, struct json_object **ret_odds,
		       struct err *err)
{
	AUTO(assessment_done) struct assessment a = { .belief = NULL };
	double sure = (double)r->opts->config->verdict_sure / 100;
	struct cell *cells = mem_alloc0((size_t)r->ntested * sizeof(*cells));
	struct judgement j;
	int excused;

	for (int k = 0; k < r->ntested; k++) {
		views[k] = cell_view_of(r, k, s);
		cells[k] = views[k].cell;
	}
	if (assess(r, s, w, &a, err) < 0) {
		free(cells);
		return -1;
	}
	if (a.belief && a.call.word == BELIEF_CLEAN)
		take_for_chance(cells, r->ntested);
	j = judge_cells(cells, r->ntested);
	excused = first_excused(views, r->ntested);
	if (j.word == VERDICT_PASS && excused >= 0) {
		j.word = VERDICT_PRE_EXISTING;
		j.from = excused;
	}
	free(cells);
	if (a.belief)
		odds_judge(&a, r->ntested, &j);
	if (j.p >= 0)
		*ret_odds = odds_json(&a, r->ntested, &j, sure);
	*ret = j;
	return 0;
}

static int judge_subject(struct series_run *r, struct verdict_list *l,
			 const struct subject *s, bool only_bad, struct err *err)
{
	AUTO_FREE struct cell_view *views =
		mem_alloc0((size_t)r->ntested * sizeof(*views));
	AUTO_JSON struct json_object *odds = NULL;
	struct judgement j;
	struct verdict *v;
	int bad;

	if (judge_views(r, &l->witnesses, s, views, &j, &odds, err) < 0)
		return -1;
	if (!only_bad || j.from >= 0) {
		v = verdict_add(l, s->test ? KIND_TEST : KIND_BOOT,
				r->plan->configs[s->config]->name,
				r->plan->topologies[s->topology]->name, s->test);
		verdict_fill(v, &j, true);
		if (j.p >= 0 && j.from >= 0)
			bad = shown_at(views, r->ntested, j.from);
		else
			bad = j.from >= 0 && views[j.from].bad ? j.from : -1;
		if (bad >= 0)
			tell_evidence(v, &views[bad]);
		else if (j.from >= 0 && views[j.from].issue)
			tell_issue(v, &views[j.from],
				   verdict_issue_missed(r, r->ntested - 1, s) != NULL);
		else if (j.from >= 0 && views[j.from].known_splat)
			tell_known_splat(v, &views[j.from]);
		else
			tell_nothing_bad(r, v, s, views);
		if (j.word == VERDICT_INCONCLUSIVE && j.from >= 0)
			tell_inconclusive(v, views, r->ntested);
		else if (j.end_open)
			tell_end_open(v);
		if (only_bad)
			tell_deep(v);
		v->odds = TAKE_PTR(odds);
	}
	return 0;
}

static int judge_tests(struct series_run *r, struct verdict_list *l, struct subject s,
		       struct json_object *tests, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < json_len(tests); i++) {
		s.test = json_str(json_object_array_get_idx(tests, i), "test", "");
		rc = judge_subject(r, l, &s, false, err);
	}
	return rc;
}

static int judge_cell_column(struct series_run *r, struct verdict_list *l, size_t c,
			     size_t t, struct err *err)
{
	int rc = 0;

	struct plan_cell pc = { .config = c, .topology = t };
	struct json_object *quick = plan_tests(r->plan, &pc), *deep;
	struct subject s = { .config = c, .topology = t };

	pc.deep = true;
	deep = plan_tests(r->plan, &pc);
	if (quick || !deep) {
		rc = judge_subject(r, l, &s, false, err);
		if (rc == 0)
			rc = judge_tests(r, l, s, quick, err);
	}
	if (rc < 0 || !deep)
		return rc;
	s.deep = true;
	/* Beside a quick one of the same kernel, only its own trouble is worth a line. */
	rc = judge_subject(r, l, &s, quick != NULL, err);
	return rc < 0 ? rc : judge_tests(r, l, s, deep, err);
}

/* ---- the whole ---- */

static enum run_exit exit_of(const struct verdict_list *l)
{
	enum run_exit code = RUN_CLEAN;

	for (size_t i = 0; i < l->n; i++) {
		const struct verdict *v = &l->v[i];

		if (v->verdict == VERDICT_INFRA && code == RUN_CLEAN)
			code = RUN_INFRA;
		if (v->kind == KIND_WARNING)
			continue;
		if (v->verdict == VERDICT_INTRODUCED || v->verdict == VERDICT_TRANSIENT ||
		    (v->verdict == VERDICT_FLAKY && v->from_step > 0))
			code = RUN_BROKEN;
	}
	return code;
}

/* A repeat that was lost leaves a cell unjudged even if another boot passed. */
static bool any_lost(struct series_run *r)
{
	for (size_t i = 0; i < r->nboots; i++)
		if (r->boots[i]->lost)
			return true;
	return false;
}

int verdicts_write(struct series_run *r, enum run_exit *ret_exit, struct err *err)
{
	struct verdict_list l = { .v = NULL };
	int rc = 0;

	if (deep_forget(r, err) < 0)
		return -1;
	judge_apply(r, &l);
	for (size_t c = 0; rc == 0 && c < r->plan->nconfigs; c++) {
		judge_builds(r, &l, c);
		rc = judge_warnings(r, &l, c, err);
		if (rc == 0)
			rc = witnesses_of(r, c, &l.witnesses, err);
		for (size_t t = 0; rc == 0 && t < r->plan->ntopologies; t++)
			rc = judge_cell_column(r, &l, c, t, err);
		witnesses_done(&l.witnesses);
	}
	judge_not_built(r, &l);
	if (rc == 0)
		rc = verdict_replace(r->db, r->series.id, l.v, l.n, SERIES_DONE, err);
	*ret_exit = exit_of(&l);
	if (*ret_exit == RUN_CLEAN && any_lost(r))
		*ret_exit = RUN_INFRA;
	verdict_list_free(l.v, l.n);
	return rc;
}
