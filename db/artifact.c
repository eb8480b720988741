#include "db/artifact.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "db/row.h"
#include "db/seekable.h"
#include "lib/file.h"
#include "lib/str.h"

#define COPY_BUF (128u << 10)

struct artifact_store {
	char *dir;
	struct db *db; /* borrowed */
};

struct artifact {
	int fd;
	char *path;
	uint64_t size;
	struct seekable_reader *seekable; /* NULL: raw */
};

struct artifact_row {
	char *sha256;
	enum artifact_kind kind;
	int64_t size, stored;
	bool present;
	int64_t created, used, dropped;
};

static const struct col cols[] = {
	COL_(TEXT, artifact_row, sha256),
	COL_ENUM(artifact_row, kind, WORDS_ARTIFACT_KIND),
	COL_(INT, artifact_row, size),
	COL_(INT, artifact_row, stored),
	COL_(BOOL, artifact_row, present),
	COL_(INT, artifact_row, created),
	COL_(INT, artifact_row, used),
	COL_(OPT_INT, artifact_row, dropped),
};
static const struct table table = TABLE(cols, artifact_row);

#define COLS "sha256, kind, size, stored, present, created, used, dropped"

static void row_free(struct artifact_row *r)
{
	row_done(&table, r);
}

static int find(struct artifact_store *s, const char *sha, struct artifact_row *ret,
		struct err *err)
{
	static const char sql[] = "SELECT " COLS " FROM artifact WHERE sha256 = :sha";
	AUTO_STMT sqlite3_stmt *st = stmt_get(s->db, sql, err);

	if (!st)
		return -1;
	bind_text(st, ":sha", sha);
	return row_read_one(s->db, st, &table, ret, err);
}

/* Content that came back after an eviction is stored as it was put now. */
static int put_row(struct artifact_store *s, const struct artifact_row *row,
		   struct err *err)
{
	static const char sql[] =
		"INSERT INTO artifact (" COLS ")"
		" VALUES (:sha256, :kind, :size, :stored, :present, :created, :used, NULL)"
		" ON CONFLICT (sha256) DO UPDATE SET kind = excluded.kind,"
		" stored = excluded.stored, present = excluded.present,"
		" used = excluded.used, dropped = NULL";
	AUTO_STMT sqlite3_stmt *st = stmt_get(s->db, sql, err);

	if (!st)
		return -1;
	bind_row(st, &table, row);
	return stmt_run(s->db, st, err);
}

static char *final_path(const struct artifact_store *s, const char *sha,
			enum artifact_kind kind)
{
	return str_printf("%s/%.2s/%s%s", s->dir, sha, sha,
			  kind == ARTIFACT_ZSTD ? ".zst" : "");
}

int artifact_store_new(const char *dir, struct db *db, struct artifact_store **ret_store,
		       struct err *err)
{
	AUTO_FREE char *incoming = path_join(dir, "incoming", NULL);

	/* The writer is alone: what lies in incoming/ was left by a crash. */
	if (db_writable(db) && tree_remove(incoming, err) < 0)
		return err_prefix(err, "artifact store");
	return artifact_store_join(dir, db, ret_store, err);
}

int artifact_store_join(const char *dir, struct db *db, struct artifact_store **ret_store,
			struct err *err)
{
	AUTO_FREE char *incoming = path_join(dir, "incoming", NULL);
	struct artifact_store *s;

	if (db_writable(db) && dir_make(incoming, 0755, err) < 0)
		return err_prefix(err, "artifact store");
	s = mem_alloc0(sizeof(*s));
	s->dir = str_dup(dir);
	s->db = db;
	*ret_store = s;
	return 0;
}

void artifact_store_free(struct artifact_store *s)
{
	if (!s)
		return;
	free(s->dir);
	free(s);
}

/* A file on its way in; put_done removes it unless it was renamed away. */
struct incoming {
	char *path;
	int fd;
	struct sha256 *hash;
	struct seekable_writer *zst; /* NULL: raw */
	uint64_t size;
};

