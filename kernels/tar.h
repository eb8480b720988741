/*
 * A tar archive as it streams in: ustar, GNU long names, pax headers; regular
 * files, hard links, symlinks, folders. Anything else (devices, sparse files)
 * is an error. Paths are given as they stand in the archive: check them.
 */
#ifndef SLUICE_KERNELS_TAR_H
#define SLUICE_KERNELS_TAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

enum tar_type { TAR_FILE, TAR_HARDLINK, TAR_SYMLINK, TAR_FOLDER };

struct tar_entry {
	enum tar_type type;
	const char *path; /* valid until the next tar_next */
	const char *link; /* target of a link */
	bool executable;  /* by its owner */
	uint64_t size;    /* of a file's data */
};

struct tar;

/* fd stays the caller's and must outlive it. */
struct tar *tar_new(int fd);
void tar_free(struct tar *t);
/* 1: *ret is the next entry; 0: the archive ended; -1 with err. Skips unread data. */
int tar_next(struct tar *t, struct tar_entry *ret, struct err *err);
/* The next piece of the entry's data, *ret_len 0 at its end. Valid until the next call. */
int tar_data(struct tar *t, const char **ret_data, size_t *ret_len, struct err *err);

#endif
