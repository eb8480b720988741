/*
 * What is worth a line though nothing failed: the reason of a verdict "pass". In
 * memory only.
 */
#ifndef SLUICE_DAEMON_VERDICT_NOTES_H
#define SLUICE_DAEMON_VERDICT_NOTES_H

#include "daemon/cells.h"

/*
 * Of a test that passed at the last step: that the kernel is no longer wrong as a known
 * issue says, or which of its subtests ran at the base and is skipped from some step on
 * to the last. NULL for neither; the caller frees.
 */
char *verdict_note(struct series_run *r, const struct subject *s);
/* By which the test should have failed at the step, and passed in all its boots; or NULL. */
const struct known_issue *verdict_issue_missed(struct series_run *r, int step,
					       const struct subject *s);

#endif
