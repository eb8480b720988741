/*
 * The builds of a series, one after the other in step order. What is known by
 * its key is taken over without touching a folder; the rest walks through a
 * source folder (hard links of the base's, steps written into it) and one
 * output folder for each config, begun as a copy of the clean base output.
 *
 * All these folders are caches: a source folder and an output folder are of
 * use only while a run holds them and are made again by the next one, so a
 * crash at any point leaves nothing that could be mistaken for something else.
 * Folders of a base are made under another name and renamed when complete.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/gitbinds.h"
#include "daemon/series_run.h"
#include "db/timing.h"
#include "kernels/buildkey.h"
#include "kernels/make_argv.h"
#include "kernels/warnings.h"
#include "lib/file.h"
#include "lib/job.h"

#define WARNINGS_MAX (64UL << 20)
#define ATTEMPTS_MAX 2
/* What the build role may take beyond make's own time: configuring, hashing. */
#define BUILD_MARGIN_MS 120000
#define CHECKOUT_DEADLINE_MS 1800000
#define COPY_DEADLINE_MS 900000

static void walk_failed(struct series_run *r);

struct walk_build *run_build(struct series_run *r, int step, size_t config)
{
	return &r->walk.builds[(size_t)step * r->plan->nconfigs + config];
}

/* ---- keys ---- */

/* Config, make arguments and toolchain without trees: what may share a folder. */
static void walk_base_key(struct series_run *r, size_t c, char ret[SHA256_HEX])
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

static void walk_key(struct series_run *r, size_t c, const char *chain,
		     char ret[SHA256_HEX])
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

int walk_init(struct series_run *r, struct err *err)
{
	struct walk *w = &r->walk;

	(void)err;
	w->out = mem_alloc0(r->plan->nconfigs * sizeof(*w->out));
	w->builds =
		mem_alloc0((size_t)r->ntested * r->plan->nconfigs * sizeof(*w->builds));
	w->src_base = str_printf("%s/base-%s", r->state->src, r->steps[0].tree);
	w->src_base_ready = path_exists(w->src_base);
	w->src_at = -1;
	for (size_t c = 0; c < r->plan->nconfigs; c++) {
		struct walk_out *o = &w->out[c];
		char key[SHA256_HEX];

		walk_base_key(r, c, o->base_key);
		walk_key(r, c, r->steps[0].tree, key);
		o->base_dir = str_printf("%s/base-%s", r->state->out, key);
		o->base_ready = path_exists(o->base_dir);
	}
	for (size_t i = 0; i < (size_t)r->ntested * r->plan->nconfigs; i++)
		w->builds[i].build_id = DB_NO_INT;
	return 0;
}

static void out_drop(struct walk_out *o)
{
	if (o->dir)
		tree_remove(o->dir, NULL);
	free(o->dir);
	free(o->warnings);
	o->dir = o->warnings = NULL;
	str_done(&o->chain);
}

void walk_done(struct series_run *r)
{
	struct walk *w = &r->walk;

	for (size_t c = 0; w->out && c < r->plan->nconfigs; c++) {
		out_drop(&w->out[c]);
		free(w->out[c].base_dir);
	}
	for (size_t i = 0; w->builds && i < (size_t)r->ntested * r->plan->nconfigs; i++) {
		free(w->builds[i].image);
		free(w->builds[i].warnings);
		json_object_put(w->builds[i].not_built);
	}
	if (w->src)
		tree_remove(w->src, NULL);
	free(w->src);
	free(w->src_base);
	free(w->out);
	free(w->builds);
}

static void retired(struct job *job, enum job_how how, int code, void *arg)
{
	(void)job;
	(void)how;
	(void)code;
	(void)arg;
}

/*
 * All is built: the folders are of no more use. Removing 80,000 links takes a
 * while, so a child does it beside the boots; nobody waits for it, and what it
 * leaves the next run's state_clean removes.
 */
static void walk_retire(struct series_run *r)
{
	struct walk *w = &r->walk;
	const char **argv = mem_alloc0((r->plan->nconfigs + 5) * sizeof(*argv));
	struct job_opts opts = { .argv = (char *const *)argv, .on_done = retired };
	size_t n = 0;

	argv[n++] = "rm";
	argv[n++] = "-rf";
	argv[n++] = "--";
	argv[n++] = w->src;
	for (size_t c = 0; c < r->plan->nconfigs; c++)
		if (w->out[c].dir)
			argv[n++] = w->out[c].dir;
	if (w->src && job_start(r->event, &opts, NULL, NULL) == 0) {
		free(w->src);
		w->src = NULL;
		for (size_t c = 0; c < r->plan->nconfigs; c++) {
			free(w->out[c].dir);
			w->out[c].dir = NULL;
		}
	}
	free(argv);
}

