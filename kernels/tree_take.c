#include "kernels/tree_take.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernels/git.h"
#include "kernels/store.h"
#include "lib/file.h"
#include "lib/str.h"

/* ---- packs ---- */

/* One of a pack's files, ours from now on. One that is there already is the same. */
static int move_file(const char *from, const char *to, struct err *err)
{
	struct stat st;

	if (lstat(from, &st) < 0)
		return err_sys(err, "%s", from);
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
		return err_set(err, ERR_INPUT, "%s is no plain file", from);
	if (lchown(from, geteuid(), getegid()) < 0 || chmod(from, 0444) < 0)
		return err_sys(err, "take over %s", from);
	if (rename(from, to) < 0)
		return err_sys(err, "move %s", from);
	return 0;
}

static bool is_pack_name(const char *name)
{
	return str_starts(name, "pack-") && strlen(name) == strlen("pack-.pack") + 40 &&
	       strspn(name + 5, "0123456789abcdef") == 40 && str_ends(name, ".pack");
}

/* The index goes last: with it the pack is seen. */
static int take_pack(const char *folder, const char *pack, struct err *err)
{
	const char *slash = strrchr(pack, '/');
	const char *name = slash ? slash + 1 : pack;
	AUTO_FREE char *stem = str_ndup(pack, strlen(pack) - strlen(".pack"));
	AUTO_FREE char *base = NULL, *to = NULL, *idx = NULL, *to_idx = NULL;

	if (!is_pack_name(name))
		return err_set(err, ERR_INPUT, "%s is no pack", name);
	base = str_ndup(name, strlen(name) - strlen(".pack"));
	to = path_join(folder, name, NULL);
	idx = str_printf("%s.idx", stem);
	to_idx = str_printf("%s/%s.idx", folder, base);
	return move_file(pack, to, err) || move_file(idx, to_idx, err) ? -1 : 0;
}

static int take_packs(const struct tree_take_opts *o, struct err *err)
{
	AUTO_FREE char *folder = path_join(o->store, "objects/pack", NULL);
	AUTO_FD int fd = -1;

	if (dir_make(folder, 0755, err))
		return -1;
	for (char *const *p = o->packs; p && *p; p++)
		if (take_pack(folder, *p, err))
			return -1;
	/* Before a branch names what is in them. */
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return err_sys(err, "sync %s", folder);
	return 0;
}

/* ---- branches ---- */

static char *ref_of(const char *tree, struct json_object *o)
{
	return str_printf("refs/trees/%s/%s", tree, json_str(o, "branch", ""));
}

/* All of them are looked at before the first is set. */
static int check_branch(git_repository *store, const char *tree, struct json_object *o,
			struct err *err)
{
	const char *branch = json_str(o, "branch", "");
	AUTO_FREE char *name = ref_of(tree, o);
	AUTO_GIT(commit) git_commit *commit = NULL;
	int valid = 0;
	git_oid id;

	if (!*branch || !strcmp(branch, "HEAD") ||
	    git_reference_name_is_valid(&valid, name) || !valid)
		return err_set(err, ERR_INPUT, "it has a branch of no valid name");
	if (git_id(json_str(o, "commit", NULL), &id, err))
		return -1;
	if (git_commit_lookup(&commit, store, &id))
		return err_set(err, ERR_INPUT, "the commit of its branch %s did not come",
			       branch);
	return 0;
}

static int set_branch(git_repository *store, const char *tree, struct json_object *o,
		      struct err *err)
{
	AUTO_FREE char *name = ref_of(tree, o);
	AUTO_GIT(ref) git_reference *ref = NULL;
	git_oid id;

	if (git_id(json_str(o, "commit", NULL), &id, err))
		return -1;
	if (git_reference_create(&ref, store, name, &id, 1, NULL))
		return err_git(err, "set %s", name);
	return 0;
}

static bool is_among(struct json_object *heads, const char *branch)
{
	for (size_t i = 0; i < json_len(heads); i++)
		if (!strcmp(json_str(json_object_array_get_idx(heads, i), "branch", ""),
			    branch))
			return true;
	return false;
}

/* Before others are set: a branch "a" that is gone is in the way of one "a/b". */
static int prune(git_repository *store, const struct tree_take_opts *o, struct err *err)
{
	AUTO_FREE char *glob = str_printf("refs/trees/%s/*", o->name);
	AUTO_FREE char *head = str_printf("refs/trees/%s/HEAD", o->name);
	AUTO_GIT(ref_iter) git_reference_iterator *it = NULL;
	size_t skip = strlen(glob) - 1;
	const char *ref;

	if (git_reference_iterator_glob_new(&it, store, glob))
		return err_git(err, "refs of the tree %s", o->name);
	while (!git_reference_next_name(&ref, it))
		if (strcmp(ref, head) && !is_among(o->heads, ref + skip) &&
		    git_reference_remove(store, ref))
			return err_git(err, "remove %s", ref);
	return 0;
}

static int set_head(git_repository *store, const struct tree_take_opts *o,
		    struct err *err)
{
	AUTO_FREE char *head = str_printf("refs/trees/%s/HEAD", o->name);
	AUTO_FREE char *target =
		str_printf("refs/trees/%s/%s", o->name, o->head ? o->head : "");
	AUTO_GIT(ref) git_reference *ref = NULL;

	if (o->head && is_among(o->heads, o->head) &&
	    git_reference_symbolic_create(&ref, store, head, target, 1, NULL))
		return err_git(err, "remember the head of %s", o->name);
	return 0;
}

int tree_take(const struct tree_take_opts *o, struct tree_info *ret, struct err *err)
{
	AUTO(heads_done) struct heads heads = { 0 };
	AUTO_GIT(repo) git_repository *store = NULL;
	AUTO_FD int alone = -1;

	if (!tree_name_ok(o->name))
		return err_set(err, ERR_INPUT, "\"%s\" is no name for a tree", o->name);
	if (!json_len(o->heads))
		return err_set(err, ERR_INPUT, "it has no branch");
	/* As tree_refresh does: each waits the few milliseconds that the other needs. */
	alone = open(o->store, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (alone < 0 || flock(alone, LOCK_EX) < 0)
		return err_sys(err, "lock %s", o->store);
	if (take_packs(o, err) || git_open(o->store, &store, err))
		return -1;
	for (size_t i = 0; i < json_len(o->heads); i++)
		if (check_branch(store, o->name, json_object_array_get_idx(o->heads, i),
				 err))
			return -1;
	if (prune(store, o, err))
		return -1;
	for (size_t i = 0; i < json_len(o->heads); i++)
		if (set_branch(store, o->name, json_object_array_get_idx(o->heads, i),
			       err))
			return -1;
	if (set_head(store, o, err) || store_heads(o->store, o->name, &heads, err))
		return -1;
	*ret = (struct tree_info){ .kind = IMPORT_URL, .branches = heads.n };
	snprintf(ret->ref, sizeof(ret->ref), "%s", heads.v[0].ref);
	memcpy(ret->commit, heads.v[0].commit, sizeof(ret->commit));
	return 0;
}
