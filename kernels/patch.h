/*
 * One patch mail, parsed: what `git am` would take from it. Blocks on nothing;
 * the mail is bytes of a stranger, so patch_parse never asserts on it.
 */
#ifndef SLUICE_KERNELS_PATCH_H
#define SLUICE_KERNELS_PATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/err.h"

struct patch {
	char *message_id; /* without the angle brackets; may be "" */
	char *subject;    /* first line of the commit message, no [PATCH ...] */
	char *author_name;
	char *author_email;
	long long author_time; /* seconds since the epoch */
	int author_tz;         /* minutes east of UTC */
	char *message;         /* the whole commit message, newline at its end */
	char *diff;            /* from the first diff line on; "" if there is none */
	size_t diff_len;
};

/*
 * Reads a mail as it lies in an .eml file (no mbox "From " line needed, one is
 * skipped). Same author, date and message as `git am` (mailinfo) makes: prefix
 * tags dropped, in-body From:/Subject:/Date: obeyed, cut at "---". -1 with
 * ERR_INPUT when it is no mail; a mail without a diff parses, with diff "".
 */
int patch_parse(const char *mail, size_t len, struct patch **ret_patch, struct err *err);
void patch_free(struct patch *p);

#endif
