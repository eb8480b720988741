#include "kernels/tree_import.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "kernels/git.h"
#include "kernels/store.h"
#include "kernels/stream.h"
#include "kernels/tree_files.h"
#include "lib/cleanup.h"
#include "lib/sha256.h"
#include "lib/str.h"

const char *import_kind_str(enum import_kind kind)
{
	static const char *const names[] = {
		[IMPORT_LOCAL] = "repository",
		[IMPORT_URL] = "url",
		[IMPORT_TARBALL] = "tarball",
		[IMPORT_FOLDER] = "folder",
	};

	return names[kind];
}

bool tree_name_ok(const char *name)
{
	size_t n = strlen(name);

	if (!n || n > 100 || !isalnum((unsigned char)name[0]) || name[n - 1] == '.' ||
	    strstr(name, "..") || str_ends(name, ".lock"))
		return false;
	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("._-", *p))
			return false;
	return true;
}

/* "git@host:path", as git itself reads it: a colon before any slash. */
static bool is_url(const char *source)
{
	size_t n = strcspn(source, ":/");

	return strstr(source, "://") || (n && source[n] == ':');
}

int import_kind_of(const char *source, enum import_kind *ret, struct err *err)
{
	AUTO_GIT(repo) git_repository *repo = NULL;
	struct stat st;

	if (!stat(source, &st)) {
		if (!S_ISDIR(st.st_mode))
			*ret = IMPORT_TARBALL;
		else
			*ret = git_open(source, &repo, NULL) ? IMPORT_FOLDER :
							       IMPORT_LOCAL;
		return 0;
	}
	if (!is_url(source))
		return err_set(err, ERR_MISSING, "%s: %s", source, strerror(errno));
	*ret = IMPORT_URL;
	return 0;
}

static char *head_ref(const char *name)
{
	return str_printf("refs/trees/%s/HEAD", name);
}

/* The tree's HEAD says which branch is meant when none is named. */
static int remember_head(git_repository *store, const char *name, const char *branch,
			 const git_oid *detached, struct err *err)
{
	AUTO_FREE char *head = head_ref(name);
	AUTO_GIT(ref) git_reference *ref = NULL;
	int rc = 0;

	if (branch) {
		AUTO_FREE char *target = str_printf("refs/trees/%s/%s", name, branch);

		rc = git_reference_symbolic_create(&ref, store, head, target, 1, NULL);
	} else if (detached) {
		rc = git_reference_create(&ref, store, head, detached, 1, NULL);
	}
	return rc ? err_git(err, "remember the head of %s", name) : 0;
}

/* Branches of the tree that are no longer in the source. */
static int prune(git_repository *store, git_repository *source, const char *name,
		 struct err *err)
{
	AUTO_FREE char *glob = str_printf("refs/trees/%s/*", name);
	AUTO_FREE char *head = head_ref(name);
	size_t skip = strlen(glob) - 1;
	AUTO_GIT(ref_iter) git_reference_iterator *it = NULL;
	const char *ref;

	if (git_reference_iterator_glob_new(&it, store, glob))
		return err_git(err, "refs of the tree %s", name);
	while (!git_reference_next_name(&ref, it)) {
		AUTO_FREE char *origin = str_printf("refs/heads/%s", ref + skip);
		git_oid oid;

		if (strcmp(ref, head) && git_reference_name_to_id(&oid, source, origin) &&
		    git_reference_remove(store, ref))
			return err_git(err, "remove %s", ref);
	}
	return 0;
}

static int copy_branch(git_repository *store, const char *name, const char *branch,
		       const git_oid *oid, struct err *err)
{
	AUTO_FREE char *ref = str_printf("refs/trees/%s/%s", name, branch);
	AUTO_GIT(ref) git_reference *made = NULL;
	git_oid now;

	if (!strcmp(branch, "HEAD"))
		return 0; /* the name is taken */
	if (!git_reference_name_to_id(&now, store, ref) && git_oid_equal(&now, oid))
		return 0;
	if (git_reference_create(&made, store, ref, oid, 1, NULL))
		return err_git(err, "set %s", ref);
	return 0;
}

static int copy_branches(git_repository *store, git_repository *source, const char *name,
			 struct err *err)
{
	AUTO_GIT(ref_iter) git_reference_iterator *it = NULL;
	const char *ref;
	git_oid oid;

