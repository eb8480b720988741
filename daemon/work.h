/*
 * What a worker does: one job of the queue, with a database handle that its lease
 * guards, to its end, or until it gives way to a job that somebody waits for. The end
 * is written by the worker itself, in one statement that the lease covers, so a job is
 * over exactly once however the daemon ends.
 */
#ifndef SLUICE_DAEMON_WORK_H
#define SLUICE_DAEMON_WORK_H

#include <stdint.h>

#include "daemon/run.h"

struct work_opts {
	const struct config *config;
	const char *state_dir;
	int64_t job, epoch;
	run_event_fn on_event;
	void *arg;
};

/* The worker's exit status. */
enum work_exit {
	WORK_OVER = 0,     /* the job is over, or waits for another try */
	WORK_LOST = 3,     /* err says why; the job is as it was taken */
	WORK_STOPPED = 75, /* by a signal, before the end */
	WORK_YIELDED = 76, /* to a job that somebody waits for, before the end */
};

enum work_exit work_run(const struct work_opts *opts, struct err *err);

#endif
