/*
 * The whole story of a series: fetched, applied, so build; built, so boot;
 * booted, so judge. Everything that takes time is a child; whenever one ends,
 * run_advance asks sched_next what can run now.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "daemon/assess.h"
#include "daemon/boot_files.h"
#include "daemon/deep.h"
#include "daemon/repeats.h"
#include "daemon/repeats_once.h"
#include "db/timing.h"
#include "lib/file.h"
#include "lib/log.h"

#define TICK_US 1000000
/* What a kernel build is reckoned to take beside the guests. */
#define BUILD_MEMORY (1ULL << 30)

static void run_advance(struct series_run *r);

static int on_signal(sd_event_source *s, const struct signalfd_siginfo *si, void *arg)
{
	struct series_run *r = arg;

	(void)s;
	if (!r->fatal)
		err_set(&r->err, ERR_STOPPED,
			"interrupted; what is finished is kept, the same command goes on from there");
	log_debug("signal %u", si->ssi_signo);
	run_fail(r, RUN_INFRA);
	return 0;
}

/* ---- what is left, for the progress ---- */

static double expected_build(struct series_run *r, size_t c, bool incremental)
{
	double s;

	return timing_build(r->db, r->plan->configs[c]->name, r->plan->configs[c]->arch,
			    incremental, &s, NULL) > 0 ?
		       s :
		       -1;
}

/* Adds s to the sum unless one part is unknown already. */
static void add_expected(double *sum, double s)
{
	*sum = *sum < 0 || s < 0 ? -1 : *sum + s;
}

static void count_builds(struct series_run *r, size_t c, struct run_event *ev)
{
	double first = expected_build(r, c, false), further = expected_build(r, c, true);

	for (int k = 0; k < r->ntested; k++) {
		const struct walk_build *b = run_build(r, k, c);

		ev->total += b->wanted;
		ev->done += b->decided;
		if (b->wanted && !b->decided)
			add_expected(&ev->expected_s, k > 0 ? further : first);
	}
}

/* Boots that are sure to come when their kernel is there, or when the deep tier's
 * turn comes. What repeats and halving bring is not known before. */
static int boots_to_come(struct series_run *r, const struct plan_cell *cell)
{
	int n = 0;

	for (int k = 0; plan_tests(r->plan, cell) && k < r->ntested; k++)
		n += cell->deep ?
			     run_deep(r, k, cell->config, cell->topology) == DEEP_ASKED :
			     !run_build(r, k, cell->config)->decided ||
				     run_build(r, k, cell->config)->waits;
	return n;
}

static void count_boots(struct series_run *r, const struct plan_cell *cell,
			struct run_event *ev)
{
	int left = boots_to_come(r, cell);

	ev->total += left;
	for (size_t i = 0; i < r->nboots; i++) {
		const struct run_boot *b = r->boots[i];

		if (b->config != cell->config || b->topology != cell->topology ||
		    b->deep != cell->deep)
			continue;
		ev->total++;
		ev->done += b->state == SCHED_DONE;
		left += b->state != SCHED_DONE && b->waits_for < 0;
	}
	if (left > 0) {
		double each = boots_expected(r, cell);

		add_expected(&ev->expected_s, each < 0 ? -1 : each * left);
	}
}

static void count_work(struct series_run *r, struct run_event *ev)
{
	struct plan_cell cell;

	for (cell.config = 0; cell.config < r->plan->nconfigs; cell.config++) {
		count_builds(r, cell.config, ev);
		for (cell.topology = 0; cell.topology < r->plan->ntopologies;
		     cell.topology++) {
			cell.deep = false;
			count_boots(r, &cell, ev);
			cell.deep = true;
			count_boots(r, &cell, ev);
		}
	}
}

static int on_tick(sd_event_source *s, uint64_t usec, void *arg)
{
	struct series_run *r = arg;
	struct run_event ev = { .kind = RUN_TICK,
				.step = -1,
				.seconds = run_now() - r->began };

	if (r->deep)
		count_work(r, &ev);
	else
		ev.expected_s = -1;
	run_emit(r, &ev);
	if (r->opts->yields && !r->yields && r->opts->yields(r->opts->arg)) {
		r->yields = true;
		run_phase(r, "something urgent waits: what runs is finished first");
		/* Before it is applied there is nothing to advance, and soon will be. */
		if (r->deep)
			run_advance(r);
	}
	sd_event_source_set_time(s, usec + TICK_US);
	sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
	return 0;
}

