/*
 * Which results of a boot a known issue of the kernel explains: marked once, when
 * the boot is done or taken over. The kernel's version is what its console said.
 */
#ifndef SLUICE_DAEMON_ISSUES_H
#define SLUICE_DAEMON_ISSUES_H

#include "daemon/series_run.h"

/* Fills b->issues. Reads the console only if an entry names a test that failed. */
void issues_mark(struct run_boot *b);
/* What explains the result, one of b's; or NULL. */
const struct known_issue *issues_explain(const struct run_boot *b,
					 const struct result *res);

#endif
