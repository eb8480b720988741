/*
 * Boots one image again and again, over all topologies in turn, and keeps what
 * became of each boot (quiet_store.h). The boots go through the boot role, as
 * those of a series do. What they come to is quiet_tally.h.
 */
#ifndef SLUICE_DAEMON_QUIET_H
#define SLUICE_DAEMON_QUIET_H

#include <stdint.h>

#include "daemon/config.h"
#include "daemon/plan.h"
#include "daemon/quiet_plan.h"
#include "daemon/quiet_store.h"
#include "daemon/state.h"
#include "lib/err.h"

/* After a boot that ended; so many more are to be made. */
typedef void (*quiet_boot_fn)(struct json_object *record, unsigned int left, void *arg);

struct quiet_opts {
	const struct config *config;
	struct state *state;
	const struct plan
		*plan; /* one config, topologies to boot on, suites as in suites */
	const struct quiet_suites *suites;
	const char *image, *image_sha; /* a path that the build user can reach */
	const char *initramfs, *initramfs_sha;
	unsigned int boots;    /* to have at the end, with those kept already */
	unsigned int parallel; /* at a time; guests beyond the CPUs starve each other */
	quiet_boot_fn on_boot;
	void *arg;
};

enum quiet_end {
	QUIET_DONE,        /* all boots are there */
	QUIET_INTERRUPTED, /* by SIGINT or SIGTERM; the same call goes on from there */
	QUIET_LOST,        /* several in a row to our own trouble: no use to go on */
};

/* What a guest has until init's first word. */
uint64_t quiet_boot_ms(const struct quiet_opts *o);
/* The folder for these options' results. */
int quiet_open(const struct quiet_opts *o, struct quiet_store **ret_store,
	       struct err *err);
/*
 * Blocks until *ret_end. -1 when it could not go on; the boots until then are kept,
 * and can be reported. ERR_INPUT when a topology's tests are too many, or none.
 */
int quiet_run(const struct quiet_opts *o, struct quiet_store *store,
	      enum quiet_end *ret_end, struct err *err);

#endif
