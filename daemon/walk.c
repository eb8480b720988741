/*
 * The builds of a series, one after the other: first all steps of the quick
 * configs, in order, with the selftests that their quick boots take along, then what
 * is wanted of the deep ones, and selftests of deep suites (walk_selftests.c). What is known by its
 * key is taken over without touching a folder (walk_known.c); the rest walks
 * through a source folder and one output folder for each config (walk_folders.c)
 * and is built there (walk_build.c). A deep config's steps come in any order, and
 * each is built in a fresh copy of the base's output: what it is built from, and
 * so its key, does not hang on which others were looked at before.
 */
#include "daemon/walk.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "lib/file.h"

/* Retention goes by when a folder was used last. */
static bool ready(const char *dir)
{
	if (!path_exists(dir))
		return false;
	/* A failure costs only time: it may go earlier than it should. */
	utimensat(AT_FDCWD, dir, NULL, 0);
	return true;
}

int walk_init(struct series_run *r, struct err *err)
{
	struct walk *w = &r->walk;

	(void)err;
	w->out = mem_alloc0(r->plan->nconfigs * sizeof(*w->out));
	w->builds =
		mem_alloc0((size_t)r->ntested * r->plan->nconfigs * sizeof(*w->builds));
	w->src_base = str_printf("%s/base-%s", r->state->src, r->steps[0].tree);
	w->src_base_ready = ready(w->src_base);
	w->src_at = -1;
	w->suite = WALK_NO_SUITE;
	w->selftests =
		mem_alloc0((size_t)r->ntested * r->plan->nsuites * sizeof(*w->selftests));
	w->selftests_out = mem_alloc0(r->plan->nsuites * sizeof(*w->selftests_out));
	for (size_t c = 0; c < r->plan->nconfigs; c++) {
		struct walk_out *o = &w->out[c];
		char key[SHA256_HEX];

		walk_base_key(r, c, o->base_key);
		walk_key(r, c, r->steps[0].tree, key);
		o->base_dir = str_printf("%s/base-%s", r->state->out, key);
		o->base_ready = ready(o->base_dir);
	}
	for (size_t i = 0; i < (size_t)r->ntested * r->plan->nconfigs; i++) {
		w->builds[i].build_id = DB_NO_INT;
		w->builds[i].wanted = !run_config_is_deep(r, i % r->plan->nconfigs);
	}
	return 0;
}

void walk_done(struct series_run *r)
{
	struct walk *w = &r->walk;

	for (size_t c = 0; w->out && c < r->plan->nconfigs; c++) {
		walk_out_drop(&w->out[c]);
		free(w->out[c].base_dir);
	}
	for (size_t i = 0; w->builds && i < (size_t)r->ntested * r->plan->nconfigs; i++) {
		free(w->builds[i].image);
		free(w->builds[i].warnings);
		json_object_put(w->builds[i].not_built);
	}
	walk_selftests_done(r);
	if (w->src)
		tree_remove(w->src, NULL);
	free(w->src);
	free(w->src_base);
	free(w->out);
	free(w->builds);
}

static bool base_is_lost(struct series_run *r, size_t c)
{
	const struct walk_build *base = run_build(r, 0, c);

	return base->decided && base->status == BUILD_INFRA;
}

static bool is_left(struct series_run *r, int step, size_t c)
{
	const struct walk_build *b = run_build(r, step, c);

	return b->wanted && !b->decided;
}

static bool find_build(struct series_run *r, int step, bool deep)
{
	struct walk *w = &r->walk;

	for (size_t c = 0; c < r->plan->nconfigs; c++) {
		if (run_config_is_deep(r, c) != deep || !is_left(r, step, c))
			continue;
		w->step = step;
		w->config = c;
		w->suite = WALK_NO_SUITE;
		return true;
	}
	return false;
}

static bool find_selftests(struct series_run *r, int step, bool deep)
{
	struct walk *w = &r->walk;

	for (size_t s = 0; s < r->plan->nsuites; s++) {
		const struct walk_selftests *t = run_selftests(r, step, s);

		if (r->plan->suites[s]->deep != deep || !t->wanted || t->decided)
			continue;
		w->step = step;
		w->suite = s;
		return true;
	}
	return false;
}

