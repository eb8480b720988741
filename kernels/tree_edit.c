#include "kernels/tree_edit.h"

#include <stdlib.h>
#include <string.h>

#include "lib/str.h"

struct editor {
	git_repository *repo;
	const char *bad;
	struct err *err;
};

static void cleanup_builder(git_treebuilder **b)
{
	git_treebuilder_free(*b);
}

int tree_entry_find(git_repository *repo, const git_oid *tree, const char *path,
		    git_oid *ret_id, unsigned *ret_mode, struct err *err)
{
	AUTO_GIT(tree) git_tree *t = NULL;
	AUTO_GIT(tree_entry) git_tree_entry *e = NULL;
	int rc;

	*ret_mode = 0;
	if (git_tree_lookup(&t, repo, tree))
		return err_git(err, "read a tree");
	rc = git_tree_entry_bypath(&e, t, path);
	if (rc == GIT_ENOTFOUND)
		return 0;
	if (rc)
		return err_git(err, "look up %s", path);
	*ret_id = *git_tree_entry_id(e);
	*ret_mode = git_tree_entry_filemode(e);
	return 0;
}

static int edit_folder(struct editor *ed, const git_oid *tree,
		       const struct tree_edit *edits, size_t n, size_t skip,
		       git_oid *ret_tree, bool *ret_empty);

static int conflict(struct editor *ed, const char *path)
{
	ed->bad = path;
	return 0;
}

/* One file of this folder. */
static int edit_file(struct editor *ed, git_treebuilder *b, const struct tree_edit *e,
		     const char *name)
{
	const git_tree_entry *was = git_treebuilder_get(b, name);
	bool is_folder = was && git_tree_entry_type(was) == GIT_OBJECT_TREE;

	if (is_folder || (!was && !e->mode))
		return conflict(ed, e->path);
	if (e->mode ? git_treebuilder_insert(NULL, b, name, &e->id,
					     (git_filemode_t)e->mode) :
		      git_treebuilder_remove(b, name))
		return err_git(ed->err, "%s", e->path);
	return 1;
}

/* All edits below one folder of this one. */
static int edit_subfolder(struct editor *ed, git_treebuilder *b,
			  const struct tree_edit *edits, size_t n, size_t skip,
			  size_t name_len)
{
	AUTO_FREE char *name = str_ndup(edits[0].path + skip, name_len);
	const git_tree_entry *was = git_treebuilder_get(b, name);
	git_oid id;
	bool empty;
	int rc;

	if (was && git_tree_entry_type(was) != GIT_OBJECT_TREE)
		return conflict(ed, edits[0].path);
	rc = edit_folder(ed, was ? git_tree_entry_id(was) : NULL, edits, n,
			 skip + name_len + 1, &id, &empty);
	if (rc <= 0)
		return rc;
	if (empty ? git_treebuilder_remove(b, name) :
		    git_treebuilder_insert(NULL, b, name, &id, GIT_FILEMODE_TREE))
		return err_git(ed->err, "%s", edits[0].path);
	return 1;
}

static size_t same_folder(const struct tree_edit *edits, size_t n, size_t prefix)
{
	size_t i = 1;

	while (i < n && !strncmp(edits[i].path, edits[0].path, prefix))
		i++;
	return i;
}

/* A file may make room for a folder of its name, and the other way round. */
enum pass { PASS_REMOVE, PASS_FOLDERS, PASS_ADD, PASSES };

static int edit_pass(struct editor *ed, git_treebuilder *b, const struct tree_edit *edits,
		     size_t n, size_t skip, enum pass pass)
{
	for (size_t i = 0, used; i < n; i += used) {
		size_t len = strcspn(edits[i].path + skip, "/");
		bool folder = edits[i].path[skip + len];
		enum pass mine = folder        ? PASS_FOLDERS :
				 edits[i].mode ? PASS_ADD :
						 PASS_REMOVE;
		int rc = 1;

		used = folder ? same_folder(edits + i, n - i, skip + len + 1) : 1;
		if (mine == pass)
			rc = folder ? edit_subfolder(ed, b, edits + i, used, skip, len) :
				      edit_file(ed, b, &edits[i], edits[i].path + skip);
		if (rc <= 0)
			return rc;
	}
	return 1;
}

static int edit_folder(struct editor *ed, const git_oid *tree,
		       const struct tree_edit *edits, size_t n, size_t skip,
		       git_oid *ret_tree, bool *ret_empty)
{
	AUTO_GIT(tree) git_tree *t = NULL;
	AUTO(cleanup_builder) git_treebuilder *b = NULL;

	if ((tree && git_tree_lookup(&t, ed->repo, tree)) ||
	    git_treebuilder_new(&b, ed->repo, t))
		return err_git(ed->err, "the folder of %s", edits[0].path);
	for (int pass = 0; pass < PASSES; pass++) {
		int rc = edit_pass(ed, b, edits, n, skip, (enum pass)pass);

		if (rc <= 0)
			return rc;
	}
	*ret_empty = git_treebuilder_entrycount(b) == 0;
	if (git_treebuilder_write(ret_tree, b))
		return err_git(ed->err, "write the folder of %s", edits[0].path);
	return 1;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct tree_edit *)a)->path,
		      ((const struct tree_edit *)b)->path);
}

int tree_edit(git_repository *repo, const git_oid *tree, struct tree_edit *edits,
	      size_t n, git_oid *ret_tree, const char **ret_bad, struct err *err)
{
	struct editor ed = { .repo = repo, .err = err };
	bool empty;
	int rc;

	if (!n) {
		*ret_tree = *tree;
		return 1;
	}
	qsort(edits, n, sizeof(*edits), by_path);
	rc = edit_folder(&ed, tree, edits, n, 0, ret_tree, &empty);
	if (rc == 0)
		*ret_bad = ed.bad;
	return rc;
}
