/*
 * What init itself needs to put things right, and a test that is root can take from
 * it: limits of its process, and the shared file systems' being writable.
 */
#ifndef SLUICE_INIT_OWN_H
#define SLUICE_INIT_OWN_H

#include "init/tell.h"

/* As it is now, before the first test. */
void own_remember(void);
/* Before anything else is put right. */
void own_restore(const struct teller *t);

#endif
