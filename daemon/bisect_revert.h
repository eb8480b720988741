/*
 * Confirmation of a culprit by taking it back: the bad end is run without it. What that
 * says of the call, and how often it has to run. Pure.
 *
 * If the commit is to blame, its revert mostly mends the bad end, but not where the bug
 * has a second cause. If it is not, the revert mostly mends nothing.
 */
#ifndef SLUICE_DAEMON_BISECT_REVERT_H
#define SLUICE_DAEMON_BISECT_REVERT_H

#include "daemon/bisect.h"

struct bisect_revert {
	double mended; /* P(the reverted tree is good), if the call is right */
	double p;      /* P(the call is right), with these runs */
};

/* After runs of the reverted tree, of which failures failed; call is a culprit. */
struct bisect_revert bisect_revert_odds(const struct bisect *b,
					const struct bisect_prior *prior,
					const struct bisect_call *call, int runs,
					int failures);
/* Whether it is to run again: at least three times, and until it is told from the good
 * and the bad, but not more than max times. */
bool bisect_revert_again(const struct bisect_revert *r, int runs, int max);

#endif
