/*
 * One test of the plan: a process in a session of its own, its output sent
 * line by line as frames, killed at its deadline together with everything that
 * it left behind. Blocks until that is done; the watchdog is petted all along.
 */
#ifndef SLUICE_INIT_RUN_H
#define SLUICE_INIT_RUN_H

#include <stdbool.h>

#include "init/plan.h"

/* To be called once, before the first test. */
void run_init(void);
/*
 * Sends start, out and done frames and the marker lines. False when a process
 * of the test could not even be killed, or what it left behind not be put
 * right: this kernel is not to be trusted with another test.
 */
bool run_test(const struct plan_test *test);

#endif
