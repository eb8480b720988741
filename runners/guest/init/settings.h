/*
 * Kernel settings. An oops ends the boot: what the dead task held would hang
 * later tests, and they would be charged for it. Warnings do not: the log tells
 * them. Soft lockups and hung tasks are told with a stack before the test's own
 * deadline ends it.
 */
#ifndef SLUICE_INIT_SETTINGS_H
#define SLUICE_INIT_SETTINGS_H

/* Ours, at boot. */
void settings_set(void);
/* Of all that a test might change: what they are now, and back to that. */
void settings_remember(void);
void settings_restore(void);

#endif