static void put_done(struct incoming *in)
{
	if (in->fd >= 0)
		close(in->fd);
	if (in->path)
		unlink(in->path);
	free(in->path);
	sha256_free(in->hash);
	seekable_writer_free(in->zst);
}

static int put_start(struct artifact_store *s, enum artifact_kind kind,
		     struct incoming *in, struct err *err)
{
	AUTO_FREE char *path = path_join(s->dir, "incoming", "XXXXXX", NULL);

	in->fd = mkostemp(path, O_CLOEXEC);
	if (in->fd < 0)
		return err_sys(err, "create %s", path);
	in->path = TAKE_PTR(path);
	in->hash = sha256_new();
	if (kind == ARTIFACT_ZSTD)
		in->zst = seekable_writer_new(in->fd, in->path);
	return 0;
}

static int put_data(struct incoming *in, const char *p, size_t len, struct err *err)
{
	sha256_add(in->hash, p, len);
	in->size += len;
	if (in->zst)
		return seekable_write(in->zst, p, len, err);
	while (len > 0) {
		ssize_t n = write(in->fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "write %s", in->path);
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int sync_dir(const char *path, struct err *err)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return err_sys(err, "sync %s", path);
	return 0;
}

static int make_shard(struct artifact_store *s, const char *sha, char **ret_dir,
		      struct err *err)
{
	AUTO_FREE char *dir = str_printf("%s/%.2s", s->dir, sha);

	if (mkdir(dir, 0755) == 0) {
		if (sync_dir(s->dir, err) < 0)
			return -1;
	} else if (errno != EEXIST) {
		return err_sys(err, "make %s", dir);
	}
	*ret_dir = TAKE_PTR(dir);
	return 0;
}

/* 1 when the content is there in full already. */
static int is_stored(struct artifact_store *s, const char *sha, struct err *err)
{
	AUTO(row_free) struct artifact_row row = { .sha256 = NULL };
	AUTO_FREE char *path = NULL;
	struct stat sb;
	int r = find(s, sha, &row, err);

	if (r <= 0 || !row.present)
		return r < 0 ? -1 : 0;
	path = final_path(s, sha, row.kind);
	return stat(path, &sb) == 0 && sb.st_size == row.stored;
}

static int put_move(struct artifact_store *s, struct incoming *in, const char *sha,
		    enum artifact_kind kind, struct err *err)
{
	AUTO_FREE char *dir = NULL;
	AUTO_FREE char *path = final_path(s, sha, kind);

	/* Readable to the build user, who gets images by path. */
	if (fchmod(in->fd, 0444) < 0 || fsync(in->fd) < 0)
		return err_sys(err, "sync %s", in->path);
	if (make_shard(s, sha, &dir, err) < 0)
		return -1;
	if (rename(in->path, path) < 0)
		return err_sys(err, "rename %s to %s", in->path, path);
	free(in->path);
	in->path = NULL;
	return sync_dir(dir, err);
}

static int put_used(struct artifact_store *s, const char *sha, struct err *err)
{
	static const char sql[] = "UPDATE artifact SET used = :now WHERE sha256 = :sha";
	AUTO_STMT sqlite3_stmt *st = stmt_get(s->db, sql, err);

	if (!st)
		return -1;
	bind_text(st, ":sha", sha);
	bind_int(st, ":now", (int64_t)time(NULL));
	return stmt_run(s->db, st, err);
}

/*
 * Name and row in one transaction: whoever drops artifacts beside us looks at the row
 * and removes the file in one as well, so none of it comes between the two.
 */
static int put_commit(struct artifact_store *s, struct incoming *in, const char *sha,
		      enum artifact_kind kind, struct err *err)
{
	AUTO_TX struct tx tx = TX_INIT;
	struct artifact_row row = { .sha256 = (char *)sha,
				    .kind = kind,
				    .size = (int64_t)in->size,
				    .present = true,
				    .created = (int64_t)time(NULL) };
	struct stat sb;
	int r;

	if (db_begin(s->db, &tx, err) < 0)
		return -1;
	r = is_stored(s, sha, err);
	if (r < 0 || (r > 0 && put_used(s, sha, err) < 0))
		return -1;
	if (r == 0) {
		if (put_move(s, in, sha, kind, err) < 0)
			return -1;
		if (fstat(in->fd, &sb) < 0)
			return err_sys(err, "stat artifact %s", sha);
		row.stored = sb.st_size;
		row.used = row.created;
		if (put_row(s, &row, err) < 0)
			return -1;
	}
	return db_commit(&tx, err);
}

static int put_finish(struct artifact_store *s, struct incoming *in,
		      enum artifact_kind kind, char ret_sha[SHA256_HEX], struct err *err)
{
	char sha[SHA256_HEX];
	int r;

	if (in->zst && seekable_finish(in->zst, err) < 0)
		return -1;
	sha256_hex(in->hash, sha);
	r = is_stored(s, sha, err);
	/* Nobody is to wait for a big file's way to the disk. */
	if (r == 0 && fsync(in->fd) < 0)
		return err_sys(err, "sync %s", in->path);
	if (r < 0 || put_commit(s, in, sha, kind, err) < 0)
		return -1;
	memcpy(ret_sha, sha, SHA256_HEX);
	return 0;
}

int artifact_put_bytes(struct artifact_store *s, const void *data, size_t len,
		       enum artifact_kind kind, char ret_sha[SHA256_HEX], struct err *err)
{
	AUTO(put_done) struct incoming in = { .fd = -1 };

	if (put_start(s, kind, &in, err) < 0 || put_data(&in, data, len, err) < 0)
		return -1;
	return put_finish(s, &in, kind, ret_sha, err);
}

static int copy_in(int from, const char *path, struct incoming *in, struct err *err)
{
	AUTO_FREE char *buf = mem_alloc0(COPY_BUF);

	for (;;) {
		ssize_t n = read(from, buf, COPY_BUF);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "read %s", path);
		if (n == 0)
			return 0;
		if (put_data(in, buf, (size_t)n, err) < 0)
			return -1;
	}
}

