/*
 * The boots of a series: which are wanted for a step, whether one with the same
 * key is known, the job of the boot role, and its results. Evidence is gathered
 * here; judging it is cells.c and judge.c.
 */
#include "runners/sandbox.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/boot_files.h"
#include "daemon/cells.h"
#include "daemon/guest_job.h"
#include "daemon/issues.h"
#include "db/timing.h"
#include "lib/file.h"

#define ATTEMPTS_MAX 2
/* Of one cell: the first, its repeat, and those for tests not reached. */
#define CELL_BOOTS_MAX 64
/* 3: a test that went down with its guest has no seconds. */
#define KEY_SCHEMA "boot-3"
#define NO_IMAGE "there is no image of this step"

static const struct kconfig *boot_config(const struct run_boot *b)
{
	return b->run->plan->configs[b->config];
}

static const struct topology *boot_topology(const struct run_boot *b)
{
	return b->run->plan->topologies[b->topology];
}

static const char *boot_cmdline(const struct run_boot *b)
{
	return b->run->cmdlines[b->config * b->run->plan->ntopologies + b->topology];
}

/* What this boot is evidence of; test NULL: of the boot itself. */
static struct subject boot_subject(const struct run_boot *b, const char *test)
{
	return (struct subject){ .config = b->config,
				 .topology = b->topology,
				 .deep = b->deep,
				 .test = test };
}

static bool same_cell(const struct run_boot *a, const struct run_boot *b)
{
	return a->step == b->step && a->config == b->config && a->topology == b->topology;
}

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

/* ---- keys and what is known ---- */

/* Everything a boot's outcome hangs on but its deadlines. */
static void boot_key(const struct run_boot *b, char ret[SHA256_HEX])
{
	const struct series_run *r = b->run;
	struct sha256 *h = sha256_new();
	/* The whole machine: topology, accelerator, command line, devices. */
	const struct qemu_opts machine = { .qemu = "qemu",
					   .image = "image",
					   .initramfs = "initramfs",
					   .topology = boot_topology(b),
					   .accel = r->plan->accel,
					   .cmdline = boot_cmdline(b) };
	char **argv;

	sha256_add_str(h, KEY_SCHEMA);
	sha256_add_str(h, b->image);
	sha256_add_str(h, b->initramfs->sha);
	sha256_add_str(h, r->plan->qemu_version);
	sha256_add_str(h, r->plan->cpu_model);
	argv = qemu_argv(&machine);
	for (size_t i = 0; argv[i]; i++)
		sha256_add_str(h, argv[i]);
	strv_free(argv);
	for (size_t i = 0; i < json_len(b->plan); i++) {
		struct json_object *t = json_object_array_get_idx(b->plan, i);

		sha256_add_str(h, json_str(t, "test", ""));
		sha256_add_str(h, json_object_to_json_string_ext(json_arr(t, "argv"),
								 JSON_C_TO_STRING_PLAIN));
	}
	/* Their results are stored with the boot. */
	if (b->unmade)
		sha256_add_str(h, json_object_to_json_string_ext(b->unmade,
								 JSON_C_TO_STRING_PLAIN));
	sha256_hex(h, ret);
	sha256_free(h);
}

static bool used_in_cell(const struct run_boot *b, int64_t id)
{
	const struct series_run *r = b->run;

	for (size_t i = 0; i < r->nboots; i++) {
		const struct run_boot *o = r->boots[i];

		if (o != b && same_cell(o, b) && o->state == SCHED_DONE && !o->lost &&
		    o->boot.id == id)
			return true;
	}
	return false;
}

static void step_boot_fill(const struct run_boot *b, struct step_boot *sb)
{
	*sb = (struct step_boot){ .series_id = b->run->series.id,
				  .step = b->step,
				  .config = str_dup(boot_config(b)->name),
				  .arch = str_dup(boot_config(b)->arch),
				  .topology = str_dup(boot_topology(b)->name),
				  .role = b->role,
				  .boot_id = b->boot.id,
				  .reused = b->reused };
}

