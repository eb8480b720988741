#include "kernels/checkout.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "kernels/tree_diff.h"
#include "lib/str.h"

#define DEPTH_MAX 256
#define OPEN_FOLDER (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct checkout {
	git_repository *repo;
	git_odb *odb;
	struct checkout_count count;
	int depth;
	struct err *err;
};

/* git's own fsck forbids these; a made-up object may have them all the same. */
static bool name_ok(const char *name)
{
	return *name && strcmp(name, ".") && strcmp(name, "..") && !strchr(name, '/') &&
	       strcasecmp(name, ".git");
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int write_regular(int dir, const char *name, bool executable, const void *data,
			 size_t len)
{
	AUTO_FD int fd = openat(dir, name,
				O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
				executable ? 0755 : 0644);

	if (fd < 0 || write_all(fd, data, len))
		return -1;
	return 0;
}

/* The name must be free. */
static int write_entry(struct checkout *c, int dir, const char *name, const git_oid *id,
		       unsigned mode)
{
	AUTO_GIT(odb_object) git_odb_object *o = NULL;
	const void *data;
	size_t len;

	if (mode == GIT_FILEMODE_COMMIT)
		return mkdirat(dir, name, 0755) ? err_sys(c->err, "mkdir %s", name) : 0;
	if (git_odb_read(&o, c->odb, id) || git_odb_object_type(o) != GIT_OBJECT_BLOB)
		return err_git(c->err, "read %s", name);
	data = git_odb_object_data(o);
	len = git_odb_object_size(o);
	c->count.written++;
	if (mode == GIT_FILEMODE_LINK) {
		AUTO_FREE char *target = str_ndup(data, len);

		return symlinkat(target, dir, name) ?
			       err_sys(c->err, "symlink %s", name) :
			       0;
	}
	if (write_regular(dir, name, mode == GIT_FILEMODE_BLOB_EXECUTABLE, data, len))
		return err_sys(c->err, "write %s", name);
	return 0;
}

static int write_tree(struct checkout *c, int dir, const git_oid *id);

static int write_folder(struct checkout *c, int dir, const char *name, const git_oid *id)
{
	AUTO_FD int sub = -1;

	if (mkdirat(dir, name, 0755))
		return err_sys(c->err, "mkdir %s", name);
	sub = openat(dir, name, OPEN_FOLDER);
	if (sub < 0)
		return err_sys(c->err, "open %s", name);
	if (write_tree(c, sub, id))
		return err_prefix(c->err, "%s", name);
	return 0;
}

static int write_tree(struct checkout *c, int dir, const git_oid *id)
{
	AUTO_GIT(tree) git_tree *t = NULL;
	int rc = 0;

	if (c->depth >= DEPTH_MAX)
		return err_set(c->err, ERR_LIMIT, "a tree is over %d folders deep",
			       DEPTH_MAX);
	if (git_tree_lookup(&t, c->repo, id))
		return err_git(c->err, "read a tree");
	c->depth++;
	for (size_t i = 0; !rc && i < git_tree_entrycount(t); i++) {
		const git_tree_entry *e = git_tree_entry_byindex(t, i);
		const char *name = git_tree_entry_name(e);

		if (!name_ok(name))
			rc = err_set(c->err, ERR_INPUT, "a tree has the entry \"%s\"",
				     name);
		else if (git_tree_entry_type(e) == GIT_OBJECT_TREE)
			rc = write_folder(c, dir, name, git_tree_entry_id(e));
		else
			rc = write_entry(c, dir, name, git_tree_entry_id(e),
					 git_tree_entry_filemode(e));
	}
	c->depth--;
	return rc;
}

static int open_root(struct checkout *c, git_repository *repo, const char *root,
		     int *ret_fd, struct err *err)
{
	*c = (struct checkout){ .repo = repo, .err = err };
	if (git_repository_odb(&c->odb, repo))
		return err_git(err, "objects");
	*ret_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*ret_fd < 0)
		return err_sys(err, "open %s", root);
	return 0;
}

static void checkout_done(struct checkout *c)
{
	git_odb_free(c->odb);
}

