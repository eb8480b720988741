#include "kernels/tree_files.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>

#include "kernels/fast_import.h"
#include "kernels/stream.h"
#include "kernels/tar.h"
#include "lib/cleanup.h"
#include "lib/str.h"

#define PROGRESS_EVERY 1000

struct import {
	const struct tree_import_opts *opts;
	const char *ref, *id;
	struct fast_import *fi; /* NULL until the first entry named the top folder */
	struct tar *tar;
	struct stream unpacker; /* pid 0: the archive is not packed */
	char *top;              /* "linux-6.12/" */
	unsigned long files;
	struct err *err;
};

static void import_done(struct import *im)
{
	tar_free(im->tar);
	stream_done(&im->unpacker);
	fast_import_free(im->fi);
	free(im->top);
}

static void count(struct import *im)
{
	if (++im->files % PROGRESS_EVERY == 0 && im->opts->progress)
		im->opts->progress(NULL, im->files, im->opts->arg);
}

static int begin(struct import *im, const char *title)
{
	AUTO_FREE char *message =
		im->id ? str_printf("%s\n\nSluice-Import: %s\n", title, im->id) :
			 str_printf("%s\n\nSluice-Import: folder\n", title);

	return fast_import_start(im->opts->git ? im->opts->git : "git", im->opts->store,
				 im->ref, message, &im->fi, im->err);
}

/* The program that undoes the packing, by the file's first bytes; NULL for none. */
static const char *unpacker_of(int fd)
{
	static const struct {
		const char *magic;
		size_t len;
		const char *program;
	} known[] = {
		{ "\xfd"
		  "7zXZ",
		  5, "xz" },
		{ "\x1f\x8b", 2, "gzip" },
		{ "BZh", 3, "bzip2" },
		{ "\x28\xb5\x2f\xfd", 4, "zstd" },
	};
	char head[8] = "";

	if (pread(fd, head, sizeof(head), 0) < 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!memcmp(head, known[i].magic, known[i].len))
			return known[i].program;
	return NULL;
}

static int archive_open(struct import *im, int fd)
{
	const char *program = unpacker_of(fd);
	char *argv[] = { (char *)program, "-dc", NULL };

	if (program && stream_start(&im->unpacker, STREAM_READ, argv, NULL, fd, im->err))
		return -1;
	im->tar = tar_new(program ? im->unpacker.fd : fd);
	return 0;
}

/* A path that can be in a git tree. */
static bool path_ok(const char *path)
{
	for (const char *p = path;; p = strchr(p, '/') + 1) {
		size_t n = strcspn(p, "/");

		if (!n || (n == 1 && p[0] == '.') || (n == 2 && !memcmp(p, "..", 2)) ||
		    (n == 4 && !strncasecmp(p, ".git", 4)))
			return false;
		if (!p[n])
			return true;
	}
}

/* Without "./" and the top folder; NULL for the top folder itself, or with err. */
static const char *strip_top(struct import *im, const char *path, bool folder)
{
	size_t n;

	while (str_starts(path, "./"))
		path += 2;
	n = strcspn(path, "/");
	if (!im->top) {
		if (!n || (!folder && !path[n])) {
			err_set(im->err, ERR_INPUT, "%s: the archive has no top folder",
				path);
			return NULL;
		}
		im->top = str_ndup(path, n);
		if (begin(im, im->top))
			return NULL;
	}
	if (strlen(im->top) != n || memcmp(im->top, path, n)) {
		err_set(im->err, ERR_INPUT,
			"%s: the archive has more than one top folder", path);
		return NULL;
	}
	return path[n] ? path + n + 1 : path + n;
}

static int archive_file(struct import *im, const char *path, const struct tar_entry *e)
{
	if (fast_import_file(im->fi, path, e->executable, e->size, im->err))
		return -1;
	for (;;) {
		const char *data;
		size_t n;

		if (tar_data(im->tar, &data, &n, im->err))
			return -1;
		if (!n)
			return 0;
		if (fast_import_data(im->fi, data, n, im->err))
			return -1;
	}
}

static int archive_entry(struct import *im, const struct tar_entry *e)
{
	const char *from, *path = strip_top(im, e->path, e->type == TAR_FOLDER);

	if (!path)
		return -1;
	if (e->type == TAR_FOLDER)
		return 0;
	if (!path_ok(path))
		return err_set(im->err, ERR_INPUT, "%s: no path for a tree", e->path);
	count(im);
	switch (e->type) {
	case TAR_SYMLINK:
		return fast_import_symlink(im->fi, path, e->link, im->err);
	case TAR_HARDLINK:
		from = strip_top(im, e->link, false);
		return from ? fast_import_copy(im->fi, from, path, im->err) : -1;
	default:
		return archive_file(im, path, e);
	}
}

