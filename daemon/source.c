#include "daemon/source.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/tree.h"
#include "kernels/msgid.h"
#include "kernels/store.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/str.h"

const char *source_kind_str(enum source_kind kind)
{
	static const char *const names[] = {
		[SOURCE_MBOX] = "mbox",
		[SOURCE_MAILDIR] = "maildir",
		[SOURCE_MSGID] = "msgid",
		[SOURCE_RANGE] = "range",
	};

	return names[kind];
}

void source_done(struct source *s)
{
	free(s->text);
	free(s->repo);
	free(s->tree);
	*s = (struct source){ .text = NULL };
}

/* The repository around a folder, as git finds it; NULL if there is none. */
static char *repo_around(const char *dir)
{
	AUTO_FREE char *at = realpath(dir, NULL);

	while (at) {
		AUTO_FREE char *dotgit = path_join(at, ".git", NULL);
		AUTO_FREE char *head = path_join(at, "HEAD", NULL);
		AUTO_FREE char *objects = path_join(at, "objects", NULL);
		char *slash;

		if (path_exists(dotgit) || (path_exists(head) && path_exists(objects)))
			return TAKE_PTR(at);
		slash = strrchr(at, '/');
		if (!slash || !at[1])
			break;
		slash[slash == at ? 1 : 0] = '\0';
	}
	return NULL;
}

static bool range_in_repo(struct source *s, const char *repo, const char *range,
			  long long max, struct err *err)
{
	/* Resolved in the work tree, whose HEAD is its own; read where all is. */
	if (range_resolve(repo, range, (size_t)max, s->from, s->to, err) < 0 ||
	    repo_main(repo, &s->repo, err) < 0)
		return false;
	s->kind = SOURCE_RANGE;
	return true;
}

static int find_range(const char *text, const char *repo, struct db *db, long long max,
		      struct source *s, struct err *err)
{
	AUTO_FREE char *around = repo_around(repo ? repo : ".");
	struct tree *trees = NULL;
	struct err first = { 0 }, other = { 0 };
	bool found = around && range_in_repo(s, around, text, max, &first);
	size_t n = 0;

	/* A range that is known here but not linear, say, is that and nothing else. */
	if (tree_list(db, &trees, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		AUTO_FREE char *real = NULL;

		if (trees[i].kind != TREE_GIT)
			continue;
		real = realpath(trees[i].source, NULL);
		/* Who names a repository means no other. */
		if (!found && !repo)
			found = range_in_repo(s, trees[i].source, text, max, &other);
		if (found && !s->tree && real) {
			AUTO_FREE char *mine = realpath(s->repo, NULL);

			if (mine && strcmp(mine, real) == 0)
				s->tree = str_dup(trees[i].name);
		}
	}
	tree_list_free(trees, n);
	if (found)
		return 0;
	if (first.code)
		return err_set(err, ERR_INPUT, "%s", first.msg);
	if (other.code)
		return err_set(err, ERR_INPUT, "%s", other.msg);
	if (repo)
		return err_set(err, ERR_INPUT, "%s: there is no git repository", repo);
	return err_set(
		err, ERR_INPUT,
		"%s looks like a range of commits, but there is no git repository around "
		"the current folder and no tree of a local one",
		text);
}

int source_check_base(const struct source *s, const char *tree, const char *base,
		      struct err *err)
{
	if (s->kind != SOURCE_RANGE || (!tree && !base))
		return 0;
	return err_set(err, ERR_INPUT,
		       "a range has a base of its own: --%s does not go with %s",
		       base ? "base" : "tree", s->text);
}

static bool is_maildir(const char *path)
{
	AUTO_FREE char *cur = path_join(path, "cur", NULL);
	AUTO_FREE char *fresh = path_join(path, "new", NULL);

	return path_exists(cur) && path_exists(fresh);
}

int source_find(const char *text, const char *repo, struct db *db, long long max,
		struct source *ret, struct err *err)
{
	struct source s = { .text = str_dup(text) };
	struct stat st;
	int rc = 0;

