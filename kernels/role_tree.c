#include "kernels/role_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernels/git.h"
#include "kernels/git_watched.h"
#include "kernels/store.h"
#include "lib/file.h"
#include "lib/str.h"

#define REPO "fetched.git"
#define PACKS REPO "/objects/pack"

struct fetch {
	struct json_object *job;
	const char *jobdir, *name, *source, *branch, *git;
	char *repo;
	long long bytes, silence_ms, branches;
};

static void fetch_done(struct fetch *f)
{
	free(f->repo);
}

/* ---- the repository that it is fetched into ---- */

/* What the store has already is not asked for again. */
static void set_ref(git_repository *repo, const char *name, const char *hex)
{
	AUTO_GIT(ref) git_reference *ref = NULL;
	git_oid id;

	/* One that is not there any more is only fetched anew. */
	if (!git_id(hex, &id, NULL))
		git_reference_create(&ref, repo, name, &id, 1, NULL);
}

static int prepare(struct fetch *f, struct err *err)
{
	struct json_object *heads = json_arr(f->job, "heads");
	struct json_object *have = json_arr(f->job, "have");
	AUTO_GIT(repo) git_repository *repo = NULL;

	if (store_create(f->repo, err) ||
	    store_borrow(f->repo, json_str(f->job, "store", ""), err) ||
	    git_open(f->repo, &repo, err))
		return -1;
	for (size_t i = 0; i < json_len(heads); i++) {
		struct json_object *o = json_object_array_get_idx(heads, i);

		set_ref(repo, json_str(o, "ref", ""), json_str(o, "commit", NULL));
	}
	for (size_t i = 0; i < json_len(have); i++) {
		AUTO_FREE char *name = str_printf("refs/have/%zu", i);

		set_ref(repo, name,
			json_object_get_string(json_object_array_get_idx(have, i)));
	}
	return 0;
}

/* ---- git ---- */

static void include(struct str *text, const char *path)
{
	/* git dies of an included file that it may not read, not of one that is away. */
	if (path && access(path, R_OK) == 0)
		str_addf(text, "[include]\n\tpath = %s\n", path);
}

/*
 * Their own configuration counts here (proxies, insteadOf), and so do repositories on
 * this machine that belong to somebody else. Nobody is there to be asked for a
 * password.
 */
static int set_environment(const struct fetch *f, struct err *err)
{
	AUTO_FREE char *path = path_join(f->jobdir, "gitconfig", NULL);
	AUTO(str_done) struct str text = STR_INIT;
	const char *home = getenv("HOME"), *global = getenv("GIT_CONFIG_GLOBAL");
	AUTO_FREE char *xdg =
		path_join(home && *home ? home : "/", ".config/git/config", NULL);
	AUTO_FREE char *rc = path_join(home && *home ? home : "/", ".gitconfig", NULL);

	str_add(&text, "[safe]\n\tdirectory = *\n");
	include(&text, global);
	if (!global) {
		include(&text, xdg);
		include(&text, rc);
	}
	if (file_write_atomic(path, str_get(&text), text.len, 0644, err))
		return -1;
	setenv("GIT_CONFIG_GLOBAL", path, 1);
	setenv("GIT_TERMINAL_PROMPT", "0", 1);
	setenv("GIT_ASKPASS", "true", 1);
	setenv("GIT_SSH_COMMAND", "ssh -oBatchMode=yes -oConnectTimeout=30", 0);
	return 0;
}

/* git says in many ways that a file was as large as it may be. */
static bool was_cut(const struct fetch *f)
{
	AUTO_FREE char *folder = path_join(f->jobdir, PACKS, NULL);
	AUTO_DIR DIR *d = opendir(folder);
	struct dirent *e;
	struct stat st;

	while (d && (e = readdir(d)))
		if (!fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) &&
		    S_ISREG(st.st_mode) && st.st_size >= f->bytes)
			return true;
	return false;
}

static int run_git(const struct fetch *f, char *const *argv, struct str *ret_output,
		   struct err *err)
{
	AUTO_FREE char *log = path_join(f->jobdir, "git.log", NULL);
	const struct git_watched g = { .argv = argv,
				       .log = log,
				       .silence_ms = (uint64_t)f->silence_ms,
				       .file_max = (uint64_t)f->bytes };

	if (git_watched_run(&g, ret_output, err) == 0)
		return 0;
	if (was_cut(f))
		return err_set(err, ERR_LIMIT, "it is larger than %lld MiB",
			       f->bytes >> 20);
	return -1;
}

