/*
 * A verdict of a boot or a test in words: the one line and the evidence that people need,
 * from the boot that shows it. In memory only.
 */
#ifndef SLUICE_DAEMON_VERDICT_TELL_H
#define SLUICE_DAEMON_VERDICT_TELL_H

#include "daemon/cells.h"
#include "db/verdict.h"

/* What was judged of a subject. */
struct judged {
	struct judgement j;
	struct cell_view *views;  /* [ntested] */
	struct json_object *odds; /* what chance has to do with it; NULL: nothing failed */
	/* It was asked no further (assess_is_beside) since this test names this patch;
	 * NULL: for another reason, or not at all. */
	const char *beside;
	int beside_patch;
};

/* Sets boot_id, reason and evidence of v. */
void verdict_tell(struct series_run *r, const struct subject *s, const struct judged *j,
		  struct verdict *v);
/* Adds that it was seen in the boot of the deep tests, the second that a cell has. */
void verdict_tell_deep(struct verdict *v);

#endif
