/*
 * The kernel's settings: all small files below a few folders of /proc/sys and /sys
 * that can be read and written, but for those that are no settings (they do something
 * when written, or change by themselves). What they say is remembered before the
 * first test and put back after each.
 */
#ifndef SLUICE_INIT_SETTINGS_H
#define SLUICE_INIT_SETTINGS_H

#include <stdbool.h>

#include "init/tell.h"

void settings_remember(void);
/*
 * Tells what was different. To be called before CPUs and memory come online again,
 * which then is as the settings say, and once more (last) after that, for those that
 * the kernel derives from its CPUs and memory; again: all others, too, since something came.
 */
void settings_restore(const struct teller *t);
void settings_restore_last(const struct teller *t, bool again);

#endif