int checkout_full(git_repository *repo, const git_oid *tree, const char *root,
		  struct checkout_count *ret, struct err *err)
{
	AUTO(checkout_done) struct checkout c = { 0 };
	AUTO_FD int fd = -1;

	umask(022);
	/* Every object is read once: a cache of them is only memory. */
	git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 0);
	if (open_root(&c, repo, root, &fd, err) || write_tree(&c, fd, tree))
		return err_prefix(err, "check out into %s", root);
	*ret = c.count;
	return 0;
}

/*
 * The folder that path lies in, walked without following a symlink; missing
 * ones are made if asked. -1 with errno. *ret_name points into path.
 */
static int open_parent(int root, const char *path, bool make, const char **ret_name)
{
	AUTO_FD int dir = fcntl(root, F_DUPFD_CLOEXEC, 0);
	const char *p = path;

	for (const char *slash; dir >= 0 && (slash = strchr(p, '/')); p = slash + 1) {
		AUTO_FREE char *name = str_ndup(p, (size_t)(slash - p));
		int sub;

		if (!name_ok(name)) {
			errno = EINVAL;
			return -1;
		}
		if (make && mkdirat(dir, name, 0755) && errno != EEXIST)
			return -1;
		sub = openat(dir, name, OPEN_FOLDER);
		if (sub < 0)
			return -1;
		close(dir);
		dir = sub;
	}
	*ret_name = p;
	return TAKE_FD(dir);
}

static int unlink_entry(int dir, const char *name, unsigned mode)
{
	if (!unlinkat(dir, name, mode == GIT_FILEMODE_COMMIT ? AT_REMOVEDIR : 0))
		return 0;
	return errno == ENOENT ? 0 : -1;
}

/* Folders that became empty go, from the innermost out. */
static void remove_empty_parents(int root, const char *path)
{
	AUTO_FREE char *p = str_dup(path);
	char *slash;

	while ((slash = strrchr(p, '/'))) {
		const char *name;
		int dir, rc;

		*slash = '\0';
		dir = open_parent(root, p, false, &name);
		if (dir < 0)
			return;
		rc = unlinkat(dir, name, AT_REMOVEDIR);
		close(dir);
		if (rc)
			return;
	}
}

static int delete_change(struct checkout *c, int root, const struct tree_change *t)
{
	const char *name;
	AUTO_FD int dir = open_parent(root, t->path, false, &name);

	if (dir < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0; /* an earlier run got this far */
	if (dir < 0 || unlink_entry(dir, name, t->old_mode))
		return err_sys(c->err, "remove %s", t->path);
	c->count.deleted++;
	remove_empty_parents(root, t->path);
	return 0;
}

static int write_change(struct checkout *c, int root, const struct tree_change *t)
{
	const char *name;
	AUTO_FD int dir = open_parent(root, t->path, true, &name);

	if (dir < 0)
		return err_sys(c->err, "open the folder of %s", t->path);
	if (!name_ok(name))
		return err_set(c->err, ERR_INPUT, "a tree has the entry \"%s\"", t->path);
	if (unlink_entry(dir, name, t->old_mode))
		return err_sys(c->err, "remove %s", t->path);
	if (write_entry(c, dir, name, &t->new_id, t->new_mode))
		return err_prefix(c->err, "%s", t->path);
	return 0;
}

int checkout_step(git_repository *repo, const git_oid *from, const git_oid *to,
		  const char *root, struct checkout_count *ret, struct err *err)
{
	AUTO(tree_changes_done) struct tree_changes changes = { 0 };
	AUTO(checkout_done) struct checkout c = { 0 };
	AUTO_FD int fd = -1;

	umask(022);
	if (tree_diff(repo, from, to, &changes, err) ||
	    open_root(&c, repo, root, &fd, err))
		return -1;
	/* First what goes: a file may become a folder, and the other way round. */
	for (size_t i = 0; i < changes.n; i++)
		if (!changes.v[i].new_mode && delete_change(&c, fd, &changes.v[i]))
			return -1;
	for (size_t i = 0; i < changes.n; i++)
		if (changes.v[i].new_mode && write_change(&c, fd, &changes.v[i]))
			return -1;
	*ret = c.count;
	return 0;
}