/* ---- what is known already ---- */

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
static char *build_limits(const struct series_run *r)
{
	const struct config *c = r->opts->config;

	return str_printf("memory %llu, output %llu, log %llu, tmp %llu",
			  (unsigned long long)c->process_memory_bytes,
			  (unsigned long long)c->output_bytes,
			  (unsigned long long)c->log_bytes,
			  (unsigned long long)c->tmp_bytes);
}

/* Not a failure by limits that are others now. */
static bool limits_still_hold(const struct series_run *r, const struct build *b)
{
	const char *limits = json_str(b->error, "limits", NULL);
	AUTO_FREE char *now = build_limits(r);

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

/* Files that the patch touches and this config does not compile: from whoever
 * built it. files: JSON array, handed back as a new one cut to the patch's. */
static struct json_object *own_files(struct series_run *r, int step,
				     struct json_object *files)
{
	struct json_object *own = json_object_new_array();
	struct json_object *mine = r->steps[step].files;

	for (size_t i = 0; i < json_len(files); i++) {
		const char *f =
			json_object_get_string(json_object_array_get_idx(files, i));

		for (size_t k = 0; f && k < json_len(mine); k++)
			if (strcmp(f, json_str(json_object_array_get_idx(mine, k), "path",
					       "")) == 0)
				json_add_str(own, f);
	}
	return own;
}

static struct json_object *known_not_built(struct series_run *r, int64_t build_id)
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
			    !list[k].reused)
				found = json_object_get(list[k].not_built);
		step_build_list_free(list, m);
	}
	used_by_list_free(uses, n);
	return found;
}

static void step_build_fill(struct series_run *r, int step, size_t c,
			    struct step_build *sb)
{
	const struct walk_build *b = run_build(r, step, c);

	*sb = (struct step_build){ .series_id = r->series.id,
				   .step = step,
				   .config = str_dup(r->plan->configs[c]->name),
				   .arch = str_dup(r->plan->configs[c]->arch),
				   .build_id = b->build_id,
				   .status = b->status,
				   .reused = b->reused,
				   .new_warnings = new_warnings(r, step, c),
				   .not_built = json_object_get(b->not_built) };
}

static void emit_build_end(struct series_run *r, int step, size_t c, double seconds,
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
				.id = b->build_id };

	run_emit(r, &ev);
}

/* Takes a finished build over for a step. */
static int walk_take_over(struct series_run *r, int step, size_t c, struct build *b,
			  struct err *err)
{
	struct walk_build *wb = run_build(r, step, c);
	AUTO_JSON struct json_object *files = known_not_built(r, b->id);
	struct step_build sb;
	int rc;

	wb->decided = true;
	wb->reused = true;
	wb->status = b->status;
	wb->build_id = b->id;
	wb->image = str_dup(b->image);
	wb->warnings = str_dup(b->warnings);
	wb->not_built = own_files(r, step, files);
	step_build_fill(r, step, c, &sb);
	rc = step_build_put(r->db, &sb, err);
	step_build_done(&sb);
	if (rc == 0)
		emit_build_end(r, step, c, b->seconds, b->reason);
	return rc;
}

static int walk_decide(struct series_run *r, int step, size_t c, struct err *err)
{
	struct chain_match m = { .r = r, .step = step };
	struct build b = { 0 };
	int found = build_find_by_tree(r->db, r->walk.out[c].base_key,
				       r->steps[step].tree, chain_is_ours, &m, &b, err);
	int rc = found < 0 ? -1 : 0;

	if (found > 0 && files_are_whole(r, &b) && limits_still_hold(r, &b)) {
		rc = walk_take_over(r, step, c, &b, err);
		if (rc == 0)
			rc = boots_plan_step(r, step, c, err);
	}
	build_done(&b);
	return rc;
}

/* A step whose base cannot be built is not built at all: nothing to hold it against. */
static int walk_skip(struct series_run *r, int step, size_t c, const char *why,
		     struct err *err)
{
	struct walk_build *wb = run_build(r, step, c);
	struct step_build sb;
	int rc;

