/*
 * A patch as a list of changes to files, read by the same reader that the
 * policy judged (kernels/diffread.h), so that both see the same patch; plus the
 * blob ids of the index lines and where the hunks are. Borrows the diff's text.
 */
#ifndef SLUICE_KERNELS_FILEPATCH_H
#define SLUICE_KERNELS_FILEPATCH_H

#include <stdbool.h>
#include <stddef.h>

struct filepatch {
	char *old_path;    /* NULL: the file is created */
	char *new_path;    /* NULL: it is deleted */
	unsigned old_mode; /* 0: not said */
	unsigned new_mode;
	bool copied;     /* old_path stays */
	char old_id[41]; /* hex, often shortened; "": not said */
	char new_id[41];
	const char *hunks; /* "" when only names or modes change */
	size_t hunks_len;
};

struct filepatches {
	struct filepatch *v;
	size_t n;
};

/* False with why when the diff is broken or empty; policy_check_diff says so before. */
bool filepatches_read(const char *diff, size_t len, struct filepatches *ret,
		      char why[160]);
void filepatches_done(struct filepatches *f);

#endif
