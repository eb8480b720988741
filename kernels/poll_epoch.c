/*
 * A public-inbox v2 epoch: a bare repository with one commit for each mail, whose
 * tree holds the mail as the file "m" (or "d", for one that was taken out). Or the
 * folder of several of them, 0.git, 1.git ..., read in that order. The cursor is
 * the last commit read of each. When that is on the branch no more (history was
 * rewritten, as public-inbox-purge does), the epoch is read again, as at the first
 * time; whoever takes the lines knows most of them then.
 *
 * A first poll goes back to a date. The committer's date is that of the arrival, but
 * for a mail without a Received header it is what its sender says: so a few commits
 * that are too old do not end the way back.
 *
 * Commits are read as bytes: git_commit_lookup alone would take a third of the time.
 */
#include "kernels/poll.h"

#include <stdlib.h>
#include <string.h>

#include "kernels/git.h"
#include "kernels/poll_later.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/str.h"

enum {
	EPOCHS_MAX = 1000,
	COMMITS_MAX = 8 << 20,
	TOO_OLD_MAX = 1000, /* one after the other */
	WINDOW = 4 << 20,
	MAPPED = 32 << 20,
};

/* The poll of one or more of them. */
struct inbox {
	struct poll *p;
	char *folder;        /* NULL: p->path is an epoch */
	int last;            /* the highest number that the first poll found */
	struct later *later; /* "NUMBER COMMIT" */
};

static void inbox_done(struct inbox *in)
{
	free(in->folder);
	later_free(in->later);
}

/* A commit, and its tree: so it is read once. */
struct arrival {
	git_oid commit, tree;
};

struct epoch {
	struct poll *p;
	bool came_later; /* than the first poll */
	git_repository *repo;
	git_odb *odb;
	struct arrival *v; /* newest first */
	size_t n, cap;
	const git_oid *tree; /* of the commit that is taken, when it was read before */
};

static void epoch_done(struct epoch *e)
{
	free(e->v);
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
	bool shallow = git_repository_is_shallow(e->repo) == 1, all = false;
	size_t enough = 0; /* how many until the last that is not too old */
	git_oid at = *head;
	struct commit c;

	for (;;) {
		if (seen && git_oid_equal(&at, seen))
			return 0;
		if (e->n >= COMMITS_MAX)
			return err_set(err, ERR_LIMIT, "over %d commits", COMMITS_MAX);
		if (read_commit(e, &at, &c, err) < 0)
			return -1;
		if (c.time >= floor)
			enough = e->n + 1;
		if (!seen && e->n + 1 - enough > TOO_OLD_MAX)
			break;
		if (e->n == e->cap) {
			e->cap = e->cap ? e->cap * 2 : 1024;
			e->v = mem_realloc(e->v, e->cap, sizeof(*e->v));
		}
		e->v[e->n++] = (struct arrival){ at, c.tree };
		at = c.parent;
		/* A shallow clone ends in a parent that is not there. */
		all = !c.has_parent || (shallow && !git_odb_exists(e->odb, &at));
		if (all)
			break;
	}
	if (!all || !e->came_later)
		e->n = enough;
	if (seen) {
		char hex[GIT_HEX];

		git_hex(seen, hex);
		poll_note(e->p, "%s: %s is not in it any more: it is read again",
			  git_repository_path(e->repo), hex);
	}
	return 0;
}

/* The mail that a commit brought, if it brought one. */
static int take_commit(struct epoch *e, const char *hex, struct err *err)
{
	AUTO_GIT(tree) git_tree *tree = NULL;
	AUTO_GIT(odb_object) git_odb_object *blob = NULL;
	const git_tree_entry *m;
	git_object_t type;
	struct commit c;
	git_oid id;
	size_t size;

	if (e->tree)
		c.tree = *e->tree;
	else if (git_id(hex, &id, err) < 0 || read_commit(e, &id, &c, err) < 0)
		return LATER_ONE;
	if (git_tree_lookup(&tree, e->repo, &c.tree)) {
		err_git(err, "tree of commit %s", hex);
		return LATER_ONE;
	}
	m = git_tree_entry_byname(tree, "m");
	if (!m)
		return LATER_GOT;
	/* The header alone first: a huge one need not be unpacked. */
	if (git_odb_read_header(&size, &type, e->odb, git_tree_entry_id(m))) {
		err_git(err, "mail of commit %s", hex);
		return LATER_ONE;
	}
	if (type != GIT_OBJECT_BLOB || size > e->p->limits.mail_bytes) {
		poll_note(e->p, "commit %s: a mail of %zu bytes, the limit is %zu", hex,
			  size, e->p->limits.mail_bytes);
		e->p->skipped++;
		return LATER_GOT;
	}
	if (git_odb_read(&blob, e->odb, git_tree_entry_id(m))) {
		err_git(err, "mail of commit %s", hex);
		return LATER_ONE;
	}
	return poll_add(e->p, hex, git_odb_object_data(blob), git_odb_object_size(blob),
			true, err);
}

