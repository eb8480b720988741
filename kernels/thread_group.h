/*
 * The inside of kernels/thread.c: mails sorted into groups, each a version of a
 * series, and the question which groups are versions of the same series.
 */
#ifndef SLUICE_KERNELS_THREAD_GROUP_H
#define SLUICE_KERNELS_THREAD_GROUP_H

#include <glib.h>
#include <stdbool.h>

#include "kernels/thread.h"

struct group {
	GPtrArray *members; /* const struct mail *, by date */
	const struct mail *cover;
	int version, total; /* total 0: only an unnumbered cover so far */
	bool versioned, minor;
};

struct groups {
	const struct thread *thread;
	GPtrArray *list;   /* struct group *, by date; each has a patch */
	GPtrArray *covers; /* struct group *: cover letters that no patch goes with */
	GHashTable *home;  /* mail -> group of list */
};

struct groups groups_make(const struct thread *t);
void groups_done(struct groups *all);

/* Every number from 1 to total has a patch. */
bool group_complete(const struct group *g);
/* Two versions of one series? (A group and itself are.) */
bool group_same_series(const struct groups *all, const struct group *a,
		       const struct group *b);
const struct group *groups_of(const struct groups *all, const struct mail *m);
/* The group of a mail, or of the patch it answers; the first one for NULL. */
const struct group *groups_base(const struct groups *all, const struct mail *m);
/* The version asked for of base's series; 0: the newest. */
const struct group *groups_pick(const struct groups *all, const struct group *base,
				int version);
/* The version that g posts some patches of anew, each as an answer to its old form. */
const struct group *groups_rerolled(const struct groups *all, const struct group *g);
/* The newest complete version before g, or NULL. */
const struct group *groups_older_complete(const struct groups *all,
					  const struct group *g);

/*
 * What g holds, put by numbers into *s (zeroed before), as thread_find gives
 * it: true when every patch is there, else the reason. In kernels/thread.c.
 */
bool group_fill(const struct groups *all, const struct group *g, struct mail_series *s);
/* Appends the numbers without a patch: "1-2, 4". */
void series_missing(const struct mail_series *s, struct str *out);

#endif
