#include "kernels/store.h"

#include <string.h>
#include <sys/stat.h>

#include "kernels/git.h"
#include "lib/file.h"
#include "lib/str.h"

#define ALTERNATES_MAX (1 << 20)

int store_create(const char *path, struct err *err)
{
	git_repository_init_options opts = { .version = 1 };
	AUTO_GIT(repo) git_repository *repo = NULL;
	AUTO_GIT(config) git_config *config = NULL;
	AUTO_FREE char *head = path_join(path, "HEAD", NULL);

	git_setup();
	if (path_exists(head))
		return git_open(path, &repo, err);
	opts.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKPATH |
		     GIT_REPOSITORY_INIT_NO_REINIT;
	if (git_repository_init_ext(&repo, path, &opts))
		return err_git(err, "create the repository %s", path);
	/* Nothing may repack under the feet of a running role. */
	if (git_repository_config(&config, repo) ||
	    git_config_set_int32(config, "gc.auto", 0) ||
	    git_config_set_bool(config, "maintenance.auto", 0))
		return err_git(err, "configure %s", path);
	return 0;
}

int store_objects_dir(const char *repo_path, char **ret_dir, struct err *err)
{
	AUTO_GIT(repo) git_repository *repo = NULL;
	AUTO_FREE char *objects = NULL;

	if (git_open(repo_path, &repo, err))
		return -1;
	objects = path_join(git_repository_commondir(repo), "objects", NULL);
	*ret_dir = realpath(objects, NULL);
	if (!*ret_dir)
		return err_sys(err, "%s", objects);
	return 0;
}

int repo_main(const char *path, char **ret_path, struct err *err)
{
	AUTO_GIT(repo) git_repository *repo = NULL;
	AUTO_FREE char *dotgit = path_join(path, ".git", NULL);
	AUTO_FREE char *dir = NULL;
	struct stat st;
	size_t n;

	if (stat(dotgit, &st) < 0 || !S_ISREG(st.st_mode)) {
		*ret_path = str_dup(path);
		return 0;
	}
	if (git_open(path, &repo, err))
		return -1;
	dir = str_dup(git_repository_commondir(repo));
	n = strlen(dir);
	while (n > 1 && dir[n - 1] == '/')
		dir[--n] = '\0';
	if (str_ends(dir, "/.git"))
		dir[n - strlen("/.git")] = '\0';
	*ret_path = TAKE_PTR(dir);
	return 0;
}

static bool has_line(const char *text, const char *line)
{
	size_t len = strlen(line);

	for (const char *p = text; *p;) {
		const char *end = strchrnul(p, '\n');

		if ((size_t)(end - p) == len && !memcmp(p, line, len))
			return true;
		p = *end ? end + 1 : end;
	}
	return false;
}

/* git reads the file line by line; quoting is only undone since 2.12, so no newlines. */
static int alternates_add(const char *repo, const char *objects, struct err *err)
{
	AUTO_FREE char *dir = path_join(repo, "objects", "info", NULL);
	AUTO_FREE char *path = path_join(dir, "alternates", NULL);
	AUTO_FREE char *text = NULL;
	AUTO(str_done) struct str new = STR_INIT;
	size_t len = 0;

	if (strpbrk(objects, "\n") || objects[0] == '"' || objects[0] == '#')
		return err_set(err, ERR_INPUT,
			       "%s: git cannot name this path as an alternate", objects);
	if (path_exists(path) && file_read(path, ALTERNATES_MAX, &text, &len, err))
		return -1;
	if (text && has_line(text, objects))
		return 0;
	if (text)
		str_addn(&new, text, len);
	str_addf(&new, "%s\n", objects);
	if (dir_make(dir, 0755, err))
		return -1;
	return file_write_atomic(path, new.data, new.len, 0644, err);
}

int store_borrow(const char *store, const char *repo, struct err *err)
{
	AUTO_FREE char *objects = NULL;

	if (store_objects_dir(repo, &objects, err) || alternates_add(store, objects, err))
		return err_prefix(err, "borrow the objects of %s", repo);
	return 0;
}

