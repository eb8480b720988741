/*
 * The part of lib/job.h between fork and exec. Only lib/job.c needs it.
 */
#ifndef SLUICE_LIB_JOBCHILD_H
#define SLUICE_LIB_JOBCHILD_H

#include "lib/job.h"

/*
 * Forks and executes opts->argv with in as stdin and out as stdout and stderr;
 * both stay open here, they are the caller's. Returns once exec has been done:
 * the pid (of a session and group of its own), or -1 with err and no child left.
 */
pid_t jobchild_spawn(const struct job_opts *opts, int in, int out, struct err *err);

#endif
