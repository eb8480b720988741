/*
 * Which commit of a range to run next, and why: both ends first, then the one whose run
 * is expected to tell most for what it costs, and before a commit is named it and its
 * parents again. Pure.
 */
#ifndef SLUICE_DAEMON_BISECT_NEXT_H
#define SLUICE_DAEMON_BISECT_NEXT_H

#include "daemon/bisect.h"

struct bisect_policy {
	double sure;         /* P that a call needs, say 0.99 */
	int runs_max;        /* of all commits together; then it ends unsure */
	int ends_max;        /* of the bad end, while none of them failed */
	double run;          /* seconds of one run of a commit that is built, > 0 */
	const double *build; /* [n] seconds to have its image; 0: it is there; NULL: all
			      * are */
};

enum bisect_why {
	BISECT_ENDS,    /* an end is verified */
	BISECT_TELLS,   /* it is expected to tell most for its cost */
	BISECT_CONFIRM, /* what is to be named, and its parents, run again */
	/* From here on nothing is to be run. */
	BISECT_CALLED,   /* the call stands */
	BISECT_NOT_SEEN, /* the bad end did not fail once in ends_max runs */
	BISECT_NO_END,   /* an end cannot be run, and is not marked */
	BISECT_BUDGET,   /* runs_max is reached */
	BISECT_FUTILE,   /* it would be before a call could stand */
};

const char *bisect_why_str(enum bisect_why why);

struct bisect_step {
	enum bisect_why why;
	int commit;  /* the one to run; of those with its image the first; -1: none */
	double gain; /* nats, of BISECT_TELLS */
	double cost; /* seconds, see below */
};

/*
 * The decision. A commit that is not built yet costs its build as well, shared by as many
 * runs as commits had so far on average; and what lies next to commits that do not build
 * is expected not to build either. Ends have run when the bad one failed, and each ran
 * at least twice, the good one as often as the bad one but not more than ten times. A
 * culprit and each of its parents have run at least three times before it is named: of
 * those that cannot be run, the next ones that can.
 */
struct bisect_step bisect_next(const struct bisect *b,
			       const struct bisect_policy *policy);

/* Whether all of those have run that often. */
bool bisect_confirmed(const struct bisect *b, const struct bisect_call *c);

#endif
