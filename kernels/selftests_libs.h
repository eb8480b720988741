/*
 * What selftests of a tree are linked with and compiled against that is no part of the
 * tree: the C library, the others that they are known to use, the system's kernel
 * headers. A static program holds them, and an update of one makes another program.
 */
#ifndef SLUICE_KERNELS_SELFTESTS_LIBS_H
#define SLUICE_KERNELS_SELFTESTS_LIBS_H

#include "lib/err.h"
#include "lib/sha256.h"

/*
 * Of the contents of all of them, as gcc finds them; include: where their headers are
 * ("/usr/include"). What is not there counts as that. Blocks: gcc is asked for each.
 */
int selftests_libs_id(const char *include, char ret[SHA256_HEX], struct err *err);

#endif
