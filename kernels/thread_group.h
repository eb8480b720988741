/*
 * The inside of kernels/thread.c: mails sorted into groups, each a version of a
 * series. Which of them are versions of one series: kernels/thread_versions.h.
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
	bool mixed;  /* patches of another sender fill its holes */
	char *trees; /* tags_trees() of its first mail */
};

struct groups {
	const struct thread *thread;
	GPtrArray *list;   /* struct group *, by date; each has a patch */
	GPtrArray *covers; /* struct group *: cover letters that no patch goes with */
	GHashTable *home;  /* mail -> group of list */
	GHashTable *roots; /* mail -> the first mail of its thread, as they are asked */
};

struct groups groups_make(const struct thread *t);
void groups_done(struct groups *all);

static inline const struct mail *group_first(const struct group *g)
{
	return g->members->pdata[0];
}

/* The mail that m answers, when it is here; or NULL. */
const struct mail *groups_parent(const struct groups *all, const struct mail *m);
/* Every number from 1 to total has a patch. */
bool group_complete(const struct group *g);
const struct group *groups_of(const struct groups *all, const struct mail *m);
/* The group of a mail, or of the patch it answers; the first one for NULL. */
const struct group *groups_base(const struct groups *all, const struct mail *m);

/*
 * What g holds, put by numbers into *s (zeroed before), as thread_find gives
 * it: true when every patch is there, else the reason. In kernels/thread.c.
 */
bool group_fill(const struct groups *all, const struct group *g, struct mail_series *s);
/* Appends the numbers without a patch: "1-2, 4". */
void series_missing(const struct mail_series *s, struct str *out);

#endif
