/* The groups that a test made, and the hierarchies of cgroup version 1. */
#ifndef SLUICE_INIT_CGROUPS_H
#define SLUICE_INIT_CGROUPS_H

#include "init/tell.h"

/* All below the root, which gets all controllers back and hands none on. */
void cgroups_remove(const struct teller *t);

#endif
