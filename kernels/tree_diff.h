/*
 * What differs between two trees, file by file, without rename detection:
 * identical subtrees are skipped unread, so two steps of a series compare in a
 * millisecond. For checking out, for the list of files of a step, and for
 * holding every step against the policy whatever tool made it.
 */
#ifndef SLUICE_KERNELS_TREE_DIFF_H
#define SLUICE_KERNELS_TREE_DIFF_H

#include "kernels/git.h"

struct tree_change {
	char *path;
	git_oid old_id, new_id;
	unsigned old_mode, new_mode; /* git's; 0: not there */
};

struct tree_changes {
	struct tree_change
		*v; /* in git's order of trees; a type change of a folder is two */
	size_t n;
};

/* old NULL: everything is new. */
int tree_diff(git_repository *repo, const git_oid *old_tree, const git_oid *new_tree,
	      struct tree_changes *ret, struct err *err);
void tree_changes_done(struct tree_changes *c);

#endif
