/*
 * What a bisection is asked, looked up and held against what there is: the plan with its
 * test, the tree, the ends.
 */
#ifndef SLUICE_DAEMON_BISECT_ASK_H
#define SLUICE_DAEMON_BISECT_ASK_H

#include "daemon/plan.h"
#include "daemon/run.h"
#include "daemon/state.h"
#include "db/bisection.h"
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
/* Whether there is that test on the one topology with the one config: ERR_INPUT or
 * ERR_MISSING when not. What bisect_ask would say of it, without a state. Blocks on small
 * files. */
int bisect_check(const struct config *config, char *const *configs,
		 char *const *topologies, const char *test, struct err *err);
void bisect_question_done(struct bisect_question *q);

#endif
