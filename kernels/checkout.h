/*
 * Trees to files. See role_checkout.h for what is promised; these are the two
 * ways of doing it. root is a folder that nobody else writes meanwhile.
 */
#ifndef SLUICE_KERNELS_CHECKOUT_H
#define SLUICE_KERNELS_CHECKOUT_H

#include "kernels/git.h"

struct checkout_count {
	size_t written, deleted;
};

/* root must be empty. */
int checkout_full(git_repository *repo, const git_oid *tree, const char *root,
		  struct checkout_count *ret, struct err *err);
/* root holds the tree "from". */
int checkout_step(git_repository *repo, const git_oid *from, const git_oid *to,
		  const char *root, struct checkout_count *ret, struct err *err);

#endif