int store_return(const char *store, const char *repo, struct err *err)
{
	AUTO_FREE char *path = path_join(store, "objects/info/alternates", NULL);
	AUTO_FREE char *below = path_join(repo, "", NULL);
	AUTO_FREE char *objects = NULL;
	AUTO_FREE char *text = NULL;
	AUTO(str_done) struct str new = STR_INIT;
	char **lines;

	if (!path_exists(path))
		return 0;
	if (file_read(path, ALTERNATES_MAX, &text, NULL, err))
		return -1;
	store_objects_dir(repo, &objects, NULL);
	lines = strv_split(text, "\n");
	for (size_t i = 0; lines[i]; i++)
		if (lines[i][0] && !str_starts(lines[i], below) &&
		    (!objects || strcmp(lines[i], objects)))
			str_addf(&new, "%s\n", lines[i]);
	strv_free(lines);
	return file_write_atomic(path, new.data ? new.data : "", new.len, 0644, err);
}

int series_repo_create(const char *path, const char *store, const char *range_repo,
		       struct err *err)
{
	if (store_create(path, err) || store_borrow(path, store, err))
		return -1;
	return range_repo ? store_borrow(path, range_repo, err) : 0;
}

int series_repo_drop(const char *path, struct err *err)
{
	return tree_remove(path, err);
}

static void heads_add(struct heads *h, const char *ref, const git_oid *commit)
{
	h->v = mem_realloc(h->v, h->n + 1, sizeof(*h->v));
	h->v[h->n].ref = str_dup(ref);
	git_hex(commit, h->v[h->n].commit);
	h->n++;
}

void heads_done(struct heads *h)
{
	for (size_t i = 0; i < h->n; i++)
		free(h->v[i].ref);
	free(h->v);
	*h = (struct heads){ 0 };
}

/* The branch that the tree's HEAD names goes first. */
static void heads_order(git_repository *repo, const char *tree, struct heads *h)
{
	AUTO_FREE char *name = str_printf("refs/trees/%s/HEAD", tree);
	AUTO_GIT(ref) git_reference *ref = NULL;
	struct head tmp;

	if (git_reference_lookup(&ref, repo, name) ||
	    git_reference_type(ref) != GIT_REFERENCE_SYMBOLIC)
		return;
	for (size_t i = 1; i < h->n; i++) {
		if (strcmp(h->v[i].ref, git_reference_symbolic_target(ref)))
			continue;
		tmp = h->v[i];
		memmove(h->v + 1, h->v, i * sizeof(*h->v));
		h->v[0] = tmp;
	}
}

int store_heads(const char *store, const char *tree, struct heads *ret_heads,
		struct err *err)
{
	AUTO_GIT(repo) git_repository *repo = NULL;
	AUTO_GIT(ref_iter) git_reference_iterator *it = NULL;
	AUTO_FREE char *glob = str_printf("refs/trees/%s/*", tree);
	struct heads h = { 0 };
	git_reference *ref;

	if (strpbrk(tree, "*?[\\") || git_open(store, &repo, err))
		return err_set(err, ERR_MISSING, "there is no tree \"%s\"", tree);
	if (git_reference_iterator_glob_new(&it, repo, glob))
		return err_git(err, "refs of the tree %s", tree);
	while (!git_reference_next(&ref, it)) {
		const git_oid *oid = git_reference_target(ref);

		if (oid)
			heads_add(&h, git_reference_name(ref), oid);
		git_reference_free(ref);
	}
	if (!h.n)
		return err_set(err, ERR_MISSING, "there is no tree \"%s\"", tree);
	heads_order(repo, tree, &h);
	*ret_heads = h;
	return 0;
}

int store_forget(const char *store, const char *tree, struct err *err)
{
	AUTO(heads_done) struct heads h = { 0 };
	AUTO_GIT(repo) git_repository *repo = NULL;
	AUTO_FREE char *head = str_printf("refs/trees/%s/HEAD", tree);

	if (store_heads(store, tree, &h, err) || git_open(store, &repo, err))
		return -1;
	git_reference_remove(repo, head);
	for (size_t i = 0; i < h.n; i++)
		if (git_reference_remove(repo, h.v[i].ref))
			return err_git(err, "remove %s", h.v[i].ref);
	return 0;
}

