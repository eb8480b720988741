/*
 * Whole files and folders: read, write by rename, make, remove, measure. All
 * block; all name the path in err. What is not there gives ERR_MISSING.
 */
#ifndef SLUICE_LIB_FILE_H
#define SLUICE_LIB_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/err.h"

/*
 * "a/b/c"; NULL-terminated list; the caller frees. Empty parts add nothing, and
 * a part never gets above the first: a slash at its start is dropped ("..",
 * however, is not looked at).
 */
char *path_join(const char *first, ...) __attribute__((sentinel));

/*
 * At most max bytes (more: ERR_LIMIT). *ret_data is NUL-terminated, the caller
 * frees. ret_len may be NULL for text, where a NUL inside cuts it.
 */
int file_read(const char *path, size_t max, char **ret_data, size_t *ret_len,
	      struct err *err);
/*
 * To a temporary name beside it, fsync, rename, fsync of the folder. mode is
 * exact, whatever the umask is. On failure the old file is untouched.
 */
int file_write_atomic(const char *path, const void *data, size_t len, mode_t mode,
		      struct err *err);
/*
 * What the file from holds becomes that of the file to, which must be new; mode is exact.
 * A copy that failed is removed. For a folder of one's own: not by rename, no fsync.
 */
int file_copy(const char *from, const char *to, mode_t mode, struct err *err);
/* mkdir -p; what it makes gets exactly mode, whatever the umask is. */
int dir_make(const char *path, mode_t mode, struct err *err);
/*
 * rm -rf that follows no symlink and enters no mount (those it leaves, and
 * fails). Not being there is fine. Folders without write permission are opened
 * up first; any depth will do. It goes on after a failure, and err has the first.
 */
int tree_remove(const char *path, struct err *err);
/*
 * Sum of the blocks that the file or folder holds, in bytes; 0 when it is not
 * there; what cannot be read or vanishes meanwhile is not counted.
 */
long long tree_size(const char *path);
/*
 * chown -hR that enters no symlink and no mount. Nothing to do (0) when uid is
 * ours already: then what is in there is thought to be ours too.
 */
int tree_chown(const char *path, uid_t uid, gid_t gid, struct err *err);
bool path_exists(const char *path);
/* A program's full path by $PATH, or NULL; the caller frees. */
char *program_find(const char *name);

#endif
