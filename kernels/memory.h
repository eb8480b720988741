/*
 * How much memory the processes of a build hold together: what no rlimit
 * bounds. Only of use in a PID namespace of our own (the sandbox's), where
 * /proc shows the build and nothing else.
 */
#ifndef SLUICE_KERNELS_MEMORY_H
#define SLUICE_KERNELS_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* Whether what /proc shows is a sandbox's: its first process is bwrap. */
bool memory_in_sandbox(void);
/*
 * Resident bytes of all processes but ourselves, pages shared with files not
 * counted. Processes that end meanwhile count as nothing. A few dozen reads.
 */
uint64_t memory_of_all(void);

#endif
