/*
 * The inside of a posterior over commits, for daemon/bisect*.c alone: see bisect.h.
 */
#ifndef SLUICE_DAEMON_BISECT_POSTERIOR_H
#define SLUICE_DAEMON_BISECT_POSTERIOR_H

#include <stdbool.h>

#include "daemon/bisect.h"

/* Hypotheses that are no commit of the range. */
enum bisect_special {
	/* Nothing is bad. */
	BISECT_NONE,
	/* Everything is: it came before the good end, and before each branch left. */
	BISECT_ALL,
	/* The good end is, and what descends from it: branches had left before. */
	BISECT_FROM_GOOD,
	/* The good end is, what comes later is not. */
	BISECT_GOOD_ONLY,
	BISECT_SPECIALS
};

/* A hypothesis is weighed by what its bad commits did: all with the same counts weigh
 * the same. */
struct bisect_weight {
	int runs, failures; /* of the bad commits */
	double p;           /* of one hypothesis, first as a logarithm */
	/* P(the next run fails), of a bad commit, of a good one */
	double next_bad, next_good;
};

struct bisect {
	const struct bisect_graph *graph;
	int n;
	struct bisect_commit *commits; /* sums are with the first of each image */
	int *first;                    /* [n] first commit with its image; -1: has none */
	int *group;                    /* [n] of the hypothesis; -1: excluded */
	struct bisect_weight *groups;
	int *members; /* [ngroups] */
	int ngroups;
	struct bisect_weight special[BISECT_SPECIALS];
	bool possible[BISECT_SPECIALS];
	int *alike;   /* [n] the first hypothesis that cannot be told from this one */
	double *call; /* [n] sums of p, at those */
	bool contradiction;
};

/* Whether it says that the commit is bad. */
static inline bool bisect_special_bad(const struct bisect *b, enum bisect_special s,
				      int commit)
{
	switch (s) {
	case BISECT_ALL:
		return true;
	case BISECT_FROM_GOOD:
		return bisect_graph_leads(b->graph, 0, commit);
	case BISECT_GOOD_ONLY:
		return commit == 0;
	default:
		return false;
	}
}

#endif
