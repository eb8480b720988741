/*
 * What the roles that run make have in common: the limits in their job, what
 * their children used, and stripping what they hand over.
 */
#ifndef SLUICE_KERNELS_BUILD_JOB_H
#define SLUICE_KERNELS_BUILD_JOB_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernels/make_run.h"
#include "lib/err.h"

/*
 * "timeout_ms" (counted from now), "out_max_bytes", "memory_max_bytes",
 * "memory_total_bytes", "output_max_bytes", "processes_max", "watch_ms".
 * *ret_timeout_ms is the first as it stands there.
 */
void build_job_limits(struct json_object *job, struct make_limits *ret_limits,
		      uint64_t *ret_timeout_ms);
/* The strings of an array, what is none left out; strv_free. */
char **build_job_strings(struct json_object *arr);

/* Of all children that were waited for. */
double build_cpu_seconds(void);
/* Of the largest of them, bytes. */
uint64_t build_peak_memory(void);

/*
 * A copy without symbols: a fraction of the size, and it does not change with
 * names alone. *ret_fault: what strip cannot read in it, NULL when all went well; the
 * caller frees. -1 when strip could not do its work, as on a full disk: that says
 * nothing of the file. Blocks.
 */
int build_strip(const char *from, const char *to, char *const *envp, char **ret_fault,
		struct err *err);

#endif
