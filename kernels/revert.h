/* Takes a commit of a history back, as "git revert" does. */
#ifndef SLUICE_KERNELS_REVERT_H
#define SLUICE_KERNELS_REVERT_H

#include "kernels/steps.h"

/*
 * One more step: the commit onto without what another one did (full ids both), by a
 * three-way merge; its id repeats. Where that is not to be had, a step that is not there, with the
 * reason: it is in conflict, a merge, or took back nothing.
 */
int revert_add(struct steps *s, const char *commit, const char *onto, struct err *err);

#endif