int artifact_put_file(struct artifact_store *s, const char *path, enum artifact_kind kind,
		      char ret_sha[SHA256_HEX], struct err *err)
{
	AUTO(put_done) struct incoming in = { .fd = -1 };
	/* A job folder may hold what a stranger's build left: no links, no pipes. */
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat sb;

	if (fd < 0 || fstat(fd, &sb) < 0)
		return err_sys(err, "open %s", path);
	if (!S_ISREG(sb.st_mode))
		return err_set(err, ERR_INPUT, "%s: is not a file", path);
	if (put_start(s, kind, &in, err) < 0 || copy_in(fd, path, &in, err) < 0)
		return -1;
	return put_finish(s, &in, kind, ret_sha, err);
}

void artifact_day(int64_t when, char ret[ARTIFACT_DAY])
{
	time_t t = (time_t)when;
	struct tm tm;

	if (when < 0 || !gmtime_r(&t, &tm) ||
	    strftime(ret, ARTIFACT_DAY, "%Y-%m-%d", &tm) == 0)
		strcpy(ret, "an unknown day");
}

/* The row of one that is there. */
static int find_present(struct artifact_store *s, const char *sha,
			struct artifact_row *ret, struct err *err)
{
	char day[ARTIFACT_DAY];
	int r = find(s, sha, ret, err);

	if (r < 0)
		return -1;
	if (r == 1 && ret->present)
		return 0;
	if (r == 0)
		return err_set(err, ERR_MISSING, "artifact %.64s: is unknown", sha);
	artifact_day(ret->dropped, day);
	row_free(ret);
	return err_set(err, ERR_MISSING, "artifact %.64s: was dropped on %s by retention",
		       sha, day);
}

int artifact_path(struct artifact_store *s, const char *sha, char **ret_path,
		  struct err *err)
{
	AUTO(row_free) struct artifact_row row = { .sha256 = NULL };
	AUTO_FREE char *path = NULL;
	struct stat sb;