static int fetch_branches(const struct fetch *f, struct err *err)
{
	AUTO_FREE char *git_dir = str_printf("--git-dir=%s", f->repo);
	AUTO_FREE char *spec = str_printf("+refs/heads/%s:refs/trees/%s/%s",
					  f->branch ? f->branch : "*", f->name,
					  f->branch ? f->branch : "*");
	/* The helper for HTTP is a child of git's, and must end without it, too. */
	AUTO_FREE char *low_speed =
		str_printf("http.lowSpeedTime=%lld", f->silence_ms / 1000 + 1);
	char *argv[] = { (char *)f->git,
			 git_dir,
			 "-c",
			 "core.hooksPath=/dev/null",
			 "-c",
			 "fetch.unpackLimit=1",
			 "-c",
			 "fetch.writeCommitGraph=false",
			 "-c",
			 low_speed,
			 "-c",
			 "http.lowSpeedLimit=1",
			 "fetch",
			 "--progress",
			 "--prune",
			 "--no-tags",
			 "--no-auto-maintenance",
			 "--no-write-fetch-head",
			 "--no-recurse-submodules",
			 "--end-of-options",
			 (char *)f->source,
			 spec,
			 NULL };

	return run_git(f, argv, NULL, err);
}

/* "ref: refs/heads/master\tHEAD"; nothing where it does not say. */
static int find_head(const struct fetch *f, struct json_object *result, struct err *err)
{
	static const char start[] = "ref: refs/heads/";
	AUTO(str_done) struct str output = STR_INIT;
	char *argv[] = { (char *)f->git,    "ls-remote", "--symref", "--",
			 (char *)f->source, "HEAD",      NULL };
	char **lines;

	if (run_git(f, argv, &output, err))
		return -1;
	lines = strv_split(str_get(&output), "\n");
	for (size_t i = 0; lines[i]; i++) {
		lines[i][strcspn(lines[i], "\t")] = '\0';
		if (str_starts(lines[i], start))
			json_set_str(result, "head", lines[i] + strlen(start));
	}
	strv_free(lines);
	return 0;
}

/* ---- what came ---- */

static int list_heads(const struct fetch *f, struct json_object *result, struct err *err)
{
	AUTO_FREE char *prefix = str_printf("refs/trees/%s/", f->name);
	struct json_object *list = json_object_new_array();
	AUTO(heads_done) struct heads heads = { 0 };

	json_set(result, "heads", list);
	if (store_heads(f->repo, f->name, &heads, NULL))
		return f->branch ? err_set(err, ERR_MISSING, "it has no branch %s",
					   f->branch) :
				   err_set(err, ERR_MISSING, "it has no branch");
	if (heads.n > (size_t)f->branches)
		return err_set(err, ERR_LIMIT, "it has %zu branches, %lld are the most",
			       heads.n, f->branches);
	for (size_t i = 0; i < heads.n; i++) {
		const char *branch = heads.v[i].ref + strlen(prefix);
		struct json_object *o;

		/* The name that tells which of them is meant; and what was here before. */
		if (!strcmp(branch, "HEAD") || (f->branch && strcmp(branch, f->branch)))
			continue;
		o = json_object_new_object();
		json_set_str(o, "branch", branch);
		json_set_str(o, "commit", heads.v[i].commit);
		json_object_array_add(list, o);
	}
	return 0;
}

static int list_packs(const struct fetch *f, struct json_object *result, struct err *err)
{
	AUTO_FREE char *path = path_join(f->jobdir, PACKS, NULL);
	struct json_object *list = json_object_new_array();
	AUTO_DIR DIR *d = opendir(path);
	struct dirent *e;

	json_set(result, "packs", list);
	if (!d)
		return err_sys(err, "open %s", path);
	while ((e = readdir(d))) {
		AUTO_FREE char *name = NULL;

		if (!str_ends(e->d_name, ".pack"))
			continue;
		name = path_join(PACKS, e->d_name, NULL);
		json_add_str(list, name);
	}
	return 0;
}

static int run(const struct fetch *f, struct json_object *result, struct err *err)
{
	if (f->branch)
		json_set_str(result, "head", f->branch);
	else if (find_head(f, result, err))
		return -1;
	return fetch_branches(f, err) || list_heads(f, result, err) ||
			       list_packs(f, result, err) ?
		       -1 :
		       0;
}

static long long limit(struct json_object *job, const char *key, long long def)
{
	long long v = json_int(json_obj(job, "limits"), key, def);

	return v > 0 ? v : def;
}

int role_tree(struct json_object *job, const char *jobdir, struct json_object *result,
	      struct err *err)
{
	AUTO(fetch_done)
	struct fetch f = { .job = job,
			   .jobdir = jobdir,
			   .name = json_str(job, "name", NULL),
			   .source = json_str(job, "source", NULL),
			   .branch = json_str(job, "branch", NULL),
			   .git = json_str(job, "git", "git"),
			   .repo = path_join(jobdir, REPO, NULL),
			   .bytes = limit(job, "bytes", 8LL << 30),
			   .silence_ms = limit(job, "silence_ms", 300000),
			   .branches = limit(job, "branches", 2000) };
	struct err why = { 0 };

	if (!f.name || !f.source)
		return err_set(err, ERR_INPUT, "the job names no tree or no source");
	if (prepare(&f, err) || set_environment(&f, err))
		return -1;
	if (run(&f, result, &why))
		json_set_str(result, "error", why.msg);
	else
		json_set(result, "error", NULL);
	json_set_str(result, "status", "ok");
	return 0;
}
