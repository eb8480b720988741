/*
 * The boots of a series: which are wanted for a step. What is known of them is
 * boots_known.c, what follows from one boots_more.c, running one boots_run.c.
 * Evidence is gathered here; judging it is cells.c and judge.c.
 */
#include "daemon/boots.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/boot_files.h"

#define NO_IMAGE "there is no image of this step"

static void run_boot_free(struct run_boot *b)
{
	boot_done(&b->boot);
	result_list_free(b->results, b->nresults);
	free(b->issues);
	json_object_put(b->plan);
	json_object_put(b->unmade);
	free(b->image);
	free(b);
}

void boots_done(struct series_run *r)
{
	for (size_t i = 0; i < r->nboots; i++)
		run_boot_free(r->boots[i]);
	free(r->boots);
	r->boots = NULL;
	r->nboots = 0;
}

/* A boot like want, not yet among the run's. */
static struct run_boot *run_boot_new(struct series_run *r, const struct run_boot *want)
{
	struct run_boot *b = mem_alloc0(sizeof(*b));

	*b = *want;
	b->run = r;
	b->index = r->nboots;
	b->waits_for = -1;
	json_object_get(b->plan);
	json_object_get(b->unmade);
	b->image = str_dup(run_build(r, b->step, b->config)->image);
	boots_key(b, b->key);
	return b;
}

static void run_boot_add(struct series_run *r, struct run_boot *b)
{
	r->boots = mem_realloc(r->boots, r->nboots + 1, sizeof(*r->boots));
	r->boots[r->nboots++] = b;
}

int boots_recall(struct series_run *r, const struct run_boot *first, size_t max,
		 struct err *err)
{
	struct run_boot want = *first;

	want.role = BOOT_CONFIRM;
	want.state = SCHED_READY;
	want.recalled = true;
	want.alone = want.lost = want.reused = want.foreign = false;
	want.attempts = 0;
	want.boot = (struct boot){ .id = 0 };
	want.results = NULL;
	want.nresults = 0;
	want.issues = NULL;
	for (size_t i = 0; i < max; i++) {
		struct run_boot *b = run_boot_new(r, &want);
		bool taken = false;
		int rc = boots_take_known(b, &taken, err);

		if (rc < 0 || !taken) {
			run_boot_free(b);
			return rc;
		}
		run_boot_add(r, b);
	}
	return 0;
}

/* want: step, config, topology, tier, role, plan, unmade, initramfs, alone. */
int boots_want(struct series_run *r, const struct run_boot *want, struct err *err)
{
	struct run_boot *b = run_boot_new(r, want);
	bool taken = false;

	run_boot_add(r, b);
	if (boots_take_known(b, &taken, err) < 0)
		return -1;
	if (taken)
		return 0;
	/* The parent's image again: its boot answers for both. Within a cell
	 * the same key is a repeat, which must really run. */
	for (size_t i = 0; i < b->index; i++) {
		const struct run_boot *o = r->boots[i];

		if (o->state != SCHED_DONE && o->waits_for < 0 && o->step != b->step &&
		    o->alone == b->alone && strcmp(o->key, b->key) == 0)
			b->waits_for = (long)i;
	}
	return 0;
}

/* The first of a cell, with what there is of its tests at the step. */
static int boots_want_first(struct series_run *r, int step, const struct plan_cell *cell,
			    struct err *err)
{
	struct run_boot first = { .step = step,
				  .config = cell->config,
				  .topology = cell->topology,
				  .deep = cell->deep };
	int rc = boot_files_fit(r, cell, &first, err);

	if (rc == 0)
		rc = boots_want(r, &first, err);
	json_object_put(first.plan);
	json_object_put(first.unmade);
	return rc;
}

static int cell_skip(struct series_run *r, int step, size_t c, size_t t, const char *why,
		     struct err *err)
{
	struct step_boot sb = { .series_id = r->series.id,
				.step = step,
				.config = r->plan->configs[c]->name,
				.arch = r->plan->configs[c]->arch,
				.topology = r->plan->topologies[t]->name,
				.role = BOOT_FIRST,
				.boot_id = DB_NO_INT,
				.reason = (char *)why };

	return step_boot_put(r->db, &sb, err);
}

static int cell_clear(struct series_run *r, int step, size_t c, size_t t, struct err *err)
{
	const struct step_boot cell = { .series_id = r->series.id,
					.step = step,
					.config = r->plan->configs[c]->name,
					.arch = r->plan->configs[c]->arch,
					.topology = r->plan->topologies[t]->name };

	return step_boot_clear(r->db, &cell, err);
}

int boots_plan_step(struct series_run *r, int step, size_t config, struct err *err)
{
	const struct walk_build *wb = run_build(r, step, config);
	int rc = 0;

	/* Which cells there are on a deep config is not known from its builds. */
	if (run_config_is_deep(r, config))
		return 0;
	for (size_t t = 0; rc == 0 && t < r->plan->ntopologies; t++) {
		struct plan_cell pc = { .config = config, .topology = t, .deep = true };
		bool deep_too = plan_tests(r->plan, &pc) != NULL;

		pc.deep = false;
		rc = cell_clear(r, step, config, t, err);
		if (rc < 0)
			break;
		if (wb->status != BUILD_OK)
			rc = cell_skip(r, step, config, t, NO_IMAGE, err);
		else if (plan_tests(r->plan, &pc))
			rc = boots_want_first(r, step, &pc, err);
		else if (!deep_too)
			rc = cell_skip(r, step, config, t,
				       "no suite runs on this topology", err);
	}
	return rc;
}

int boots_plan_deep(struct series_run *r, int step, size_t config, size_t topology,
		    struct err *err)
{
	const struct plan_cell pc = { .config = config,
				      .topology = topology,
				      .deep = true };

	if (run_config_is_deep(r, config) &&
	    cell_clear(r, step, config, topology, err) < 0)
		return -1;
	return run_build(r, step, config)->status == BUILD_OK ?
		       boots_want_first(r, step, &pc, err) :
		       cell_skip(r, step, config, topology, NO_IMAGE, err);
}