	wb->decided = true;
	wb->status = BUILD_SKIPPED;
	wb->build_id = DB_NO_INT;
	step_build_fill(r, step, c, &sb);
	sb.reason = str_dup(why);
	rc = step_build_put(r->db, &sb, err);
	step_build_done(&sb);
	if (rc == 0)
		rc = boots_plan_step(r, step, c, err);
	if (rc == 0)
		emit_build_end(r, step, c, 0, why);
	return rc;
}

static bool base_is_lost(struct series_run *r, size_t c)
{
	const struct walk_build *base = run_build(r, 0, c);

	return base->decided && base->status == BUILD_INFRA;
}

bool walk_waiting(struct series_run *r)
{
	struct walk *w = &r->walk;

	if (w->busy || r->stopping)
		return false;
	while (w->step < r->ntested) {
		struct walk_build *b = run_build(r, w->step, w->config);
		int rc = 0;

		if (!b->decided && w->step > 0 && base_is_lost(r, w->config))
			rc = walk_skip(r, w->step, w->config, "the base was not built",
				       &r->err);
		else if (!b->decided)
			rc = walk_decide(r, w->step, w->config, &r->err);
		if (rc < 0) {
			run_fail(r, RUN_INFRA);
			return false;
		}
		if (!b->decided)
			return true;
		if (++w->config == r->plan->nconfigs) {
			w->config = 0;
			w->step++;
		}
	}
	walk_retire(r);
	return false;
}

/* ---- folders ---- */

/* Runs a plain tool (cp) as the build user. */
static int walk_tool(struct series_run *r, const char *const *argv, job_done_fn done,
		     struct err *err)
{
	struct job *job;
	struct job_opts opts = { .argv = (char *const *)argv,
				 .deadline_ms = COPY_DEADLINE_MS,
				 .uid = geteuid() == 0 ? r->state->uid : 0,
				 .gid = r->state->gid,
				 .on_done = done,
				 .arg = r };

	r->walk.busy = true;
	return job_start(r->event, &opts, &job, err);
}

static bool walk_ended(struct series_run *r, bool ok, const char *what)
{
	r->walk.busy = false;
	r->role = NULL;
	if (ok)
		return true;
	if (!r->stopping)
		err_set(&r->err, ERR_SYS, "%s", what);
	walk_failed(r);
	return false;
}

static void src_linked(struct job *job, enum job_how how, int code, void *arg)
{
	struct series_run *r = arg;

	(void)job;
	if (!walk_ended(r, how == JOB_EXITED && code == 0,
			"cannot link the source folder of the base (disk full?)"))
		return;
	r->walk.src_at = 0;
	run_advance(r);
}

static int walk_link_src(struct series_run *r, struct err *err)
{
	struct walk *w = &r->walk;
	const char *argv[] = { "cp", "-al", w->src_base, NULL, NULL };

	w->src = str_printf("%s/series-%lld", r->state->src, (long long)r->series.id);
	argv[3] = w->src;
	if (tree_remove(w->src, err) < 0)
		return -1;
	return walk_tool(r, argv, src_linked, err);
}

static void out_copied(struct job *job, enum job_how how, int code, void *arg)
{
	struct series_run *r = arg;
	struct walk_out *o = &r->walk.out[r->walk.config];

	(void)job;
	if (!walk_ended(r, how == JOB_EXITED && code == 0,
			"cannot copy the base's output folder (disk full?)"))
		return;
	o->at = 0;
	str_clear(&o->chain);
	str_add(&o->chain, r->steps[0].tree);
	free(o->warnings);
	o->warnings = str_dup(run_build(r, 0, r->walk.config)->warnings);
	run_advance(r);
}

static int walk_copy_out(struct series_run *r, struct err *err)
{
	struct walk_out *o = &r->walk.out[r->walk.config];
	const char *argv[] = { "cp", "-a", "--reflink=auto", o->base_dir, NULL, NULL };

	o->dir = str_printf("%s/series-%lld-%s", r->state->out, (long long)r->series.id,
			    r->plan->configs[r->walk.config]->name);
	argv[4] = o->dir;
	if (tree_remove(o->dir, err) < 0)
		return -1;
	return walk_tool(r, argv, out_copied, err);
}

/* ---- checkout ---- */

