/*
 * The hunks of one file applied to its text as git apply does it: a hunk's old
 * lines are looked for outward from the line it names, forward first; only at
 * the file's start if it begins there, only at its end without trailing
 * context; never over lines that an earlier hunk changed. (libgit2's own apply
 * wants exact line numbers and refuses nearly every real series.) The rules are
 * those of find_pos and match_fragment in git's apply.c. Pure.
 */
#ifndef SLUICE_KERNELS_HUNK_H
#define SLUICE_KERNELS_HUNK_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/str.h"

struct hunk_failure {
	size_t hunk;      /* from 1 */
	char reason[256]; /* fit for printing */
};

/*
 * hunks: from the first "@@ -" line on; what follows the last is left. reverse takes the
 * patch away again. True with the new text in *out (and *ret_moved, if not
 * NULL, true when a hunk was not where it said), else false with *ret_failure.
 */
bool hunks_apply(const char *hunks, size_t hunks_len, bool reverse, const char *text,
		 size_t text_len, struct str *out, bool *ret_moved,
		 struct hunk_failure *ret_failure);

#endif
