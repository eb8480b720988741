#include "daemon/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/paths.h"
#include "lib/sha256.h"
#include "lib/str.h"
#include "runners/sandbox.h"

char *state_default_dir(const char *option, const struct config *config)
{
	AUTO_FREE char *dir = NULL;
	const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char cwd[PATH_MAX];

	if (option && *option)
		dir = str_dup(option);
	else if (config->state_dir && *config->state_dir)
		dir = str_dup(config->state_dir);
	else if (geteuid() == 0)
		dir = str_dup("/var/lib/sluice");
	else if (xdg && xdg[0] == '/')
		dir = path_join(xdg, "sluice", NULL);
	else
		dir = path_join(home && *home ? home : "/", ".local/state/sluice", NULL);
	if (dir[0] == '/' || !getcwd(cwd, sizeof(cwd)))
		return TAKE_PTR(dir);
	return path_join(cwd, dir, NULL);
}

static int find_build_user(const struct config *config, struct state *st, struct err *err)
{
	struct passwd *pw;

	if (geteuid() != 0) {
		st->uid = geteuid();
		st->gid = getegid();
		return 0;
	}
	pw = getpwnam(config->build_user);
	if (!pw)
		return err_set(
			err, ERR_MISSING,
			"builds and guests never run as root, and the user \"%s\" "
			"(config: sandbox.build_user) does not exist; make it with: "
			"useradd --system --no-create-home --shell /usr/sbin/nologin %s",
			config->build_user, config->build_user);
	if (pw->pw_uid == 0)
		return err_set(
			err, ERR_INPUT,
			"sandbox.build_user \"%s\" is root; builds and guests never run as root",
			config->build_user);
	st->uid = pw->pw_uid;
	st->gid = pw->pw_gid;
	return 0;
}

/* bin/<sha256 of the file>/<name>; copied only once. */
static char *state_copy_program(struct state *st, const char *src, const char *name,
				struct err *err)
{
	AUTO_FREE char *dir = NULL, *dst = NULL, *tmp = NULL;
	char hex[SHA256_HEX];

	if (sha256_of_file(src, hex, err) < 0)
		return NULL;
	dir = path_join(st->dir, "bin", hex, NULL);
	dst = path_join(dir, name, NULL);
	if (path_exists(dst))
		return TAKE_PTR(dst);
	if (dir_make(dir, 0755, err) < 0)
		return NULL;
	tmp = str_printf("%s.%ld", dst, (long)getpid());
	unlink(tmp);
	if (file_copy(src, tmp, 0755, err) < 0)
		return NULL;
	if (state_commit(tmp, dst, err) < 0)
		return NULL;
	return TAKE_PTR(dst);
}

static int state_find_self(struct state *st, struct err *err)
{
	AUTO_FREE char *self = paths_self();

	if (!self)
		return err_set(err, ERR_SYS,
			       "cannot find our own binary (is /proc mounted?)");
	if (sandbox_reachable(self, st->uid, st->gid, NULL) == 0) {
		st->self = TAKE_PTR(self);
		return 0;
	}
	st->self = state_copy_program(st, self, "sluice", err);
	return st->self ? 0 : -1;
}

static int state_make_folders(struct state *st, struct err *err)
{
	struct {
		char **path;
		const char *name;
		bool owned;
	} folders[] = {
		{ &st->git, "git", false },
		{ &st->series, "series", true },
		{ &st->artifacts, "artifacts", false },
		{ &st->src, "src", true },
		{ &st->out, "out", true },
		{ &st->jobs, "jobs", false },
	};

	if (dir_make(st->dir, 0755, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		*folders[i].path = path_join(st->dir, folders[i].name, NULL);
		/* The store is made by whoever imports the first tree. */
		if (folders[i].path == &st->git)
			continue;
		if (folders[i].owned ? state_make_owned(st, *folders[i].path, err) < 0 :
				       dir_make(*folders[i].path, 0755, err) < 0)
			return -1;
	}
	st->db_path = path_join(st->dir, "sluice.db", NULL);
	return 0;
}

int state_open(const char *dir, const struct config *config, struct state **ret_state,
	       struct err *err)
{
	struct state *st = mem_alloc0(sizeof(*st));

	st->dir = str_dup(dir);
	st->guest_dir = str_dup(paths_guest());
	if (find_build_user(config, st, err) < 0 || state_make_folders(st, err) < 0 ||
	    sandbox_reachable(st->src, st->uid, st->gid, err) < 0 ||
	    state_find_self(st, err) < 0) {
		err_prefix(err, "state folder %s", dir);
		state_free(st);
		return -1;
	}
	*ret_state = st;
	return 0;
}

void state_free(struct state *st)
{
	if (!st)
		return;
	free(st->dir);
	free(st->db_path);
	free(st->git);
	free(st->series);
	free(st->artifacts);
	free(st->src);
	free(st->out);
	free(st->jobs);
	free(st->self);
	free(st->guest_dir);
	free(st);
}

int state_commit(const char *tmp, const char *path, struct err *err)
{
	AUTO_FD int fd = open(tmp, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 || syncfs(fd) < 0)
		return err_sys(err, "sync %s", tmp);
	if (rename(tmp, path) < 0)
		return err_sys(err, "rename %s", tmp);
	return 0;
}

int state_make_shared(const struct state *st, const char *path, struct err *err)
{
	return path_exists(path) ? 0 : state_make_owned(st, path, err);
}

int state_make_owned(const struct state *st, const char *path, struct err *err)
{
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return err_sys(err, "mkdir %s", path);
	if (geteuid() == 0 && lchown(path, st->uid, st->gid) < 0)
		return err_sys(err, "chown %s", path);
	return 0;
}

char *state_job_dir(struct state *st, const char *role, struct err *err)
{
	AUTO_FREE char *path = str_printf("%s/%s-XXXXXX", st->jobs, role);
	AUTO_FREE char *inner = NULL;

	if (!mkdtemp(path) || chmod(path, 0755) < 0) {
		err_sys(err, "make job folder %s", path);
		return NULL;
	}
	inner = path_join(path, "job", NULL);
	if (state_make_owned(st, inner, err) < 0)
		return NULL;
	return TAKE_PTR(path);
}

int state_own_jobs(struct state *st, const char *name, struct err *err)
{
	char *own = path_join(st->jobs, name, NULL);

	free(st->jobs);
	st->jobs = own;
	return dir_make(own, 0755, err);
}

static int clean_folder(const char *path, struct err *err)
{
	AUTO_DIR DIR *d = opendir(path);
	struct dirent *e;

	if (!d)
		return err_sys(err, "open %s", path);
	while ((e = readdir(d))) {
		AUTO_FREE char *entry = path_join(path, e->d_name, NULL);

		if (!str_starts(e->d_name, "series-") && !str_ends(e->d_name, ".tmp"))
			continue;
		if (tree_remove(entry, err) < 0)
			return -1;
	}
	return 0;
}

int state_clean(struct state *st, struct err *err)
{
	if (tree_remove(st->jobs, err) < 0 || dir_make(st->jobs, 0755, err) < 0)
		return -1;
	if (clean_folder(st->src, err) < 0)
		return -1;
	return clean_folder(st->out, err);
}

int state_give_file(const struct state *st, const char *src, const char *dst,
		    struct err *err)
{
	if (file_copy(src, dst, 0644, err) < 0)
		return -1;
	if (geteuid() == 0 && lchown(dst, st->uid, st->gid) < 0)
		return err_sys(err, "chown %s", dst);
	return 0;
}
