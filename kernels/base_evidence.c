#include "kernels/base_evidence.h"

#include <string.h>

#include "kernels/tree_edit.h"
#include "lib/str.h"

/* What a patch says about a file before it: its blob, or that there is none. */
struct base_fact {
	const char *path;
	const char *id; /* shortened hex; NULL: the file must not be there */
};

/* Only the first patch that touches a file speaks of the base. */
static bool seen(const struct base_evidence *e, const char *path)
{
	for (size_t i = 0; i < e->n; i++)
		if (!strcmp(e->v[i].path, path))
			return true;
	return false;
}

static void add_evidence(struct base_evidence *e, const char *path, const char *id)
{
	if (seen(e, path))
		return;
	e->v = mem_realloc(e->v, e->n + 1, sizeof(*e->v));
	e->v[e->n++] = (struct base_fact){ path, id };
	e->blobs += id && *id;
}

void base_evidence_collect(struct base_evidence *e, const struct filepatches *patches,
			   size_t npatches)
{
	for (size_t k = 0; k < npatches; k++) {
		const struct filepatches *p = &patches[k];

		for (size_t i = 0; i < p->n; i++) {
			const struct filepatch *f = &p->v[i];

			if (f->old_path)
				add_evidence(e, f->old_path,
					     strlen(f->old_id) >= 7 ? f->old_id : "");
			if (f->new_path &&
			    (!f->old_path || strcmp(f->old_path, f->new_path)))
				add_evidence(e, f->new_path, f->old_path ? "" : NULL);
		}
	}
}

void base_evidence_done(struct base_evidence *e)
{
	free(e->v);
}

/* 1, 0 or -1; "" as id says nothing. */
static int matches(git_repository *repo, const git_oid *tree, const struct base_fact *f,
		   struct err *err)
{
	unsigned mode;
	git_oid id, want;

	if (f->id && !*f->id)
		return 1;
	if (tree_entry_find(repo, tree, f->path, &id, &mode, err))
		return -1;
	if (!f->id || !mode)
		return !f->id == !mode;
	git_oid_fromstrn(&want, f->id, strlen(f->id));
	return git_oid_ncmp(&id, &want, strlen(f->id)) == 0;
}

int base_evidence_score(const struct base_evidence *e, git_repository *repo,
			const git_oid *commit, size_t *ret, const char **ret_bad,
			struct err *err)
{
	AUTO_GIT(tree) git_tree *t = NULL;

	*ret = 0;
	*ret_bad = NULL;
	if (git_commit_tree_of(repo, commit, &t, err))
		return -1;
	for (size_t i = 0; i < e->n; i++) {
		int rc = matches(repo, git_tree_id(t), &e->v[i], err);

		if (rc < 0)
			return -1;
		*ret += (size_t)rc;
		if (!rc && !*ret_bad)
			*ret_bad = e->v[i].path;
	}
	return 0;
}

const char *base_evidence_unknown(const struct base_evidence *e, git_repository *repo)
{
	AUTO_GIT(odb) git_odb *odb = NULL;

	if (git_repository_odb(&odb, repo))
		return NULL;
	for (size_t i = 0; i < e->n; i++) {
		const char *hex = e->v[i].id;
		git_oid id, full;

		if (!hex || !*hex)
			continue;
		git_oid_fromstrn(&id, hex, strlen(hex));
		/* Two blobs of one short id: as good as known. */
		if (git_odb_exists_prefix(&full, odb, &id, strlen(hex)) == GIT_ENOTFOUND)
			return e->v[i].path;
	}
	return NULL;
}
