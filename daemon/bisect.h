/*
 * Which commit of a range broke a test? Every commit has counts of runs and failures;
 * each hypothesis says which commits are bad; the posterior says how likely each is, as
 * belief.h does for a series. Pure: no I/O, no clock, no random numbers.
 *
 * The hypotheses: a commit broke it, so it and all that descend from it are bad; the
 * good end is bad already; nothing is bad, and failures are chance; the good end is bad
 * and the bad end is good. Rates of failure are integrated out (rates.h). Commits with
 * one image are good or bad together and their runs are one evidence. A commit that
 * cannot be run stays a candidate: what no run can tell apart is named together.
 *
 * The failure that a range is bisected for is to be left out of the counts: there would
 * be no bisection without it, so it says nothing of how often the test fails.
 */
#ifndef SLUICE_DAEMON_BISECT_H
#define SLUICE_DAEMON_BISECT_H

#include <stdbool.h>

#include "daemon/bisect_graph.h"
#include "daemon/rates.h"

enum bisect_mark { BISECT_OPEN, BISECT_GOOD, BISECT_BAD };

/* What is known of a commit. */
struct bisect_commit {
	int image;             /* the same number: the same image. Not built yet: a number
				* of its own; -1: it does not build, or does not boot */
	int runs, failures;    /* of it; those of others with its image are added */
	enum bisect_mark mark; /* the user says so: runs of its image do not count */
};

/* Before anything ran; what is left is shared by the commits whose image differs. */
struct bisect_prior {
	double good_is_bad, never_bad, reversed;
	struct rate_prior good, bad;
};

/* The defaults, with a test's history on good kernels. */
struct bisect_prior bisect_prior(double runs, double failures);

struct bisect;
/* The posterior. commits[] has one for each of the graph and is copied; the graph is
 * borrowed for as long as this lives. The caller frees. */
struct bisect *bisect_new(const struct bisect_graph *g,
			  const struct bisect_commit *commits,
			  const struct bisect_prior *prior);
void bisect_free(struct bisect *b);

/* P(this commit is the first bad one), of the good end: P(it is bad already). */
double bisect_culprit(const struct bisect *b, int commit);
/* P(this commit is bad). */
double bisect_bad(const struct bisect *b, int commit);
/* P(nothing is bad). */
double bisect_never_bad(const struct bisect *b);

/* With all those of its image. A marked image has none. */
int bisect_runs(const struct bisect *b, int commit);
int bisect_failures(const struct bisect *b, int commit);
/* The first commit with its image; -1: it has none. */
int bisect_first(const struct bisect *b, int commit);
/* Whether the user answers for it, or for one of its image. */
bool bisect_marked(const struct bisect *b, int commit);
/* Whether it has an image, and no mark says what would come out. */
bool bisect_runnable(const struct bisect *b, int commit);
const struct bisect_graph *bisect_graph_of(const struct bisect *b);

enum bisect_word {
	BISECT_UNSURE,
	BISECT_CULPRIT,
	BISECT_GOOD_IS_BAD,   /* it fails at both ends */
	BISECT_NEVER_BAD,     /* failures are chance */
	BISECT_REVERSED,      /* good and bad are the wrong way round */
	BISECT_CONTRADICTION, /* no hypothesis is left: marks and images exclude all */
};

struct bisect_call {
	enum bisect_word word;
	double p;   /* of the word, with all candidates */
	int commit; /* culprit: the candidate that can be run, else the first one; unsure:
		     * of the likeliest candidates; -1: the likeliest is no commit */
	int candidates;
};

/* The call that holds at P >= sure, or BISECT_UNSURE with P of the likeliest. */
struct bisect_call bisect_call(const struct bisect *b, double sure);
/* Commits that cannot be told from this one, itself among them, in order. Returns how
 * many there are, and writes at most max of them. */
int bisect_candidates(const struct bisect *b, int commit, int *ret, int max);

#endif
