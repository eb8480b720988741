/* The part of lib/file.h that walks whole trees. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/str.h"

/*
 * Trees that we walk may have been written by a stranger's build, and may change
 * under our feet. So every step is one name below a descriptor, opened without
 * following symlinks or entering a mount (a bind mount of the same file system,
 * too, which comparing st_dev would not see).
 */
static int dir_enter(int dirfd, const char *name)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS,
	};
	struct stat up, st;
	long fd = syscall(SYS_openat2, dirfd, name, &how, sizeof(how));

	if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
		return (int)fd;
	/* Before Linux 5.6, or below a filter that does not know the call. */
	fd = openat(dirfd, name, (int)how.flags);
	if (fd >= 0 && (fstat(dirfd, &up) < 0 || fstat((int)fd, &st) < 0 ||
			up.st_dev != st.st_dev)) {
		close((int)fd);
		errno = EXDEV;
		return -1;
	}
	return (int)fd;
}

/*
 * A folder's parent, opened, and its last name, for paths that the caller chose
 * and whose leading parts may well be symlinks. False with errno.
 */
static bool path_open_parent(const char *path, int *ret_fd, char **ret_name)
{
	AUTO_FREE char *dir = str_dup(path);
	char *slash;
	size_t n = strlen(dir);

	/* With its slash "link/" would be the folder behind the link. */
	while (n > 1 && dir[n - 1] == '/')
		dir[--n] = '\0';
	slash = strrchr(dir, '/');
	if (!slash) {
		*ret_fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		*ret_name = str_dup(dir);
	} else {
		*ret_name = str_dup(slash[1] ? slash + 1 : ".");
		slash[slash == dir] = '\0';
		*ret_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	return *ret_fd >= 0;
}

/* On an error "not a folder": the use of it will tell. */
static bool entry_is_dir(int dirfd, const struct dirent *e)
{
	struct stat st;

	if (e->d_type != DT_UNKNOWN)
		return e->d_type == DT_DIR;
	return fstatat(dirfd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode);
}

static bool entry_is_dots(const struct dirent *e)
{
	return strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
}

/*
 * Folders open at once. A deeper one is moved up to the top of the tree and
 * emptied from there: a build that made "a/a/a/..." without end could otherwise
 * use up our descriptors and never be removed.
 */
#define REMOVE_DEPTH 128

struct remover {
	const char *path;
	struct err *err;
	int top;            /* the tree's own folder */
	unsigned int moved; /* how many were moved up, for their names */
	unsigned int failed;
};

static void remover_failed(struct remover *r, const char *name)
{
	if (r->failed++ == 0)
		err_sys(r->err, "remove %s: %s", r->path, name);
}

/* chmod u+rwx of a folder without following what might have taken its place. */
static bool dir_unlock(int dirfd, const char *name)
{
	AUTO_FD int fd =
		openat(dirfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char proc[64];

	if (fd < 0)
		return false;
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	return chmod(proc, 0700) == 0;
}

static int dir_enter_locked(int dirfd, const char *name)
{
	struct stat st;
	int fd = dir_enter(dirfd, name);

	if (fd < 0 && errno == EACCES && dir_unlock(dirfd, name))
		return dir_enter(dirfd, name);
	/* Readable, but nothing can be taken out of it. */
	if (fd >= 0 && fstat(fd, &st) == 0 && (st.st_mode & 0300) != 0300)
		fchmod(fd, 0700);
	return fd;
}

static bool dir_move_up(struct remover *r, int dirfd, const char *name)
{
	bool unlocked = false;
	char up[64];

	for (;;) {
		snprintf(up, sizeof(up), ".sluice-removed-%u", r->moved++);
		if (renameat2(dirfd, name, r->top, up, RENAME_NOREPLACE) == 0)
			return true;
		if (errno == EEXIST)
			continue;
		/* A new parent means a new "..": the folder itself must be writable. */
		if (errno != EACCES || unlocked || !dir_unlock(dirfd, name))
			return false;
		unlocked = true;
	}
}

/* Takes fd. Empties the folder but for what fails. */
static void dir_empty(struct remover *r, int fd, unsigned int depth)
{
	AUTO_DIR DIR *dir = fdopendir(fd);
	struct dirent *e;

	if (!dir) {
		remover_failed(r, "open a folder");
		close(fd);
		return;
	}
	while ((e = readdir(dir))) {
		bool is_dir = entry_is_dir(fd, e);
		int sub;

		if (entry_is_dots(e))
			continue;
		if (!is_dir) {
			if (unlinkat(fd, e->d_name, 0) < 0 && errno != ENOENT)
				remover_failed(r, e->d_name);
			continue;
		}
		if (depth >= REMOVE_DEPTH && dir_move_up(r, fd, e->d_name))
			continue;
		sub = dir_enter_locked(fd, e->d_name);
		if (sub >= 0)
			dir_empty(r, sub, depth + 1);
		else if (errno != ENOENT)
			remover_failed(r, e->d_name);
		if (unlinkat(fd, e->d_name, AT_REMOVEDIR) < 0 && errno != ENOENT)
			remover_failed(r, e->d_name);
	}
}

int tree_remove(const char *path, struct err *err)
{
	struct remover r = { .path = path, .err = err, .top = -1 };
	AUTO_FREE char *name = NULL;
	AUTO_FD int parent = -1;
	unsigned int moved;

	if (!path_open_parent(path, &parent, &name)) {
		if (errno == ENOENT || errno == ENOTDIR)
			return 0;
		return err_sys(err, "remove %s", path);
	}
	/* What a path that was put together from empty parts comes to. */
	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return err_set(err, ERR_INTERNAL, "remove %s: refused", path);
	if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return err_sys(err, "remove %s", path);
	do {
		int fd = dir_enter_locked(parent, name);

		if (fd < 0)
			return err_sys(err, "remove %s", path);
		moved = r.moved;
		r.top = fd;
		dir_empty(&r, fd, 1);
	} while (r.moved != moved && !r.failed);
	if (r.failed)
		return -1;
	if (unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_sys(err, "remove %s", path);
	return 0;
}

/* Called for each entry, folders before what is in them; non-zero ends the walk. */
typedef int (*walk_fn)(int dirfd, const char *name, void *arg);

/* Nobody's real tree is deeper; one level costs a descriptor and some stack. */
#define WALK_DEPTH 512

static int tree_walk(int dirfd, const char *name, int depth, walk_fn fn, void *arg)
{
	AUTO_DIR DIR *dir = NULL;
	struct dirent *e;
	int fd, rc = 0;

	if (depth > WALK_DEPTH) {
		errno = ENAMETOOLONG;
		return -1;
	}
	/* The top may well be a mount. */
	fd = depth ? dir_enter(dirfd, name) :
		     openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == EXDEV)
		return 0;
	if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM))
		return -1;
	if (fn(dirfd, name, arg) != 0 || (fd >= 0 && !(dir = fdopendir(fd)))) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while (dir && rc == 0 && (e = readdir(dir))) {
		if (entry_is_dots(e))
			continue;
		if (entry_is_dir(fd, e))
			rc = tree_walk(fd, e->d_name, depth + 1, fn, arg);
		else
			rc = fn(fd, e->d_name, arg);
	}
	return rc;
}

