/*
 * RAM disks: what a test wrote there (a swap area, a file system) would be found by
 * the next one, and is memory that the kernel does not give back by itself.
 */
#ifndef SLUICE_INIT_RAMDISK_H
#define SLUICE_INIT_RAMDISK_H

#include "init/tell.h"

/*
 * All that hold anything read as zeros again. A kernel without discard for them (6.1)
 * does not take their memory back: it stays theirs.
 */
void ramdisks_empty(const struct teller *t);

#endif
