/*
 * How sure can one be of what a series did to one test on one topology? The outcomes
 * over steps 0..n are counts of runs and failures; each hypothesis says which steps
 * are bad; the posterior over all hypotheses says how likely each is. Pure: no I/O, no
 * clock, no random numbers.
 *
 * The hypotheses: no step is bad (clean), or steps from..until-1 are. from = 0 is
 * pre-existing, from = k introduced by patch k, until <= n repaired by patch until. Then
 * those that are broken a second time, as far as outcomes suggest any.
 * Rates of failure are integrated out (rates.h), so a bug that shows in one run of ten
 * is among them. Steps with one image are one: they are good or bad together, their
 * runs are one evidence, and no patch between them can be to blame. Of steps at the end
 * that cannot be run nothing is said: "the tip" is the last one that can.
 */
#ifndef SLUICE_DAEMON_BELIEF_H
#define SLUICE_DAEMON_BELIEF_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/rates.h"

#define BELIEF_STEPS_MAX 1024

/* What is known of a step. */
struct belief_step {
	int image;          /* the same number: the same image; -1: nothing to run */
	int runs, failures; /* of this step; those of others with its image are added */
	int alone;          /* of the runs: with nothing running beside them */
	bool parked;        /* no more runs of it can be had: its boots tell nothing */
};

/* Before anything ran. The odds that a patch breaks one test on one topology are
 * small, and that is what keeps a chance failure from being charged to it. */
struct belief_prior {
	double per_patch;    /* each patch that changes the image: breaks it */
	const double *patch; /* [nsteps], instead of it: see belief_share.h; or NULL */
	double pre_existing; /* the base is bad */
	double repaired;     /* of what is bad: a later patch mends it */
	struct rate_prior good, bad;
};

/* The defaults, with a test's history on good kernels. */
struct belief_prior belief_prior(double runs, double failures);

struct belief;
/*
 * The posterior. 1 <= nsteps <= BELIEF_STEPS_MAX; steps are copied. The caller frees.
 * Costs nsteps² where an image that is left does not come again, else nsteps³.
 */
struct belief *belief_new(const struct belief_step *steps, int nsteps,
			  const struct belief_prior *prior);
void belief_free(struct belief *b);

/* P(clean). */
double belief_clean(const struct belief *b);
/* P(patch from is the first that breaks it); 0: pre-existing, and no patch breaks it
 * again. */
double belief_from(const struct belief *b, int from);
/* P(the step is bad). */
double belief_bad(const struct belief *b, int step);

/* A hypothesis: steps from..until-1 are bad, and from2..until2-1; until = nsteps: to the
 * end; from -1: clean; from2 -1: no second time. */
struct belief_likely {
	double p;
	int from, until, from2, until2;
};
/* The likeliest ones with P >= least, the likeliest first; how many. */
size_t belief_likely(const struct belief *b, double least, struct belief_likely *ret,
		     size_t max);

enum belief_word {
	BELIEF_UNSURE, /* no hypothesis is likely enough */
	BELIEF_CLEAN,
	BELIEF_NOT_SERIES,   /* clean or pre-existing: no patch is to blame */
	BELIEF_PRE_EXISTING, /* and bad to the end, or repaired: until */
	BELIEF_INTRODUCED,   /* and bad at the tip */
	BELIEF_TRANSIENT,    /* and good at the tip */
	BELIEF_BLAMED,       /* as introduced, or as transient: which is not sure */
};

struct belief_call {
	enum belief_word word;
	double p;        /* of the word with its candidates */
	int first, last; /* from is one of these: more than one where nothing between
			  * them can be run, or run again to confirm it; -1 for clean and
			  * unsure */
	int until_first, until_last; /* what repaired it is one of these, at
				      * 1 - sure; -1: nothing did, or not known */
	bool likely_at_tip; /* of what is blamed: more likely bad at the tip than not */
};

/* The call that holds at P >= sure (clean: at 0.99, and where all that failed ran again,
 * whatever sure is), or BELIEF_UNSURE with P of the likeliest. */
struct belief_call belief_call(const struct belief *b, double sure);

/*
 * Whether what a call names has run again, see belief_worth. Where the step that would
 * confirm it is parked, the next one outwards that can tell takes its place, and the call
 * names all patches between the two.
 */
bool belief_confirmed(const struct belief *b, const struct belief_call *c);

/*
 * What one more run of a step would tell, in nats: the mutual information of its
 * outcome and of the hypothesis, as far as calls differ by it (where it began; whether
 * it lasts to the tip). 0 where nothing can be run.
 */
double belief_gain(const struct belief *b, int step);
/* Of every step: ret[0..nsteps-1]. */
void belief_gains(const struct belief *b, double *ret);

/* How to go on. */
struct belief_policy {
	double sure;        /* P that a call needs, say 0.99 */
	int runs_max;       /* of all steps together; then it ends unsure */
	const double *cost; /* [nsteps] of a run of the step, seconds > 0, INFINITY: it
			     * cannot be had, nor where it is parked; NULL: all one */
};

/*
 * Adds to worth[0..nsteps-1] what one more run of each step is worth, nats for a
 * second; returns false when none is wanted: the call stands, or the budget is used up
 * or would be before it stands. Every step is run once first; then it is what a run
 * tells. Before a patch is named its step and what it is held against (the last step
 * before it that can be run and differs) have run at least twice, of that once alone;
 * the base at least twice, or the first step that can. Which patch repaired it is looked for likewise. Add up
 * the subjects of one boot to choose the boot that is best for all of them.
 */
bool belief_worth(const struct belief *b, const struct belief_policy *policy,
		  double *worth);
/* The step worth most, or -1. */
int belief_next(const struct belief *b, const struct belief_policy *policy);

#endif
