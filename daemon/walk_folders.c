/*
 * Sources and output on the disk. A series' source folder starts as hard links
 * of the base's, steps are written into it; an output folder starts as a copy
 * of the clean base output.
 *
 * All these folders are caches: they are of use only while a run holds them and
 * are made again by the next one, so a crash at any point leaves nothing that
 * could be mistaken for something else. Folders of a base are made under
 * another name and get their own when they are complete and synced.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/gitbinds.h"
#include "daemon/walk.h"
#include "lib/file.h"
#include "lib/job.h"

#define CHECKOUT_DEADLINE_MS 1800000
#define COPY_DEADLINE_MS 900000

void walk_out_drop(struct walk_out *o)
{
	if (o->dir)
		tree_remove(o->dir, NULL);
	free(o->dir);
	free(o->warnings);
	o->dir = o->warnings = NULL;
	str_done(&o->chain);
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
void walk_retire(struct series_run *r)
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
	r->flow->advance(r);
}

int walk_link_src(struct series_run *r, struct err *err)
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
	r->flow->advance(r);
}

int walk_copy_out(struct series_run *r, struct err *err)
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
		w->src_at = w->src_to;
	}
	r->flow->advance(r);
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

int walk_checkout_step(struct series_run *r, int step, struct err *err)
{
	struct walk *w = &r->walk;

	if (w->src_at == 0)
		w->src_left_base = ++w->clock;
	w->src_to = step;
	return walk_checkout(r, r->steps[w->src_at].tree, r->steps[step].tree, w->src,
			     err);
}

int walk_checkout_base(struct series_run *r, struct err *err)
{
	AUTO_FREE char *tmp = str_printf("%s.tmp", r->walk.src_base);

	run_phase(r, "checking out the base (once for each base)");
	if (tree_remove(tmp, err) < 0 || state_make_owned(r->state, tmp, err) < 0)
		return -1;
	return walk_checkout(r, NULL, r->steps[0].tree, tmp, err);
}