static void src_checked_out(const struct role_end *end, void *arg)
{
	struct series_run *r = arg;
	struct walk *w = &r->walk;
	AUTO_FREE char *tmp = str_printf("%s.tmp", w->src_base);
	bool ok = end->result && strcmp(json_str(end->result, "status", ""), "ok") == 0;

	if (!walk_ended(r, ok, end->infra ? end->infra : "checkout failed"))
		return;
	if (!w->src_base_ready) {
		if (state_commit(tmp, w->src_base, &r->err) < 0) {
			walk_failed(r);
			return;
		}
		w->src_base_ready = true;
	} else {
		w->src_at = w->step;
	}
	run_advance(r);
}

static int walk_checkout(struct series_run *r, const char *from, const char *to,
			 const char *src, struct err *err)
{
	struct json_object *job = json_object_new_object();
	struct gitbinds binds = { 0 };
	struct role_opts opts = { .name = "checkout",
				  .job = job,
				  .sandbox = true,
				  .deadline_ms = CHECKOUT_DEADLINE_MS,
				  .done = src_checked_out,
				  .arg = r };
	int rc;

	json_set_str(job, "git_dir", r->repo);
	json_set_str(job, "from", from);
	json_set_str(job, "to", to);
	json_set_str(job, "src", "/src");
	opts.dir = state_job_dir(r->state, "checkout", err);
	rc = opts.dir ? 0 : -1;
	if (rc == 0)
		rc = gitbinds_add(&binds, r->state, r->repo, false, err);
	if (rc == 0) {
		binds.v = mem_realloc(binds.v, binds.n + 1, sizeof(*binds.v));
		binds.v[binds.n++] = (struct sandbox_bind){ .src = str_dup(src),
							    .dst = "/src",
							    .rw = true };
		opts.binds = binds.v;
		opts.nbinds = binds.n;
		r->walk.busy = true;
		rc = role_start(&r->host, &opts, &r->role, err);
	} else {
		json_object_put(job);
		if (opts.dir)
			tree_remove(opts.dir, NULL);
		free(opts.dir);
	}
	gitbinds_done(&binds);
	return rc;
}

static int walk_checkout_base(struct series_run *r, struct err *err)
{
	AUTO_FREE char *tmp = str_printf("%s.tmp", r->walk.src_base);

	run_phase(r, "checking out the base (once for each base)");
	if (tree_remove(tmp, err) < 0 || state_make_owned(r->state, tmp, err) < 0)
		return -1;
	return walk_checkout(r, NULL, r->steps[0].tree, tmp, err);
}

/* ---- build ---- */

/* The files by which the source differs from what the output was built from. */
static struct json_object *changed_files(struct series_run *r, int from, int to)
{
	AUTO_JSON struct json_object *seen = json_object_new_object();
	struct json_object *a = json_object_new_array();

	for (int k = from + 1; k <= to; k++)
		for (size_t i = 0; i < json_len(r->steps[k].files); i++) {
			const char *path =
				json_str(json_object_array_get_idx(r->steps[k].files, i),
					 "path", "");

			/* Each once: the role tells them apart by their place. */
			if (json_object_object_get_ex(seen, path, NULL))
				continue;
			json_set_bool(seen, path, true);
			json_add_str(a, path);
		}
	return a;
}

static void chain_for(struct series_run *r, int step, size_t c, struct str *chain)
{
	if (step == 0) {
		str_add(chain, r->steps[0].tree);
		return;
	}
	str_addf(chain, "%s %s", str_get(&r->walk.out[c].chain), r->steps[step].tree);
}

static int put_role_file(struct series_run *r, const struct role_end *end,
			 const char *name, enum artifact_kind kind, char **ret_sha,
			 struct err *err)
{
	AUTO_FREE char *path = name ? role_file(end, name) : NULL;
	char sha[SHA256_HEX];

	if (!path)
		return 0;
	if (artifact_put_file(r->artifacts, path, kind, sha, err) < 0)
		return -1;
	free(*ret_sha);
	*ret_sha = str_dup(sha);
	return 0;
}

/* The file name of a path that the role gave as it sees it (/job/NAME). */
static const char *job_name(const char *path)
{
	return path && str_starts(path, "/job/") ? path + 5 : path;
}

static int build_take(struct series_run *r, const struct role_end *end, struct build *b,
		      struct err *err)
{
	struct json_object *res = end->result;
	AUTO_FREE char *log = path_join(end->dir, "log", NULL);
	char sha[SHA256_HEX];

