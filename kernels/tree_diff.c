#include "kernels/tree_diff.h"

#include <string.h>

#include "lib/str.h"

/* A path cannot be deeper than PATH_MAX allows; a tree that is would be an attack. */
#define DEPTH_MAX 256

struct walk {
	git_repository *repo;
	struct tree_changes *out;
	struct str path;
	int depth;
	struct err *err;
};

static int walk_trees(struct walk *w, const git_oid *old_id, const git_oid *new_id);

void tree_changes_done(struct tree_changes *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->v[i].path);
	free(c->v);
	*c = (struct tree_changes){ 0 };
}

static void add_change(struct walk *w, const git_tree_entry *a, const git_tree_entry *b)
{
	struct tree_changes *c = w->out;
	struct tree_change *t;

	if (!(c->n & (c->n - 1)))
		c->v = mem_realloc(c->v, c->n ? c->n * 2 : 1, sizeof(*c->v));
	t = &c->v[c->n++];
	*t = (struct tree_change){ .path = str_dup(str_get(&w->path)) };
	if (a) {
		t->old_id = *git_tree_entry_id(a);
		t->old_mode = git_tree_entry_filemode(a);
	}
	if (b) {
		t->new_id = *git_tree_entry_id(b);
		t->new_mode = git_tree_entry_filemode(b);
	}
}

static bool is_tree(const git_tree_entry *e)
{
	return e && git_tree_entry_type(e) == GIT_OBJECT_TREE;
}

/* One name; a or b may be missing. Both are trees, or none is. */
static int walk_entry(struct walk *w, const git_tree_entry *a, const git_tree_entry *b)
{
	size_t len = w->path.len;
	int rc = 0;

	if (a && b && git_oid_equal(git_tree_entry_id(a), git_tree_entry_id(b)) &&
	    git_tree_entry_filemode(a) == git_tree_entry_filemode(b))
		return 0;
	str_addf(&w->path, "%s%s", len ? "/" : "", git_tree_entry_name(a ? a : b));
	if (is_tree(a) || is_tree(b))
		rc = walk_trees(w, a ? git_tree_entry_id(a) : NULL,
				b ? git_tree_entry_id(b) : NULL);
	else
		add_change(w, a, b);
	w->path.len = len;
	if (w->path.data)
		w->path.data[len] = '\0';
	return rc;
}

static int compare(const git_tree_entry *a, const git_tree_entry *b)
{
	if (!a || !b)
		return a ? -1 : 1;
	return git_tree_entry_cmp(a, b);
}

static int walk_pairs(struct walk *w, const git_tree *a, const git_tree *b)
{
	size_t na = a ? git_tree_entrycount(a) : 0;
	size_t nb = b ? git_tree_entrycount(b) : 0;

	for (size_t i = 0, j = 0; i < na || j < nb;) {
		const git_tree_entry *ea = i < na ? git_tree_entry_byindex(a, i) : NULL;
		const git_tree_entry *eb = j < nb ? git_tree_entry_byindex(b, j) : NULL;
		int cmp = compare(ea, eb);

		if (walk_entry(w, cmp <= 0 ? ea : NULL, cmp >= 0 ? eb : NULL))
			return -1;
		i += cmp <= 0;
		j += cmp >= 0;
	}
	return 0;
}

static int walk_trees(struct walk *w, const git_oid *old_id, const git_oid *new_id)
{
	AUTO_GIT(tree) git_tree *a = NULL;
	AUTO_GIT(tree) git_tree *b = NULL;
	int rc;

	if (w->depth >= DEPTH_MAX)
		return err_set(w->err, ERR_LIMIT, "a tree is over %d folders deep",
			       DEPTH_MAX);
	if ((old_id && git_tree_lookup(&a, w->repo, old_id)) ||
	    (new_id && git_tree_lookup(&b, w->repo, new_id)))
		return err_git(w->err, "tree of /%s", str_get(&w->path));
	w->depth++;
	rc = walk_pairs(w, a, b);
	w->depth--;
	return rc;
}

int tree_diff(git_repository *repo, const git_oid *old_tree, const git_oid *new_tree,
	      struct tree_changes *ret, struct err *err)
{
	AUTO(tree_changes_done) struct tree_changes out = { 0 };
	AUTO(str_done) struct str path = STR_INIT;
	struct walk w = { .repo = repo, .out = &out, .path = path, .err = err };
	int rc = walk_trees(&w, old_tree, new_tree);

	path = w.path;
	if (rc)
		return -1;
	*ret = out;
	out = (struct tree_changes){ 0 };
	return 0;
}
