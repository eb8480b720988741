#include "daemon/verdict_builds.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/cells.h"
#include "kernels/selftests_tree.h"
#include "lib/str.h"

static bool is_bad_word(enum verdict_word w)
{
	return w == VERDICT_INTRODUCED || w == VERDICT_TRANSIENT || w == VERDICT_FLAKY ||
	       w == VERDICT_PRE_EXISTING;
}

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

void verdict_builds(struct series_run *r, struct verdict_list *l, size_t c)
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
void verdict_not_built(struct series_run *r, struct verdict_list *l)
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
