/*
 * What retention drops, and in which order: a pure function over what there is. Each
 * kind has a rule of its own, an age and a size in all; and where the disk runs full,
 * the kinds go in their order, the least used first, whatever their age.
 * What is pinned, or was used a moment ago, stays.
 */
#ifndef SLUICE_DAEMON_KEEP_CHOOSE_H
#define SLUICE_DAEMON_KEEP_CHOOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the order in which a full disk takes them. */
enum keep_kind {
	KEEP_SERIES, /* commits of a series, made anew by its next run */
	KEEP_OUT,    /* build output of a base */
	KEEP_SRC,    /* sources of a base */
	KEEP_OTHER,  /* stored, and of no result: left by a crash, or by sluice quiet */
	KEEP_IMAGE, /* images, initramfs, selftests, and what a build that is taken over needs */
	KEEP_LOG,   /* consoles, output of make, .config */
	KEEP_QUIET, /* boots of sluice quiet */
	KEEP_MAIL,  /* mails of jobs, and of postings that never became whole */
};
#define KEEP_KINDS (KEEP_MAIL + 1)
/* "images", for people. */
const char *keep_kind_str(enum keep_kind kind);

enum keep_why {
	KEEP_STAYS,
	KEEP_AGE,  /* not used for longer than its rule says */
	KEEP_SIZE, /* its kind takes more than its rule says */
	KEEP_DISK, /* the disk runs full */
};

struct keep_item {
	enum keep_kind kind;
	int64_t used;      /* UTC seconds */
	int64_t bytes;     /* that its removal gives back */
	bool pinned;       /* somebody needs it */
	enum keep_why why; /* set by keep_choose */
};

struct keep_rule {
	int64_t age;   /* seconds; 0: any */
	int64_t bytes; /* of all items of the kind; 0: any */
};

struct keep_want {
	struct keep_rule rules[KEEP_KINDS];
	int64_t now;
	int64_t newest; /* seconds: what was used since stays */
	/* Bytes that the disk lacks, where that is a reason to drop items of the kind:
	 * more for caches than for what is evidence. 0: no reason. */
	int64_t lack[KEEP_KINDS];
};

/*
 * Sets why of each item. *ret_order, which the caller frees, has the places in items of
 * those to drop, in order; returned is their number. Caches of one rule (KEEP_OUT and
 * KEEP_SRC) are counted as one kind: the rule of KEEP_OUT holds for both.
 */
size_t keep_choose(struct keep_item *items, size_t n, const struct keep_want *want,
		   size_t **ret_order);

#endif
