/*
 * One patch of an example series, written so that it outlives a tree that
 * moves: no line numbers, each change is anchored on the text that it replaces.
 *
 *   # remarks, up to the first other line
 *   Subject: mm/x: what it does
 *
 *   The commit message.
 *
 *   @@ mm/x.c in static int f(
 *    lines that stay,
 *   -lines that must be there
 *   +lines that take their place
 *
 * The lines that stay and go must be found exactly once, as whole lines: in the
 * file, or with "in TEXT" from the only line that starts with TEXT to the next
 * one that starts with "}". A file without any "@@" is a cover letter.
 */
#ifndef SLUICE_KERNELS_EXAMPLE_EDIT_H
#define SLUICE_KERNELS_EXAMPLE_EDIT_H

#include <stddef.h>

#include "lib/err.h"

struct example_hunk {
	char *path;
	char *in;       /* NULL: anywhere in the file */
	char *old_text; /* whole lines */
	char *new_text;
	int line; /* of its "@@" */
};

struct example_edit {
	char *name; /* what complaints call it */
	char *subject;
	char *body; /* ends in a newline; "" if there is none */
	struct example_hunk *hunks;
	size_t nhunks;
};

/* ERR_INPUT with "name:line: text" when it cannot be used. */
int example_edit_parse(const char *name, const char *text, struct example_edit **ret_edit,
		       struct err *err);
void example_edit_free(struct example_edit *e);

/*
 * The text with hunk i applied; the caller frees. ERR_INPUT naming the edit
 * when an anchor is not there, or there more than once.
 */
int example_edit_apply(const struct example_edit *e, size_t i, const char *text,
		       char **ret_text, struct err *err);

#endif
