#include "kernels/git.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/str.h"

void git_setup(void)
{
	static const int levels[] = {
		GIT_CONFIG_LEVEL_PROGRAMDATA,
		GIT_CONFIG_LEVEL_SYSTEM,
		GIT_CONFIG_LEVEL_XDG,
		GIT_CONFIG_LEVEL_GLOBAL,
	};
	/* Extensions that change nothing for somebody who reads refs and objects. */
	static const char *extensions[] = { "worktreeconfig", "partialclone",
					    "preciousobjects" };
	static bool done;

	if (done)
		return;
	done = true;
	git_libgit2_init();
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
		git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], "");
	git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
	git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, extensions, ARRAY_SIZE(extensions));
	/* Hashing every object that is read costs a third of a checkout. */
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
	git_libgit2_opts(GIT_OPT_DISABLE_PACK_KEEP_FILE_CHECKS, 1);
}

int err_git(struct err *err, const char *fmt, ...)
{
	const git_error *last = git_error_last();
	AUTO_FREE char *what = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&what, fmt, ap) < 0)
		abort();
	va_end(ap);
	return err_set(err, ERR_SYS, "%s: %s", what,
		       last ? last->message : "libgit2 failed");
}

int git_open(const char *path, git_repository **ret_repo, struct err *err)
{
	git_setup();
	if (git_repository_open_ext(ret_repo, path, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL))
		return err_git(err, "open the repository %s", path);
	return 0;
}

void git_hex(const git_oid *oid, char ret_hex[GIT_HEX])
{
	git_oid_tostr(ret_hex, GIT_HEX, oid);
}

int git_id(const char *hex, git_oid *ret_oid, struct err *err)
{
	if (!hex || strlen(hex) != GIT_HEX - 1 || git_oid_fromstr(ret_oid, hex))
		return err_set(err, ERR_INPUT, "\"%s\" is no object id", hex ? hex : "");
	return 0;
}

int git_commit_tree_of(git_repository *repo, const git_oid *commit, git_tree **ret_tree,
		       struct err *err)
{
	AUTO_GIT(commit) git_commit *c = NULL;
	char hex[GIT_HEX];

	git_hex(commit, hex);
	if (git_commit_lookup(&c, repo, commit) || git_commit_tree(ret_tree, c))
		return err_git(err, "commit %s", hex);
	return 0;
}
