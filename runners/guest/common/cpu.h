/*
 * Which CPUs there are, running on a chosen one, and draining the batches that
 * each of them keeps. CPUs over 63 are not seen.
 */
#ifndef SLUICE_GUEST_CPU_H
#define SLUICE_GUEST_CPU_H

#include <stdint.h>

uint64_t cpu_online(void);
/* The lowest and the highest of them: the same one where there is one. */
int cpu_first(void);
int cpu_last(void);
/* The calling thread runs there and nowhere else. 0, or -errno. */
int cpu_pin(int cpu);
/* The same; ends the case where it cannot: what follows means just that CPU. */
void cpu_run_on(int cpu);
int cpu_pin_mask(uint64_t mask);
/*
 * Empties the mlock and LRU batches of every CPU without moving a page: mlock
 * and munlock drain the CPU they run on, so one page is locked and unlocked on
 * each. The thread's affinity is put back. 0, or -errno.
 */
int cpu_drain_all(void);

#endif
