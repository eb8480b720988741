/*
 * What the programs of a selftests folder were built from, to know whether they
 * still stand for the sources. The makefiles of the tree know of no header but a
 * few; so the folder, the files beside it, and every file that the compiler read
 * are kept with size and time. Files that change get a new time (kernels/checkout.h),
 * also when they return to an older text.
 */
#ifndef SLUICE_KERNELS_SELFTESTS_INPUTS_H
#define SLUICE_KERNELS_SELFTESTS_INPUTS_H

#include <stdbool.h>

#include "lib/err.h"

/*
 * The variable, "NAME=VALUE", that makes gcc append what it reads to the file
 * deps, headers of the system too (gcc(1), SUNPRO_DEPENDENCIES). The caller frees.
 */
char *selftests_inputs_env(const char *deps);
/*
 * Writes list. src, folder: the sources; cwd: what relative names in deps are
 * meant from. A file that is gone already (the compiler was asked something) is
 * left out; deps may be missing.
 */
int selftests_inputs_write(const char *list, const char *src, const char *folder,
			   const char *deps, const char *cwd, struct err *err);
/* Whether all in list is as it was, and nothing came to the folder. */
bool selftests_inputs_same(const char *list, const char *src, const char *folder);

#endif
