/*
 * One run of make under limits: time, output, memory and size of each process,
 * size of the output folder. Its lines go to a buildlog and to a log. Blocks.
 */
#ifndef SLUICE_KERNELS_MAKE_RUN_H
#define SLUICE_KERNELS_MAKE_RUN_H

#include <stdint.h>
#include <stdio.h>

#include "kernels/buildlog.h"
#include "lib/err.h"

enum make_how {
	MAKE_EXITED,   /* code: its status */
	MAKE_SIGNALED, /* code: a signal that was not ours */
	MAKE_TIMEOUT,
	MAKE_FLOODED, /* wrote over output_max */
	MAKE_FILLED,  /* out grew over out_max */
	MAKE_HOGGED,  /* its processes together went over memory_total */
	MAKE_BROKEN,  /* our own trouble with its output */
};

struct make_limits {
	uint64_t deadline_ms;   /* by CLOCK_MONOTONIC, absolute; 0: none */
	uint64_t out_max;       /* bytes below out; 0: no limit */
	uint64_t memory_max;    /* address space of each process; 0: no limit */
	uint64_t memory_total;  /* of all processes together, in a sandbox; 0: no limit */
	uint64_t output_max;    /* bytes of output of one run */
	uint64_t processes_max; /* of the uid (in its user namespace); 0: no limit */
	uint64_t watch_ms;      /* how often out is measured */
};

struct make_run {
	char *const *argv;
	char *const *envp;
	const char *out;
	const struct make_limits *limits;
	struct buildlog *log;
	FILE *copy; /* gets every line; NULL: none */
};

uint64_t make_now_ms(void); /* CLOCK_MONOTONIC */
/* -1 only when make could not be started or watched. */
int make_run(const struct make_run *r, enum make_how *ret_how, int *ret_code,
	     struct err *err);

#endif