static int resolve(git_repository *repo, const char *rev, git_oid *ret)
{
	AUTO_GIT(object) git_object *found = NULL;
	AUTO_GIT(object) git_object *commit = NULL;

	if (git_revparse_single(&found, repo, rev) ||
	    git_object_peel(&commit, found, GIT_OBJECT_COMMIT))
		return -1;
	git_oid_cpy(ret, git_object_id(commit));
	return 0;
}

int revision_resolve(const char *path, const char *rev, char ret_hex[41], struct err *err)
{
	AUTO_GIT(repo) git_repository *repo = NULL;
	git_oid oid;

	if (git_open(path, &repo, err))
		return -1;
	if (resolve(repo, rev, &oid))
		return err_set(err, ERR_INPUT, "%s: there is no commit \"%s\"", path,
			       rev);
	git_hex(&oid, ret_hex);
	return 0;
}

int tree_revision_resolve(const char *store, const char *tree, const char *source,
			  const char *rev, char ret_hex[41], struct err *err)
{
	AUTO_GIT(repo) git_repository *repo = NULL;
	AUTO_FREE char *branch = str_printf("refs/trees/%s/%s", tree, rev);
	git_oid oid;

	if (git_open(store, &repo, err))
		return -1;
	if (!resolve(repo, branch, &oid) || !resolve(repo, rev, &oid)) {
		git_hex(&oid, ret_hex);
		return 0;
	}
	if (source && !revision_resolve(source, rev, ret_hex, NULL))
		return 0;
	return err_set(err, ERR_INPUT, "the tree %s has no commit \"%s\"", tree, rev);
}

/* Follows first (and only) parents from to; *ret_from is the parent of the last one. */
static int range_walk(git_repository *repo, git_revwalk *walk, const git_oid *to,
		      size_t max, git_oid *ret_from, struct err *err)
{
	git_oid oid, want = *to;
	size_t n = 0;

	while (!git_revwalk_next(&oid, walk)) {
		AUTO_GIT(commit) git_commit *c = NULL;
		char hex[GIT_HEX];

		git_hex(&oid, hex);
		if (git_commit_lookup(&c, repo, &oid))
			return err_git(err, "commit %s", hex);
		if (git_commit_parentcount(c) != 1 || !git_oid_equal(&oid, &want))
			return err_set(
				err, ERR_INPUT,
				"the range is not a line of commits: %.12s is %s", hex,
				git_commit_parentcount(c) > 1 ? "a merge" : "beside it");
		if (++n > max)
			return err_set(err, ERR_LIMIT, "the range has over %zu commits",
				       max);
		want = *git_commit_parent_id(c, 0);
	}
	if (!n)
		return err_set(err, ERR_INPUT, "the range is empty");
	*ret_from = want;
	return 0;
}

int range_resolve(const char *path, const char *range, size_t max, char ret_from[41],
		  char ret_to[41], struct err *err)
{
	AUTO_GIT(repo) git_repository *repo = NULL;
	AUTO_GIT(walk) git_revwalk *walk = NULL;
	const char *dots = strstr(range, "..");
	AUTO_FREE char *a = NULL;
	const char *b;
	git_oid from, to;

	if (!dots || dots == range || dots[2] == '.')
		return err_set(err, ERR_INPUT, "\"%s\" is no range A..B", range);
	a = str_ndup(range, (size_t)(dots - range));
	b = dots[2] ? dots + 2 : "HEAD";
	if (git_open(path, &repo, err))
		return -1;
	if (resolve(repo, a, &from) || resolve(repo, b, &to))
		return err_set(err, ERR_INPUT, "%s: there is no commit \"%s\"", path,
			       resolve(repo, a, &from) ? a : b);
	if (git_revwalk_new(&walk, repo) ||
	    git_revwalk_sorting(walk, GIT_SORT_TOPOLOGICAL) ||
	    git_revwalk_push(walk, &to) || git_revwalk_hide(walk, &from))
		return err_git(err, "walk %s", range);
	if (range_walk(repo, walk, &to, max ? max : 1000, &from, err))
		return err_prefix(err, "%s", range);
	git_hex(&from, ret_from);
	git_hex(&to, ret_to);
	return 0;
}