	b->status = BUILD_INFRA;
	build_status_parse(json_str(res, "status", "infra"), &b->status);
	b->reason = str_dup(json_str(res, "reason", ""));
	if (!*b->reason) {
		free(b->reason);
		b->reason = NULL;
	}
	b->seconds = json_num(res, "seconds", end->seconds);
	b->cpu_seconds = json_num(res, "cpu_seconds", 0);
	b->compiled = (int64_t)json_len(json_arr(res, "compiled"));
	b->error = json_object_get(json_obj(res, "error"));
	if (json_flag(res, "limited", false)) {
		AUTO_FREE char *limits = build_limits(r);

		b->error = b->error ? b->error : json_object_new_object();
		json_set_str(b->error, "limits", limits);
	}
	if (artifact_put_file(r->artifacts, log, ARTIFACT_ZSTD, sha, err) < 0)
		return -1;
	b->log = str_dup(sha);
	if (put_role_file(r, end, job_name(json_str(res, "warnings", NULL)),
			  ARTIFACT_ZSTD, &b->warnings, err) < 0 ||
	    put_role_file(r, end, job_name(json_str(res, "config", NULL)), ARTIFACT_ZSTD,
			  &b->kconfig, err) < 0)
		return -1;
	if (b->status != BUILD_OK)
		return 0;
	if (put_role_file(r, end, job_name(json_str(res, "image", NULL)), ARTIFACT_RAW,
			  &b->image, err) < 0)
		return -1;
	if (!b->image)
		return err_set(err, ERR_SYS, "the build left no image");
	return 0;
}

static void build_identity(struct series_run *r, int step, size_t c, struct build *b)
{
	const struct kconfig *k = r->plan->configs[c];
	struct str chain = STR_INIT;
	char key[SHA256_HEX];

	chain_for(r, step, c, &chain);
	walk_key(r, c, str_get(&chain), key);
	b->key = str_dup(key);
	b->base_key = str_dup(r->walk.out[c].base_key);
	b->config = str_dup(k->name);
	b->arch = str_dup(k->arch);
	b->target = str_dup(k->target);
	b->tree = str_dup(r->steps[step].tree);
	b->chain = str_take(&chain);
	b->incremental = step > 0;
	b->toolchain = str_dup(r->plan->toolchain_text);
}

static void tell_missing_symbols(struct series_run *r, struct json_object *res)
{
	struct json_object *a = json_arr(res, "config_missing");

	for (size_t i = 0; i < json_len(a); i++)
		run_note(r, "config: %s",
			 json_object_get_string(json_object_array_get_idx(a, i)));
}

/* The walk's own knowledge after a build that was stored. */
static void walk_remember(struct series_run *r, int step, size_t c, const struct build *b)
{
	struct walk_build *wb = run_build(r, step, c);
	struct walk_out *o = &r->walk.out[c];

	wb->decided = true;
	wb->reused = false;
	wb->status = b->status;
	wb->build_id = b->id;
	free(wb->image);
	free(wb->warnings);
	wb->image = str_dup(b->image);
	wb->warnings = str_dup(b->warnings);
	if (step > 0) {
		o->at = step;
		str_clear(&o->chain);
		str_add(&o->chain, b->chain);
		free(o->warnings);
		o->warnings = str_dup(b->warnings);
	}
}

/* A build lost to our own trouble, or cut off: its folder is not to be trusted. */
static int walk_lost(struct series_run *r, int step, size_t c, struct build *b,
		     struct err *err)
{
	struct walk_build *wb = run_build(r, step, c);
	struct step_build sb;
	int rc;

	out_drop(&r->walk.out[c]);
	if (++wb->attempts < ATTEMPTS_MAX) {
		run_note(r, "step %d, config %s: %s; trying again", step,
			 r->plan->configs[c]->name, b->reason ? b->reason : "lost");
		return 0;
	}
	wb->decided = true;
	wb->status = b->status;
	step_build_fill(r, step, c, &sb);
	rc = build_put(r->db, b, &sb, err);
	step_build_done(&sb);
	wb->build_id = b->id;
	if (rc == 0)
		rc = boots_plan_step(r, step, c, err);
	if (rc == 0)
		emit_build_end(r, step, c, b->seconds, b->reason);
	return rc;
}

