/*
 * The mails of a series on their way from whoever has them to a worker: a file as
 * it is, or a maildir or folder of patch files packed into one, each file as a line
 * "<length> <name>" and its bytes. So the daemon opens no path that a client names,
 * and a series is tested as it was when it was given.
 */
#ifndef SLUICE_DAEMON_MAILS_H
#define SLUICE_DAEMON_MAILS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

/* The file's bytes, or the folder packed. ERR_LIMIT over max; the caller frees. */
int mails_pack(const char *path, uint64_t max, char **ret_data, size_t *ret_len,
	       bool *ret_folder, struct err *err);
/* To dst, which must not be there. ERR_INPUT when data is no packed folder. */
int mails_unpack(const char *data, size_t len, bool folder, const char *dst,
		 struct err *err);

/* A sealed memory file with the bytes; -1 with err. */
int mails_to_fd(const char *data, size_t len, struct err *err);
/*
 * The bytes of such a file, which nobody can change or cut meanwhile; ERR_INPUT for
 * any other descriptor (reading it could block), ERR_LIMIT over max.
 */
int mails_from_fd(int fd, uint64_t max, char **ret_data, size_t *ret_len,
		  struct err *err);

#endif