static int size_add(int dirfd, const char *name, void *arg)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		*(long long *)arg += (long long)st.st_blocks * 512;
	return 0;
}

long long tree_size(const char *path)
{
	AUTO_FREE char *name = NULL;
	AUTO_FD int parent = -1;
	long long sum = 0;

	if (path_open_parent(path, &parent, &name))
		tree_walk(parent, name, 0, size_add, &sum);
	return sum;
}

struct chowner {
	uid_t uid;
	gid_t gid;
};

static int chown_one(int dirfd, const char *name, void *arg)
{
	const struct chowner *to = arg;

	if (fchownat(dirfd, name, to->uid, to->gid, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	return errno == ENOENT ? 0 : -1;
}

int tree_chown(const char *path, uid_t uid, gid_t gid, struct err *err)
{
	struct chowner to = { .uid = uid, .gid = gid };
	AUTO_FREE char *name = NULL;
	AUTO_FD int parent = -1;

	if (uid == geteuid())
		return 0;
	if (!path_exists(path))
		return err_set(err, ERR_MISSING, "chown %s: not there", path);
	if (!path_open_parent(path, &parent, &name) ||
	    tree_walk(parent, name, 0, chown_one, &to) < 0)
		return err_sys(err, "chown %s", path);
	return 0;
}