static int base_out_commit(struct series_run *r, size_t c, struct err *err)
{
	struct walk_out *o = &r->walk.out[c];
	AUTO_FREE char *tmp = str_printf("%s.tmp", o->base_dir);

	if (tree_remove(o->base_dir, err) < 0)
		return -1;
	if (state_commit(tmp, o->base_dir, err) < 0)
		return -1;
	o->base_ready = true;
	return 0;
}

static int walk_store(struct series_run *r, const struct role_end *end, int step,
		      size_t c, struct err *err)
{
	struct walk_build *wb = run_build(r, step, c);
	struct build b = { .started = (int64_t)time(NULL) - (int64_t)end->seconds,
			   .finished = (int64_t)time(NULL) };
	struct step_build sb;
	bool refill = wb->decided;
	int rc = 0;

	build_identity(r, step, c, &b);
	if (end->result) {
		rc = build_take(r, end, &b, err);
	} else {
		b.status = BUILD_INFRA;
		b.reason = str_dup(end->infra);
		b.seconds = end->seconds;
	}
	if (rc == 0 && (b.status == BUILD_INFRA || b.status == BUILD_TIMEOUT)) {
		rc = refill ? err_set(err, ERR_SYS,
				      "the base's output folder was lost and "
				      "cannot be built again: %s",
				      b.reason ? b.reason : "?") :
			      walk_lost(r, step, c, &b, err);
	} else if (rc == 0) {
		/* A base that does not build is what the next steps start from
		 * all the same: the series may be what repairs it. */
		if (step == 0)
			rc = base_out_commit(r, c, err);
		tell_missing_symbols(r, end->result);
		if (rc == 0 && !refill) {
			json_object_put(wb->not_built);
			wb->not_built =
				own_files(r, step, json_arr(end->result, "not_built"));
			walk_remember(r, step, c, &b);
			step_build_fill(r, step, c, &sb);
			rc = build_put(r->db, &b, &sb, err);
			wb->build_id = b.id;
			step_build_done(&sb);
			if (rc == 0)
				rc = boots_plan_step(r, step, c, err);
			if (rc == 0)
				emit_build_end(r, step, c, b.seconds, b.reason);
		}
	}
	build_done(&b);
	return rc;
}

static void walk_built(const struct role_end *end, void *arg)
{
	struct series_run *r = arg;
	size_t c = r->walk.config;
	/* A base that is built again for its folder stands at step 0. */
	int step = r->walk.building;

	r->walk.busy = false;
	r->role = NULL;
	if (end->cancelled || r->stopping)
		return walk_failed(r);
	if (walk_store(r, end, step, c, &r->err) < 0)
		return walk_failed(r);
	run_advance(r);
}

/* A registered tree's base is trusted; where a range starts may be anybody's. */
static bool ccache_write(const struct series_run *r, int step)
{
	return step == 0 && !r->range_repo;
}

static int build_job(struct series_run *r, int step, size_t c, const char *dir,
		     struct json_object *job, struct err *err)
{
	const struct config *cf = r->opts->config;
	const struct kconfig *k = r->plan->configs[c];
	struct walk_out *o = &r->walk.out[c];
	struct json_object *fragments = json_object_new_array();
	AUTO_FREE char *warnings = NULL;
	AUTO_FREE char *path = path_join(dir, "job", "warnings.json", NULL);
	long long cpus = cf->cpus > 0 ? cf->cpus : sysconf(_SC_NPROCESSORS_ONLN);
	size_t len;