/* key: "NUMBER COMMIT". */
static int fetch(void *arg, const char *key, struct err *err)
{
	return take_commit(arg, key + strcspn(key, " ") + 1, err);
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

static char *path_of(const struct inbox *in, int number)
{
	AUTO_FREE char *name = str_printf("%d.git", number);

	return in->folder ? path_join(in->folder, name, NULL) : str_dup(in->p->path);
}

static int take_commits(struct inbox *in, struct epoch *e, const char *name,
			struct err *err)
{
	for (size_t i = e->n; i-- > 0;) {
		AUTO_FREE char *key = NULL;
		char hex[GIT_HEX];

		if (poll_full(in->p))
			return 1;
		git_hex(&e->v[i].commit, hex);
		e->tree = &e->v[i].tree;
		key = str_printf("%s %s", name, hex);
		if (!later_has(in->later, key) &&
		    later_try(in->later, in->p, key, fetch, e, err) < 0) {
			if (later_has(in->later, key))
				move_cursor(in->p, name, &e->v[i].commit);
			return -1;
		}
		move_cursor(in->p, name, &e->v[i].commit);
	}
	return 0;
}

static int poll_one(struct inbox *in, int number, struct err *err)
{
	AUTO(epoch_done) struct epoch e = { .p = in->p, .came_later = number > in->last };
	AUTO_FREE char *path = path_of(in, number);
	AUTO_FREE char *name = str_printf("%d", number);
	const char *seen = json_str(json_obj(in->p->next, "epochs"), name, NULL);
	git_oid head, last;
	bool empty = false, known;
	int rc;

	if (open_epoch(&e, path, &head, &empty, err) < 0)
		return -1;
	if (empty)
		return 0;
	known = seen && git_id(seen, &last, NULL) == 0;
	rc = list_commits(&e, &head, known ? &last : NULL, err);
	if (!rc)
		rc = take_commits(in, &e, name, err);
	if (rc < 0)
		return err_prefix(err, "%s", path);
	/* A first poll that found all of it too old: the next begins here. */
	if (!rc)
		move_cursor(in->p, name, &head);
	return 0;
}

/* Of the epoch that the key names. */
static int fetch_again(void *arg, const char *key, struct err *err)
{
	struct inbox *in = arg;
	AUTO(epoch_done) struct epoch e = { .p = in->p };
	AUTO_FREE char *path = path_of(in, (int)strtol(key, NULL, 10));
	git_oid head;
	bool empty;

	if (open_epoch(&e, path, &head, &empty, err) < 0)
		return LATER_ONE;
	return fetch(&e, key, err);
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

/* The cursor of before "last" was in it: the highest number that was read. */
static int last_of(struct json_object *cursor)
{
	struct json_object *epochs = json_obj(cursor, "epochs");
	long long last = -1, n;

	if (epochs) {
		json_object_object_foreach(epochs, name, value)
		{
			(void)value;
			if (str_to_ll(name, 0, EPOCHS_MAX - 1, &n) && n > last)
				last = n;
		}
	}
	return (int)json_int(cursor, "last", last);
}

static void set_up(struct inbox *in, int highest)
{
	struct poll *p = in->p;
	struct json_object *next = json_object_new_object();
	struct json_object *epochs = json_obj(p->cursor, "epochs");
	struct json_object *copy = json_object_new_object();

	if (epochs) {
		json_object_object_foreach(epochs, name, value)
		{
			json_set(copy, name, json_object_get(value));
		}
	}
	in->last = p->cursor ? last_of(p->cursor) : highest;
	in->later = later_new(json_arr(p->cursor, "later"));
	json_set(next, "epochs", copy);
	json_set_int(next, "floor", json_int(p->cursor, "floor", p->since));
	json_set_int(next, "last", in->last);
	poll_set_cursor(p, next);
	git_setup();
	/* Each object is read once. */
	git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 0);
	git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, (size_t)WINDOW);
	git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, (size_t)MAPPED);
}

/* Which epochs there are; the highest number, or -1 with err. */
static int find_all(struct inbox *in, bool found[EPOCHS_MAX], struct err *err)
{
	const char *path = in->p->path;
	AUTO_FREE char *head = path_join(path, "HEAD", NULL);
	AUTO_FREE char *dot_git = path_join(path, ".git", NULL);
	int highest = -1;

	if (path_exists(head) || path_exists(dot_git)) {
		found[0] = true;
		return 0;
	}
	in->folder = epochs_folder(path);
	if (find_epochs(in->folder, found, err) < 0)
		return -1;
	for (int i = 0; i < EPOCHS_MAX; i++)
		if (found[i])
			highest = i;
	if (highest < 0)
		return err_set(err, ERR_MISSING,
			       "%s: neither an epoch of a public-inbox "
			       "nor a folder of them (0.git ...)",
			       path);
	return highest;
}

int poll_epoch(struct poll *p, struct err *err)
{
	AUTO(inbox_done) struct inbox in = { .p = p };
	bool found[EPOCHS_MAX] = { false };
	int highest = find_all(&in, found, err), rc = 0;

	if (highest < 0)
		return -1;
	set_up(&in, highest);
	for (int i = 0; i <= highest && !rc && !p->more; i++)
		if (found[i])
			rc = poll_one(&in, i, err);
	if (!rc && !p->more)
		rc = later_again(in.later, p, fetch_again, &in, err);
	json_set(p->next, "later", later_json(in.later));
	return rc;
}
