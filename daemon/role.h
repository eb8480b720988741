/*
 * Starts our own binary in a role, as the build user, in the sandbox where the
 * role needs one, and brings its result document back. The role sees its job
 * folder (as /job in the sandbox) and what is bound for it, nothing else of
 * the state. However it ends, done() is called once; a role without a result
 * is our trouble ("infra"), never a patch's.
 */
#ifndef SLUICE_DAEMON_ROLE_H
#define SLUICE_DAEMON_ROLE_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "daemon/config.h"
#include "daemon/state.h"
#include "lib/err.h"
#include "lib/json.h"
#include "runners/sandbox.h"

struct role_host {
	sd_event *event;
	struct state *state;
	const struct config *config;
	double cpu_s; /* what roles and their children used so far */
};

struct role_end {
	struct json_object *result; /* NULL: see infra; borrowed */
	const char *infra;          /* one line, why there is no result */
	const char *dir;            /* job folder: <dir>/log, <dir>/job/... */
	bool cancelled;             /* by role_cancel_all or a signal */
	double seconds;
};
/* The job folder is removed when it returns: take files out before. */
typedef void (*role_done_fn)(const struct role_end *end, void *arg);

struct role_opts {
	const char *name;
	struct json_object *job; /* handed over; "schema" and "role" are added */
	char *dir;               /* from state_job_dir, handed over */
	bool sandbox;
	const struct sandbox_bind *binds; /* besides /job and our binary */
	size_t nbinds;
	uint64_t deadline_ms; /* a margin over what the role keeps to itself */
	uint64_t output_max;
	role_done_fn done;
	void *arg;
};

struct role;

/* On failure done is not called, dir and job are gone all the same. */
int role_start(struct role_host *host, struct role_opts *opts, struct role **ret_role,
	       struct err *err);
/* Kills it; done comes with cancelled set. */
void role_cancel(struct role *role);

/*
 * A file that a role left in its job folder: its path when it is a plain file
 * there (no symlink, no other name elsewhere), else NULL. The caller frees.
 */
char *role_file(const struct role_end *end, const char *name);

#endif
