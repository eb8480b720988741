/*
 * RLIMIT_MEMLOCK as mlock(2) and its kin tell of it, for a user who may not exceed
 * it. To be run in a process of its own, that becomes such a user.
 */
#ifndef SLUICE_MLOCK_LIMIT_H
#define SLUICE_MLOCK_LIMIT_H

#define LIMIT_CHECKS 3

/* A turn_fn: LIMIT_CHECKS results. */
void limit_checks(void *arg);

#endif
