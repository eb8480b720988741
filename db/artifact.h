/*
 * The content-addressed store: ARTIFACTS/ab/<sha256> as it is, or
 * <sha256>.zst in seekable zstd frames (independent frames of 256 KiB and the
 * seek table of zstd's contrib/seekable_format, so "zstd -d" reads it too).
 * The name is the hash of the uncompressed bytes.
 *
 * A file is written to ARTIFACTS/incoming/, synced, renamed, its folder
 * synced, and only then gets its row: what the database names is there. When it is
 * dropped, the row goes first, for the same reason. What
 * fails in between (a full disk: ERR_SYS) leaves nothing under a final name;
 * leftovers in incoming/ are removed by artifact_store_new of a writer.
 */
#ifndef SLUICE_DB_ARTIFACT_H
#define SLUICE_DB_ARTIFACT_H

#include "db/db.h"
#include "lib/sha256.h"

enum artifact_kind { ARTIFACT_RAW, ARTIFACT_ZSTD };

struct artifact_store;
struct artifact; /* one open for reading */

/* db is borrowed and must outlive it; writable as the db is. */
int artifact_store_new(const char *dir, struct db *db, struct artifact_store **ret_store,
		       struct err *err);
/* The same beside another writer, who looks after incoming/. */
int artifact_store_join(const char *dir, struct db *db, struct artifact_store **ret_store,
			struct err *err);
void artifact_store_free(struct artifact_store *s);

/* Known content is not written again. The file at path is only read. */
int artifact_put_file(struct artifact_store *s, const char *path, enum artifact_kind kind,
		      char ret_sha[SHA256_HEX], struct err *err);
int artifact_put_bytes(struct artifact_store *s, const void *data, size_t len,
		       enum artifact_kind kind, char ret_sha[SHA256_HEX],
		       struct err *err);

/*
 * Of a raw one, whose file is there in full; the caller frees. ERR_MISSING when
 * dropped (it says when), unknown, or cut off.
 */
int artifact_path(struct artifact_store *s, const char *sha, char **ret_path,
		  struct err *err);
/* Reads it all and compares with its name. */
int artifact_verify(struct artifact_store *s, const char *sha, struct err *err);
/*
 * Removes the file; the row stays and keeps the day. Beside others that put and read:
 * what was put, or put again, after used_until (UTC seconds) stays. 1 when it was
 * dropped, 0 when not.
 */
int artifact_drop(struct artifact_store *s, const char *sha, int64_t used_until,
		  struct err *err);
/* Likewise of a file "<sha256>" or "<sha256>.zst" that no row has: left by a crash
 * between row and file. One that is a row's stays (0). */
int artifact_drop_stray(struct artifact_store *s, const char *name, struct err *err);
/* 1 and the UTC second in which it was dropped; 0 when it was not. */
int artifact_dropped(struct artifact_store *s, const char *sha, int64_t *ret_when,
		     struct err *err);
#define ARTIFACT_DAY 20
/* "2026-11-30", for people. */
void artifact_day(int64_t when, char ret[ARTIFACT_DAY]);

/* ERR_MISSING as above. Both kinds; only the frames that are asked for are read. */
int artifact_open(struct artifact_store *s, const char *sha, struct artifact **ret_a,
		  struct err *err);
void artifact_close(struct artifact *a);
uint64_t artifact_size(const struct artifact *a);
/* Up to len bytes from offset into buf; the number read, 0 at the end, -1 with err. */
ssize_t artifact_read(struct artifact *a, uint64_t offset, void *buf, size_t len,
		      struct err *err);
/* The range [from, to), cut at its end and at max bytes. NUL-terminated; the caller frees. */
int artifact_load(struct artifact_store *s, const char *sha, uint64_t from, uint64_t to,
		  size_t max, char **ret_data, size_t *ret_len, struct err *err);

#endif
