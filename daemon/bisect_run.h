/*
 * A bisection from its question to its outcome, in the foreground: asks what to run
 * next (daemon/bisect_next.h), has that commit tested as a head of the tree would be, and
 * asks again. "sluice bisect" runs it, or the worker of a job of kind bisect. All that it
 * learned is in the database, so what was stopped goes on.
 */
#ifndef SLUICE_DAEMON_BISECT_RUN_H
#define SLUICE_DAEMON_BISECT_RUN_H

#include "daemon/bisect_case.h"
#include "daemon/plan.h"
#include "daemon/run.h"
#include "daemon/state.h"
#include "db/tree.h"

struct bisect_opts {
	const struct config *config;
	const char *state_dir; /* absolute */
	const char *jobs;      /* as in run_opts */
	const char *tree;      /* NULL: config's */
	const char *kconfig;   /* kernel config; NULL: the first of config's */
	const char *topology, *test;
	const char *good, *bad; /* revisions of the tree */
	run_event_fn on_event;  /* also of its runs; RUN_SAID has the lines for people */
	run_yield_fn yields;    /* as in run_opts, or NULL */
	void *arg;
};

/* What is asked, looked up. */
struct bisect_question {
	struct state *state;
	struct plan *plan;
	struct tree tree;
	char *tree_name, *kconfig, *suite;
	char good[41], bad[41];
	struct bisection what; /* borrows from here and from the options */
};

/* ERR_INPUT, ERR_MISSING, ERR_LIMIT: what is asked cannot be, with the reason. The caller
 * does bisect_question_done in any case. */
int bisect_ask(const struct bisect_opts *o, struct db *db, struct bisect_question *q,
	       struct err *err);
void bisect_question_done(struct bisect_question *q);

/*
 * Blocks until it ends, as run_series does: RUN_CLEAN when the commit was found,
 * RUN_BROKEN when it cannot be told, RUN_UNUSABLE when the question was not as it should
 * be; err says why for the latter and for RUN_INFRA. The outcome is in the row then.
 * *ret_id is that row's, 0 when it never got that far.
 */
enum run_exit bisect_run(struct db *db, struct artifact_store *artifacts,
			 const struct bisect_opts *o, int64_t *ret_id, struct err *err);

#endif
