/*
 * What is believed of a subject (cells.h): what its boots say about each step, and what
 * its test did before on good bases, put before belief.h.
 */
#ifndef SLUICE_DAEMON_ASSESS_H
#define SLUICE_DAEMON_ASSESS_H

#include "daemon/belief.h"
#include "daemon/cells.h"
#include "daemon/witness.h"
#include "db/history.h"

struct assessment {
	struct belief_step *steps; /* [ntested] */
	bool failed; /* a run did, anywhere: a program that does not compile is no chance */
	struct history past;
	struct belief *belief; /* NULL: no run failed, there is nothing to ask */
	struct belief_call call;
};

/* The counts alone, and the history where something failed: all that a belief is made
 * of, and cheap beside it. The caller frees. */
int assess_evidence(struct series_run *r, const struct subject *s, struct assessment *ret,
		    struct err *err);
/* The same evidence in both: one belief does for both. */
bool assess_alike(const struct series_run *r, const struct assessment *a,
		  const struct assessment *b);
/* Adds the belief and its call, where something failed; patch: what witnesses_tell says,
 * or NULL. */
void assess_believe(const struct series_run *r, struct assessment *a,
		    const double *patch);
/* All of it. Without a run that failed it reads nothing and makes no belief. The caller
 * frees. */
int assess(struct series_run *r, const struct subject *s, const struct witnesses *w,
	   struct assessment *ret, struct err *err);
void assessment_done(struct assessment *a);

/* Runs and failures of the steps first..last, each run once. */
struct assess_count {
	int runs, failures;
};
struct assess_count assess_count(const struct assessment *a, int first, int last);

/* The call charges one patch, and what it names has run again. */
bool assess_names(const struct belief *b, const struct belief_call *c);
/*
 * What fails beside a test that has named the patch, and fails less often: it is broken
 * by that patch, too, or comes and goes on the base as well, or failed by chance. Which of
 * them it is would take many boots, and would charge no other patch: it is asked no
 * further and stays inconclusive. named[ntested]: the patches that tests of its column name.
 */
bool assess_is_beside(const struct series_run *r, const struct assessment *a,
		      const bool *named);

/* [verdict] repeats = sure: verdicts go by probability. */
bool assess_by_odds(const struct series_run *r);

#endif
