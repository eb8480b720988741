/*
 * One patch onto one tree, without files: exact (with hunks moved as git moves
 * them), recognised as there already, or three-way from the blobs that its
 * index lines name. What cannot be decided here goes to kernels/git_am.h. New
 * blobs and trees are written to the repository.
 */
#ifndef SLUICE_KERNELS_APPLY_H
#define SLUICE_KERNELS_APPLY_H

#include "kernels/filepatch.h"
#include "kernels/git.h"

/* Why a patch does not apply: fit for printing. */
struct apply_failure {
	char file[256];
	size_t hunk; /* from 1; 0: not about a hunk */
	char reason[256];
};

/*
 * All of these: 1 applied with the new tree in *ret_tree, 0 with *ret_failure,
 * -1 with err when an object could not be read or written.
 */
int apply_exact(git_repository *repo, const git_oid *tree,
		const struct filepatches *files, git_oid *ret_tree,
		struct apply_failure *ret_failure, struct err *err);
/* Does taking the patch away from the tree work? Then it is there already. */
int apply_is_there(git_repository *repo, const git_oid *tree,
		   const struct filepatches *files, struct err *err);
/*
 * For plain changes of files: each patched on the blob its index line names, or
 * else on what origin (the tree the series was made on, or NULL) has, then
 * merged with what the tree has.
 */
int apply_three_way(git_repository *repo, const git_oid *tree, const git_oid *origin,
		    const struct filepatches *files, git_oid *ret_tree,
		    struct apply_failure *ret_failure, struct err *err);
/* Is every text that the patch changes known by the id in its index line? */
bool apply_knows_blobs(git_repository *repo, const struct filepatches *files);
/*
 * Writes the blobs that the patch makes of the ones its index lines name, where
 * they are known: the next patch's index lines name those. Best effort.
 */
void apply_grow_blobs(git_repository *repo, const struct filepatches *files);

#endif
