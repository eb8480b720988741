/*
 * Calls that change a locked range, on one CPU, while another process moves its
 * pages about. The calls and their ranges come from a seed: the same seed gives
 * the same calls, time only how many of them, and when the pages are spread anew
 * between them. What each page must hold and whether it is locked is kept beside,
 * and compared when all is quiet again.
 */
#ifndef SLUICE_MLOCK_RACE_H
#define SLUICE_MLOCK_RACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define RACE_PAGES 256
#define RACE_RANGE_MAX 24 /* of one call */
/* Pages that a race must see moved, or it has shown nothing. */
#define RACE_MOVED_MIN (RACE_PAGES / 4)

/* How the pages are moved. */
enum race_way {
	/* move_pages(2), to another node and back; it switches all batches off. */
	RACE_BY_CALL,
	/*
	 * Compaction, which leaves them on. It moves pages up, once: so between two
	 * compactions the pages are given back and touched in frames far apart.
	 */
	RACE_BY_COMPACTION,
};

enum race_lock { RACE_UNLOCKED, RACE_LOCKED, RACE_ON_FAULT };

struct race_page {
	enum race_lock lock;
	bool present;
	uint32_t value; /* its first word */
};

/* What the mover and the calls tell each other, in memory that both share. */
struct race_shared {
	volatile pid_t target; /* whose pages */
	volatile bool go, stop;
	volatile long rounds; /* that the mover is through with */
	volatile long moved;  /* pages that compaction put into another frame */
	volatile long spread; /* compactions that the pages were spread for */
	volatile int error;   /* the mover's last that has no good reason: -errno */
	/* Of each page, odd while it may be replaced, so that it is not taken for moved. */
	volatile unsigned replaced[RACE_PAGES];
};

struct race {
	enum race_way way;
	int node;  /* that is compacted */
	char *map; /* RACE_PAGES pages */
	char *scratch;
	char *filler; /* pages that are touched between ours */
	struct race_page page[RACE_PAGES];
	struct race_shared *shared;
	uint64_t random; /* the generator's state */
	uint32_t writes;
	long calls;
	long long migrated, failed; /* pgmigrate_* of the machine meanwhile */
	long long moved;            /* of our pages */
	bool forked;                /* since the pages were spread */
	pid_t child;                /* of the last fork, not waited for yet; 0: none */
	int mover_status;           /* as of waitpid: 0 when it ended well */
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

/* Maps what a race needs; pages come from node only where that is compacted. */
void race_init(struct race *r, enum race_way way, int node, uint64_t seed);
/*
 * Runs calls (NULL-terminated) for ms; the mover is gone when it returns. All pages
 * are locked and written before it moves the first.
 */
void race_run(struct race *r, const race_call_fn *calls, uint64_t ms);
void race_done(struct race *r);
char *race_page_addr(const struct race *r, size_t i);

#endif
