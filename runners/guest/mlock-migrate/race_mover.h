/*
 * What moves the pages of a race about: a process of its own, on any CPU but the
 * one of the calls.
 */
#ifndef SLUICE_MLOCK_RACE_MOVER_H
#define SLUICE_MLOCK_RACE_MOVER_H

#include <stdbool.h>
#include <stddef.h>

#include "mlock-migrate/race.h"

/* Whether this machine can move locked pages that way. */
bool race_can(enum race_way way);
/*
 * The life of the mover, just forked: waits for r->shared->go, moves until
 * r->shared->stop, and exits with 0. Whether anything moved is for the caller to see.
 */
void race_mover(struct race *r) __attribute__((noreturn));
/*
 * By the caller itself, when all is quiet: moves each page to one node, then to
 * another. Says in moved[i] whether page i went the second way; gives their number.
 * Needs RACE_BY_CALL to be possible.
 */
size_t race_move_all(const struct race *r, bool *moved);

#endif