	if (find_present(s, sha, &row, err) < 0)
		return -1;
	if (row.kind != ARTIFACT_RAW)
		return err_set(err, ERR_INTERNAL, "artifact %s: is compressed", sha);
	path = final_path(s, sha, ARTIFACT_RAW);
	if (stat(path, &sb) < 0)
		return err_set(err, ERR_MISSING, "artifact %s: its file is gone", sha);
	if (sb.st_size != row.stored)
		return err_set(err, ERR_MISSING,
			       "artifact %s: its file has %lld bytes, not %lld", sha,
			       (long long)sb.st_size, (long long)row.stored);
	*ret_path = TAKE_PTR(path);
	return 0;
}

/* 1 when it was there, not used after the time, and of no job that is not over; then
 * it is no more, for all who ask. In a transaction of its own: a row must never name what is not there. */
static int drop_row(struct artifact_store *s, const char *sha, int64_t used_until,
		    struct artifact_row *ret, struct err *err)
{
	static const char sql[] =
		"UPDATE artifact SET present = 0, dropped = :now WHERE sha256 = :sha"
		" AND present AND used <= :until AND NOT EXISTS"
		" (SELECT 1 FROM job WHERE mbox = :sha AND finished IS NULL) RETURNING 1";
	AUTO_STMT sqlite3_stmt *st = stmt_get(s->db, sql, err);
	AUTO_TX struct tx tx = TX_INIT;
	int r;

	if (!st || db_begin(s->db, &tx, err) < 0)
		return -1;
	r = find(s, sha, ret, err);
	if (r <= 0)
		return r;
	bind_text(st, ":sha", sha);
	bind_int(st, ":now", (int64_t)time(NULL));
	bind_int(st, ":until", used_until);
	r = stmt_step(s->db, st, err);
	if (r <= 0)
		return r;
	stmt_put(&st);
	st = NULL;
	return db_commit(&tx, err) < 0 ? -1 : 1;
}

/* Unless somebody put it anew meanwhile, which the transaction keeps out. */
static int drop_file(struct artifact_store *s, const char *sha, const char *path,
		     struct err *err)
{
	AUTO(row_free) struct artifact_row row = { .sha256 = NULL };
	AUTO_TX struct tx tx = TX_INIT;
	int r;

	if (db_begin(s->db, &tx, err) < 0)
		return -1;
	r = find(s, sha, &row, err);
	if (r < 0)
		return -1;
	if (r > 0 && row.present)
		return 0;
	if (unlink(path) < 0 && errno != ENOENT)
		return err_sys(err, "remove %s", path);
	return 1;
}

int artifact_drop(struct artifact_store *s, const char *sha, int64_t used_until,
		  struct err *err)
{
	AUTO(row_free) struct artifact_row row = { .sha256 = NULL };
	AUTO_FREE char *path = NULL;
	int r = drop_row(s, sha, used_until, &row, err);

	if (r <= 0)
		return r;
	path = final_path(s, sha, row.kind);
	return drop_file(s, sha, path, err) < 0 ? -1 : 1;
}

int artifact_drop_stray(struct artifact_store *s, const char *name, struct err *err)
{
	AUTO_FREE char *sha = str_ndup(name, SHA256_HEX - 1);
	AUTO_FREE char *path = str_printf("%s/%.2s/%s", s->dir, name, name);
	AUTO(row_free) struct artifact_row row = { .sha256 = NULL };
	AUTO_FREE char *real = NULL;
	int r = find(s, sha, &row, err);

	if (r < 0)
		return -1;
	if (r == 0 || !row.present)
		return drop_file(s, sha, path, err);
	/* Stored in the other way meanwhile. */
	real = final_path(s, sha, row.kind);
	if (strcmp(real, path) == 0)
		return 0;
	if (unlink(path) < 0 && errno != ENOENT)
		return err_sys(err, "remove %s", path);
	return 1;
}

