/*
 * What a test may leave behind that outlives its processes and its mounts:
 * changed settings, CPUs and memory that are offline, swap, System V objects,
 * cgroups. Remembered once before the first test, put back after each, so that
 * the next one finds the machine as the first did.
 */
#ifndef SLUICE_INIT_TIDY_H
#define SLUICE_INIT_TIDY_H

#include <stdbool.h>

typedef void (*tidy_say_fn)(const char *text, void *arg);

void tidy_remember(void);
/*
 * Tells what was there besides settings, which tests change as a matter of
 * course. False when something does not come back: this kernel is not to be
 * trusted with another test.
 */
bool tidy_up(tidy_say_fn say, void *arg);

#endif
