/*
 * git with the network at its other end: a child that is given up when it says nothing
 * for too long (it tells its progress each second while anything comes), that writes
 * no file over a size, and that dies with us. Blocks until it ended.
 */
#ifndef SLUICE_KERNELS_GIT_WATCHED_H
#define SLUICE_KERNELS_GIT_WATCHED_H

#include <stdint.h>

#include "lib/err.h"
#include "lib/str.h"

struct git_watched {
	char *const *argv;
	const char *log; /* file for its output, made anew */
	uint64_t silence_ms;
	uint64_t file_max; /* bytes */
};

/*
 * 0 with what it wrote in ret_output, where that is wanted (its first MiB); -1 with
 * ERR_LIMIT for silence, with git's own words when it failed.
 */
int git_watched_run(const struct git_watched *g, struct str *ret_output, struct err *err);

#endif
