/*
 * What simulators share: random numbers that are the same everywhere, and shares.
 */
#ifndef SLUICE_TESTS_SIM_SIM_H
#define SLUICE_TESTS_SIM_SIM_H

#include <stdint.h>

/* Runs on good kernels that a test has behind it. */
#define HISTORY 200

static uint64_t rng_state;

/* splitmix64, Steele, Lea, Flood 2014. */
static inline uint64_t rng(void)
{
	uint64_t z = rng_state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static inline double uniform(void)
{
	return (double)(rng() >> 11) / 9007199254740992.0;
}

static inline int below(int n)
{
	return (int)(rng() % (uint64_t)n);
}

/* How many of them failed. */
static inline double history(double falsely)
{
	double n = 0;

	for (int i = 0; i < HISTORY; i++)
		n += uniform() < falsely;
	return n;
}

static inline double percent(uint64_t k, uint64_t n)
{
	return n ? 100.0 * (double)k / (double)n : 0;
}

#endif
