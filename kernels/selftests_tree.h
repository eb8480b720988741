/*
 * Where a selftests folder is built. Its makefiles write beside their sources
 * (local_config.h), and those are read-only. So it is built in a tree of symlinks:
 * the folders down to tools/testing/selftests/FOLDER are real, all else in them
 * points into the sources. "../lib.mk" and "../../../../mm/gup_test.h" are found
 * as ever, and no rule of the tree is touched. Blocks.
 */
#ifndef SLUICE_KERNELS_SELFTESTS_TREE_H
#define SLUICE_KERNELS_SELFTESTS_TREE_H

#include <stdbool.h>

#include "lib/err.h"

#define SELFTESTS_DIR "tools/testing/selftests"

/* Whether the sources have it, with no symlink on the way down. */
bool selftests_tree_has(const char *src, const char *folder);
/*
 * Makes or refreshes it at dir: what was added to the sources is linked, what is
 * gone from them goes. Files that make has written there stay.
 */
int selftests_tree_make(const char *src, const char *dir, const char *folder,
			struct err *err);

#endif
