/*
 * A bisection from its question to its outcome, in the foreground: asks what to run
 * next (daemon/bisect_next.h), has that commit tested as a head of the tree would be, and
 * asks again. "sluice bisect" runs it, or the worker of a job of kind bisect. All that it
 * learned is in the database, so what was stopped goes on.
 */
#ifndef SLUICE_DAEMON_BISECT_RUN_H
#define SLUICE_DAEMON_BISECT_RUN_H

#include "daemon/bisect_ask.h"
#include "db/artifact.h"

/*
 * Blocks until it ends, as run_series does: RUN_CLEAN when the commit was found,
 * RUN_BROKEN when it cannot be told, RUN_UNUSABLE when the question was not as it should
 * be; err says why for the latter and for RUN_INFRA. The outcome is in the row then.
 * *ret_id is that row's, 0 when it never got that far.
 */
enum run_exit bisect_run(struct db *db, struct artifact_store *artifacts,
			 const struct bisect_opts *o, int64_t *ret_id, struct err *err);

#endif
