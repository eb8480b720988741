#include "kernels/base.h"

#include <string.h>

#include "kernels/tree_edit.h"
#include "lib/str.h"

/* What a patch says about a file before it: its blob, or that there is none. */
struct evidence {
	const char *path;
	const char *id; /* shortened hex; NULL: the file must not be there */
};

struct chooser {
	const struct base_question *q;
	struct evidence *v;
	size_t n, blobs; /* blobs: those that name one */
	struct json_object *tried;
	struct err *err;
};

const char *base_how_str(enum base_how how)
{
	static const char *const names[] = {
		[BASE_OPTION] = "option",
		[BASE_COMMIT] = "base-commit",
		[BASE_BLOBS] = "blobs",
		[BASE_HEAD] = "head",
	};

	return names[how];
}

static void chooser_done(struct chooser *c)
{
	free(c->v);
}

static void note(struct chooser *c, const char *commit, const char *ref, char *why)
{
	struct json_object *o = json_object_new_object();

	json_set_str(o, "commit", commit);
	json_set_str(o, "ref", ref);
	json_set_str(o, "why_not", why);
	json_object_array_add(c->tried, o);
	free(why);
}

/* Only the first patch that touches a file speaks of the base. */
static bool seen(const struct chooser *c, const char *path)
{
	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(c->v[i].path, path))
			return true;
	return false;
}

static void add_evidence(struct chooser *c, const char *path, const char *id)
{
	if (seen(c, path))
		return;
	c->v = mem_realloc(c->v, c->n + 1, sizeof(*c->v));
	c->v[c->n++] = (struct evidence){ path, id };
	c->blobs += id && *id;
}

static void collect(struct chooser *c)
{
	for (size_t k = 0; k < c->q->npatches; k++) {
		const struct filepatches *p = &c->q->patches[k];

		for (size_t i = 0; i < p->n; i++) {
			const struct filepatch *f = &p->v[i];

			if (f->old_path)
				add_evidence(c, f->old_path,
					     strlen(f->old_id) >= 7 ? f->old_id : "");
			if (f->new_path &&
			    (!f->old_path || strcmp(f->old_path, f->new_path)))
				add_evidence(c, f->new_path, f->old_path ? "" : NULL);
		}
	}
}

/* 1, 0 or -1; "" as id says nothing. */
static int matches(struct chooser *c, const git_oid *tree, const struct evidence *e)
{
	unsigned mode;
	git_oid id, want;

	if (e->id && !*e->id)
		return 1;
	if (tree_entry_find(c->q->repo, tree, e->path, &id, &mode, c->err))
		return -1;
	if (!e->id || !mode)
		return !e->id == !mode;
	git_oid_fromstrn(&want, e->id, strlen(e->id));
	return git_oid_ncmp(&id, &want, strlen(e->id)) == 0;
}

/* How many of the pieces of evidence hold for a commit; *ret_bad: the first that does not. */
static int score(struct chooser *c, const git_oid *commit, size_t *ret,
		 const char **ret_bad)
{
	AUTO_GIT(tree) git_tree *t = NULL;

	*ret = 0;
	*ret_bad = NULL;
	if (git_commit_tree_of(c->q->repo, commit, &t, c->err))
		return -1;
	for (size_t i = 0; i < c->n; i++) {
		int rc = matches(c, git_tree_id(t), &c->v[i]);

		if (rc < 0)
			return -1;
		*ret += (size_t)rc;
		if (!rc && !*ret_bad)
			*ret_bad = c->v[i].path;
	}
	return 0;
}

/* 1: a head has all the blobs. */
static int try_heads(struct chooser *c, git_oid *ret)
{
	for (size_t i = 0; i < c->q->nheads; i++) {
		const struct base_head *h = &c->q->heads[i];
		const char *bad;
		char hex[GIT_HEX];
		size_t n;

		if (score(c, &h->commit, &n, &bad))
			return -1;
		if (n == c->n) {
			*ret = h->commit;
			return 1;
		}
		git_hex(&h->commit, hex);
		note(c, hex, h->ref,
		     str_printf("%zu of %zu files are as the index lines say, %s is not",
				n, c->n, bad));
	}
	return 0;
}

/* The first blob that no commit here can have, since it is not there at all. */
static const char *unknown_blob(struct chooser *c)
{
	AUTO_GIT(odb) git_odb *odb = NULL;

	if (git_repository_odb(&odb, c->q->repo))
		return NULL;
	for (size_t i = 0; i < c->n; i++) {
		const char *hex = c->v[i].id;
		git_oid id, full;

		if (!hex || !*hex)
			continue;
		git_oid_fromstrn(&id, hex, strlen(hex));
		/* Two blobs of one short id: as good as known. */
		if (git_odb_exists_prefix(&full, odb, &id, strlen(hex)) == GIT_ENOTFOUND)
			return c->v[i].path;
	}
	return NULL;
}

