/*
 * Part of daemon/belief.h: what its files share. belief.c has the posterior,
 * belief_call.c what it comes to, belief_next.c what to run.
 */
#ifndef SLUICE_DAEMON_BELIEF_INSIDE_H
#define SLUICE_DAEMON_BELIEF_INSIDE_H

#include "daemon/belief.h"

struct image {
	int steps; /* how many steps have it */
	int runs, failures, alone;
	bool parked;
};

/* Steps from..until-1 are bad, and from2..until2-1. from -1: none is; from2 -1: no
 * others are. */
struct hypothesis {
	int from, until, from2, until2;
	double p;
	double next_bad,
		next_good; /* P(the next run fails), of a bad step, of a good one */
};

struct belief {
	int nsteps; /* without those at the end that cannot be run: nothing tells of them */
	int nsteps_given;
	struct belief_step *steps; /* image: index into images, or -1 */
	int *alike; /* [nsteps]: the last step that no run tells from this one */
	struct image *images;
	int nimages;
	struct hypothesis *h; /* h[0]: clean */
	size_t nh;
	double *from, *from_tip; /* [nsteps]: sums, by the patch to blame; of those that
				  * are bad at the tip */
};

/* The first step with its image, itself or an earlier one. */
int belief_same_before(const struct belief_step *steps, int step);
bool belief_is_bad(const struct hypothesis *h, int step);
/* The first patch that breaks it; 0: the base is bad, and no patch breaks it again;
 * -1: clean. */
int belief_blamed(const struct hypothesis *h);
bool belief_bad_at_tip(const struct belief *b, const struct hypothesis *h);
/* As the caller counts: what lasts to the last step that can be run lasts to the end. */
int belief_until_given(const struct belief *b, int until);

/* It ran at least twice, and once with nothing beside it that could disturb it. */
bool belief_ran_again(const struct belief *b, int step);
/* So it did, or still can. */
bool belief_can_confirm(const struct belief *b, int step);
/* The last step before it that can be run and has another image; -1: none. */
int belief_parent(const struct belief *b, int step);

/* A step that failed in its only run; -1: none. */
int belief_failed_once(const struct belief *b);

#endif
