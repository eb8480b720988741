/*
 * The reference: `git am -3` in a throw-away repository with alternates and an
 * empty sparse checkout. For what sluice's own applying cannot decide (renames
 * in the tree's history, above all); half a second a patch. No hooks, no
 * configuration of this machine.
 */
#ifndef SLUICE_KERNELS_GIT_AM_H
#define SLUICE_KERNELS_GIT_AM_H

#include <stddef.h>

#include "lib/err.h"

struct git_am_opts {
	const char *git;  /* the program */
	const char *repo; /* bare; new objects go there */
	const char *work; /* a folder to make, removed again */
	const char *head; /* hex of the commit to apply onto */
	const char *diff;
	size_t diff_len;
};

/*
 * 1: applied, the tree in *ret_tree (equal to head's when git found that it is
 * there already); 0: it does not, and reason says git's word; -1 with err.
 */
int git_am(const struct git_am_opts *opts, char ret_tree[41], char reason[256],
	   struct err *err);

#endif
