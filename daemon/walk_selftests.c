/*
 * Selftests of the tree under test: for a step and a suite that names a folder of
 * them, the role "selftests" builds what the suite wants. They hang on the tree
 * alone, not on a config or an image, so they are built once a step, beside the
 * builds and in a folder of their own, which each begins anew: steps may come in
 * any order.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/walk.h"
#include "db/selftests.h"
#include "kernels/make_argv.h"
#include "lib/file.h"
#include "runners/program.h"

#define ATTEMPTS_MAX 2
#define KEY_SCHEMA "selftests-2"
/* What the role may take beyond make's own time. */
#define MARGIN_MS 120000

bool walk_selftests_ready(struct series_run *r, int step, const struct plan_cell *cell,
			  bool *ret_asked)
{
	bool ready = true;

	for (size_t s = 0; s < r->plan->nsuites; s++) {
		struct walk_selftests *t = run_selftests(r, step, s);

		if (!r->plan->suites[s]->selftests || !plan_has_suite(r->plan, s, cell))
			continue;
		if (!t->wanted)
			*ret_asked = true;
		t->wanted = true;
		ready = ready && t->decided;
	}
	return ready;
}

void walk_selftests_done(struct series_run *r)
{
	struct walk *w = &r->walk;

	/* Without them there need not be a plan either. */
	for (size_t i = 0; w->selftests && i < (size_t)r->ntested * r->plan->nsuites;
	     i++) {
		free(w->selftests[i].folder);
		free(w->selftests[i].why);
		json_object_put(w->selftests[i].programs);
	}
	for (size_t s = 0; w->selftests_out && s < r->plan->nsuites; s++) {
		if (w->selftests_out[s])
			tree_remove(w->selftests_out[s], NULL);
		free(w->selftests_out[s]);
	}
	free(w->selftests);
	free(w->selftests_out);
}

/* ---- what is known ---- */

static const char *arch_of(const struct series_run *r)
{
	return r->plan->configs[0]->arch;
}

static void add_words(struct sha256 *h, char **words)
{
	for (size_t i = 0; words[i]; i++)
		sha256_add_str(h, words[i]);
	/* No word is empty: one list does not run into the next. */
	sha256_add_str(h, "");
}

static void selftests_key(struct series_run *r, int step, size_t suite,
			  char ret[SHA256_HEX])
{
	const struct suite *s = r->plan->suites[suite];
	AUTO_FREE char *limits = walk_limits(r);
	char **programs = suite_selftests(s), **vars = make_vars(arch_of(r));
	struct sha256 *h = sha256_new();

	sha256_add_str(h, KEY_SCHEMA);
	sha256_add_str(h, r->steps[step].tree);
	sha256_add_str(h, r->plan->toolchain);
	sha256_add_str(h, r->plan->libraries);
	sha256_add_str(h, limits);
	add_words(h, s->selftests);
	add_words(h, programs);
	add_words(h, vars);
	sha256_hex(h, ret);
	sha256_free(h);
	strv_free(programs);
	strv_free(vars);
}

/* Its files are there; and what a library was missing for is tried again. */
static bool is_of_use(struct series_run *r, const struct selftests *s)
{
	for (size_t i = 0; i < json_len(s->programs); i++) {
		struct json_object *p = json_object_array_get_idx(s->programs, i);
		const char *sha = json_str(p, "sha256", NULL);
		AUTO_FREE char *path = NULL;

		if (strcmp(json_str(p, "status", ""), "lacking") == 0 ||
		    (sha && artifact_path(r->artifacts, sha, &path, NULL) < 0))
			return false;
	}
	return true;
}

static int decided(struct series_run *r, int step, size_t suite,
		   const struct selftests *s, struct err *err)
{
	struct walk_selftests *t = run_selftests(r, step, suite);

	t->decided = true;
	if (s) {
		t->programs = json_object_get(s->programs);
		t->folder = str_dup(s->folder);
	}
	return r->flow->tests_built(r, step, err);
}

int walk_selftests_decide(struct series_run *r, int step, size_t suite, struct err *err)
{
	struct selftests s;
	char key[SHA256_HEX];
	int found, rc = 0;

	selftests_key(r, step, suite, key);
	found = selftests_find(r->db, key, &s, err);
	if (found <= 0)
		return found;
	if (is_of_use(r, &s))
		rc = decided(r, step, suite, &s, err);
	selftests_done(&s);
	return rc;
}

/* ---- what comes of a role ---- */

static int take_program(struct series_run *r, const struct role_end *end,
			struct json_object *from, struct json_object *list,
			struct err *err)
{
	struct json_object *p = json_object_new_object();
	const char *file = json_str(from, "file", NULL);
	AUTO_FREE char *path = file ? role_file(end, file) : NULL;
	const char *status = json_str(from, "status", "");
	char sha[SHA256_HEX];

	json_object_array_add(list, p);
	json_set_str(p, "name", json_str(from, "name", ""));
	json_set_str(p, "status", status);
	json_set_str(p, "error", json_str(from, "error", NULL));
	if (strcmp(status, "ok") != 0)
		return 0;
	if (!path)
		return err_set(err, ERR_SYS, "the role left no program %s",
			       json_str(from, "name", "?"));
	if (artifact_put_file(r->artifacts, path, ARTIFACT_RAW, sha, err) < 0)
		return -1;
	json_set_str(p, "sha256", sha);
	return 0;
}

