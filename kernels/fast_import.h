/*
 * One commit of many files, streamed into `git fast-import`: straight into a
 * pack, no file on disk between. Author, committer and date are fixed, so the
 * same files and message give the same commit id anywhere.
 */
#ifndef SLUICE_KERNELS_FAST_IMPORT_H
#define SLUICE_KERNELS_FAST_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

struct fast_import;

/* Starts git (the program's name or path) on the bare repository; ref will be replaced. */
int fast_import_start(const char *git, const char *repo, const char *ref,
		      const char *message, struct fast_import **ret, struct err *err);
/* A file of exactly size bytes: they follow by fast_import_data. */
int fast_import_file(struct fast_import *fi, const char *path, bool executable,
		     uint64_t size, struct err *err);
int fast_import_data(struct fast_import *fi, const char *data, size_t len,
		     struct err *err);
int fast_import_symlink(struct fast_import *fi, const char *path, const char *target,
			struct err *err);
/* Another name for a file given before. */
int fast_import_copy(struct fast_import *fi, const char *from, const char *to,
		     struct err *err);
/* Ends the commit; only then the ref moves. */
int fast_import_end(struct fast_import *fi, struct err *err);
/* Ended or not; NULL is fine. An unended import leaves the ref as it was. */
void fast_import_free(struct fast_import *fi);

#endif