static struct sched_action run_ask(struct series_run *r)
{
	AUTO_FREE struct sched_boot *boots = mem_alloc0((r->nboots + 1) * sizeof(*boots));
	const struct config *c = r->opts->config;
	bool waiting = walk_waiting(r);
	struct sched_view v = {
		.nsteps = r->ntested,
		.cpus = c->cpus > 0 ? (int)c->cpus : (int)sysconf(_SC_NPROCESSORS_ONLN),
		.memory = run_memory(r),
		.guests_max = (int)c->boot_parallel,
		.build_memory = BUILD_MEMORY,
		.build_waiting = waiting,
		.build_deep = waiting && walk_is_deep(r),
		.build_running = r->walk.busy,
		.boots = boots,
		.nboots = r->nboots,
	};

	for (size_t i = 0; i < r->nboots; i++) {
		const struct run_boot *b = r->boots[i];
		const struct topology *t = r->plan->topologies[b->topology];

		boots[i] = (struct sched_boot){ .step = b->step,
						.state = b->state,
						.alone = b->alone,
						.deep = b->deep,
						.cpus = (int)topology_cpus(t),
						.memory = topology_memory(t) };
		/* Answered by another boot; nothing to start for it. */
		if (b->waits_for >= 0)
			boots[i].state = SCHED_DONE;
	}
	return sched_next(&v);
}

static int plan_repeats(struct series_run *r, bool *ret_more, struct err *err)
{
	if (assess_by_odds(r) || r->opts->repeat_test)
		return repeats_plan(r, ret_more, err);
	*ret_more = false;
	return repeats_once_plan(r, err);
}

/* Until nothing follows any more from what is known: a build or a boot that was
 * done before is taken over at once, and may ask for the next. */
static void run_plan(struct series_run *r)
{
	bool more = true, repeated = false;

	while ((more || repeated) && !r->stopping) {
		/* Also decides what is known already, which plans its boots. */
		walk_waiting(r);
		if (!r->stopping && (boots_plan_rest(r, &r->err) < 0 ||
				     plan_repeats(r, &repeated, &r->err) < 0 ||
				     deep_plan(r, &more, &r->err) < 0))
			run_fail(r, RUN_INFRA);
	}
}

/* What is done is kept, and nothing is under way that would have to be done again. */
static void run_give_way(struct series_run *r)
{
	if (!run_idle(r))
		return;
	err_set(&r->err, ERR_STOPPED, "it gave way to something urgent");
	run_fail(r, RUN_INFRA);
}

static void run_advance(struct series_run *r)
{
	while (!r->stopping) {
		struct sched_action a;

		run_plan(r);
		if (r->stopping)
			break;
		if (r->yields)
			return run_give_way(r);
		a = run_ask(r);
		if (a.what == SCHED_BUILD)
			walk_step(r);
		else if (a.what == SCHED_BOOT)
			boots_start(r, a.boot);
		else if (a.what == SCHED_FINISHED)
			sd_event_exit(r->event, 0);
		if (a.what == SCHED_WAIT || a.what == SCHED_FINISHED)
			return;
	}
	if (run_idle(r))
		sd_event_exit(r->event, 0);
}

/* Applied, so build. */
static void run_applied(struct series_run *r)
{
	if (walk_init(r, &r->err) < 0)
		return run_fail(r, RUN_INFRA);
	deep_init(r);
	run_phase(r, "building and booting %d step%s", r->ntested,
		  r->ntested == 1 ? "" : "s");
	run_advance(r);
}

/* Whether all that the quick boots of a build take along is there, or asked for. */
static bool quick_is_ready(struct series_run *r, int step, size_t config)
{
	struct plan_cell cell = { .config = config };
	bool asked = false, ready = true;

	for (; cell.topology < r->plan->ntopologies; cell.topology++)
		if (!walk_selftests_ready(r, step, &cell, &asked))
			ready = false;
	return ready;
}

static int run_built(struct series_run *r, int step, size_t config, struct err *err)
{
	struct walk_build *b = run_build(r, step, config);

	b->waits = b->status == BUILD_OK && !quick_is_ready(r, step, config);
	return b->waits ? 0 : boots_plan_step(r, step, config, err);
}

static int run_tests_built(struct series_run *r, int step, struct err *err)
{
	int rc = 0;

	for (size_t c = 0; rc == 0 && c < r->plan->nconfigs; c++)
		if (run_build(r, step, c)->waits)
			rc = run_built(r, step, c, err);
	return rc;
}

