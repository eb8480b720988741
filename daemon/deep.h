/*
 * The deep tier of a run: what tiers.h asks for, built and booted. Its state is
 * r->deep; everybody else asks run_deep.
 */
#ifndef SLUICE_DAEMON_DEEP_H
#define SLUICE_DAEMON_DEEP_H

#include "daemon/series_run.h"

/* Once the steps are there. */
void deep_init(struct series_run *r);
/*
 * Asks for builds and makes boots. *ret_more: something follows from that which may
 * be known already; decide builds, plan repeats and call again.
 */
int deep_plan(struct series_run *r, bool *ret_more, struct err *err);
/* Nothing quick of it is to be built, booted or repeated any more. */
bool deep_quick_is_done(struct series_run *r, size_t config, size_t topology);
/* A step was asked for whose boot is not made yet. */
bool deep_is_asked(struct series_run *r, size_t config, size_t topology);
/* Of an earlier run of the series: what was not looked at in this one. */
int deep_forget(struct series_run *r, struct err *err);

#endif
