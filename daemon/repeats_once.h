/*
 * Repeats without odds: each failure that would be charged to a patch is seen once more.
 */
#ifndef SLUICE_DAEMON_REPEATS_ONCE_H
#define SLUICE_DAEMON_REPEATS_ONCE_H

#include "daemon/series_run.h"

int repeats_once_plan(struct series_run *r, struct err *err);

#endif