	if (stat(text, &st) == 0) {
		s.kind = S_ISDIR(st.st_mode) && is_maildir(text) ? SOURCE_MAILDIR :
								   SOURCE_MBOX;
	} else if (strstr(text, "..") && !strchr(text, ':') &&
		   find_range(text, repo, db, max, &s, err) == 0) {
		s.kind = SOURCE_RANGE;
	} else if (strchr(text, '@') || strstr(text, "://")) {
		s.kind = SOURCE_MSGID;
		free(s.text);
		s.text = NULL;
		rc = msgid_from_text(text, &s.text, err);
	} else if (strstr(text, "..")) {
		rc = -1; /* err is find_range's */
		if (strchr(text, ':'))
			err_set(err, ERR_INPUT, "%s is no range of commits", text);
	} else {
		rc = err_set(
			err, ERR_INPUT,
			"%s: no such file, and no message-id, archive URL or range A..B",
			text);
	}
	if (rc < 0) {
		source_done(&s);
		return -1;
	}
	*ret = s;
	return 0;
}

/* ---- copying ---- */

static int copy_mail(const char *src, const struct state *st, uint64_t *left,
		     const char *dst, struct err *err)
{
	struct stat info;

	if (stat(src, &info) < 0)
		return err_sys(err, "%s", src);
	if (!S_ISREG(info.st_mode))
		return err_set(err, ERR_INPUT, "%s is not a plain file", src);
	if ((uint64_t)info.st_size > *left)
		return err_set(err, ERR_LIMIT, "%s: over the limit of limits.mbox_bytes",
			       src);
	*left -= (uint64_t)info.st_size;
	return state_give_file(st, src, dst, err);
}

static int copy_maildir_folder(const char *src, const char *name, const struct state *st,
			       uint64_t *left, const char *dst, struct err *err)
{
	AUTO_FREE char *from = path_join(src, name, NULL);
	AUTO_FREE char *to = path_join(dst, name, NULL);
	AUTO_DIR DIR *d = opendir(from);
	struct dirent *e;

	if (state_make_owned(st, to, err) < 0)
		return -1;
	while (d && (e = readdir(d))) {
		AUTO_FREE char *mail = path_join(from, e->d_name, NULL);
		AUTO_FREE char *copy = path_join(to, e->d_name, NULL);

		if (e->d_name[0] == '.')
			continue;
		if (copy_mail(mail, st, left, copy, err) < 0)
			return -1;
	}
	return 0;
}

static int is_patch_file(const struct dirent *e)
{
	return e->d_name[0] != '.' &&
	       (str_ends(e->d_name, ".patch") || str_ends(e->d_name, ".eml") ||
		str_ends(e->d_name, ".mbox"));
}

/* What git format-patch -o leaves: one mail a file, in order of names. */
static int copy_patch_folder(const char *src, const struct state *st, uint64_t max,
			     const char *dst, struct err *err)
{
	struct dirent **names = NULL;
	struct str mbox = STR_INIT;
	int n = scandir(src, &names, is_patch_file, alphasort), rc = 0;
	size_t left = max;

	if (n < 0)
		return err_sys(err, "%s", src);
	for (int i = 0; i < n; i++) {
		AUTO_FREE char *path = path_join(src, names[i]->d_name, NULL);
		AUTO_FREE char *mail = NULL;
		size_t len = 0;

		if (rc == 0)
			rc = file_read(path, left, &mail, &len, err);
		if (rc == 0 && len && !str_starts(mail, "From "))
			str_add(&mbox, "From mboxrd@z Thu Jan  1 00:00:00 1970\n");
		if (rc == 0) {
			str_addn(&mbox, mail, len);
			str_add(&mbox, "\n");
			left -= len;
		}
		free(names[i]);
	}
	free(names);
	if (rc == 0 && n == 0)
		rc = err_set(err, ERR_INPUT,
			     "%s is neither a maildir nor a folder with .patch files",
			     src);
	if (rc == 0)
		rc = file_write_atomic(dst, str_get(&mbox), mbox.len, 0644, err);
	if (rc == 0 && geteuid() == 0 && lchown(dst, st->uid, st->gid) < 0)
		rc = err_sys(err, "chown %s", dst);
	str_done(&mbox);
	return rc;
}

int source_copy(const struct source *s, const struct state *st, uint64_t max,
		const char *dst, struct err *err)
{
	uint64_t left = max;
	struct stat info;

	if (stat(s->text, &info) < 0)
		return err_sys(err, "%s", s->text);
	if (s->kind == SOURCE_MAILDIR) {
		if (state_make_owned(st, dst, err) < 0)
			return -1;
		if (copy_maildir_folder(s->text, "cur", st, &left, dst, err) < 0 ||
		    copy_maildir_folder(s->text, "new", st, &left, dst, err) < 0 ||
		    copy_maildir_folder(s->text, "tmp", st, &left, dst, err) < 0)
			return -1;
		return 0;
	}
	if (S_ISDIR(info.st_mode))
		return copy_patch_folder(s->text, st, max, dst, err);
	return copy_mail(s->text, st, &left, dst, err);
}
