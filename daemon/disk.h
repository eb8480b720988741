/*
 * How much room the disk under a folder has, as df says it to who is not root.
 */
#ifndef SLUICE_DAEMON_DISK_H
#define SLUICE_DAEMON_DISK_H

#include <stdint.h>

/* Percent that is free, 100 when that cannot be told. */
unsigned int disk_free_percent(const char *dir);
/* Bytes to free until that much (over 100: as 100) is; 0 when it is. */
int64_t disk_lack(const char *dir, uint64_t percent);

#endif
