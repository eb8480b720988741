/*
 * What runs next: a pure function over what is known, without I/O, so that it
 * can be tested. Builds of a series go one after the other in step order. Boots of
 * the base and of the tip go before the others; one in the middle does not wait for
 * the tip to be built, since it costs the tip at most the rest of itself. A boot that
 * must have the machine to itself (a repeat that decides whether a patch is charged)
 * waits until everything else is done and then runs alone. What is deep starts only
 * when nothing quick is left to start: it takes long, and people wait for the rest.
 */
#ifndef SLUICE_DAEMON_SCHED_H
#define SLUICE_DAEMON_SCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sched_job_state { SCHED_READY, SCHED_RUNNING, SCHED_DONE };

struct sched_boot {
	int step;
	enum sched_job_state state;
	bool alone;      /* nothing else may run beside it */
	bool deep;       /* waits for all that is not */
	int cpus;        /* of the guest */
	uint64_t memory; /* of the guest, bytes */
};

struct sched_view {
	int nsteps; /* n+1 */
	int cpus;   /* what we may use; at least one guest and one build always run */
	uint64_t memory;       /* bytes we may use */
	int guests_max;        /* at once; 0: as many as have CPUs */
	uint64_t build_memory; /* what a build is reckoned to take */
	bool build_waiting;    /* the next build is known and its inputs are there */
	bool build_deep;       /* it waits like a deep boot */
	bool build_running;
	const struct sched_boot *boots;
	size_t nboots;
};

enum sched_what { SCHED_WAIT, SCHED_BUILD, SCHED_BOOT, SCHED_FINISHED };

struct sched_action {
	enum sched_what what;
	size_t boot; /* index into boots for SCHED_BOOT */
};

/*
 * Called again after each action is carried out, until it says wait (something
 * runs and nothing more fits) or finished (nothing runs, nothing is left).
 */
struct sched_action sched_next(const struct sched_view *v);

#endif
