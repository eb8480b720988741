/*
 * A public-inbox v2 epoch: a bare repository with one commit for each mail, whose
 * tree holds the mail as the file "m" (or "d", for one that was taken out). Or the
 * folder of several of them, 0.git, 1.git ..., read in that order. The cursor is
 * the last commit read of each. When that is on the branch no more (history was
 * rewritten, as public-inbox-purge does), the epoch is read again, as at the first
 * time; whoever takes the lines knows most of them then.
 *
 * Commits are read as bytes: git_commit_lookup alone would take a third of the time.
 */
#include "kernels/poll.h"

#include <string.h>

#include "kernels/git.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/str.h"

enum { EPOCHS_MAX = 1000, COMMITS_MAX = 8 << 20, WINDOW = 4 << 20, MAPPED = 32 << 20 };

struct epoch {
	struct poll *p;
	git_repository *repo;
	git_odb *odb;
	git_oid *commits; /* newest first */
	size_t n, cap;
};

static void epoch_done(struct epoch *e)
{
	free(e->commits);
	git_odb_free(e->odb);
	git_repository_free(e->repo);
}

struct commit {
	git_oid tree, parent;
	bool has_parent;
	long long time; /* when it came here */
};

/* "tree HEX\nparent HEX\nauthor ...\ncommitter NAME <MAIL> TIME ZONE\n" */
static bool parse_commit(const char *s, size_t len, struct commit *ret)
{
	AUTO_FREE char *text = str_ndup(s, len);
	const char *end = strstr(text, "\n\n");
	const char *c = strstr(text, "\ncommitter "), *gt;
	const char *p = text + 5 + 40;

	memset(ret, 0, sizeof(*ret));
	if (!str_starts(text, "tree ") || strlen(text) < 46 || *p != '\n' ||
	    git_oid_fromstrn(&ret->tree, text + 5, 40))
		return false;
	if (str_starts(p, "\nparent ")) {
		if (strlen(p) < 49 || git_oid_fromstrn(&ret->parent, p + 8, 40))
			return false;
		ret->has_parent = true;
	}
	if (!c || (end && c > end))
		return false;
	c += strlen("\ncommitter ");
	gt = memrchr(c, '>', strcspn(c, "\n"));
	if (gt)
		ret->time = strtoll(gt + 1, NULL, 10);
	return true;
}

static int read_commit(struct epoch *e, const git_oid *id, struct commit *ret,
		       struct err *err)
{
	AUTO_GIT(odb_object) git_odb_object *o = NULL;
	char hex[GIT_HEX];

	git_hex(id, hex);
	if (git_odb_read(&o, e->odb, id))
		return err_git(err, "read commit %s", hex);
	if (git_odb_object_type(o) != GIT_OBJECT_COMMIT ||
	    !parse_commit(git_odb_object_data(o), git_odb_object_size(o), ret))
		return err_set(err, ERR_INPUT, "%s is no commit", hex);
	return 0;
}

/* From the head back to where we were, or to where a first poll began. */
static int list_commits(struct epoch *e, const git_oid *head, const git_oid *seen,
			struct err *err)
{
	long long floor = json_int(e->p->next, "floor", 0);
	bool shallow = git_repository_is_shallow(e->repo) == 1;
	size_t above = SIZE_MAX; /* how many until the first that is too old */
	git_oid at = *head;
	struct commit c;

	for (;;) {
		if (seen && git_oid_equal(&at, seen))
			return 0;
		if (e->n >= COMMITS_MAX)
			return err_set(err, ERR_LIMIT, "over %d commits", COMMITS_MAX);
		if (read_commit(e, &at, &c, err) < 0)
			return -1;
		if (c.time < floor && above == SIZE_MAX)
			above = e->n;
		if (!seen && above != SIZE_MAX)
			break;
		if (e->n == e->cap) {
			e->cap = e->cap ? e->cap * 2 : 1024;
			e->commits = mem_realloc(e->commits, e->cap, sizeof(*e->commits));
		}
		e->commits[e->n++] = at;
		at = c.parent;
		/* A shallow clone ends in a parent that is not there. */
		if (!c.has_parent || (shallow && !git_odb_exists(e->odb, &at)))
			break;
	}
	if (above < e->n)
		e->n = above;
	if (seen) {
		char hex[GIT_HEX];

		git_hex(seen, hex);
		poll_note(e->p, "%s: %s is not in it any more: it is read again",
			  git_repository_path(e->repo), hex);
	}
	return 0;
}

/* The mail that a commit brought, if it brought one. */
static int take_commit(struct epoch *e, const git_oid *id, struct err *err)
{
	AUTO_GIT(tree) git_tree *tree = NULL;
	AUTO_GIT(odb_object) git_odb_object *blob = NULL;
	const git_tree_entry *m;
	git_object_t type;
	struct commit c;
	char hex[GIT_HEX];
	size_t size;

	git_hex(id, hex);
	if (read_commit(e, id, &c, err) < 0)
		return -1;
	if (git_tree_lookup(&tree, e->repo, &c.tree))
		return err_git(err, "tree of commit %s", hex);
	m = git_tree_entry_byname(tree, "m");
	if (!m)
		return 0;
	/* The header alone first: a huge one need not be unpacked. */
	if (git_odb_read_header(&size, &type, e->odb, git_tree_entry_id(m)))
		return err_git(err, "mail of commit %s", hex);
	if (type != GIT_OBJECT_BLOB || size > e->p->limits.mail_bytes) {
		poll_note(e->p, "commit %s: a mail of %zu bytes, the limit is %zu", hex,
			  size, e->p->limits.mail_bytes);
		e->p->skipped++;
		return 0;
	}
	if (git_odb_read(&blob, e->odb, git_tree_entry_id(m)))
		return err_git(err, "mail of commit %s", hex);
	return poll_add(e->p, hex, git_odb_object_data(blob), git_odb_object_size(blob),
			true, err);
}

