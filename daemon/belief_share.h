/*
 * What one test's verdict says of the others of its config. A patch that breaks one test
 * often breaks more, and the same one on several topologies; each by itself would have to
 * overcome that a given patch rarely breaks a given test. So the prior of each is a
 * mixture: a patch breaks it by itself (belief_prior.per_patch), or it is one that is
 * known to break something. Pure.
 *
 * - A test speaks for a patch once that is named, and confirmed, by its own runs alone: a
 *   witness. What was shared is not passed on, so no belief feeds on itself.
 * - The best witness counts, not how many there are: tests of one boot fail together
 *   when that boot had bad luck, so they are not independent.
 * - It is bounded. Where a test that fails for nothing stands beside a real bug its odds
 *   of being charged to that begin at SHARED : 1 - SHARED, and a martingale that begins
 *   there reaches 99 : 1 in at most 0.25 / 0.75 / 99, or one case in 300.
 */
#ifndef SLUICE_DAEMON_BELIEF_SHARE_H
#define SLUICE_DAEMON_BELIEF_SHARE_H

#include "daemon/belief.h"

/* Whether a belief, made of its own runs alone, speaks for a patch. */
bool belief_is_witness(const struct belief *own);
/* Raises patch[0..nsteps-1], the chances that each patch breaks another test, by what the
 * witness says; begin with per_patch in all of them. */
void belief_share(const struct belief *witness, int nsteps, double *patch);

#endif
