/*
 * A tree with some of its files replaced, added or removed: only the folders
 * on the way to them are read and written, so a step of a series costs a
 * millisecond where an index of the whole kernel costs a hundred. Folders that
 * become empty vanish, as in git.
 */
#ifndef SLUICE_KERNELS_TREE_EDIT_H
#define SLUICE_KERNELS_TREE_EDIT_H

#include "kernels/git.h"

struct tree_edit {
	const char *path;
	unsigned mode; /* of git; 0: remove the file */
	git_oid id;
};

/* What stands at path, or mode 0. -1 only when an object cannot be read. */
int tree_entry_find(git_repository *repo, const git_oid *tree, const char *path,
		    git_oid *ret_id, unsigned *ret_mode, struct err *err);

/*
 * Every path at most once; they are sorted in place. 1 with the new tree, 0
 * with *ret_bad when a path is a file to the tree and a folder to the edits or
 * the other way round, or one to be removed is not there; -1 with err.
 */
int tree_edit(git_repository *repo, const git_oid *tree, struct tree_edit *edits,
	      size_t n, git_oid *ret_tree, const char **ret_bad, struct err *err);

#endif
