/*
 * /dev is shared by all tests and can be written: what a test put there goes, and
 * what it removed or changed comes back, as it was before the first test. Device
 * files that the kernel made since stay: their devices are there.
 */
#ifndef SLUICE_INIT_DEVICES_H
#define SLUICE_INIT_DEVICES_H

#include "init/tell.h"

void devices_remember(void);
void devices_restore(const struct teller *t);

#endif
