/*
 * Running a boot: the job of the boot role, what comes of it, and those that waited
 * for it.
 */
#include "daemon/boots.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/cells.h"
#include "daemon/guest_job.h"
#include "daemon/issues.h"
#include "db/timing.h"
#include "lib/file.h"

/* In a row on one cell; then it is left alone. */
#define ATTEMPTS_MAX 3

/* A test may take what its suite allows, or a multiple of what it took at the base. */
static long long scaled_ms(const struct series_run *r, long long ms, double seconds)
{
	double scaled = seconds * 10.0 * (double)r->opts->config->deadline_scale;

	return seconds > 0 && scaled > (double)ms ? (long long)scaled : ms;
}

/* Seconds that the test took at the base, or init to come up (test NULL); 0: not known. */
static double base_seconds(const struct run_boot *b, const char *test)
{
	const struct series_run *r = b->run;

	for (size_t i = 0; i < r->nboots; i++) {
		const struct run_boot *o = r->boots[i];
		const struct result *res;

		if (o->step != 0 || o->config != b->config ||
		    o->topology != b->topology || o->state != SCHED_DONE || o->lost)
			continue;
		if (!test)
			return o->boot.boot_seconds;
		res = boot_result(o, test);
		/* What ran into its deadline says nothing of what it takes. */
		if (res && res->result != RESULT_NOT_RUN && res->result != RESULT_TIMEOUT)
			return res->seconds;
	}
	return 0;
}

static struct json_object *scaled_plan(const struct run_boot *b)
{
	struct json_object *plan = json_object_new_array();

	for (size_t i = 0; i < json_len(b->plan); i++) {
		struct json_object *t = json_object_array_get_idx(b->plan, i);
		struct json_object *copy = json_object_new_object();
		long long ms = scaled_ms(b->run, json_int(t, "deadline_ms", 60000),
					 base_seconds(b, json_str(t, "test", "")));

		json_set_str(copy, "test", json_str(t, "test", ""));
		json_set(copy, "argv", json_object_get(json_arr(t, "argv")));
		json_set_int(copy, "deadline_ms", ms);
		json_object_array_add(plan, copy);
	}
	return plan;
}

static int boot_job(const struct run_boot *b, struct json_object *job,
		    uint64_t *ret_deadline, struct err *err)
{
	struct series_run *r = b->run;
	AUTO_JSON struct json_object *tests = scaled_plan(b);
	AUTO_FREE char *image = NULL;
	struct guest_job g = { .config = r->opts->config,
			       .plan = r->plan,
			       .kconfig = b->config,
			       .topology = b->topology,
			       .initramfs = b->initramfs->path,
			       .tests = tests };

	if (artifact_path(r->artifacts, b->image, &image, err) < 0)
		return -1;
	g.image = image;
	g.hello_ms = (uint64_t)scaled_ms(r, (long long)boots_timeout_ms(b),
					 base_seconds(b, NULL));
	return guest_job_fill(&g, job, ret_deadline, err);
}

static void result_from_json(struct result *res, struct json_object *o)
{
	res->test = str_dup(json_str(o, "test", ""));
	if (!test_result_parse(json_str(o, "result", ""), &res->result))
		res->result = RESULT_NOT_RUN;
	res->reason = str_dup(json_str(o, "reason", NULL));
	res->seconds = json_num(o, "seconds", DB_NO_REAL);
	res->output = str_dup(json_str(o, "output", NULL));
	res->subtests = json_object_get(json_arr(o, "subtests"));
	res->data = json_object_get(json_obj(o, "data"));
	res->splats = json_object_get(json_arr(o, "splats"));
	res->console_from = json_int(o, "console_from", DB_NO_INT);
	res->console_to = json_int(o, "console_to", DB_NO_INT);
}

/* What is known without a guest. */
static void result_unmade(struct result *res, struct json_object *o)
{
	res->test = str_dup(json_str(o, "test", ""));
	res->result = RESULT_NOT_RUN;
	test_result_parse(json_str(o, "result", ""), &res->result);
	res->reason = str_dup(json_str(o, "reason", NULL));
	res->seconds = DB_NO_REAL;
	res->console_from = res->console_to = DB_NO_INT;
}