	if (git_reference_iterator_glob_new(&it, source, "refs/heads/*"))
		return err_git(err, "branches of %s", git_repository_path(source));
	while (!git_reference_next_name(&ref, it))
		if (!git_reference_name_to_id(&oid, source, ref) &&
		    copy_branch(store, name, ref + strlen("refs/heads/"), &oid, err))
			return -1;
	return 0;
}

static int copy_head(git_repository *store, git_repository *source, const char *name,
		     struct err *err)
{
	AUTO_GIT(ref) git_reference *head = NULL;
	git_oid oid;

	if (git_reference_name_to_id(&oid, source, "HEAD"))
		return 0; /* an unborn branch: the other branches will do */
	if (git_reference_lookup(&head, source, "HEAD"))
		return err_git(err, "HEAD of %s", git_repository_path(source));
	if (git_reference_type(head) == GIT_REFERENCE_SYMBOLIC &&
	    str_starts(git_reference_symbolic_target(head), "refs/heads/"))
		return remember_head(store, name,
				     git_reference_symbolic_target(head) +
					     strlen("refs/heads/"),
				     NULL, err);
	return remember_head(store, name, NULL, &oid, err);
}

static int borrow(const char *store_path, const char *name, const char *source_path,
		  struct err *err)
{
	AUTO_GIT(repo) git_repository *store = NULL;
	AUTO_GIT(repo) git_repository *source = NULL;
	AUTO_FD int alone = open(store_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* A job that begins does the same beside "sluice tree update": each waits the few
	 * milliseconds that the other needs. */
	if (alone < 0 || flock(alone, LOCK_EX) < 0)
		return err_sys(err, "lock %s", store_path);
	if (store_borrow(store_path, source_path, err) ||
	    git_open(store_path, &store, err) || git_open(source_path, &source, err))
		return -1;
	if (prune(store, source, name, err) || copy_branches(store, source, name, err))
		return -1;
	return copy_head(store, source, name, err);
}

int tree_refresh(const char *store, const char *name, const char *source, struct err *err)
{
	enum import_kind kind;

	if (is_url(source) && !strchr(source, '/'))
		return 0;
	if (import_kind_of(source, &kind, NULL) || kind != IMPORT_LOCAL)
		return 0; /* gone or no repository: what was imported stays */
	return borrow(store, name, source, err);
}

/* Every line of the child (git ends a progress line with a carriage return). */
static int follow(struct stream *s, const struct tree_import_opts *opts, struct str *last,
		  struct err *err)
{
	AUTO(str_done) struct str line = { .limit = 4096 };
	char buf[4096];
	ssize_t n;

	while ((n = read(s->fd, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno != EINTR)
			return err_sys(err, "read from %s", s->name);
		for (ssize_t i = 0; i < n; i++) {
			if (buf[i] != '\n' && buf[i] != '\r') {
				str_addc(&line, buf[i]);
				continue;
			}
			if (opts->progress && line.len)
				opts->progress(str_get(&line), 0, opts->arg);
			if (line.len) {
				str_clear(last);
				str_addn(last, line.data, line.len);
			}
			str_clear(&line);
		}
	}
	return 0;
}

static int run_git(const struct tree_import_opts *opts, char *const *argv,
		   struct str *ret_last, struct err *err)
{
	AUTO(stream_done) struct stream s = { .fd = -1 };

