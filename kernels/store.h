/*
 * Where objects live: one bare store for all trees (refs/trees/<tree>/<branch>,
 * refs/trees/<tree>/HEAD symbolic), borrowing local repositories by alternates,
 * and one bare repository for each series on top of it, dropped as a folder.
 * Everything blocks, but nothing here reads more than refs and a few objects.
 */
#ifndef SLUICE_KERNELS_STORE_H
#define SLUICE_KERNELS_STORE_H

#include <stddef.h>

#include "lib/err.h"

struct head {
	char *ref; /* refs/trees/<tree>/<branch> */
	char commit[41];
};

struct heads {
	struct head *v; /* the branch that HEAD named comes first */
	size_t n;
};

/* A bare repository at path; there already is fine. */
int store_create(const char *path, struct err *err);
/* Adds the object folder of repo (and so its alternates) to the store's alternates. */
int store_borrow(const char *store, const char *repo, struct err *err);
/* Takes out again what store_borrow put there for repo, also when it is gone by now. */
int store_return(const char *store, const char *repo, struct err *err);
/* Where the objects of a repository lie, absolute; the caller frees. */
int store_objects_dir(const char *repo, char **ret_dir, struct err *err);
/*
 * The repository that a linked work tree (git worktree add) or a submodule, whose
 * .git is a file, belongs to; of any other the path itself. The caller frees.
 */
int repo_main(const char *path, char **ret_path, struct err *err);

/* A bare repository on top of the store, and of a local repository for a range (or NULL). */
int series_repo_create(const char *path, const char *store, const char *range_repo,
		       struct err *err);
int series_repo_drop(const char *path, struct err *err);

/* All branches of a tree; ERR_MISSING when there is no such tree. */
int store_heads(const char *store, const char *tree, struct heads *ret_heads,
		struct err *err);
void heads_done(struct heads *h);
/* Removes the refs of a tree; its objects stay. */
int store_forget(const char *store, const char *tree, struct err *err);

/* Any revision of git (v6.12, main~3, an abbreviated id) to a commit. ERR_INPUT if none. */
int revision_resolve(const char *repo, const char *rev, char ret_hex[41],
		     struct err *err);
/*
 * The same for a tree of the store: a branch of the tree, else what the store
 * knows, else what source (the local repository it borrows, or NULL) knows.
 */
int tree_revision_resolve(const char *store, const char *tree, const char *source,
			  const char *rev, char ret_hex[41], struct err *err);
/*
 * "A..B" (B empty: HEAD). *ret_from is the parent of the oldest commit of the
 * range, *ret_to its newest. ERR_INPUT when it is empty, not linear, over
 * max commits (0: 1000), or no range at all.
 */
int range_resolve(const char *repo, const char *range, size_t max, char ret_from[41],
		  char ret_to[41], struct err *err);

#endif
