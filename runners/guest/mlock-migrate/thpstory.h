/*
 * What may happen to locked huge pages: the stories of case_thp.c. Each is done to
 * two huge pages, or to one MiB of smaller ones, that are locked, and complains
 * where something else came of it than it must.
 */
#ifndef SLUICE_MLOCK_THPSTORY_H
#define SLUICE_MLOCK_THPSTORY_H

#include <stdbool.h>

#include "common/why.h"
#include "mlock-migrate/account.h"
#include "mlock-migrate/pageset.h"

enum thp_kind {
	THP_ANON,
	THP_SHMEM,
	THP_SMALL, /* anonymous, of 64 KiB: PTEs map them from the first */
};

enum thp_need {
	THP_NEEDS_NOTHING,
	THP_NEEDS_TWO_NODES,
	THP_NEEDS_SPLIT,
	THP_NEEDS_COMPACTION,
};

/* In memory that all stories' processes share. */
struct thp_findings {
	bool known;  /* the next one was observed */
	bool by_pte; /* mlock(2) locks huge pages that PTEs map */
};

struct thp_story {
	const char *name;
	enum thp_kind kind;
	bool lock_first; /* before the first touch */
	enum thp_need need;
	void (*happen)(const struct thp_story *st, struct pageset *set, struct why *w);
	/* Filled in before it is told: */
	struct thp_findings *found;
	const struct account *base; /* before anything was put up */
	int from, to;               /* nodes; to -1: there is one only */
};

/* What a whole set of a kind has, and one huge page of it, in base pages. */
size_t thp_set_pages(enum thp_kind kind);
size_t thp_one_pages(enum thp_kind kind);

/*
 * Fills in the findings by a set that was put up for this, and complains of nothing:
 * for when "relock" was not told.
 */
void thp_observe(const struct thp_story *st, const struct pageset *set);

/* Is the running kernel of this version or a later one? */
bool thp_kernel_since(int major, int minor);
/* All is small then; complains of what is not. */
void thp_split_all(const struct pageset *set, struct why *w);
/* Moves a set that lies in huge pages of so many base pages; complains of what stays. */
void thp_move_parts(const struct pageset *set, size_t one, int node, struct why *w);

void happen_nothing(const struct thp_story *st, struct pageset *set, struct why *w);
void happen_relock(const struct thp_story *st, struct pageset *set, struct why *w);
void happen_munlock(const struct thp_story *st, struct pageset *set, struct why *w);
void happen_mprotect(const struct thp_story *st, struct pageset *set, struct why *w);
void happen_split(const struct thp_story *st, struct pageset *set, struct why *w);
void happen_dontneed(const struct thp_story *st, struct pageset *set, struct why *w);
void happen_munmap(const struct thp_story *st, struct pageset *set, struct why *w);
void happen_move(const struct thp_story *st, struct pageset *set, struct why *w);
void happen_move_ptes(const struct thp_story *st, struct pageset *set, struct why *w);
void happen_compact(const struct thp_story *st, struct pageset *set, struct why *w);
/* Of the deep tier. */
void happen_collapse(const struct thp_story *st, struct pageset *set, struct why *w);
void happen_split_order(const struct thp_story *st, struct pageset *set, struct why *w);
void happen_order_dontneed(const struct thp_story *st, struct pageset *set,
			   struct why *w);

#endif