/* The first that is left, step by step; of the deep tier base and tip come first. */
static bool walk_find(struct series_run *r, bool deep)
{
	for (int i = 0; i < r->ntested; i++) {
		int step = !deep || i == 0 ? i : i == 1 ? r->ntested - 1 : i - 1;

		if (find_build(r, step, deep) || find_selftests(r, step, deep))
			return true;
	}
	return false;
}

bool walk_is_deep(const struct series_run *r)
{
	const struct walk *w = &r->walk;

	return w->suite == WALK_NO_SUITE ? run_config_is_deep(r, w->config) :
					   r->plan->suites[w->suite]->deep;
}

/* More of the deep tier may be wanted as long as anything is left to see. */
static bool walk_is_over(const struct series_run *r)
{
	for (size_t c = 0; c < r->plan->nconfigs; c++)
		if (run_config_is_deep(r, c))
			return false;
	for (size_t s = 0; s < r->plan->nsuites; s++)
		if (r->plan->suites[s]->deep && r->plan->suites[s]->selftests)
			return false;
	return true;
}

/* Takes over what is known of the front; whether it is still to be made. */
static int walk_settle(struct series_run *r, bool *ret_left, struct err *err)
{
	struct walk *w = &r->walk;
	int rc;

	if (w->suite != WALK_NO_SUITE) {
		rc = walk_selftests_decide(r, w->step, w->suite, err);
		*ret_left = !run_selftests(r, w->step, w->suite)->decided;
		return rc;
	}
	if (w->step > 0 && base_is_lost(r, w->config))
		rc = walk_skip(r, w->step, w->config, "the base was not built", err);
	else
		rc = walk_decide(r, w->step, w->config, err);
	*ret_left = is_left(r, w->step, w->config);
	return rc;
}

bool walk_waiting(struct series_run *r)
{
	if (r->walk.busy || r->stopping)
		return false;
	while (walk_find(r, false) || walk_find(r, true)) {
		bool left;

		if (walk_settle(r, &left, &r->err) < 0) {
			run_fail(r, RUN_INFRA);
			return false;
		}
		if (left)
			return true;
	}
	if (walk_is_over(r))
		walk_retire(r);
	return false;
}

void walk_failed(struct series_run *r)
{
	r->walk.busy = false;
	run_fail(r, RUN_INFRA);
}

/*
 * What the source folder has to hold next. An output folder begins as the base's,
 * and make takes what is older than the objects in it for built: where the base was
 * built after the sources had left it, they have to go back and come again.
 */
static int walk_source(const struct series_run *r)
{
	const struct walk *w = &r->walk;
	const struct walk_out *o = &w->out[w->config];

	return !o->dir && w->src_at != 0 && o->base_made > w->src_left_base ? 0 : w->step;
}

static int walk_build_next(struct series_run *r, struct err *err)
{
	struct walk *w = &r->walk;
	struct walk_out *o = &w->out[w->config];

	if (run_config_is_deep(r, w->config) && o->dir && o->at != 0)
		walk_out_drop(o);
	if (w->step == 0 || !o->base_ready)
		return walk_build_base(r, w->config, err);
	if (!w->src)
		return walk_link_src(r, err);
	if (w->src_at != walk_source(r))
		return walk_checkout_step(r, walk_source(r), err);
	if (!o->dir)
		return walk_copy_out(r, err);
	return walk_build_step(r, w->step, w->config, w->src, o->dir, err);
}

void walk_step(struct series_run *r)
{
	struct walk *w = &r->walk;
	int rc;

	if (!w->src_base_ready)
		rc = walk_checkout_base(r, &r->err);
	else if (w->suite != WALK_NO_SUITE)
		rc = walk_selftests_step(r, &r->err);
	else
		rc = walk_build_next(r, &r->err);
	if (rc < 0)
		walk_failed(r);
}