static void boot_from_json(struct run_boot *b, struct json_object *o)
{
	struct boot *bt = &b->boot;
	struct json_object *tests = json_arr(o, "tests");

	bt->status = BOOT_INFRA;
	boot_status_parse(json_str(o, "status", "infra"), &bt->status);
	bt->phase = str_dup(json_str(o, "phase", NULL));
	bt->reason = str_dup(json_str(o, "reason", NULL));
	bt->boot_seconds = json_num(o, "boot_seconds", DB_NO_REAL);
	bt->argv = json_object_get(json_arr(o, "argv"));
	bt->splats = json_object_get(json_arr(o, "splats"));
	bt->console_tail = json_object_get(json_arr(o, "console_tail"));
	b->results = mem_alloc0((json_len(tests) + json_len(b->unmade) + 1) *
				sizeof(*b->results));
	for (size_t i = 0; i < json_len(tests); i++)
		result_from_json(&b->results[b->nresults++],
				 json_object_array_get_idx(tests, i));
	for (size_t i = 0; i < json_len(b->unmade); i++)
		result_unmade(&b->results[b->nresults++],
			      json_object_array_get_idx(b->unmade, i));
}

static void boot_identity(struct run_boot *b, double seconds)
{
	const struct series_run *r = b->run;
	struct boot *bt = &b->boot;

	bt->key = str_dup(b->key);
	bt->image = str_dup(b->image);
	bt->initramfs = str_dup(b->initramfs->sha);
	bt->config = str_dup(boots_config(b)->name);
	bt->arch = str_dup(boots_config(b)->arch);
	bt->topology = str_dup(boots_topology(b)->name);
	bt->topology_text = str_dup(boots_topology(b)->text);
	bt->cmdline = str_dup(boots_cmdline(b));
	bt->accel = str_dup(accel_str(r->plan->accel));
	bt->qemu_version = str_dup(r->plan->qemu_version);
	bt->plan = json_object_get(b->plan);
	bt->alone = b->alone;
	bt->seconds = seconds;
	bt->boot_seconds = DB_NO_REAL;
	bt->finished = (int64_t)time(NULL);
	bt->started = bt->finished - (int64_t)seconds;
}

static int boot_take_console(struct run_boot *b, const struct role_end *end,
			     struct err *err)
{
	const char *name = json_str(end->result, "console", NULL);
	AUTO_FREE char *path = name ? role_file(end, name) : NULL;
	char sha[SHA256_HEX];

	if (!path)
		return 0;
	if (artifact_put_file(b->run->artifacts, path, ARTIFACT_ZSTD, sha, err) < 0)
		return -1;
	b->boot.console = str_dup(sha);
	return 0;
}

/* Lost to our own trouble: it is tried again, then the cell is told as lost. */
static int boot_lost(struct run_boot *b, struct err *err)
{
	struct series_run *r = b->run;
	struct step_boot sb;
	bool again = ++b->attempts < ATTEMPTS_MAX && !r->stopping;
	int rc;

	b->boot.infra = true;
	boots_fill_step(b, &sb);
	rc = boot_put(r->db, &b->boot, b->results, b->nresults, again ? NULL : &sb, err);
	step_boot_done(&sb);
	if (again) {
		run_note(r, "step %d on %s: %s; trying again", b->step,
			 boots_topology(b)->name,
			 b->boot.reason ? b->boot.reason : "the guest was lost");
		boot_done(&b->boot);
		result_list_free(b->results, b->nresults);
		b->boot = (struct boot){ .id = 0 };
		b->results = NULL;
		b->nresults = 0;
		b->state = SCHED_READY;
		return rc;
	}
	b->lost = true;
	b->state = SCHED_DONE;
	boots_emit_end(b);
	return rc;
}