/* Applied, so build; built, so boot; whatever ended, see what comes next. */
static const struct run_flow flow = {
	.applied = run_applied,
	.built = run_built,
	.tests_built = run_tests_built,
	.advance = run_advance,
};

/* ---- set-up ---- */

static void run_make_cmdlines(struct series_run *r)
{
	const struct plan *p = r->plan;

	r->cmdlines = mem_alloc0(p->nconfigs * p->ntopologies * sizeof(*r->cmdlines));
	for (size_t c = 0; c < p->nconfigs; c++) {
		AUTO_FREE char *extra =
			plan_cmdline(p, c, r->opts->config->cmdline_extra);

		for (size_t t = 0; t < p->ntopologies; t++)
			r->cmdlines[c * p->ntopologies + t] =
				qemu_cmdline(p->topologies[t], extra);
	}
}

static int run_setup(struct series_run *r, struct err *err)
{
	const struct run_opts *o = r->opts;
	sigset_t mask;

	if (state_open(o->state_dir, o->config, &r->state, err) < 0 ||
	    (o->jobs && state_own_jobs(r->state, o->jobs, err) < 0) ||
	    state_clean(r->state, err) < 0 ||
	    sandbox_probe(o->config->bwrap, r->state->uid, r->state->gid, err) < 0 ||
	    plan_load(o->config, r->state, o->configs, o->topologies, o->suites, &r->plan,
		      err) < 0 ||
	    store_create(r->state->git, err) < 0 || boot_files_init(r, err) < 0)
		return -1;
	run_make_cmdlines(r);
	if (sd_event_new(&r->event) < 0)
		return err_set(err, ERR_SYS, "cannot make an event loop");
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	sd_event_add_signal(r->event, NULL, SIGINT, on_signal, r);
	sd_event_add_signal(r->event, NULL, SIGTERM, on_signal, r);
	sd_event_add_time_relative(r->event, NULL, CLOCK_MONOTONIC, TICK_US, 0, on_tick,
				   r);
	r->host = (struct role_host){ .event = r->event,
				      .state = r->state,
				      .config = o->config };
	return 0;
}

static void run_free(struct series_run *r)
{
	boots_done(r);
	walk_done(r);
	step_list_free(r->steps, r->nsteps);
	series_done(&r->series);
	json_object_put(r->mails);
	for (size_t i = 0; r->cmdlines && i < r->plan->nconfigs * r->plan->ntopologies;
	     i++)
		free(r->cmdlines[i]);
	free(r->cmdlines);
	boot_files_done(r);
	for (size_t i = 0; r->past && i < r->plan->nconfigs * r->plan->ntopologies; i++)
		history_list_free(r->past[i]);
	free(r->past);
	free(r->deep);
	free(r->repo);
	free(r->range_repo);
	free(r->base_option);
	free(r->base_commit);
	strv_free(r->trees);
	free(r->wish_commit);
	strv_free(r->good);
	plan_free(r->plan);
	state_free(r->state);
	sd_event_unref(r->event);
}

static void run_judge(struct series_run *r)
{
	enum run_exit code = RUN_CLEAN;

	if (verdicts_write(r, &code, &r->err) < 0) {
		r->exit = RUN_INFRA;
		return;
	}
	r->exit = code;
	if (code == RUN_INFRA)
		err_set(&r->err, ERR_SYS, "some results were lost to our own trouble");
}

enum run_exit run_series(struct db *db, struct artifact_store *artifacts,
			 const struct run_opts *opts, long long *ret_series_id,
			 struct err *err)
{
	struct series_run r = { .flow = &flow,
				.opts = opts,
				.db = db,
				.artifacts = artifacts,
				.began = run_now() };

	if (run_setup(&r, err) < 0) {
		r.exit = err->code == ERR_INPUT || err->code == ERR_MISSING ?
				 RUN_UNUSABLE :
				 RUN_INFRA;
		run_free(&r);
		*ret_series_id = 0;
		return r.exit;
	}
	if (r.plan->accel_note)
		run_note(&r, "%s", r.plan->accel_note);
	for (char **line = r.plan->expired; *line; line++)
		run_note(&r, "%s", *line);
	intake_start(&r);
	if (!r.fatal)
		sd_event_loop(r.event);
	if (!r.fatal)
		run_judge(&r);
	*ret_series_id = r.series.id;
	*err = r.err;
	log_debug("roles used %.1f s of cpu", r.host.cpu_s);
	run_free(&r);
	return r.exit;
}