int artifact_dropped(struct artifact_store *s, const char *sha, int64_t *ret_when,
		     struct err *err)
{
	AUTO(row_free) struct artifact_row row = { .sha256 = NULL };
	int r = find(s, sha, &row, err);

	if (r <= 0 || row.present || row.dropped < 0)
		return r < 0 ? -1 : 0;
	*ret_when = row.dropped;
	return 1;
}

int artifact_open(struct artifact_store *s, const char *sha, struct artifact **ret_a,
		  struct err *err)
{
	AUTO(row_free) struct artifact_row row = { .sha256 = NULL };
	struct artifact *a;

	if (find_present(s, sha, &row, err) < 0)
		return -1;
	a = mem_alloc0(sizeof(*a));
	a->path = final_path(s, sha, row.kind);
	a->size = (uint64_t)row.size;
	a->fd = open(a->path, O_RDONLY | O_CLOEXEC);
	if (a->fd < 0) {
		err_sys(err, "open %s", a->path);
		goto out;
	}
	if (row.kind == ARTIFACT_ZSTD) {
		if (seekable_reader_new(a->fd, a->path, &a->seekable, err) < 0)
			goto out;
		a->size = seekable_size(a->seekable);
	}
	*ret_a = a;
	return 0;
out:
	artifact_close(a);
	return -1;
}

void artifact_close(struct artifact *a)
{
	if (!a)
		return;
	seekable_reader_free(a->seekable);
	if (a->fd >= 0)
		close(a->fd);
	free(a->path);
	free(a);
}

uint64_t artifact_size(const struct artifact *a)
{
	return a->size;
}

static ssize_t read_raw(struct artifact *a, uint64_t offset, void *buf, size_t len,
			struct err *err)
{
	ssize_t n;

	do
		n = pread(a->fd, buf, len, (off_t)offset);
	while (n < 0 && errno == EINTR);
	return n < 0 ? err_sys(err, "read %s", a->path) : n;
}

ssize_t artifact_read(struct artifact *a, uint64_t offset, void *buf, size_t len,
		      struct err *err)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = a->seekable ?
				    seekable_read(a->seekable, offset + got,
						  (char *)buf + got, len - got, err) :
				    read_raw(a, offset + got, (char *)buf + got,
					     len - got, err);

		if (n < 0)
			return -1;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

static void close_artifact(struct artifact **a)
{
	artifact_close(*a);
}

int artifact_load(struct artifact_store *s, const char *sha, uint64_t from, uint64_t to,
		  size_t max, char **ret_data, size_t *ret_len, struct err *err)
{
	AUTO(close_artifact) struct artifact *a = NULL;
	AUTO_FREE char *data = NULL;
	uint64_t len;
	ssize_t n;

	if (artifact_open(s, sha, &a, err) < 0)
		return -1;
	to = to < a->size ? to : a->size;
	len = from < to ? to - from : 0;
	len = len < max ? len : max;
	data = mem_alloc0(len + 1);
	n = artifact_read(a, from, data, len, err);
	if (n < 0)
		return -1;
	*ret_data = TAKE_PTR(data);
	*ret_len = (size_t)n;
	return 0;
}

int artifact_verify(struct artifact_store *s, const char *sha, struct err *err)
{
	AUTO(close_artifact) struct artifact *a = NULL;
	AUTO_FREE char *buf = mem_alloc0(COPY_BUF);
	struct sha256 *h;
	char hex[SHA256_HEX];
	uint64_t at = 0;
	ssize_t n;

	if (artifact_open(s, sha, &a, err) < 0)
		return -1;
	h = sha256_new();
	while ((n = artifact_read(a, at, buf, COPY_BUF, err)) > 0) {
		sha256_add(h, buf, (size_t)n);
		at += (uint64_t)n;
	}
	sha256_hex(h, hex);
	sha256_free(h);
	if (n < 0)
		return -1;
	if (strcmp(hex, sha) != 0)
		return err_set(err, ERR_INPUT, "artifact %s: its content is damaged",
			       sha);
	return 0;
}