static void move_cursor(struct poll *p, const char *name, const git_oid *id)
{
	struct json_object *epochs = json_obj(p->next, "epochs");
	char hex[GIT_HEX];

	git_hex(id, hex);
	json_set_str(epochs, name, hex);
}

static int open_epoch(struct epoch *e, const char *path, git_oid *ret_head,
		      bool *ret_empty, struct err *err)
{
	int rc;

	if (git_open(path, &e->repo, err) < 0)
		return -1;
	if (git_repository_odb(&e->odb, e->repo))
		return err_git(err, "objects of %s", path);
	rc = git_reference_name_to_id(ret_head, e->repo, "HEAD");
	*ret_empty = rc == GIT_ENOTFOUND;
	if (rc && !*ret_empty)
		return err_git(err, "HEAD of %s", path);
	return 0;
}

static int poll_one(struct poll *p, const char *path, const char *name, struct err *err)
{
	AUTO(epoch_done) struct epoch e = { .p = p };
	const char *seen = json_str(json_obj(p->next, "epochs"), name, NULL);
	git_oid head, last;
	bool empty = false, known;

	if (open_epoch(&e, path, &head, &empty, err) < 0)
		return -1;
	if (empty)
		return 0;
	known = seen && git_id(seen, &last, NULL) == 0;
	if (list_commits(&e, &head, known ? &last : NULL, err) < 0)
		return err_prefix(err, "%s", path);
	for (size_t i = e.n; i-- > 0;) {
		if (poll_full(p))
			return 0;
		if (take_commit(&e, &e.commits[i], err) < 0)
			return err_prefix(err, "%s", path);
		move_cursor(p, name, &e.commits[i]);
	}
	/* A first poll that found all of it too old: the next begins here. */
	move_cursor(p, name, &head);
	return 0;
}

/* The folder with the epochs: the inbox' own, its "git", or the path itself. */
static char *epochs_folder(const char *path)
{
	AUTO_FREE char *git = path_join(path, "git", NULL);
	AUTO_FREE char *first = path_join(git, "0.git", NULL);

	return path_exists(first) ? TAKE_PTR(git) : str_dup(path);
}

/* The numbers of the epochs below path; a clone may lack the old ones. */
static int find_epochs(const char *path, bool found[EPOCHS_MAX], struct err *err)
{
	AUTO_DIR DIR *dir = opendir(path);
	struct dirent *d;
	long long n;

	if (!dir)
		return err_sys(err, "open %s", path);
	while ((d = readdir(dir))) {
		AUTO_FREE char *name = str_dup(d->d_name);

		if (!str_ends(name, ".git"))
			continue;
		name[strlen(name) - 4] = '\0';
		if (str_to_ll(name, 0, EPOCHS_MAX - 1, &n))
			found[n] = true;
	}
	return 0;
}

static void set_up(struct poll *p)
{
	struct json_object *next = json_object_new_object();
	struct json_object *epochs = json_obj(p->cursor, "epochs");
	struct json_object *copy = json_object_new_object();

	if (epochs) {
		json_object_object_foreach(epochs, name, value)
		{
			json_set(copy, name, json_object_get(value));
		}
	}
	json_set(next, "epochs", copy);
	json_set_int(next, "floor", json_int(p->cursor, "floor", p->since));
	poll_set_cursor(p, next);
	git_setup();
	/* Each object is read once. */
	git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 0);
	git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, (size_t)WINDOW);
	git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, (size_t)MAPPED);
}

int poll_epoch(struct poll *p, struct err *err)
{
	AUTO_FREE char *head = path_join(p->path, "HEAD", NULL);
	AUTO_FREE char *dot_git = path_join(p->path, ".git", NULL);
	AUTO_FREE char *folder = NULL;
	bool found[EPOCHS_MAX] = { false };
	size_t n = 0;

	set_up(p);
	if (path_exists(head) || path_exists(dot_git))
		return poll_one(p, p->path, "0", err);
	folder = epochs_folder(p->path);
	if (find_epochs(folder, found, err) < 0)
		return -1;
	for (int i = 0; i < EPOCHS_MAX && !p->more; i++) {
		AUTO_FREE char *number = str_printf("%d", i);
		AUTO_FREE char *name = str_printf("%d.git", i);
		AUTO_FREE char *path = path_join(folder, name, NULL);

		if (!found[i])
			continue;
		n++;
		if (poll_one(p, path, number, err) < 0)
			return -1;
	}
	if (!n)
		return err_set(err, ERR_MISSING,
			       "%s: neither an epoch of a public-inbox "
			       "nor a folder of them (0.git ...)",
			       p->path);
	return 0;
}
