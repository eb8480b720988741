/*
 * The key of a build: everything its output depends on. The whole chain of
 * trees built in one output folder counts, from the clean base on, so that a
 * hostile step can only spoil what is built on top of it.
 */
#ifndef SLUICE_KERNELS_BUILDKEY_H
#define SLUICE_KERNELS_BUILDKEY_H

#include <stddef.h>

#include "lib/sha256.h"

struct buildkey {
	const char *const *trees; /* tree ids in hex, base first, this one last */
	size_t ntrees;
	const char *config_hash; /* kconfig_hash */
	const char *arch;
	char *const *make_args; /* make_vars: what is passed beside paths, -j and goal */
	const char *toolchain;  /* toolchain.hash */
};

void build_key(const struct buildkey *k, char ret_hex[SHA256_HEX]);

#endif