	if (stream_start(&s, STREAM_READ_BOTH, argv, NULL, -1, err) ||
	    follow(&s, opts, ret_last, err))
		return -1;
	if (stream_end(&s, NULL))
		return err_set(err, ERR_SYS, "git: %.400s", str_get(ret_last));
	return 0;
}

static int fetch(const struct tree_import_opts *opts, struct err *err)
{
	AUTO_FREE char *git_dir = str_printf("--git-dir=%s", opts->store);
	AUTO_FREE char *spec = str_printf("+refs/heads/*:refs/trees/%s/*", opts->name);
	AUTO(str_done) struct str last = STR_INIT;
	/* Their own configuration counts here: proxies, keys, insteadOf. */
	char *argv[] = { opts->git ? (char *)opts->git : "git",
			 git_dir,
			 "-c",
			 "core.hooksPath=/dev/null",
			 "-c",
			 "gc.auto=0",
			 "-c",
			 "maintenance.auto=false",
			 "fetch",
			 "--progress",
			 "--prune",
			 "--no-tags",
			 "--no-write-fetch-head",
			 "--no-recurse-submodules",
			 "--end-of-options",
			 (char *)opts->source,
			 spec,
			 NULL };

	return run_git(opts, argv, &last, err);
}

/* "ref: refs/heads/master\tHEAD" */
static int fetch_head(const struct tree_import_opts *opts, struct err *err)
{
	AUTO_GIT(repo) git_repository *store = NULL;
	AUTO(stream_done) struct stream s = { .fd = -1 };
	char *argv[] = { opts->git ? (char *)opts->git : "git",
			 "ls-remote",
			 "--symref",
			 "--",
			 (char *)opts->source,
			 "HEAD",
			 NULL };
	static const char start[] = "ref: refs/heads/";
	char buf[4096] = "";
	ssize_t n;

	if (stream_start(&s, STREAM_READ, argv, NULL, -1, err))
		return -1;
	n = read(s.fd, buf, sizeof(buf) - 1);
	buf[n > 0 ? n : 0] = '\0';
	buf[strcspn(buf, "\t\n")] = '\0';
	if (!str_starts(buf, start))
		return 0;
	return git_open(opts->store, &store, err) ||
			       remember_head(store, opts->name, buf + strlen(start), NULL,
					     err) ?
		       -1 :
		       0;
}

/* The commit that the tree already has from exactly this archive. */
static bool have_archive(const char *store_path, const char *ref, const char *id)
{
	AUTO_FREE char *line = str_printf("\nSluice-Import: %s\n", id);
	AUTO_GIT(repo) git_repository *store = NULL;
	AUTO_GIT(commit) git_commit *c = NULL;
	git_oid oid;

	return !git_open(store_path, &store, NULL) &&
	       !git_reference_name_to_id(&oid, store, ref) &&
	       !git_commit_lookup(&c, store, &oid) &&
	       strstr(git_commit_message_raw(c), line);
}

static int import_files(const struct tree_import_opts *opts, struct tree_info *info,
			struct err *err)
{
	AUTO_FREE char *ref = str_printf("refs/trees/%s/main", opts->name);
	AUTO_GIT(repo) git_repository *store = NULL;
	AUTO_FREE char *id = NULL;
	char sum[SHA256_HEX];

	if (info->kind == IMPORT_TARBALL) {
		if (sha256_of_file(opts->source, sum, err))
			return -1;
		id = str_printf("sha256:%s", sum);
		info->unchanged = have_archive(opts->store, ref, id);
		if (!info->unchanged &&
		    tree_files_archive(opts, ref, id, &info->files, err))
			return -1;
	} else if (tree_files_folder(opts, ref, &info->files, err)) {
		return -1;
	}
	return git_open(opts->store, &store, err) ||
			       remember_head(store, opts->name, "main", NULL, err) ?
		       -1 :
		       0;
}

static int import_by_kind(const struct tree_import_opts *opts, struct tree_info *info,
			  struct err *err)
{
	switch (info->kind) {
	case IMPORT_LOCAL:
		return borrow(opts->store, opts->name, opts->source, err);
	case IMPORT_URL:
		return fetch(opts, err) || fetch_head(opts, err) ? -1 : 0;
	default:
		return import_files(opts, info, err);
	}
}

int tree_import(const struct tree_import_opts *opts, struct tree_info *ret,
		struct err *err)
{
	AUTO(heads_done) struct heads heads = { 0 };
	struct tree_info info = { 0 };

	if (!tree_name_ok(opts->name))
		return err_set(err, ERR_INPUT,
			       "\"%s\" is no name for a tree: letters, digits, \"._-\"",
			       opts->name);
	if (import_kind_of(opts->source, &info.kind, err) ||
	    import_by_kind(opts, &info, err))
		return -1;
	if (store_heads(opts->store, opts->name, &heads, NULL))
		return err_set(err, ERR_INPUT, "%s has no branch", opts->source);
	info.branches = heads.n;
	snprintf(info.ref, sizeof(info.ref), "%s", heads.v[0].ref);
	memcpy(info.commit, heads.v[0].commit, sizeof(info.commit));
	*ret = info;
	return 0;
}