static void emit_boot_end(const struct run_boot *b)
{
	struct series_run *r = b->run;
	struct run_event ev = { .kind = RUN_BOOT_END,
				.step = b->step,
				.nsteps = (int)r->nsteps,
				.config = boot_config(b)->name,
				.topology = boot_topology(b)->name,
				.subject = r->steps[b->step].subject,
				.status = boot_status_str(b->boot.status),
				.seconds = b->boot.seconds,
				.reused = b->reused,
				.text = b->boot.reason,
				.deep = b->deep,
				.id = b->boot.id };

	for (size_t i = 0; i < b->nresults; i++) {
		const struct result *res = &b->results[i];

		if (res->result == RESULT_PASS) {
			ev.passed++;
		} else if (res->result == RESULT_SKIP || res->result == RESULT_NOT_RUN) {
			ev.skipped++;
		} else {
			ev.failed++;
			if (!ev.failed_test)
				ev.failed_test = res->test;
		}
	}
	run_emit(r, &ev);
}

/* Of the first word of init: a slow kernel's guests have more time. */
static uint64_t boot_timeout_ms(const struct run_boot *b)
{
	return b->run->opts->config->boot_timeout_ms * boot_config(b)->slowdown;
}

/* Deadlines are not in the key: they change nothing but what ran into one. */
static bool out_of_time(struct series_run *r, const struct run_boot *b,
			const struct boot *known)
{
	struct result *results = NULL;
	bool late = known->status == BOOT_TIMEOUT;
	size_t n = 0;

	/* Before init's first word: the deadline is the configuration's. */
	if (late && known->phase && strcmp(known->phase, "boot") == 0)
		return known->seconds * 1000 < (double)boot_timeout_ms(b);
	if (json_object_equal(known->plan, b->plan))
		return false;
	if (result_list(r->db, known->id, &results, &n, NULL) < 0)
		return true;
	for (size_t i = 0; i < n; i++)
		late = late || results[i].result == RESULT_TIMEOUT;
	result_list_free(results, n);
	return late;
}

/* Takes over the oldest boot with the key that this cell does not have yet. */
static int boot_take_known(struct run_boot *b, bool *ret_taken, struct err *err)
{
	struct series_run *r = b->run;
	struct boot *list = NULL;
	struct step_boot sb;
	size_t n = 0, pick = 0;
	int rc = 0;

	*ret_taken = false;
	if (boot_list_by_key(r->db, b->key, &list, &n, err) < 0)
		return -1;
	/* Newest first: the last that will do is the oldest. */
	for (size_t i = 0; i < n; i++)
		if (!list[i].infra && (!b->alone || list[i].alone) &&
		    !used_in_cell(b, list[i].id) && !out_of_time(r, b, &list[i]))
			pick = i + 1;
	if (pick) {
		b->boot = list[pick - 1];
		list[pick - 1] = (struct boot){ .id = 0 };
		rc = result_list(r->db, b->boot.id, &b->results, &b->nresults, err);
		if (rc == 0)
			issues_mark(b);
		b->reused = true;
		b->state = SCHED_DONE;
		step_boot_fill(b, &sb);
		if (rc == 0)
			rc = step_boot_put(r->db, &sb, err);
		step_boot_done(&sb);
		*ret_taken = rc == 0;
	}
	boot_list_free(list, n);
	if (*ret_taken)
		emit_boot_end(b);
	return rc;
}

/* ---- planning ---- */

