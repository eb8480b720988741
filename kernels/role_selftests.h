/*
 * The role "selftests": builds programs of a tree's own tools/testing/selftests,
 * static, against the tree's own headers, by the tree's own rules ("make headers",
 * then "make …/NAME" in the folder). Each program is made by itself: one that does
 * not build does not stop the others. Blocks. Runs inside the sandbox. All that it
 * makes lies below out/.selftests, where nothing of an earlier run stays.
 *
 * job:    {"arch","src","out","make","jobs","folders":["mm","vm"],"programs":[NAME],
 *          "programs_max_bytes",limits as in kernels/build_job.h,"log"}
 * result: {"status":"ok|timeout|infra","reason","seconds","cpu_seconds","folder",
 *          "log","programs":[{"name","status":"ok|fail|absent|lacking","file","error"}]}
 *
 * "folder" is the first of the job's that the tree has, or null. "ok" in the result
 * says that each program was tried. Of a program, absent: the tree has no NAME.c;
 * lacking: it needs a library that this machine has not; fail: neither, "error"
 * says what; so is the largest where all together have more than programs_max_bytes
 * (0: any). "file", of an ok one, is below the job folder.
 */
#ifndef SLUICE_KERNELS_ROLE_SELFTESTS_H
#define SLUICE_KERNELS_ROLE_SELFTESTS_H

#include <json-c/json.h>

#include "lib/err.h"

int role_selftests(struct json_object *job, const char *jobdir,
		   struct json_object *result, struct err *err);

#endif
