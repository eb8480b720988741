/*
 * The *.edit files of a folder, parsed, in the order of their names. Blocks on
 * the files.
 */
#ifndef SLUICE_KERNELS_EXAMPLE_LOAD_H
#define SLUICE_KERNELS_EXAMPLE_LOAD_H

#include <stddef.h>

#include "kernels/example_edit.h"

struct example_edits {
	struct example_edit *cover; /* without hunks */
	struct example_edit **v;    /* the patches */
	size_t n;
};

/* ERR_INPUT when there is no cover, no patch, or a file cannot be used. */
int example_edits_load(const char *dir, struct example_edits *ret, struct err *err);
void example_edits_done(struct example_edits *e);

#endif