	for (size_t i = 0; i < k->nfragments; i++) {
		struct json_object *f = json_object_new_object();

		json_set_str(f, "name", k->fragments[i].name);
		json_set_str(f, "text", k->fragments[i].text);
		json_object_array_add(fragments, f);
	}
	json_set(job, "fragments", fragments);
	json_set_str(job, "arch", k->arch);
	json_set_str(job, "src", "/src");
	json_set_str(job, "out", "/out");
	json_set_str(job, "target", k->target);
	json_set_str(job, "make", cf->make);
	json_set_int(job, "jobs", cf->build_jobs > 0 ? cf->build_jobs : cpus);
	json_set_bool(job, "configure", step == 0);
	json_set_int(job, "step", step);
	json_set(job, "changed",
		 step == 0 ? json_object_new_array() : changed_files(r, o->at, step));
	json_set_int(job, "timeout_ms", (long long)cf->build_timeout_ms);
	json_set_int(job, "out_max_bytes", (long long)cf->output_bytes);
	json_set_int(job, "memory_max_bytes", (long long)cf->process_memory_bytes);
	json_set_int(job, "memory_total_bytes",
		     (long long)(cf->build_memory_bytes ? cf->build_memory_bytes :
							  run_memory(r) / 4 * 3));
	json_set_int(job, "output_max_bytes", (long long)cf->log_bytes);
	json_set_str(job, "ccache", *cf->ccache_dir ? "/ccache" : NULL);
	/* Only what comes from a base is worth trusting for others. */
	json_set_bool(job, "ccache_write", ccache_write(r, step));
	json_set_str(job, "warnings_in", NULL);
	if (step == 0 || !o->warnings)
		return 0;
	if (artifact_load(r->artifacts, o->warnings, 0, WARNINGS_MAX, WARNINGS_MAX,
			  &warnings, &len, err) < 0 ||
	    file_write_atomic(path, warnings, len, 0644, err) < 0)
		return -1;
	json_set_str(job, "warnings_in", "/job/warnings.json");
	return 0;
}

static void emit_build_begin(struct series_run *r, int step, size_t c)
{
	struct run_event ev = { .kind = RUN_BUILD_BEGIN,
				.step = step,
				.nsteps = (int)r->nsteps,
				.config = r->plan->configs[c]->name,
				.subject = r->steps[step].subject,
				.expected_s = -1 };

	if (timing_build(r->db, r->plan->configs[c]->name, r->plan->configs[c]->arch,
			 step > 0, &ev.expected_s, NULL) <= 0)
		ev.expected_s = -1;
	run_emit(r, &ev);
}

static int walk_build_step(struct series_run *r, int step, size_t c, const char *src,
			   const char *out, struct err *err)
{
	struct json_object *job = json_object_new_object();
	const char *ccache = r->opts->config->ccache_dir;
	struct sandbox_bind binds[] = {
		{ .src = src, .dst = "/src" },
		{ .src = out, .dst = "/out", .rw = true },
		{ .src = ccache, .dst = "/ccache", .rw = ccache_write(r, step) }
	};
	struct role_opts opts = { .name = "build",
				  .job = job,
				  .sandbox = true,
				  .binds = binds,
				  .nbinds = *ccache ? 3 : 2,
				  .done = walk_built,
				  .arg = r,
				  .deadline_ms = r->opts->config->build_timeout_ms +
						 BUILD_MARGIN_MS,
				  .output_max = r->opts->config->log_bytes * 2 };

	opts.dir = state_job_dir(r->state, "build", err);
	if (!opts.dir || (*ccache && state_make_shared(r->state, ccache, err) < 0) ||
	    build_job(r, step, c, opts.dir, job, err) < 0) {
		json_object_put(job);
		if (opts.dir)
			tree_remove(opts.dir, NULL);
		free(opts.dir);
		return -1;
	}
	emit_build_begin(r, step, c);
	r->walk.building = step;
	r->walk.busy = true;
	return role_start(&r->host, &opts, &r->role, err);
}

/* The base in a fresh folder, which becomes everybody's clean output. */
static int walk_build_base(struct series_run *r, size_t c, struct err *err)
{
	AUTO_FREE char *tmp = str_printf("%s.tmp", r->walk.out[c].base_dir);

	if (tree_remove(tmp, err) < 0 || state_make_owned(r->state, tmp, err) < 0)
		return -1;
	return walk_build_step(r, 0, c, r->walk.src_base, tmp, err);
}

static void walk_failed(struct series_run *r)
{
	r->walk.busy = false;
	run_fail(r, RUN_INFRA);
}

void walk_step(struct series_run *r)
{
	struct walk *w = &r->walk;
	struct walk_out *o = &w->out[w->config];
	int rc;

	if (!w->src_base_ready)
		rc = walk_checkout_base(r, &r->err);
	else if (w->step == 0 || !o->base_ready)
		rc = walk_build_base(r, w->config, &r->err);
	else if (!w->src)
		rc = walk_link_src(r, &r->err);
	else if (w->src_at != w->step)
		rc = walk_checkout(r, r->steps[w->src_at].tree, r->steps[w->step].tree,
				   w->src, &r->err);
	else if (!o->dir)
		rc = walk_copy_out(r, &r->err);
	else
		rc = walk_build_step(r, w->step, w->config, w->src, o->dir, &r->err);
	if (rc < 0)
		walk_failed(r);
}
