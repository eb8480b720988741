/*
 * Whole files and folders: read, write by rename, make, remove, measure. All
 * block; all name the path in err.
 */
#ifndef SLUICE_LIB_FILE_H
#define SLUICE_LIB_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/err.h"

/* "a/b/c"; NULL-terminated list; the caller frees. */
char *path_join(const char *first, ...) __attribute__((sentinel));

/* At most max bytes (more: ERR_LIMIT). *ret_data is NUL-terminated, the caller frees. */
int file_read(const char *path, size_t max, char **ret_data, size_t *ret_len,
	      struct err *err);
/* To a temporary name beside it, fsync, rename, fsync of the folder. */
int file_write_atomic(const char *path, const void *data, size_t len,
		      mode_t mode, struct err *err);
/* mkdir -p with mode for what it makes. */
int dir_make(const char *path, mode_t mode, struct err *err);
/*
 * rm -rf that follows no symlink and crosses no file system. Not being there
 * is fine. Folders without write permission are opened up first.
 */
int tree_remove(const char *path, struct err *err);
/* Sum of the blocks that the folder's files hold, in bytes; races ignored. */
long long tree_size(const char *path);
/* chown -hR; nothing to do (0) when uid is ours already. */
int tree_chown(const char *path, uid_t uid, gid_t gid, struct err *err);
bool path_exists(const char *path);
/* A program's full path by $PATH, or NULL; the caller frees. */
char *program_find(const char *name);

#endif
