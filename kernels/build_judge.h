/*
 * Says what an ended run of make means: the patch's failure, a limit that the
 * patch ran into, or our own trouble, which is never charged to a patch. Goes
 * by evidence (how the child ended, what tools said of themselves, how full
 * the disk is), because exit codes say nothing. Reads statvfs, nothing else.
 */
#ifndef SLUICE_KERNELS_BUILD_JUDGE_H
#define SLUICE_KERNELS_BUILD_JUDGE_H

#include "kernels/buildlog.h"
#include "kernels/make_run.h"

/* BUILD_LIMIT: a failure, too, but only by what the configuration allows. */
enum build_outcome { BUILD_OK, BUILD_FAIL, BUILD_LIMIT, BUILD_TIMEOUT, BUILD_INFRA };
const char *build_word(enum build_outcome s);

struct build_end {
	enum make_how how;
	int code;
	const struct make_limits *limits;
	uint64_t timeout_ms;  /* as configured, for the message */
	uint64_t peak_memory; /* of its largest process, bytes */
	const char *out;
	struct buildlog *log;
};

/* *ret_reason: one line, "" for BUILD_OK; the caller frees. */
enum build_outcome build_judge(const struct build_end *e, char **ret_reason);

#endif
