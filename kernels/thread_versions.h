/*
 * Part of kernels/thread.c: which groups of a thread are versions of the same series,
 * by their titles, and under another name by sender, thread and what they share. The
 * groups stay those of kernels/thread_group.h. Pure.
 */
#ifndef SLUICE_KERNELS_THREAD_VERSIONS_H
#define SLUICE_KERNELS_THREAD_VERSIONS_H

#include "kernels/thread_group.h"

/* Two versions of one series? (A group and itself are.) */
bool group_same_series(const struct groups *all, const struct group *a,
		       const struct group *b);
/*
 * The version asked for of base's series; 0: the newest. Base itself where it is
 * that version, unless only another group of it is complete.
 */
const struct group *groups_pick(const struct groups *all, const struct group *base,
				int version);
/* The version that g posts some patches of anew, each as an answer to its old form. */
const struct group *groups_rerolled(const struct groups *all, const struct group *g);
/* The newest complete version before g, or NULL. */
const struct group *groups_older_complete(const struct groups *all,
					  const struct group *g);

#endif