static git_revwalk *walk_heads(struct chooser *c)
{
	git_revwalk *walk = NULL;

	if (git_revwalk_new(&walk, c->q->repo))
		return NULL;
	git_revwalk_sorting(walk, GIT_SORT_TIME);
	for (size_t i = 0; i < c->q->nheads; i++)
		git_revwalk_push(walk, &c->q->heads[i].commit);
	return walk;
}

static int try_history(struct chooser *c, git_oid *ret)
{
	AUTO_GIT(walk) git_revwalk *walk = walk_heads(c);
	git_oid id, best_id = { 0 };
	size_t best = 0, looked = 0;
	char hex[GIT_HEX];

	if (!walk)
		return err_git(c->err, "walk the history");
	while (looked < c->q->candidates && !git_revwalk_next(&id, walk)) {
		const char *bad;
		size_t n;

		looked++;
		if (score(c, &id, &n, &bad))
			return -1;
		if (n == c->n) {
			*ret = id;
			return 1;
		}
		if (n > best) {
			best = n;
			best_id = id;
		}
	}
	git_hex(&best_id, hex);
	note(c, best ? hex : NULL, NULL,
	     str_printf("%zu commits of history looked at, the best has %zu of %zu files",
			looked, best, c->n));
	return 0;
}

static int try_blobs(struct chooser *c, git_oid *ret)
{
	const char *unknown;
	int rc;

	collect(c);
	if (!c->blobs) {
		note(c, NULL, NULL, str_dup("no index line names a blob"));
		return 0;
	}
	rc = try_heads(c, ret);
	if (rc || !c->q->candidates)
		return rc;
	unknown = unknown_blob(c);
	if (unknown) {
		note(c, NULL, NULL,
		     str_printf(
			     "history: no commit has the %s that the patches were made on",
			     unknown));
		return 0;
	}
	return try_history(c, ret);
}

/* Reachable from a head of the tree: another tree of the store may have it too. */
static bool in_tree(struct chooser *c, const git_oid *commit)
{
	const struct base_question *q = c->q;
	git_oid *heads = mem_alloc0((q->nheads + 1) * sizeof(*heads));
	bool found;

	for (size_t i = 0; i < q->nheads; i++)
		heads[i] = q->heads[i].commit;
	found = git_graph_reachable_from_any(q->repo, commit, heads, q->nheads) == 1;
	free(heads);
	return found;
}

static bool try_base_commit(struct chooser *c, git_oid *ret)
{
	const char *hex = c->q->base_commit;
	AUTO_GIT(commit) git_commit *commit = NULL;

	if (!hex)
		return false;
	if (git_id(hex, ret, NULL) || git_commit_lookup(&commit, c->q->repo, ret)) {
		note(c, hex, NULL, str_dup("base-commit: not in this tree"));
		return false;
	}
	if (!in_tree(c, ret)) {
		note(c, hex, NULL,
		     str_dup("base-commit: known, but on no branch of this tree"));
		return false;
	}
	return true;
}

static int take_option(struct chooser *c, git_oid *ret)
{
	AUTO_GIT(commit) git_commit *commit = NULL;

	if (git_id(c->q->option, ret, c->err))
		return -1;
	if (git_commit_lookup(&commit, c->q->repo, ret))
		return err_set(c->err, ERR_INPUT, "the base %s is not there",
			       c->q->option);
	return 0;
}

int base_choose(const struct base_question *q, git_oid *ret_commit,
		enum base_how *ret_how, struct json_object *tried, struct err *err)
{
	AUTO(chooser_done) struct chooser c = { .q = q, .tried = tried, .err = err };
	int rc;

	if (q->option) {
		*ret_how = BASE_OPTION;
		return take_option(&c, ret_commit);
	}
	*ret_how = BASE_COMMIT;
	if (try_base_commit(&c, ret_commit))
		return 0;
	*ret_how = BASE_BLOBS;
	rc = try_blobs(&c, ret_commit);
	if (rc)
		return rc < 0 ? -1 : 0;
	if (!q->nheads)
		return err_set(err, ERR_INPUT, "the tree has no branch");
	*ret_how = BASE_HEAD;
	*ret_commit = q->heads[0].commit;
	return 0;
}