/* So that the unpacker ends by itself and can say whether all was well. */
static void drain(int fd)
{
	char buf[65536];

	while (read(fd, buf, sizeof(buf)) > 0)
		;
}

static int archive_entries(struct import *im)
{
	struct tar_entry e;
	int rc;

	while ((rc = tar_next(im->tar, &e, im->err)) == 1)
		if (archive_entry(im, &e))
			return -1;
	if (rc < 0)
		return -1;
	if (!im->fi)
		return err_set(im->err, ERR_INPUT, "the archive is empty");
	return 0;
}

int tree_files_archive(const struct tree_import_opts *opts, const char *ref,
		       const char *id, unsigned long *ret_files, struct err *err)
{
	AUTO_FD int fd = open(opts->source, O_RDONLY | O_CLOEXEC);
	AUTO(import_done)
	struct import im = { .opts = opts, .ref = ref, .id = id, .err = err };
	struct err ended = { 0 };

	if (fd < 0)
		return err_sys(err, "open %s", opts->source);
	if (archive_open(&im, fd))
		return -1;
	if (archive_entries(&im)) {
		/* A damaged archive shows as a tar error first; the unpacker knows better. */
		if (im.unpacker.pid && im.unpacker.fd >= 0) {
			drain(im.unpacker.fd);
			if (stream_end(&im.unpacker, &ended) && err)
				*err = ended;
		}
		return err_prefix(err, "%s", opts->source);
	}
	if (im.unpacker.pid) {
		drain(im.unpacker.fd);
		if (stream_end(&im.unpacker, err))
			return err_prefix(err, "%s", opts->source);
	}
	*ret_files = im.files;
	return fast_import_end(im.fi, err);
}

static int folder_file(struct import *im, const char *path, const FTSENT *f)
{
	AUTO_FD int fd = open(f->fts_accpath, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	unsigned long long left = (unsigned long long)f->fts_statp->st_size;
	char buf[65536];

	if (fd < 0)
		return err_sys(im->err, "open %s", f->fts_path);
	if (fast_import_file(im->fi, path, f->fts_statp->st_mode & 0100, left, im->err))
		return -1;
	while (left) {
		ssize_t n =
			read(fd, buf, left < sizeof(buf) ? (size_t)left : sizeof(buf));

		if (n < 0)
			return err_sys(im->err, "read %s", f->fts_path);
		if (!n)
			return err_set(im->err, ERR_SYS, "%s shrank while it was read",
				       f->fts_path);
		if (fast_import_data(im->fi, buf, (size_t)n, im->err))
			return -1;
		left -= (unsigned long long)n;
	}
	return 0;
}

static int folder_symlink(struct import *im, const char *path, const FTSENT *f)
{
	char target[4096];
	ssize_t n = readlink(f->fts_accpath, target, sizeof(target) - 1);

	if (n < 0)
		return err_sys(im->err, "read the link %s", f->fts_path);
	target[n] = '\0';
	return fast_import_symlink(im->fi, path, target, im->err);
}

static int folder_entry(struct import *im, const FTSENT *f, size_t root_len)
{
	const char *path = f->fts_path + root_len;

	while (*path == '/')
		path++;
	if (f->fts_info == FTS_DNR || f->fts_info == FTS_ERR || f->fts_info == FTS_NS) {
		errno = f->fts_errno;
		return err_sys(im->err, "%s", f->fts_path);
	}
	if (f->fts_info != FTS_F && f->fts_info != FTS_SL && f->fts_info != FTS_SLNONE)
		return 0; /* git knows neither folders nor sockets */
	count(im);
	return f->fts_info == FTS_F ? folder_file(im, path, f) :
				      folder_symlink(im, path, f);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void cleanup_fts(FTS **fts)
{
	if (*fts)
		fts_close(*fts);
}

int tree_files_folder(const struct tree_import_opts *opts, const char *ref,
		      unsigned long *ret_files, struct err *err)
{
	char *const roots[] = { (char *)opts->source, NULL };
	AUTO(cleanup_fts) FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	AUTO(import_done) struct import im = { .opts = opts, .ref = ref, .err = err };
	FTSENT *f;

	if (!fts)
		return err_sys(err, "%s", opts->source);
	if (begin(&im, opts->name))
		return -1;
	while ((f = fts_read(fts))) {
		if (f->fts_level > 0 && !strcasecmp(f->fts_name, ".git"))
			fts_set(fts, f, FTS_SKIP);
		else if (folder_entry(&im, f, strlen(opts->source)))
			return -1;
	}
	*ret_files = im.files;
	return fast_import_end(im.fi, err);
}
