/*
 * Which results of a boot a known issue of the kernel explains, and which passed
 * though there is one: marked once, when the boot is done or taken over. The kernel's
 * version is what its console said.
 */
#ifndef SLUICE_DAEMON_ISSUES_H
#define SLUICE_DAEMON_ISSUES_H

#include "daemon/series_run.h"

/*
 * Fills b->issues. Reads the console only if an entry names a test that failed or
 * passed.
 */
void issues_mark(struct run_boot *b);
/* What explains failures of b's, as db/boot.h keeps it; NULL: nothing. The caller puts it. */
struct json_object *issues_json(const struct run_boot *b);
/* What explains the failure, a result of b's; or NULL. */
const struct known_issue *issues_explain(const struct run_boot *b,
					 const struct result *res);
/* By which the result, a pass of b's, should have been a failure; or NULL. */
const struct known_issue *issues_missed(const struct run_boot *b,
					const struct result *res);

#endif
