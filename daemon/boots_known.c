/*
 * Boots that are known: what a boot's outcome hangs on, as a key, and taking one
 * with that key over, from an earlier step, run or series.
 */
#include "daemon/boots.h"

#include <string.h>

#include "daemon/issues.h"
#include "runners/qemu_argv.h"

/* 3: a test that went down with its guest has no seconds. */
#define KEY_SCHEMA "boot-3"

const struct kconfig *boots_config(const struct run_boot *b)
{
	return b->run->plan->configs[b->config];
}

const struct topology *boots_topology(const struct run_boot *b)
{
	return b->run->plan->topologies[b->topology];
}

const char *boots_cmdline(const struct run_boot *b)
{
	return b->run->cmdlines[b->config * b->run->plan->ntopologies + b->topology];
}

bool boots_same_cell(const struct run_boot *a, const struct run_boot *b)
{
	return a->step == b->step && a->config == b->config && a->topology == b->topology;
}

/* Everything a boot's outcome hangs on but its deadlines. */
void boots_key(const struct run_boot *b, char ret[SHA256_HEX])
{
	const struct series_run *r = b->run;
	struct sha256 *h = sha256_new();
	/* The whole machine: topology, accelerator, command line, devices. */
	const struct qemu_opts machine = { .qemu = "qemu",
					   .image = "image",
					   .initramfs = "initramfs",
					   .topology = boots_topology(b),
					   .accel = r->plan->accel,
					   .cmdline = boots_cmdline(b) };
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

		if (o != b && boots_same_cell(o, b) && o->state == SCHED_DONE &&
		    !o->lost && o->boot.id == id)
			return true;
	}
	return false;
}

void boots_fill_step(const struct run_boot *b, struct step_boot *sb)
{
	*sb = (struct step_boot){ .series_id = b->run->series.id,
				  .step = b->step,
				  .config = str_dup(boots_config(b)->name),
				  .arch = str_dup(boots_config(b)->arch),
				  .topology = str_dup(boots_topology(b)->name),
				  .role = b->role,
				  .boot_id = b->boot.id,
				  .reused = b->reused,
				  .known = issues_json(b) };
}

void boots_emit_end(const struct run_boot *b)
{
	struct series_run *r = b->run;
	struct run_event ev = { .kind = RUN_BOOT_END,
				.step = b->step,
				.nsteps = (int)r->nsteps,
				.config = boots_config(b)->name,
				.topology = boots_topology(b)->name,
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
		} else if (issues_explain(b, res)) {
			ev.known++;
		} else {
			ev.failed++;
			if (!ev.failed_test)
				ev.failed_test = res->test;
		}
	}
	run_emit(r, &ev);
}

/* Of the first word of init: a slow kernel's guests have more time. */
uint64_t boots_timeout_ms(const struct run_boot *b)
{
	return b->run->opts->config->boot_timeout_ms * boots_config(b)->slowdown;
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
		return known->seconds * 1000 < (double)boots_timeout_ms(b);
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
int boots_take_known(struct run_boot *b, bool *ret_taken, struct err *err)
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
			rc = boot_is_foreign(r->db, b->boot.id, r->series.id, &b->foreign,
					     err);
		if (rc == 0)
			issues_mark(b);
		b->reused = true;
		b->state = SCHED_DONE;
		boots_fill_step(b, &sb);
		if (rc == 0)
			rc = step_boot_put(r->db, &sb, err);
		step_boot_done(&sb);
		*ret_taken = rc == 0;
	}
	boot_list_free(list, n);
	if (*ret_taken && !b->recalled)
		boots_emit_end(b);
	return rc;
}
