/*
 * Files that are no repository, as one commit: an archive (plain, or packed by
 * xz, gzip, bzip2 or zstd) or a folder. What tree_import does for these two
 * kinds.
 */
#ifndef SLUICE_KERNELS_TREE_FILES_H
#define SLUICE_KERNELS_TREE_FILES_H

#include "kernels/tree_import.h"

/*
 * Streams the archive into the store; its single top folder is stripped.
 * id: what the commit message names it by. *ret_files counts.
 */
int tree_files_archive(const struct tree_import_opts *opts, const char *ref,
		       const char *id, unsigned long *ret_files, struct err *err);
int tree_files_folder(const struct tree_import_opts *opts, const char *ref,
		      unsigned long *ret_files, struct err *err);

#endif
