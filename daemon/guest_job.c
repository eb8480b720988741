#include "daemon/guest_job.h"

#include <stdio.h>
#include <sys/random.h>

#include "lib/cleanup.h"

/* What a guest may take between its last test and its power-off. */
#define END_SLACK_MS 20000
/* What the role may take beside its guest. */
#define ROLE_SLACK_MS 30000

static int set_nonce(struct json_object *job, struct err *err)
{
	unsigned char raw[16];
	char hex[33];

	if (getrandom(raw, sizeof(raw), 0) != (ssize_t)sizeof(raw))
		return err_sys(err, "getrandom");
	for (size_t i = 0; i < sizeof(raw); i++)
		snprintf(hex + 2 * i, 3, "%02x", raw[i]);
	json_set_str(job, "nonce", hex);
	return 0;
}

int guest_job_fill(const struct guest_job *g, struct json_object *job,
		   uint64_t *ret_deadline_ms, struct err *err)
{
	const struct config *c = g->config;
	const struct topology *t = g->plan->topologies[g->topology];
	AUTO_FREE char *cmdline = plan_cmdline(g->plan, g->kconfig, c->cmdline_extra);
	unsigned int slowdown = g->plan->configs[g->kconfig]->slowdown;
	long long ms = (long long)g->hello_ms + (long long)END_SLACK_MS * slowdown;

	for (size_t i = 0; i < json_len(g->tests); i++)
		ms += json_int(json_object_array_get_idx(g->tests, i), "deadline_ms", 0);
	json_set_str(job, "image", g->image);
	json_set_str(job, "initramfs", g->initramfs);
	json_set_str(job, "topology", t->text);
	json_set_str(job, "topology_name", t->name);
	json_set_str(job, "cmdline_extra", cmdline);
	json_set_str(job, "accel", accel_str(g->plan->accel));
	json_set_str(job, "qemu", c->qemu);
	json_set_str(job, "bwrap", c->bwrap);
	json_set(job, "plan", json_object_get(g->tests));
	json_set_int(job, "boot_deadline_ms", (long long)g->hello_ms);
	json_set_int(job, "deadline_ms", ms);
	json_set_int(job, "slowdown", slowdown);
	json_set_int(job, "console_max", (long long)c->console_bytes);
	json_set_int(job, "events_max", c->qmp_events);
	*ret_deadline_ms = (uint64_t)ms + ROLE_SLACK_MS;
	return set_nonce(job, err);
}
