/*
 * What builds the kernel: compiler, assembler, linker, make, flex, bison,
 * pahole. Kconfig looks at them, so another version rebuilds everything and
 * belongs in the build's key. Blocks: each program is asked for its version.
 */
#ifndef SLUICE_KERNELS_TOOLCHAIN_H
#define SLUICE_KERNELS_TOOLCHAIN_H

#include "lib/err.h"
#include "lib/sha256.h"

struct toolchain {
	char hash[SHA256_HEX];
	char *text; /* "gcc 12.2.0, as 2.40, … pahole none"; free */
};

/*
 * make: the program that will run the build. A program that is not there is
 * "none" and no error, except make itself and gcc (ERR_MISSING).
 */
int toolchain_id(const char *make, struct toolchain *ret, struct err *err);
void toolchain_done(struct toolchain *t);
/* The version in a program's first line of --version; "none" for NULL. The caller frees. */
char *toolchain_version(const char *line);

#endif
