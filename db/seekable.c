#include "db/seekable.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "lib/cleanup.h"
#include "lib/str.h"

#define SKIPPABLE_MAGIC 0x184D2A5Eu
#define SEEKABLE_MAGIC 0x8F92EAB1u
#define HEADER 8              /* magic, length */
#define FOOTER 9              /* number of frames, descriptor, magic */
#define ENTRY 8               /* compressed and decompressed size */
#define MAX_FRAMES (1u << 20) /* 256 GiB */
#define LEVEL 3

struct seekable_writer {
	int fd;
	char *path;
	ZSTD_CCtx *ctx;
	char *in; /* SEEKABLE_FRAME */
	size_t fill;
	char *out;
	size_t out_cap;
	struct str table; /* entries as in the file */
};

struct seekable_writer *seekable_writer_new(int fd, const char *path)
{
	struct seekable_writer *w = mem_alloc0(sizeof(*w));

	w->fd = fd;
	w->path = str_dup(path);
	w->ctx = ZSTD_createCCtx();
	w->out_cap = ZSTD_compressBound(SEEKABLE_FRAME);
	w->in = mem_alloc0(SEEKABLE_FRAME);
	w->out = mem_alloc0(w->out_cap);
	ZSTD_CCtx_setParameter(w->ctx, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(w->ctx, ZSTD_c_checksumFlag, 1);
	return w;
}

void seekable_writer_free(struct seekable_writer *w)
{
	if (!w)
		return;
	ZSTD_freeCCtx(w->ctx);
	free(w->path);
	free(w->in);
	free(w->out);
	str_done(&w->table);
	free(w);
}

static int write_all(const struct seekable_writer *w, const char *p, size_t len,
		     struct err *err)
{
	while (len > 0) {
		ssize_t n = write(w->fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "write %s", w->path);
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static void put32(struct str *s, uint32_t v)
{
	v = htole32(v);
	str_addn(s, &v, sizeof(v));
}

static int flush_frame(struct seekable_writer *w, struct err *err)
{
	size_t n = ZSTD_compress2(w->ctx, w->out, w->out_cap, w->in, w->fill);

	if (ZSTD_isError(n))
		return err_set(err, ERR_SYS, "compress %s: %s", w->path,
			       ZSTD_getErrorName(n));
	if (w->table.len / ENTRY >= MAX_FRAMES)
		return err_set(err, ERR_LIMIT, "%s: over %u frames", w->path, MAX_FRAMES);
	put32(&w->table, (uint32_t)n);
	put32(&w->table, (uint32_t)w->fill);
	w->fill = 0;
	return write_all(w, w->out, n, err);
}

int seekable_write(struct seekable_writer *w, const void *data, size_t len,
		   struct err *err)
{
	const char *p = data;

	while (len > 0) {
		size_t n = SEEKABLE_FRAME - w->fill;

		if (n > len)
			n = len;
		memcpy(w->in + w->fill, p, n);
		w->fill += n;
		p += n;
		len -= n;
		if (w->fill == SEEKABLE_FRAME && flush_frame(w, err) < 0)
			return -1;
	}
	return 0;
}

int seekable_finish(struct seekable_writer *w, struct err *err)
{
	AUTO(str_done) struct str end = STR_INIT;

	if (w->fill > 0 && flush_frame(w, err) < 0)
		return -1;
	put32(&end, SKIPPABLE_MAGIC);
	put32(&end, (uint32_t)(w->table.len + FOOTER));
	str_addn(&end, w->table.data, w->table.len);
	put32(&end, (uint32_t)(w->table.len / ENTRY));
	str_addc(&end, 0); /* descriptor: no checksums in the table */
	put32(&end, SEEKABLE_MAGIC);
	return write_all(w, end.data, end.len, err);
}

struct frame {
	uint64_t at, from; /* in the file, in the content */
	uint32_t csize, size;
};

struct seekable_reader {
	int fd;
	char *path;
	ZSTD_DCtx *ctx;
	struct frame *frames;
	uint32_t n;
	uint64_t size;
	int64_t loaded; /* frame in buf, or -1 */
	char *buf, *in;
	size_t in_cap;
};

static uint32_t get32(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static int read_at(const struct seekable_reader *r, void *buf, size_t len, uint64_t at,
		   struct err *err)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = pread(r->fd, (char *)buf + got, len - got, (off_t)(at + got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "read %s", r->path);
		if (n == 0)
			return err_set(err, ERR_INPUT, "%s: is cut off", r->path);
		got += (size_t)n;
	}
	return 0;
}

/* frames from the table's entries; they must fill the file up to the table. */
static int parse_table(struct seekable_reader *r, const char *t, uint64_t table_at)
{
	uint64_t at = 0, from = 0;

	r->frames = mem_alloc0(r->n * sizeof(*r->frames) + 1);
	for (uint32_t i = 0; i < r->n; i++) {
		struct frame *f = &r->frames[i];

		*f = (struct frame){ .at = at,
				     .from = from,
				     .csize = get32(t + (size_t)i * ENTRY),
				     .size = get32(t + (size_t)i * ENTRY + 4) };
		if (f->size == 0 || f->size > SEEKABLE_FRAME ||
		    f->csize > ZSTD_compressBound(SEEKABLE_FRAME))
			return -1;
		at += f->csize;
		from += f->size;
	}
	r->size = from;
	return at == table_at ? 0 : -1;
}

static int read_table(struct seekable_reader *r, struct err *err)
{
	AUTO_FREE char *table = NULL;
	off_t end = lseek(r->fd, 0, SEEK_END);
	char footer[FOOTER];
	uint64_t len;

	if (end < 0)
		return err_sys(err, "seek %s", r->path);
	if (end < HEADER + FOOTER)
		return err_set(err, ERR_INPUT, "%s: is cut off", r->path);
	if (read_at(r, footer, FOOTER, (uint64_t)end - FOOTER, err) < 0)
		return -1;
	r->n = get32(footer);
	len = HEADER + (uint64_t)r->n * ENTRY + FOOTER;
	if (get32(footer + 5) != SEEKABLE_MAGIC || footer[4] != 0 || r->n > MAX_FRAMES ||
	    len > (uint64_t)end)
		return err_set(err, ERR_INPUT, "%s: has no seek table", r->path);
	table = mem_alloc0(len);
	if (read_at(r, table, len, (uint64_t)end - len, err) < 0)
		return -1;
	if (get32(table) != SKIPPABLE_MAGIC || get32(table + 4) != len - HEADER ||
	    parse_table(r, table + HEADER, (uint64_t)end - len) < 0)
		return err_set(err, ERR_INPUT, "%s: its seek table is damaged", r->path);
	return 0;
}

int seekable_reader_new(int fd, const char *path, struct seekable_reader **ret_r,
			struct err *err)
{
	struct seekable_reader *r = mem_alloc0(sizeof(*r));

	r->fd = fd;
	r->path = str_dup(path);
	r->loaded = -1;
	if (read_table(r, err) < 0) {
		seekable_reader_free(r);
		return -1;
	}
	r->ctx = ZSTD_createDCtx();
	r->in_cap = ZSTD_compressBound(SEEKABLE_FRAME);
	r->in = mem_alloc0(r->in_cap);
	r->buf = mem_alloc0(SEEKABLE_FRAME);
	*ret_r = r;
	return 0;
}

void seekable_reader_free(struct seekable_reader *r)
{
	if (!r)
		return;
	ZSTD_freeDCtx(r->ctx);
	free(r->path);
	free(r->frames);
	free(r->in);
	free(r->buf);
	free(r);
}

uint64_t seekable_size(const struct seekable_reader *r)
{
	return r->size;
}

static int load_frame(struct seekable_reader *r, uint32_t i, struct err *err)
{
	const struct frame *f = &r->frames[i];
	size_t n;

	if (r->loaded == (int64_t)i)
		return 0;
	r->loaded = -1;
	if (read_at(r, r->in, f->csize, f->at, err) < 0)
		return -1;
	n = ZSTD_decompressDCtx(r->ctx, r->buf, SEEKABLE_FRAME, r->in, f->csize);
	if (ZSTD_isError(n) || n != f->size)
		return err_set(err, ERR_INPUT, "%s: frame %u is damaged", r->path, i);
	r->loaded = i;
	return 0;
}

/* The frame that holds offset, which is below size. */
static uint32_t find_frame(const struct seekable_reader *r, uint64_t offset)
{
	uint32_t lo = 0, hi = r->n - 1;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo + 1) / 2;

		if (r->frames[mid].from <= offset)
			lo = mid;
		else
			hi = mid - 1;
	}
	return lo;
}

ssize_t seekable_read(struct seekable_reader *r, uint64_t offset, void *buf, size_t len,
		      struct err *err)
{
	const struct frame *f;
	uint32_t i;
	size_t skip;

	if (offset >= r->size || len == 0)
		return 0;
	i = find_frame(r, offset);
	if (load_frame(r, i, err) < 0)
		return -1;
	f = &r->frames[i];
	skip = (size_t)(offset - f->from);
	if (len > f->size - skip)
		len = f->size - skip;
	memcpy(buf, r->buf + skip, len);
	return (ssize_t)len;
}
