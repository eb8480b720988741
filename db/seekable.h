/*
 * Seekable zstd: independent frames of at most 256 KiB and, at the end, a
 * skippable frame with their sizes (contrib/seekable_format of zstd 1.5,
 * without its optional checksums: each frame has zstd's own). "zstd -d" reads
 * it as it reads any file. Descriptors are the caller's; every call blocks on
 * the disk.
 */
#ifndef SLUICE_DB_SEEKABLE_H
#define SLUICE_DB_SEEKABLE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/err.h"

#define SEEKABLE_FRAME (256u << 10)

struct seekable_writer;
struct seekable_reader;

/* path is for messages. */
struct seekable_writer *seekable_writer_new(int fd, const char *path);
void seekable_writer_free(struct seekable_writer *w);
int seekable_write(struct seekable_writer *w, const void *data, size_t len,
		   struct err *err);
/* The last frame and the table; then only free. */
int seekable_finish(struct seekable_writer *w, struct err *err);

/* ERR_INPUT when the file's table does not fit the file. */
int seekable_reader_new(int fd, const char *path, struct seekable_reader **ret_r,
			struct err *err);
void seekable_reader_free(struct seekable_reader *r);
uint64_t seekable_size(const struct seekable_reader *r);
/* Bytes from offset, within one frame: may be fewer than len; 0 at the end. */
ssize_t seekable_read(struct seekable_reader *r, uint64_t offset, void *buf, size_t len,
		      struct err *err);

#endif