static int boot_store(struct run_boot *b, const struct role_end *end, struct err *err)
{
	struct step_boot sb;
	int rc = 0;

	boot_identity(b, end->result ? json_num(end->result, "seconds", end->seconds) :
				       end->seconds);
	if (end->result) {
		boot_from_json(b, end->result);
		rc = boot_take_console(b, end, err);
	} else {
		b->boot.status = BOOT_INFRA;
		b->boot.reason = str_dup(end->infra);
	}
	if (rc < 0)
		return -1;
	if (b->boot.status == BOOT_INFRA)
		return boot_lost(b, err);
	issues_mark(b);
	b->state = SCHED_DONE;
	boots_fill_step(b, &sb);
	rc = boot_put(b->run->db, &b->boot, b->results, b->nresults, &sb, err);
	step_boot_done(&sb);
	if (rc == 0)
		boots_emit_end(b);
	return rc;
}

/* Those that waited for this key: take its boot over, or run themselves. */
static int boots_release(struct run_boot *b, struct err *err)
{
	struct series_run *r = b->run;

	for (size_t i = 0; i < r->nboots; i++) {
		struct run_boot *o = r->boots[i];
		bool taken = false;

		if (o->waits_for != (long)b->index)
			continue;
		o->waits_for = -1;
		if (!b->lost && boots_take_known(o, &taken, err) < 0)
			return -1;
	}
	return 0;
}

static void boot_ended(const struct role_end *end, void *arg)
{
	struct run_boot *b = arg;
	struct series_run *r = b->run;

	b->child = NULL;
	if (end->cancelled || r->stopping) {
		b->lost = true;
		b->state = SCHED_DONE;
		b->boot.status = BOOT_INFRA;
		return r->flow->advance(r);
	}
	if (boot_store(b, end, &r->err) < 0 ||
	    (b->state == SCHED_DONE && boots_release(b, &r->err) < 0)) {
		b->state = SCHED_DONE;
		b->lost = true;
		return run_fail(r, RUN_INFRA);
	}
	r->flow->advance(r);
}

double boots_expected(struct series_run *r, const struct plan_cell *cell)
{
	struct timing_of of = { .topology = r->plan->topologies[cell->topology]->name,
				.arch = r->plan->configs[cell->config]->arch,
				.accel = accel_str(r->plan->accel),
				.config = r->plan->configs[cell->config]->name,
				.plan = plan_tests(r->plan, cell) };
	double seconds;

	if (timing_boot(r->db, &of, &seconds, NULL, NULL) > 0)
		return seconds;
	/* Other tests than before; those of the deep tier take what they take. */
	of.config = NULL;
	of.plan = NULL;
	return !cell->deep && timing_boot(r->db, &of, &seconds, NULL, NULL) > 0 ?
		       seconds :
		       -1;
}

static void emit_boot_begin(const struct run_boot *b)
{
	struct series_run *r = b->run;
	struct run_event ev = { .kind = RUN_BOOT_BEGIN,
				.step = b->step,
				.nsteps = (int)r->nsteps,
				.config = boots_config(b)->name,
				.topology = boots_topology(b)->name,
				.subject = r->steps[b->step].subject,
				.status = boot_role_str(b->role),
				.deep = b->deep };
	const struct plan_cell pc = { .config = b->config,
				      .topology = b->topology,
				      .deep = b->deep };

	ev.expected_s = boots_expected(r, &pc);
	run_emit(r, &ev);
}

void boots_start(struct series_run *r, size_t i)
{
	struct run_boot *b = r->boots[i];
	struct json_object *job = json_object_new_object();
	struct role_opts opts = { .name = "boot",
				  .job = job,
				  .done = boot_ended,
				  .arg = b };

	b->state = SCHED_RUNNING;
	b->began = run_now();
	opts.dir = state_job_dir(r->state, "boot", &r->err);
	if (!opts.dir || boot_job(b, job, &opts.deadline_ms, &r->err) < 0) {
		json_object_put(job);
		if (opts.dir)
			tree_remove(opts.dir, NULL);
		free(opts.dir);
		b->state = SCHED_DONE;
		b->lost = true;
		return run_fail(r, RUN_INFRA);
	}
	emit_boot_begin(b);
	if (role_start(&r->host, &opts, &b->child, &r->err) < 0) {
		b->state = SCHED_DONE;
		b->lost = true;
		run_fail(r, RUN_INFRA);
	}
}
