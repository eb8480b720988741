/*
 * The plan of a guest that is started by hand, as its init reads it from the kernel
 * command line. That is short: what does not fit into one is run by several guests,
 * one after the other. Pure.
 */
#ifndef SLUICE_CLI_REPRO_PLAN_H
#define SLUICE_CLI_REPRO_PLAN_H

#include <stddef.h>

#include "lib/err.h"
#include "lib/json.h"

struct repro_plan {
	char *words; /* "sluice.plan=30000:/tests/mlock-migrate:compaction,..." */
	size_t n;    /* tests in it */
};

/*
 * plan: a boot's, all of whose tests are there in their order, as few guests as will
 * do; one without tests has a guest, too. room: bytes for the words. ERR_INPUT for a
 * test that cannot stand there, and for one that is longer than that.
 */
int repro_plans(struct json_object *plan, size_t room, struct repro_plan **ret_plans,
		size_t *ret_n, struct err *err);
void repro_plans_free(struct repro_plan *plans, size_t n);

#endif
