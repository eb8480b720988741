/*
 * The job of the boot role: one place for the boots of a series and those of
 * "sluice quiet", so that what is measured is what runs.
 */
#ifndef SLUICE_DAEMON_GUEST_JOB_H
#define SLUICE_DAEMON_GUEST_JOB_H

#include <stdint.h>

#include "daemon/config.h"
#include "daemon/plan.h"
#include "lib/err.h"
#include "lib/json.h"

struct guest_job {
	const struct config *config;
	const struct plan *plan;
	size_t kconfig, topology;      /* indexes into the plan's */
	const char *image, *initramfs; /* paths that the build user can reach */
	struct json_object *tests;     /* [{"test","argv","deadline_ms"}], borrowed */
	uint64_t hello_ms;             /* to the first word of the guest's init */
};

/* Fills job; *ret_deadline_ms is for the role as a whole. */
int guest_job_fill(const struct guest_job *g, struct json_object *job,
		   uint64_t *ret_deadline_ms, struct err *err);

#endif
