/*
 * One build: the job of the build role, and what comes of it. What a role gave
 * is stored before anything else happens; what was lost to our own trouble, or
 * cut off at its time, is tried once more in a fresh folder.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/walk.h"
#include "db/timing.h"
#include "lib/file.h"

#define ATTEMPTS_MAX 2
/* What the build role may take beyond make's own time: configuring, hashing. */
#define BUILD_MARGIN_MS 120000

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
		AUTO_FREE char *limits = walk_limits(r);

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

	walk_out_drop(&r->walk.out[c]);
	if (++wb->attempts < ATTEMPTS_MAX) {
		run_note(r, "step %d, config %s: %s; trying again", step,
			 r->plan->configs[c]->name, b->reason ? b->reason : "lost");
		return 0;
	}
	wb->decided = true;
	wb->status = b->status;
	walk_fill_step_build(r, step, c, &sb);
	rc = build_put(r->db, b, &sb, err);
	step_build_done(&sb);
	wb->build_id = b->id;
	if (rc == 0)
		rc = r->flow->built(r, step, c, err);
	if (rc == 0)
		walk_emit_end(r, step, c, b->seconds, b->reason);
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
	o->base_made = ++r->walk.clock;
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
			wb->not_built = walk_own_files(
				r, step, c, json_arr(end->result, "not_built"));
			walk_remember(r, step, c, &b);
			walk_fill_step_build(r, step, c, &sb);
			rc = build_put(r->db, &b, &sb, err);
			wb->build_id = b.id;
			step_build_done(&sb);
			if (rc == 0)
				rc = walk_tell_next(r, step, c, err);
			if (rc == 0)
				rc = r->flow->built(r, step, c, err);
			if (rc == 0)
				walk_emit_end(r, step, c, b.seconds, b.reason);
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
	r->flow->advance(r);
}

/* A registered tree's base is trusted; where a range starts may be anybody's. */
static bool ccache_write(const struct series_run *r, int step)
{
	return step == 0 && !r->range_repo;
}

void walk_job_limits(const struct series_run *r, struct json_object *job)
{
	const struct config *cf = r->opts->config;
	long long cpus = cf->cpus > 0 ? cf->cpus : sysconf(_SC_NPROCESSORS_ONLN);

	json_set_str(job, "make", cf->make);
	json_set_int(job, "jobs", cf->build_jobs > 0 ? cf->build_jobs : cpus);
	json_set_int(job, "timeout_ms", (long long)cf->build_timeout_ms);
	json_set_int(job, "out_max_bytes", (long long)cf->output_bytes);
	json_set_int(job, "memory_max_bytes", (long long)cf->process_memory_bytes);
	json_set_int(job, "memory_total_bytes", (long long)walk_memory(r));
	json_set_int(job, "output_max_bytes", (long long)cf->log_bytes);
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
	json_set_bool(job, "configure", step == 0);
	json_set_int(job, "step", step);
	json_set(job, "changed",
		 step == 0 ? json_object_new_array() : changed_files(r, o->at, step));
	walk_job_limits(r, job);
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

int walk_build_step(struct series_run *r, int step, size_t c, const char *src,
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
int walk_build_base(struct series_run *r, size_t c, struct err *err)
{
	AUTO_FREE char *tmp = str_printf("%s.tmp", r->walk.out[c].base_dir);

	if (tree_remove(tmp, err) < 0 || state_make_owned(r->state, tmp, err) < 0)
		return -1;
	return walk_build_step(r, 0, c, r->walk.src_base, tmp, err);
}
