/*
 * What a test may leave behind that outlives its processes and its mounts: files in
 * /tmp, System V objects, cgroups, swap, what is on RAM disks and in /dev, changed
 * settings, CPUs and memory that are offline. Remembered once before the first test, put back after each, so that
 * the next one finds the machine as the first did.
 */
#ifndef SLUICE_INIT_TIDY_H
#define SLUICE_INIT_TIDY_H

#include <stdbool.h>

#include "init/tell.h"

void tidy_remember(void);
/*
 * Tells what was there. False when something does not come back: this kernel is not
 * to be trusted with another test.
 */
bool tidy_up(const struct teller *t);

#endif