/* want: step, config, topology, tier, role, plan, unmade, initramfs, alone. */
static int boots_want(struct series_run *r, const struct run_boot *want, struct err *err)
{
	struct run_boot *b = mem_alloc0(sizeof(*b));
	bool taken = false;

	*b = *want;
	b->run = r;
	b->index = r->nboots;
	b->waits_for = -1;
	json_object_get(b->plan);
	json_object_get(b->unmade);
	b->image = str_dup(run_build(r, b->step, b->config)->image);
	boot_key(b, b->key);
	r->boots = mem_realloc(r->boots, r->nboots + 1, sizeof(*r->boots));
	r->boots[r->nboots++] = b;
	if (boot_take_known(b, &taken, err) < 0)
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

/* ---- further boots ---- */

static bool has_result_elsewhere(struct series_run *r, const struct run_boot *b,
				 const char *test)
{
	for (size_t i = 0; i < r->nboots; i++) {
		const struct run_boot *o = r->boots[i];
		const struct result *res;

		if (o == b || !same_cell(o, b))
			continue;
		/* One that is still to run will have it, as far as we know. */
		if (o->state != SCHED_DONE && o->role != BOOT_CONFIRM) {
			for (size_t k = 0; k < json_len(o->plan); k++)
				if (strcmp(json_str(json_object_array_get_idx(o->plan, k),
						    "test", ""),
					   test) == 0)
					return true;
			continue;
		}
		res = o->lost ? NULL : boot_result(o, test);
		if (res && res->result != RESULT_NOT_RUN)
			return true;
	}
	return false;
}

/* The tests that a guest which another test killed or blocked did not reach. */
static struct json_object *tests_not_reached(struct series_run *r,
					     const struct run_boot *b)
{
	struct json_object *rest = json_object_new_array();
	bool culprit = false;

	for (size_t i = 0; i < b->nresults; i++)
		culprit |= b->results[i].result != RESULT_NOT_RUN;
	for (size_t i = 0; culprit && i < json_len(b->plan); i++) {
		struct json_object *t = json_object_array_get_idx(b->plan, i);
		const struct result *res = boot_result(b, json_str(t, "test", ""));

		if (res && res->result == RESULT_NOT_RUN &&
		    !has_result_elsewhere(r, b, json_str(t, "test", "")))
			json_object_array_add(rest, json_object_get(t));
	}
	return rest;
}

/* Whether judge.c would charge it to a patch if the step were bad there: the base
 * is not known to be bad, or an earlier patch repaired what the base has. */
static bool was_good_before(struct series_run *r, const struct run_boot *b,
			    const char *test)
{
	const struct subject s = boot_subject(b, test);

	for (int k = 0; k < b->step; k++) {
		struct cell_view v = cell_view_of(r, k, &s);

		if (v.cell.state == CELL_PASS)
			return true;
		if (k == 0 && (v.cell.state == CELL_SKIP || v.cell.state == CELL_NONE ||
			       v.cell.state == CELL_FLAKY))
			return true;
	}
	return false;
}

/* Whether what is bad in this boot has to be seen again before it counts. */
static bool needs_repeat(struct series_run *r, const struct run_boot *b)
{
	struct cell_view v;

	if (b->role == BOOT_CONFIRM)
		return false;
	for (size_t i = 0; i <= b->nresults; i++) {
		const char *test = i < b->nresults ? b->results[i].test : NULL;
		const struct subject s = boot_subject(b, test);

		if (!boot_is_bad(r, b, test))
			continue;
		v = cell_view_of(r, b->step, &s);
		/* At the base, too: one unlucky boot there would hide what a
		 * patch breaks, in every series on that base. */
		if (v.cell.state == CELL_ONCE &&
		    (b->step == 0 || was_good_before(r, b, test)))
			return true;
	}
	return false;
}

static bool repeat_exists(struct series_run *r, const struct run_boot *b)
{
	for (size_t i = 0; i < r->nboots; i++) {
		const struct run_boot *o = r->boots[i];

		if (o->role == BOOT_CONFIRM && same_cell(o, b) &&
		    strcmp(o->key, b->key) == 0)
			return true;
	}
	return false;
}

/* How many there are of its kind at a step. */
static size_t cell_boots(struct series_run *r, int step, const struct run_boot *b)
{
	size_t n = 0;

	for (size_t i = 0; i < r->nboots; i++) {
		const struct run_boot *o = r->boots[i];

		n += o->step == step && o->config == b->config &&
		     o->topology == b->topology && o->deep == b->deep;
	}
	return n;
}

/* Whether all that will be known of the base, in the tier of the boot, is. */
static bool base_settled(struct series_run *r, const struct run_boot *b)
{
	const struct walk_build *base = run_build(r, 0, b->config);
	const struct subject s = boot_subject(b, NULL);

	if (!base->decided || base->status != BUILD_OK)
		return base->decided;
	/* Asked for is settled only when it is planned. It is asked for before any other
	 * step, or never: where its kernel does not come up. */
	if (b->deep ? run_deep(r, 0, b->config, b->topology) == DEEP_ASKED : base->waits)
		return false;
	/* Without a boot: the base's kernel does not come up at all. */
	return !cell_boots(r, 0, b) || cell_settled(r, 0, &s);
}

/* Another boot of the cell; what is to be seen again is seen alone. */
static int boots_want_more(struct series_run *r, const struct run_boot *b,
			   enum boot_role role, struct json_object *plan, struct err *err)
{
	const struct run_boot more = { .step = b->step,
				       .config = b->config,
				       .topology = b->topology,
				       .deep = b->deep,
				       .role = role,
				       .plan = plan,
				       .unmade = role == BOOT_CONFIRM ? b->unmade : NULL,
				       .initramfs = b->initramfs,
				       .alone = role == BOOT_CONFIRM };

	return boots_want(r, &more, err);
}

int boots_plan_repeats(struct series_run *r, struct err *err)
{
	/* What is added on the way is looked at too: a boot taken over from
	 * an earlier run may have died as well. */
	for (size_t i = 0; i < r->nboots; i++) {
		struct run_boot *b = r->boots[i];
		int rc = 0;

		if (b->state != SCHED_DONE || b->lost ||
		    cell_boots(r, b->step, b) >= CELL_BOOTS_MAX)
			continue;
		if (b->role != BOOT_CONFIRM) {
			AUTO_JSON struct json_object *rest = tests_not_reached(r, b);

			if (json_len(rest))
				rc = boots_want_more(r, b, BOOT_REST, rest, err);
		}
		if (rc == 0 && (b->step == 0 || base_settled(r, b)) &&
		    needs_repeat(r, b) && !repeat_exists(r, b))
			rc = boots_want_more(r, b, BOOT_CONFIRM, b->plan, err);
		if (rc < 0)
			return -1;
	}
	return 0;
}

/* ---- running one ---- */

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
	g.hello_ms = (uint64_t)scaled_ms(r, (long long)boot_timeout_ms(b),
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
	bt->config = str_dup(boot_config(b)->name);
	bt->arch = str_dup(boot_config(b)->arch);
	bt->topology = str_dup(boot_topology(b)->name);
	bt->topology_text = str_dup(boot_topology(b)->text);
	bt->cmdline = str_dup(boot_cmdline(b));
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

/* Lost to our own trouble: once more, then the cell is told as lost. */
static int boot_lost(struct run_boot *b, struct err *err)
{
	struct series_run *r = b->run;
	struct step_boot sb;
	bool again = ++b->attempts < ATTEMPTS_MAX && !r->stopping;
	int rc;

	b->boot.infra = true;
	step_boot_fill(b, &sb);
	rc = boot_put(r->db, &b->boot, b->results, b->nresults, again ? NULL : &sb, err);
	step_boot_done(&sb);
	if (again) {
		run_note(r, "step %d on %s: %s; trying again", b->step,
			 boot_topology(b)->name,
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
	emit_boot_end(b);
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
	step_boot_fill(b, &sb);
	rc = boot_put(b->run->db, &b->boot, b->results, b->nresults, &sb, err);
	step_boot_done(&sb);
	if (rc == 0)
		emit_boot_end(b);
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
		if (!b->lost && boot_take_known(o, &taken, err) < 0)
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
				.config = boot_config(b)->name,
				.topology = boot_topology(b)->name,
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