static int take_result(struct series_run *r, const struct role_end *end,
		       struct selftests *s, struct err *err)
{
	struct json_object *programs = json_arr(end->result, "programs");
	AUTO_FREE char *log = path_join(end->dir, "log", NULL);
	char sha[SHA256_HEX];

	if (artifact_put_file(r->artifacts, log, ARTIFACT_ZSTD, sha, err) < 0)
		return -1;
	s->log = str_dup(sha);
	s->folder = str_dup(json_str(end->result, "folder", NULL));
	s->seconds = json_num(end->result, "seconds", end->seconds);
	s->cpu_seconds = json_num(end->result, "cpu_seconds", 0);
	s->programs = json_object_new_array();
	for (size_t i = 0; i < json_len(programs); i++)
		if (take_program(r, end, json_object_array_get_idx(programs, i),
				 s->programs, err) < 0)
			return -1;
	return 0;
}

static int store(struct series_run *r, const struct role_end *end, int step, size_t suite,
		 struct err *err)
{
	AUTO(selftests_done) struct selftests s = { .finished = (int64_t)time(NULL) };
	char key[SHA256_HEX];

	selftests_key(r, step, suite, key);
	s.key = str_dup(key);
	s.tree = str_dup(r->steps[step].tree);
	s.toolchain = str_dup(r->plan->toolchain_text);
	if (take_result(r, end, &s, err) < 0 || selftests_put(r->db, &s, err) < 0)
		return -1;
	return decided(r, step, suite, &s, err);
}

static int lose(struct series_run *r, int step, size_t suite, const char *why,
		struct err *err)
{
	struct walk_selftests *t = run_selftests(r, step, suite);
	char **out = &r->walk.selftests_out[suite];

	run_note(r, "step %d, selftests of %s: %s%s", step, r->plan->suites[suite]->name,
		 why, t->attempts + 1 < ATTEMPTS_MAX ? "; trying again" : "");
	/* Not to be trusted. */
	if (*out && tree_remove(*out, err) < 0)
		return -1;
	free(*out);
	*out = NULL;
	if (++t->attempts < ATTEMPTS_MAX)
		return 0;
	t->why = str_dup(why);
	return decided(r, step, suite, NULL, err);
}

static void selftests_built(const struct role_end *end, void *arg)
{
	struct series_run *r = arg;
	int step = r->walk.step, rc;
	size_t suite = r->walk.suite;

	r->walk.busy = false;
	r->role = NULL;
	if (end->cancelled || r->stopping)
		return walk_failed(r);
	if (!end->result)
		rc = lose(r, step, suite, end->infra, &r->err);
	else if (strcmp(json_str(end->result, "status", ""), "ok") != 0)
		rc = lose(r, step, suite, json_str(end->result, "reason", "lost"),
			  &r->err);
	else
		rc = store(r, end, step, suite, &r->err);
	if (rc < 0)
		return walk_failed(r);
	r->flow->advance(r);
}

/* ---- the job ---- */

static struct json_object *list_of(char *const *words)
{
	struct json_object *a = json_object_new_array();

	for (size_t i = 0; words[i]; i++)
		json_add_str(a, words[i]);
	return a;
}

static struct json_object *selftests_job(struct series_run *r, size_t suite)
{
	const struct suite *s = r->plan->suites[suite];
	struct json_object *job = json_object_new_object();
	char **programs = suite_selftests(s);

	walk_job_limits(r, job);
	json_set_str(job, "arch", arch_of(r));
	json_set_str(job, "src", "/src");
	json_set_str(job, "out", "/out");
	/* No more than a program of the user's own, which cannot be a patch's. */
	json_set_int(job, "programs_max_bytes", PROGRAM_MAX_BYTES);
	json_set(job, "folders", list_of(s->selftests));
	json_set(job, "programs", list_of(programs));
	strv_free(programs);
	return job;
}

/* Empty each time, as the role would have it anyway. */
static int make_out(struct series_run *r, size_t suite, struct err *err)
{
	char **out = &r->walk.selftests_out[suite];

	if (!*out)
		*out = str_printf("%s/series-%lld-selftests-%s", r->state->out,
				  (long long)r->series.id, r->plan->suites[suite]->name);
	if (tree_remove(*out, err) < 0)
		return -1;
	return state_make_owned(r->state, *out, err);
}

static int start(struct series_run *r, size_t suite, const char *src, struct err *err)
{
	struct sandbox_bind binds[] = {
		{ .src = src, .dst = "/src" },
		{ .src = r->walk.selftests_out[suite], .dst = "/out", .rw = true }
	};
	struct role_opts opts = { .name = "selftests",
				  .sandbox = true,
				  .binds = binds,
				  .nbinds = 2,
				  .done = selftests_built,
				  .arg = r,
				  .deadline_ms =
					  r->opts->config->build_timeout_ms + MARGIN_MS,
				  .output_max = r->opts->config->log_bytes * 2 };

	opts.dir = state_job_dir(r->state, "selftests", err);
	if (!opts.dir)
		return -1;
	opts.job = selftests_job(r, suite);
	run_phase(r, "building selftests of step %d", r->walk.step);
	r->walk.busy = true;
	return role_start(&r->host, &opts, &r->role, err);
}

int walk_selftests_step(struct series_run *r, struct err *err)
{
	struct walk *w = &r->walk;

	if (w->step > 0 && !w->src)
		return walk_link_src(r, err);
	if (w->step > 0 && w->src_at != w->step)
		return walk_checkout_step(r, w->step, err);
	if (make_out(r, w->suite, err) < 0)
		return -1;
	return start(r, w->suite, w->step > 0 ? w->src : w->src_base, err);
}
