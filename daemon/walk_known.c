/*
 * Keys of builds, and what is known of a step by them: a build that was made
 * for this or another series, what its warnings are against the step before,
 * and the rows that say so.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/walk.h"
#include "kernels/buildkey.h"
#include "kernels/make_argv.h"
#include "kernels/warnings.h"

/* Config, make arguments and toolchain without trees: what may share a folder. */
void walk_base_key(struct series_run *r, size_t c, char ret[SHA256_HEX])
{
	char hash[SHA256_HEX];
	char **vars = make_vars(r->plan->configs[c]->arch);
	struct buildkey k = { .config_hash = hash,
			      .arch = r->plan->configs[c]->arch,
			      .make_args = vars,
			      .toolchain = r->plan->toolchain };

	kconfig_hash(r->plan->configs[c], hash);
	build_key(&k, ret);
	strv_free(vars);
}

void walk_key(struct series_run *r, size_t c, const char *chain, char ret[SHA256_HEX])
{
	char hash[SHA256_HEX];
	char **vars = make_vars(r->plan->configs[c]->arch);
	char **trees = strv_split(chain, " ");
	struct buildkey k = { .trees = (const char *const *)trees,
			      .ntrees = strv_len(trees),
			      .config_hash = hash,
			      .arch = r->plan->configs[c]->arch,
			      .make_args = vars,
			      .toolchain = r->plan->toolchain };

	kconfig_hash(r->plan->configs[c], hash);
	build_key(&k, ret);
	strv_free(vars);
	strv_free(trees);
}

struct chain_match {
	struct series_run *r;
	int step;
};

/* A chain made only of this series' own trees, in order, up to the step. */
static bool chain_is_ours(const struct build *b, void *arg)
{
	const struct chain_match *m = arg;
	char **trees = strv_split(b->chain, " ");
	int k = 0;
	bool ours = true;

	for (size_t i = 0; ours && trees[i]; i++) {
		while (k <= m->step && strcmp(m->r->steps[k].tree, trees[i]) != 0)
			k++;
		ours = k <= m->step;
	}
	ours = ours && strcmp(trees[0], m->r->steps[0].tree) == 0;
	strv_free(trees);
	return ours;
}

/* What a build may fail by without being wrong; a text that changes with them. */
uint64_t walk_memory(const struct series_run *r)
{
	const struct config *c = r->opts->config;

	return c->build_memory_bytes ? c->build_memory_bytes : run_memory(r) / 4 * 3;
}

char *walk_limits(const struct series_run *r)
{
	const struct config *c = r->opts->config;
	uint64_t together = walk_memory(r);

	/* A kernel of this machine that takes a little more makes no other limit. */
	if (!c->build_memory_bytes && !c->memory_bytes)
		together &= ~((1ULL << 30) - 1);
	return str_printf("memory %llu, together %llu, output %llu, log %llu, tmp %llu",
			  (unsigned long long)c->process_memory_bytes,
			  (unsigned long long)together,
			  (unsigned long long)c->output_bytes,
			  (unsigned long long)c->log_bytes,
			  (unsigned long long)c->tmp_bytes);
}

/* Not a failure by limits that are others now. */
static bool limits_still_hold(const struct series_run *r, const struct build *b)
{
	const char *limits = json_str(b->error, "limits", NULL);
	AUTO_FREE char *now = walk_limits(r);

	return b->status == BUILD_OK || !limits || strcmp(limits, now) == 0;
}

static struct json_object *load_warnings(struct series_run *r, const char *sha)
{
	AUTO_FREE char *text = NULL;
	struct json_object *doc = NULL;
	size_t len;

	if (!sha || artifact_load(r->artifacts, sha, 0, WARNINGS_MAX, WARNINGS_MAX, &text,
				  &len, NULL) < 0)
		return NULL;
	return json_parse(text, len, &doc, NULL) == 0 ? doc : NULL;
}

