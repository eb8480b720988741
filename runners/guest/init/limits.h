/*
 * Kernel settings of ours. An oops ends the boot: what the dead task held would hang
 * later tests, and they would be charged for it. Warnings do not: the log tells
 * them. Soft lockups and hung tasks are told with a stack before the test's own
 * deadline ends it.
 */
#ifndef SLUICE_INIT_LIMITS_H
#define SLUICE_INIT_LIMITS_H

/* At boot, before settings_remember. */
void limits_set(void);

#endif
