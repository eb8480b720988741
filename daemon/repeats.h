/*
 * The boots that verdicts still need: where something failed, whole columns (config,
 * topology, tier) are put before belief.h, and the step that teaches most is booted
 * again, with nothing else running.
 */
#ifndef SLUICE_DAEMON_REPEATS_H
#define SLUICE_DAEMON_REPEATS_H

#include "daemon/series_run.h"

/* One more boot for each column that has nothing left to do and is not sure yet;
 * *ret_more is set when there was one. */
int repeats_plan(struct series_run *r, bool *ret_more, struct err *err);

#endif
