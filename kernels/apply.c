#include "kernels/apply.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kernels/hunk.h"
#include "kernels/tree_edit.h"
#include "lib/str.h"
#include "lib/text.h"

struct applier {
	git_repository *repo;
	const git_oid *tree;
	const git_oid *origin;
	bool reverse;
	struct tree_edit *edits; /* paths borrowed from the file patches */
	size_t n;
	struct apply_failure *failure;
	struct err *err;
};

/* One file patch, as seen from the direction it is applied in. */
struct side {
	const char *from, *to;
	unsigned from_mode, to_mode;
};

static void applier_done(struct applier *a)
{
	free(a->edits);
}

static int fail(struct applier *a, const char *file, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(struct applier *a, const char *file, const char *fmt, ...)
{
	struct apply_failure *f = a->failure;
	AUTO_FREE char *clean = text_clean_line(file, sizeof(f->file) / 5);
	va_list ap;

	f->hunk = 0;
	snprintf(f->file, sizeof(f->file), "%s", clean);
	va_start(ap, fmt);
	vsnprintf(f->reason, sizeof(f->reason), fmt, ap);
	va_end(ap);
	return 0;
}

static struct side side_of(const struct filepatch *f, bool reverse)
{
	struct side s = { f->old_path, f->new_path, f->old_mode, f->new_mode };

	if (reverse)
		s = (struct side){ s.to, s.from, s.to_mode, s.from_mode };
	return s;
}

static void add_edit(struct applier *a, const char *path, unsigned mode,
		     const git_oid *id)
{
	struct tree_edit *e = NULL;

	for (size_t i = 0; i < a->n; i++)
		if (!strcmp(a->edits[i].path, path))
			e = &a->edits[i];
	if (e && !mode)
		return; /* moved away, but made anew by another file patch */
	if (!e) {
		a->edits = mem_realloc(a->edits, a->n + 1, sizeof(*a->edits));
		e = &a->edits[a->n++];
	}
	*e = (struct tree_edit){ .path = path, .mode = mode };
	if (id)
		e->id = *id;
}

static bool is_regular(unsigned mode)
{
	return mode == GIT_FILEMODE_BLOB || mode == GIT_FILEMODE_BLOB_EXECUTABLE;
}

/* The text before: of the tree's file, which must be a regular one. */
static int read_before(struct applier *a, const struct side *s, git_odb_object **ret,
		       unsigned *ret_mode)
{
	AUTO_GIT(odb) git_odb *odb = NULL;
	git_oid id;

	if (tree_entry_find(a->repo, a->tree, s->from, &id, ret_mode, a->err))
		return -1;
	if (!*ret_mode)
		return fail(a, s->from, "there is no such file");
	if (!is_regular(*ret_mode))
		return fail(a, s->from, "it is no regular file");
	if (git_repository_odb(&odb, a->repo) || git_odb_read(ret, odb, &id))
		return err_git(a->err, "read %s", s->from);
	return 1;
}

static int run_hunks(struct applier *a, const struct filepatch *f, const char *text,
		     size_t len, struct str *out)
{
	struct hunk_failure hf;

	if (hunks_apply(f->hunks, f->hunks_len, a->reverse, text, len, out, NULL, &hf))
		return 1;
	fail(a, f->new_path ? f->new_path : f->old_path, "%s", hf.reason);
	a->failure->hunk = hf.hunk;
	return 0;
}

/* The file that the patch makes must not be there, unless the patch moves it away. */
static int check_free(struct applier *a, const struct side *s)
{
	unsigned mode;
	git_oid id;

	for (size_t i = 0; i < a->n; i++)
		if (!strcmp(a->edits[i].path, s->to))
			return a->edits[i].mode ? fail(a, s->to, "it is made twice") : 1;
	if (tree_entry_find(a->repo, a->tree, s->to, &id, &mode, a->err))
		return -1;
	return mode ? fail(a, s->to, "it is there already") : 1;
}

static unsigned mode_after(const struct side *s, unsigned before)
{
	/* A mode in the index line is of both sides and changes nothing. */
	if (s->to_mode && s->to_mode != s->from_mode)
		return s->to_mode;
	return before ? before : GIT_FILEMODE_BLOB;
}

/* Result of one file patch into the edits. */
static int put_after(struct applier *a, const struct filepatch *f, const struct side *s,
		     unsigned before, const char *text, size_t len)
{
	bool moved = s->from && s->to && strcmp(s->from, s->to);
	git_oid id;

	if (!s->to && len)
		return fail(a, s->from,
			    "the file is to go, but the patch leaves %zu bytes", len);
	if (s->to && (!s->from || moved)) {
		int rc = check_free(a, s);

		if (rc <= 0)
			return rc;
	}
	if (s->to && git_blob_create_from_buffer(&id, a->repo, text, len))
		return err_git(a->err, "write %s", s->to);
	if (s->to)
		add_edit(a, s->to, mode_after(s, before), &id);
	if (s->from && (!s->to || (moved && !f->copied)))
		add_edit(a, s->from, 0, NULL);
	return 1;
}

static int apply_file(struct applier *a, const struct filepatch *f)
{
	AUTO_GIT(odb_object) git_odb_object *before = NULL;
	AUTO(str_done) struct str after = STR_INIT;
	struct side s = side_of(f, a->reverse);
	const char *text = "";
	unsigned mode = 0;
	size_t len = 0;
	int rc = 1;

	if (s.from)
		rc = read_before(a, &s, &before, &mode);
	if (rc == 1 && before) {
		text = git_odb_object_data(before);
		len = git_odb_object_size(before);
	}
	if (rc == 1)
		rc = run_hunks(a, f, text, len, &after);
	return rc == 1 ? put_after(a, f, &s, mode, str_get(&after), after.len) : rc;
}

static int finish(struct applier *a, git_oid *ret_tree)
{
	const char *bad = NULL;
	int rc = tree_edit(a->repo, a->tree, a->edits, a->n, ret_tree, &bad, a->err);

	return rc == 0 ? fail(a, bad,
			      "it is a file on one side and a folder on the other") :
			 rc;
}

int apply_exact(git_repository *repo, const git_oid *tree,
		const struct filepatches *files, git_oid *ret_tree,
		struct apply_failure *ret_failure, struct err *err)
{
	AUTO(applier_done)
	struct applier a = { .repo = repo,
			     .tree = tree,
			     .failure = ret_failure,
			     .err = err };

	for (size_t i = 0; i < files->n; i++) {
		int rc = apply_file(&a, &files->v[i]);

		if (rc <= 0)
			return rc;
	}
	return finish(&a, ret_tree);
}

int apply_is_there(git_repository *repo, const git_oid *tree,
		   const struct filepatches *files, struct err *err)
{
	struct apply_failure ignored;
	AUTO(applier_done)
	struct applier a = { .repo = repo,
			     .tree = tree,
			     .reverse = true,
			     .failure = &ignored,
			     .err = err };

	for (size_t i = 0; i < files->n; i++) {
		int rc;

		/* A copy taken away leaves its source; too rare to think about. */
		if (files->v[i].copied)
			return 0;
		rc = apply_file(&a, &files->v[i]);
		if (rc <= 0)
			return rc;
	}
	return 1;
}

static bool plain_change(const struct filepatch *f)
{
	return f->old_path && f->new_path && !strcmp(f->old_path, f->new_path);
}

/* A blob by its (shortened) id; false when it is not known or not unique. */
static bool read_named(git_repository *repo, const char *hex, git_odb_object **ret)
{
	AUTO_GIT(odb) git_odb *odb = NULL;
	size_t len = strlen(hex);
	git_oid id;

	if (len < 7 || git_oid_fromstrn(&id, hex, len) ||
	    git_repository_odb(&odb, repo) || git_odb_read_prefix(ret, odb, &id, len))
		return false;
	if (git_odb_object_type(*ret) == GIT_OBJECT_BLOB)
		return true;
	git_odb_object_free(TAKE_PTR(*ret));
	return false;
}

bool apply_knows_blobs(git_repository *repo, const struct filepatches *files)
{
	for (size_t i = 0; i < files->n; i++) {
		const struct filepatch *f = &files->v[i];
		AUTO_GIT(odb_object) git_odb_object *old = NULL;

		if (f->old_path && f->hunks_len && !read_named(repo, f->old_id, &old))
			return false;
	}
	return true;
}

void apply_grow_blobs(git_repository *repo, const struct filepatches *files)
{
	for (size_t i = 0; i < files->n; i++) {
		const struct filepatch *f = &files->v[i];
		AUTO_GIT(odb_object) git_odb_object *old = NULL;
		AUTO_GIT(odb_object) git_odb_object *new = NULL;
		AUTO(str_done) struct str after = STR_INIT;
		struct hunk_failure ignored;
		git_oid id;

		if (!plain_change(f) || read_named(repo, f->new_id, &new) ||
		    !read_named(repo, f->old_id, &old))
			continue;
		if (hunks_apply(f->hunks, f->hunks_len, false, git_odb_object_data(old),
				git_odb_object_size(old), &after, NULL, &ignored))
			git_blob_create_from_buffer(&id, repo, str_get(&after),
						    after.len);
	}
}

/* The text that the patch was made on. */
static int read_ancestor(struct applier *a, const struct filepatch *f,
			 git_odb_object **ret)
{
	AUTO_GIT(odb) git_odb *odb = NULL;
	unsigned mode = 0;
	git_oid id;

	if (read_named(a->repo, f->old_id, ret))
		return 1;
	if (a->origin &&
	    tree_entry_find(a->repo, a->origin, f->old_path, &id, &mode, a->err))
		return -1;
	if (!is_regular(mode))
		return fail(a, f->old_path, "the text it was made on is not known here");
	if (git_repository_odb(&odb, a->repo) || git_odb_read(ret, odb, &id))
		return err_git(a->err, "read %s", f->old_path);
	return 1;
}

static int merge_texts(struct applier *a, const struct filepatch *f,
		       git_odb_object *ancestor, git_odb_object *ours,
		       const struct str *theirs, unsigned mode)
{
	git_merge_file_input in[3] = {
		{ .version = 1,
		  .ptr = git_odb_object_data(ancestor),
		  .size = git_odb_object_size(ancestor) },
		{ .version = 1,
		  .ptr = git_odb_object_data(ours),
		  .size = git_odb_object_size(ours) },
		{ .version = 1, .ptr = str_get(theirs), .size = theirs->len },
	};
	git_merge_file_result merged = { 0 };
	struct side s = side_of(f, false);
	int rc;

	if (git_merge_file(&merged, &in[0], &in[1], &in[2], NULL))
		return err_git(a->err, "merge %s", f->old_path);
	rc = merged.automergeable ?
		     put_after(a, f, &s, mode, merged.ptr ? merged.ptr : "", merged.len) :
		     fail(a, f->old_path, "a three-way merge conflicts");
	git_merge_file_result_free(&merged);
	return rc;
}

static int merge_file(struct applier *a, const struct filepatch *f)
{
	AUTO_GIT(odb_object) git_odb_object *ours = NULL;
	AUTO_GIT(odb_object) git_odb_object *ancestor = NULL;
	AUTO(str_done) struct str theirs = STR_INIT;
	struct side s = side_of(f, false);
	unsigned mode;
	int rc;

	if (!plain_change(f))
		return apply_file(a, f);
	rc = read_before(a, &s, &ours, &mode);
	if (rc == 1)
		rc = read_ancestor(a, f, &ancestor);
	if (rc == 1)
		rc = run_hunks(a, f, git_odb_object_data(ancestor),
			       git_odb_object_size(ancestor), &theirs);
	return rc == 1 ? merge_texts(a, f, ancestor, ours, &theirs, mode) : rc;
}

int apply_three_way(git_repository *repo, const git_oid *tree, const git_oid *origin,
		    const struct filepatches *files, git_oid *ret_tree,
		    struct apply_failure *ret_failure, struct err *err)
{
	AUTO(applier_done)
	struct applier a = { .repo = repo,
			     .tree = tree,
			     .origin = origin,
			     .failure = ret_failure,
			     .err = err };

	for (size_t i = 0; i < files->n; i++) {
		int rc = merge_file(&a, &files->v[i]);

		if (rc <= 0)
			return rc;
	}
	return finish(&a, ret_tree);
}
