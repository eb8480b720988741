/*
 * What every file here that speaks libgit2 shares: one-time set-up, errors,
 * owned handles, and opening a repository by its path. Only kernels/ includes
 * this (and <git2.h>); the headers for other folders speak in paths and hex.
 */
#ifndef SLUICE_KERNELS_GIT_H
#define SLUICE_KERNELS_GIT_H

#include <git2.h>

#include "lib/cleanup.h"
#include "lib/err.h"

#define GIT_HEX 41 /* with the NUL */

#define GIT_CLEANUP(name, type, fn)                 \
	static inline void cleanup_##name(type **p) \
	{                                           \
		fn(*p);                             \
	}
GIT_CLEANUP(git_repo, git_repository, git_repository_free)
GIT_CLEANUP(git_odb, git_odb, git_odb_free)
GIT_CLEANUP(git_odb_object, git_odb_object, git_odb_object_free)
GIT_CLEANUP(git_tree, git_tree, git_tree_free)
GIT_CLEANUP(git_tree_entry, git_tree_entry, git_tree_entry_free)
GIT_CLEANUP(git_commit, git_commit, git_commit_free)
GIT_CLEANUP(git_object, git_object, git_object_free)
GIT_CLEANUP(git_ref, git_reference, git_reference_free)
GIT_CLEANUP(git_ref_iter, git_reference_iterator, git_reference_iterator_free)
GIT_CLEANUP(git_walk, git_revwalk, git_revwalk_free)
GIT_CLEANUP(git_sig, git_signature, git_signature_free)
GIT_CLEANUP(git_config, git_config, git_config_free)

/* AUTO_GIT(tree) git_tree *t = NULL; */
#define AUTO_GIT(name) AUTO(cleanup_git_##name)

/*
 * Called before the first use of libgit2. No configuration outside the
 * repository is read, and a repository of another uid may be read: nothing
 * in one is ever run.
 */
void git_setup(void);
/* -1 with libgit2's last message behind the text. */
int err_git(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A bare repository, or a work tree's (its .git, or a linked one); never a parent's. */
int git_open(const char *path, git_repository **ret_repo, struct err *err);
void git_hex(const git_oid *oid, char ret_hex[GIT_HEX]);
/* A full id in hex. */
int git_id(const char *hex, git_oid *ret_oid, struct err *err);
/* The tree of a commit that must be there. */
int git_commit_tree_of(git_repository *repo, const git_oid *commit, git_tree **ret_tree,
		       struct err *err);

#endif