/* A build is of use only while its files are whole: the next step needs them. */
static bool files_are_whole(struct series_run *r, const struct build *b)
{
	AUTO_JSON struct json_object *doc = load_warnings(r, b->warnings);
	AUTO_FREE char *path = NULL;

	if (b->warnings && !doc)
		return false;
	return b->status != BUILD_OK ||
	       (b->image && artifact_path(r->artifacts, b->image, &path, NULL) == 0);
}

/*
 * A build that was taken over counts in the steps of the series that made it:
 * in ours, what is its own step's came with this step; and with any of those
 * after prev, where the builds between were lost.
 */
static void warning_set_since(struct json_object *w, int step, int prev)
{
	long long made = json_int(w, "step", step), since = json_int(w, "since", made);

	since = since < made ? step - (made - since) : step;
	if (since > prev + 1)
		since = prev + 1;
	json_set_int(w, "since", since < 1 ? 1 : since);
	json_set_int(w, "step", step);
}

/* What the step's build shows that the last one known before it did not. */
static struct json_object *new_warnings(struct series_run *r, int step, size_t c)
{
	AUTO_JSON struct json_object *cur = NULL, *prev = NULL;
	struct json_object *found;
	int k = step;

	if (step > 0)
		cur = load_warnings(r, run_build(r, step, c)->warnings);
	while (cur && !prev && k > 0)
		prev = load_warnings(r, run_build(r, --k, c)->warnings);
	if (!prev)
		return json_object_new_array();
	found = warnings_new(prev, cur);
	for (size_t i = 0; i < json_len(found); i++)
		warning_set_since(json_object_array_get_idx(found, i), step, k);
	return found;
}

static bool step_changes(const struct step *s, const char *file)
{
	for (size_t k = 0; k < json_len(s->files); k++)
		if (strcmp(file, json_str(json_object_array_get_idx(s->files, k), "path",
					  "")) == 0)
			return true;
	return false;
}

/* Files that the patch touches and this config does not compile: from whoever
 * built it. files: JSON array, handed back as a new one cut to the patch's. */
struct json_object *walk_own_files(struct series_run *r, int step, size_t c,
				   struct json_object *files)
{
	struct json_object *own = json_object_new_array();
	int first = run_config_is_deep(r, c) ? 0 : step;

	for (size_t i = 0; i < json_len(files); i++) {
		const char *f =
			json_object_get_string(json_object_array_get_idx(files, i));
		bool ours = false;

		for (int k = first; f && !ours && k <= step; k++)
			ours = step_changes(&r->steps[k], f);
		if (ours)
			json_add_str(own, f);
	}
	return own;
}

/* Whether the row's list is of all that we may ask of it: the maker's, or our own
 * of an earlier run. */
static bool list_is_ours(const struct series_run *r, int step, size_t c,
			 const struct step_build *sb)
{
	return !sb->reused || (sb->series_id == r->series.id && sb->step == step &&
			       strcmp(sb->config, r->plan->configs[c]->name) == 0);
}

static struct json_object *known_not_built(struct series_run *r, int step, size_t c,
					   int64_t build_id)
{
	struct used_by *uses = NULL;
	struct json_object *found = NULL;
	size_t n = 0;

	if (build_used_by(r->db, build_id, &uses, &n, NULL) < 0)
		return NULL;
	for (size_t i = 0; !found && i < n; i++) {
		struct step_build *list = NULL;
		size_t m = 0;

		if (step_build_list(r->db, uses[i].series_id, &list, &m, NULL) < 0)
			break;
		for (size_t k = 0; !found && k < m; k++)
			if (list[k].build_id == build_id && list[k].not_built &&
			    list_is_ours(r, step, c, &list[k]))
				found = json_object_get(list[k].not_built);
		step_build_list_free(list, m);
	}
	used_by_list_free(uses, n);
	return found;
}

