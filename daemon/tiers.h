/*
 * Which steps the deep tier looks at: a pure function over what is known, without
 * I/O, so that it can be tested. Deep is a suite or a kernel config that is too
 * slow for every step (runners/suite.h, kernels/kconfig.h). It is wanted
 *
 * - at the base and at the tip;
 * - where a quick test names a patch, at that step and at the last good one before
 *   it: to see more of what the patch broke;
 * - between a step where something deep was good and a later one where it was bad
 *   twice, by halves, until judge_cells has one candidate; the same for what
 *   repaired it. By odds (belief.h): between those that are sure to be good and to be
 *   bad, which are run as often as that takes before the next half is asked for.
 *
 * A view is of one (config, topology), or of the builds of one deep config.
 */
#ifndef SLUICE_DAEMON_TIERS_H
#define SLUICE_DAEMON_TIERS_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/judge.h"

/* What a step offers. */
enum tier_ground {
	GROUND_UNKNOWN, /* not known yet; it may be asked for */
	GROUND_READY,   /* a kernel to look at */
	GROUND_NONE,    /* no kernel, or one that does not even boot */
};

struct tiers_view {
	int nsteps;                     /* n+1 */
	const enum tier_ground *ground; /* [nsteps] */
	bool settled;      /* no ground becomes known any more but by asking for it */
	const bool *asked; /* [nsteps] wanted before; whatever came of it */
	bool busy;         /* something asked for, or its repeat, is not done yet */
	const struct cell *cells; /* [subject * nsteps + step]: the deep ones */
	size_t nsubjects;
	const struct judgement *deep;  /* [nsubjects] what is held of them, if not what
					* judge_cells says of the cells; or NULL */
	const struct judgement *quick; /* of quick subjects, once all of theirs is done */
	size_t nquick;
};

/*
 * Fills want[0..nsteps-1] with the steps to ask for now, none of them asked
 * before; returns how many.
 */
int tiers_want(const struct tiers_view *v, bool *want);

#endif
