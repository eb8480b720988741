#include "lib/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/cleanup.h"
#include "lib/str.h"

char *path_join(const char *first, ...)
{
	struct str s = STR_INIT;
	const char *part;
	va_list ap;

	str_add(&s, first);
	va_start(ap, first);
	while ((part = va_arg(ap, const char *))) {
		if (s.len)
			part += strspn(part, "/");
		if (!*part)
			continue;
		if (s.len && s.data[s.len - 1] != '/')
			str_addc(&s, '/');
		str_add(&s, part);
	}
	va_end(ap);
	return str_take(&s);
}

/* err_sys, but with the code for what is not there. */
static int file_failed(struct err *err, const char *verb, const char *path)
{
	bool missing = errno == ENOENT || errno == ENOTDIR;

	err_sys(err, "%s %s", verb, path);
	if (err && missing)
		err->code = ERR_MISSING;
	return -1;
}

int file_read(const char *path, size_t max, char **ret_data, size_t *ret_len,
	      struct err *err)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	AUTO(str_done) struct str s = STR_INIT;
	char buf[16384];
	ssize_t n;

	if (fd < 0)
		return file_failed(err, "open", path);
	/* The size that stat gives is no promise (proc, a growing log). */
	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return file_failed(err, "read", path);
		if ((size_t)n > max - s.len)
			return err_set(err, ERR_LIMIT, "%s: over %zu bytes", path, max);
		str_addn(&s, buf, (size_t)n);
	}
	if (ret_len)
		*ret_len = s.len;
	*ret_data = str_take(&s);
	return 0;
}

static int fd_write_all(int fd, const char *data, size_t len)
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

static char *path_parent(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return str_dup(".");
	return slash == path ? str_dup("/") : str_ndup(path, (size_t)(slash - path));
}

int file_write_atomic(const char *path, const void *data, size_t len, mode_t mode,
		      struct err *err)
{
	AUTO_FREE char *dir = path_parent(path);
	AUTO_FREE char *tmp = str_printf("%s.XXXXXX", path);
	AUTO_FD int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_FD int fd = -1;

	if (dirfd < 0)
		return file_failed(err, "open", dir);
	fd = mkostemp(tmp, O_CLOEXEC);
	if (fd < 0)
		return file_failed(err, "create", tmp);
	if (fd_write_all(fd, data, len) < 0 || fchmod(fd, mode) < 0 || fsync(fd) < 0 ||
	    rename(tmp, path) < 0) {
		file_failed(err, "write", path);
		unlink(tmp);
		return -1;
	}
	if (fsync(dirfd) < 0)
		return file_failed(err, "sync", dir);
	return 0;
}

static int fd_copy(int from, int to)
{
	char buf[64 << 10];
	ssize_t n;

	while ((n = read(from, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || fd_write_all(to, buf, (size_t)n) < 0)
			return -1;
	}
	return 0;
}

int file_copy(const char *from, const char *to, mode_t mode, struct err *err)
{
	AUTO_FD int in = open(from, O_RDONLY | O_CLOEXEC);
	AUTO_FD int out = -1;

	if (in < 0)
		return file_failed(err, "open", from);
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode & 0600);
	if (out < 0)
		return file_failed(err, "create", to);
	if (fd_copy(in, out) < 0 || fchmod(out, mode) < 0) {
		err_sys(err, "copy %s to %s", from, to);
		unlink(to);
		return -1;
	}
	return 0;
}

static int dir_make_one(const char *path, mode_t mode, struct err *err)
{
	AUTO_FD int fd = -1;
	struct stat st;

	if (mkdir(path, mode & 0700) < 0) {
		if (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
			return 0;
		return file_failed(err, "mkdir", path);
	}
	/* By descriptor: the name could be somebody's symlink by now. */
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fchmod(fd, mode) < 0)
		return file_failed(err, "chmod", path);
	return 0;
}

int dir_make(const char *path, mode_t mode, struct err *err)
{
	AUTO_FREE char *part = str_dup(path);

	for (char *p = part + strspn(part, "/"); *p;) {
		char *end = p + strcspn(p, "/");
		char *next = end + strspn(end, "/");
		char cut = *end;

		*end = '\0';
		if (dir_make_one(part, mode, err) < 0)
			return -1;
		*end = cut;
		p = next;
	}
	return 0;
}

bool path_exists(const char *path)
{
	return faccessat(AT_FDCWD, path, F_OK, 0) == 0;
}

static bool path_is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

char *program_find(const char *name)
{
	const char *path = getenv("PATH");
	char **dirs, *found = NULL;

	if (!*name)
		return NULL;
	if (strchr(name, '/'))
		return path_is_program(name) ? str_dup(name) : NULL;
	dirs = strv_split(path && *path ? path : "/usr/local/bin:/usr/bin:/bin", ":");
	for (size_t i = 0; dirs[i] && !found; i++) {
		found = path_join(dirs[i], name, NULL);
		if (!path_is_program(found)) {
			free(found);
			found = NULL;
		}
	}
	strv_free(dirs);
	return found;
}
