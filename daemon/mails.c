#include "daemon/mails.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/str.h"

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)
#define FILES_MAX 10000

/* "0001-x.patch", "cur/1700000000.x:2,S": at most one folder deep, nothing hidden. */
static bool valid_name(const char *name)
{
	const char *slash = strchr(name, '/');
	const char *last = slash ? slash + 1 : name;

	if (slash && strncmp(name, "cur/", 4) != 0 && strncmp(name, "new/", 4) != 0)
		return false;
	return *last && *last != '.' && !strchr(last, '/') && !strpbrk(last, "\n\r") &&
	       strlen(last) <= NAME_MAX;
}

static int visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static int pack_file(const char *path, const char *name, uint64_t max, struct str *out,
		     struct err *err)
{
	AUTO_FREE char *data = NULL;
	size_t len;

	if (!valid_name(name))
		return err_set(err, ERR_INPUT, "%s: a name that cannot be packed", path);
	if (out->len >= max)
		return err_set(err, ERR_LIMIT, "%s: over the limit of limits.mbox_size",
			       path);
	if (file_read(path, max - out->len, &data, &len, err) < 0)
		return -1;
	str_addf(out, "%zu %s\n", len, name);
	str_addn(out, data, len);
	return 0;
}

/* The plain files of one folder, in order of names; prefix "", "cur/" or "new/". */
static int pack_folder(const char *path, const char *prefix, uint64_t max,
		       struct str *out, struct err *err)
{
	AUTO_FREE char *folder = path_join(path, prefix, NULL);
	struct dirent **names = NULL;
	int n = scandir(folder, &names, visible, alphasort), rc = 0;

	if (n < 0)
		return err_sys(err, "%s", folder);
	if (n > FILES_MAX)
		rc = err_set(err, ERR_LIMIT, "%s: more than %d files", folder, FILES_MAX);
	for (int i = 0; i < n; i++) {
		AUTO_FREE char *file = path_join(folder, names[i]->d_name, NULL);
		AUTO_FREE char *name = str_printf("%s%s", prefix, names[i]->d_name);
		struct stat st;

		if (rc == 0 && stat(file, &st) == 0 && S_ISREG(st.st_mode))
			rc = pack_file(file, name, max, out, err);
		free(names[i]);
	}
	free(names);
	return rc;
}

int mails_pack(const char *path, uint64_t max, char **ret_data, size_t *ret_len,
	       bool *ret_folder, struct err *err)
{
	AUTO_FREE char *cur = path_join(path, "cur", NULL);
	AUTO(str_done) struct str out = STR_INIT;
	struct stat st;
	int rc;

	if (stat(path, &st) < 0)
		return err_sys(err, "%s", path);
	*ret_folder = S_ISDIR(st.st_mode);
	if (!*ret_folder)
		return file_read(path, max, ret_data, ret_len, err);
	if (path_exists(cur))
		rc = pack_folder(path, "cur/", max, &out, err) < 0 ?
			     -1 :
			     pack_folder(path, "new/", max, &out, err);
	else
		rc = pack_folder(path, "", max, &out, err);
	if (rc < 0)
		return -1;
	*ret_len = out.len;
	*ret_data = str_take(&out);
	return 0;
}

/* One file at data; the bytes it took, or 0 with err. */
static size_t unpack_file(const char *data, size_t len, const char *dst, struct err *err)
{
	const char *nl = memchr(data, '\n', len < PATH_MAX ? len : PATH_MAX);
	AUTO_FREE char *line = nl ? str_ndup(data, (size_t)(nl - data)) : NULL;
	AUTO_FREE char *path = NULL;
	char *name = line ? strchr(line, ' ') : NULL;
	size_t head = nl ? (size_t)(nl - data) + 1 : 0;
	long long size;

	if (name)
		*name++ = '\0';
	if (!name || !str_to_ll(line, 0, (long long)(len - head), &size) ||
	    !valid_name(name)) {
		err_set(err, ERR_INPUT, "the mails are no packed folder");
		return 0;
	}
	path = path_join(dst, name, NULL);
	if (file_write_atomic(path, data + head, (size_t)size, 0644, err) < 0)
		return 0;
	return head + (size_t)size;
}

/* A maildir's files have a folder before their name, and then both must be there. */
static int make_folders(const char *data, size_t len, const char *dst, struct err *err)
{
	AUTO_FREE char *cur = path_join(dst, "cur", NULL);
	AUTO_FREE char *fresh = path_join(dst, "new", NULL);
	const char *nl = memchr(data, '\n', len);

	if (dir_make(dst, 0755, err) < 0)
		return -1;
	if (!nl || !memchr(data, '/', (size_t)(nl - data)))
		return 0;
	return dir_make(cur, 0755, err) < 0 ? -1 : dir_make(fresh, 0755, err);
}

int mails_unpack(const char *data, size_t len, bool folder, const char *dst,
		 struct err *err)
{
	size_t at = 0, n = 0;

	if (!folder)
		return file_write_atomic(dst, data, len, 0644, err);
	if (make_folders(data, len, dst, err) < 0)
		return -1;
	while (at < len) {
		size_t took = unpack_file(data + at, len - at, dst, err);

		if (!took)
			return -1;
		at += took;
		if (++n > FILES_MAX)
			return err_set(err, ERR_LIMIT, "the mails are more than %d files",
				       FILES_MAX);
	}
	return 0;
}

static int write_all(int fd, const char *data, size_t len)
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

int mails_to_fd(const char *data, size_t len, struct err *err)
{
	AUTO_FD int fd = memfd_create("mails", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || write_all(fd, data, len) < 0 || fcntl(fd, F_ADD_SEALS, SEALS) < 0)
		return err_sys(err, "memory file");
	return TAKE_FD(fd);
}

int mails_from_fd(int fd, uint64_t max, char **ret_data, size_t *ret_len, struct err *err)
{
	AUTO_FREE char *data = NULL;
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS);

	if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &st) < 0)
		return err_set(err, ERR_INPUT,
			       "the mails did not come as a sealed memory file");
	if ((uint64_t)st.st_size > max)
		return err_set(err, ERR_LIMIT, "the mails are over limits.mbox_size");
	data = mem_alloc0((size_t)st.st_size + 1);
	if (pread(fd, data, (size_t)st.st_size, 0) != st.st_size)
		return err_sys(err, "read the mails");
	*ret_len = (size_t)st.st_size;
	*ret_data = TAKE_PTR(data);
	return 0;
}
