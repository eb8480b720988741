/*
 * The kernels that "sluice quiet" boots: the base of a tree, built as for any
 * series, or an image that somebody has.
 */
#ifndef SLUICE_CLI_QUIET_KERNEL_H
#define SLUICE_CLI_QUIET_KERNEL_H

#include "cli/context.h"
#include "cli/term.h"
#include "lib/sha256.h"

struct quiet_kernel {
	char *name; /* of the tree or file */
	char *image;
	char sha[SHA256_HEX];
};

/*
 * Each tells what went wrong and returns the exit code. The first runs a series of
 * one patch that changes no kernel, and takes the base's image: the first time
 * that builds it. config, topology and suite are one name each.
 */
int quiet_kernel_of_tree(struct context *cx, struct term *term, const char *tree,
			 const char *base, const char *config, const char *topology,
			 const char *suite, struct quiet_kernel *ret);
/* The one that this took last, without building or booting anything. git: the store. */
int quiet_kernel_stored(struct context *cx, const char *git, const char *tree,
			const char *base, const char *config, struct quiet_kernel *ret);
int quiet_kernel_of_file(struct context *cx, const char *path, struct quiet_kernel *ret);
void quiet_kernel_done(struct quiet_kernel *k);

#endif