void walk_fill_step_build(struct series_run *r, int step, size_t c, struct step_build *sb)
{
	struct walk_build *b = run_build(r, step, c);

	*sb = (struct step_build){ .series_id = r->series.id,
				   .step = step,
				   .config = str_dup(r->plan->configs[c]->name),
				   .arch = str_dup(r->plan->configs[c]->arch),
				   .build_id = b->build_id,
				   .status = b->status,
				   .reused = b->reused,
				   .new_warnings = new_warnings(r, step, c),
				   .not_built = json_object_get(b->not_built) };
	b->new_warnings = (int)json_len(sb->new_warnings);
}

int walk_tell_next(struct series_run *r, int step, size_t c, struct err *err)
{
	struct step_build sb;
	int rc, k = step + 1;

	while (k < r->ntested && !run_build(r, k, c)->decided)
		k++;
	/* On a quick config nothing is built before what is in front of it. */
	if (k == r->ntested || !run_config_is_deep(r, c) ||
	    run_build(r, k, c)->build_id == DB_NO_INT)
		return 0;
	walk_fill_step_build(r, k, c, &sb);
	rc = step_build_put(r->db, &sb, err);
	step_build_done(&sb);
	return rc;
}

void walk_emit_end(struct series_run *r, int step, size_t c, double seconds,
		   const char *reason)
{
	const struct walk_build *b = run_build(r, step, c);
	struct run_event ev = { .kind = RUN_BUILD_END,
				.step = step,
				.nsteps = (int)r->nsteps,
				.config = r->plan->configs[c]->name,
				.subject = r->steps[step].subject,
				.status = build_status_str(b->status),
				.seconds = seconds,
				.reused = b->reused,
				.text = reason,
				.warnings = b->new_warnings,
				.id = b->build_id };

	run_emit(r, &ev);
}

/* Takes a finished build over for a step. */
static int walk_take_over(struct series_run *r, int step, size_t c, struct build *b,
			  struct err *err)
{
	struct walk_build *wb = run_build(r, step, c);
	AUTO_JSON struct json_object *files = known_not_built(r, step, c, b->id);
	struct step_build sb;
	int rc;

	wb->decided = true;
	wb->reused = true;
	wb->status = b->status;
	wb->build_id = b->id;
	wb->image = str_dup(b->image);
	wb->warnings = str_dup(b->warnings);
	wb->not_built = walk_own_files(r, step, c, files);
	walk_fill_step_build(r, step, c, &sb);
	rc = step_build_put(r->db, &sb, err);
	step_build_done(&sb);
	if (rc == 0)
		rc = walk_tell_next(r, step, c, err);
	if (rc == 0)
		walk_emit_end(r, step, c, b->seconds, b->reason);
	return rc;
}

int walk_decide(struct series_run *r, int step, size_t c, struct err *err)
{
	struct chain_match m = { .r = r, .step = step };
	struct build b = { 0 };
	int found = build_find_by_tree(r->db, r->walk.out[c].base_key,
				       r->steps[step].tree, chain_is_ours, &m, &b, err);
	int rc = found < 0 ? -1 : 0;

	if (found > 0 && files_are_whole(r, &b) && limits_still_hold(r, &b)) {
		rc = walk_take_over(r, step, c, &b, err);
		if (rc == 0)
			rc = r->flow->built(r, step, c, err);
	}
	build_done(&b);
	return rc;
}

/* A step whose base cannot be built is not built at all: nothing to hold it against. */
int walk_skip(struct series_run *r, int step, size_t c, const char *why, struct err *err)
{
	struct walk_build *wb = run_build(r, step, c);
	struct step_build sb;
	int rc;

	wb->decided = true;
	wb->status = BUILD_SKIPPED;
	wb->build_id = DB_NO_INT;
	walk_fill_step_build(r, step, c, &sb);
	sb.reason = str_dup(why);
	rc = step_build_put(r->db, &sb, err);
	step_build_done(&sb);
	if (rc == 0)
		rc = r->flow->built(r, step, c, err);
	if (rc == 0)
		walk_emit_end(r, step, c, 0, why);
	return rc;
}
