/*
 * The role "build": configures and builds a kernel tree out of tree and says
 * what came of it, told apart by evidence and not by an exit code. Blocks until
 * make has ended or was stopped. Runs inside the sandbox, but needs none.
 *
 * job:    {"arch","src","out","target","make","jobs","fragments":[{"name","text"}],
 *          "configure","changed":[…],"warnings_in","timeout_ms","out_max_bytes",
 *          "memory_max_bytes","memory_total_bytes","processes_max","output_max_bytes","ccache",
 *          "ccache_write","step","log"}
 * result: {"status":"ok|fail|timeout|infra","limited","reason","seconds",
 *          "cpu_seconds","configured","image","image_sha256","config_missing":[…],
 *          "compiled":[…],"warnings","not_built":[…],"log",
 *          "error":{"file","line","text","context","kind"}|null}
 *
 * "limited": it fails by one of the job's limits or the sandbox's /tmp, and may
 * build with others.
 * "step" tells retries of one step from the next step (default: one more than
 * the last). The warnings document is written whatever the status is and must
 * be handed to the next build in the same folder (kernels/warnings.h says why).
 * "log": where make's output goes; null: to stdout, the job's log.
 *
 * The process becomes a subreaper and kills every process that the build left
 * behind before it looks at the output.
 */
#ifndef SLUICE_KERNELS_ROLE_BUILD_H
#define SLUICE_KERNELS_ROLE_BUILD_H

#include <json-c/json.h>

#include "lib/err.h"

int role_build(struct json_object *job, const char *jobdir, struct json_object *result,
	       struct err *err);

#endif
