/*
 * How many times as long as usual this kernel may take: a config with costly checks
 * says so (slowdown in kernels/kconfig.h), and the host hands it on as a word of the
 * kernel command line, "sluice.slowdown=6". All that is a limit on time goes through
 * here; what is an amount of work does not.
 */
#ifndef SLUICE_GUEST_SLOWDOWN_H
#define SLUICE_GUEST_SLOWDOWN_H

#include <stdint.h>

#define SLOWDOWN_MAX 100

/* 1 without such a word, and at most SLOWDOWN_MAX. Needs /proc. */
unsigned slowdown(void);
/* So much time, or so many tries, on this kernel. */
uint64_t slowdown_scale(uint64_t n);
/* Before something is tried again. */
void slowdown_pause_ms(unsigned ms);

#endif
