/*
 * What a series did to the builds of a config: errors, warnings, and what is compiled at
 * all. Adds to the list; reads the database and the kept warnings.
 */
#ifndef SLUICE_DAEMON_VERDICT_BUILDS_H
#define SLUICE_DAEMON_VERDICT_BUILDS_H

#include "daemon/series_run.h"
#include "daemon/verdict_list.h"

/* Whether it builds, one verdict. */
void verdict_builds(struct series_run *r, struct verdict_list *l, size_t config);
/* One for each warning that is new at a step. */
int verdict_warnings(struct series_run *r, struct verdict_list *l, size_t config,
		     struct err *err);
/* One for each patch none of whose files any config compiles: nothing tested it. */
void verdict_not_built(struct series_run *r, struct verdict_list *l);

#endif
