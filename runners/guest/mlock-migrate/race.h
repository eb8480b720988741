/*
 * Calls that change a locked range, on one CPU, while another process moves its
 * pages about. The calls and their ranges come from a seed: the same seed gives
 * the same calls, time only how many of them. What each page must hold and
 * whether it is locked is kept beside, and compared when all is quiet again.
 */
#ifndef SLUICE_MLOCK_RACE_H
#define SLUICE_MLOCK_RACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define RACE_PAGES 256
#define RACE_RANGE_MAX 24 /* of one call */

enum race_lock { RACE_UNLOCKED, RACE_LOCKED, RACE_ON_FAULT };

struct race_page {
	enum race_lock lock;
	bool present;
	uint32_t value; /* its first word */
};

/* Told to the mover by memory that both share. */
struct race_shared {
	volatile pid_t target; /* whose pages */
	volatile bool stop;
	volatile long rounds;
	volatile long moved; /* pages that move_pages put on another node */
};

struct race {
	char *map; /* RACE_PAGES pages */
	char *scratch;
	struct race_page page[RACE_PAGES];
	struct race_shared *shared;
	uint64_t random; /* the generator's state */
	uint32_t writes;
	long calls;
	pid_t child; /* of the last fork, not waited for yet; 0: none */
};

/* What a case does; each changes the pages [first, first + n) and the model. */
typedef void (*race_call_fn)(struct race *r, size_t first, size_t n);

void race_call_lock(struct race *r, size_t first, size_t n);
void race_call_lock_on_fault(struct race *r, size_t first, size_t n);
void race_call_unlock(struct race *r, size_t first, size_t n);
void race_call_write(struct race *r, size_t first, size_t n);
void race_call_dontneed(struct race *r, size_t first, size_t n);
void race_call_unmap(struct race *r, size_t first, size_t n);
void race_call_mremap(struct race *r, size_t first, size_t n);
void race_call_fork(struct race *r, size_t first, size_t n);
void race_call_exit(struct race *r, size_t first, size_t n);

/* Runs calls (NULL-terminated) for ms; the mover is gone when it returns. */
void race_run(struct race *r, const race_call_fn *calls, uint64_t seed, uint64_t ms);
void race_done(struct race *r);
char *race_page_addr(const struct race *r, size_t i);

#endif
