/*
 * What "sluice bisect" is asked, by its options or by the number of a bisection, and what
 * is there of it already.
 */
#ifndef SLUICE_CLI_BISECT_QUESTION_H
#define SLUICE_CLI_BISECT_QUESTION_H

#include "cli/client.h"
#include "cli/cmd.h"
#include "cli/context.h"
#include "cli/term.h"
#include "daemon/bisect_case.h"

struct bisect_args {
	struct cmd_common common;
	const char *test, *topology, *good, *bad, *tree, *config, *id, *mark, *json;
	bool log;
};

struct bisect_cmd {
	struct context cx;
	struct term term;
	const struct bisect_args *args;
	const char *mark;      /* revision of --mark, or NULL */
	struct client *client; /* of the daemon that does the work, or NULL */
	struct bisection row;  /* of --id, else empty */
	/* What is asked, by options or by the row. */
	const char *test, *topology, *good, *bad, *tree;
	char *config;
	/* For --json: the bisection, 0 as long as it has no number; and what went wrong. */
	int64_t id;
	struct err why;
};

/* Commits of the tree, full ids; mark is empty without --mark. */
struct revisions {
	char good[41], bad[41], mark[41];
};

/* ERR_INPUT where --id is of no bisection. c->config is the caller's. */
int bisect_question_take(struct bisect_cmd *c, struct err *err);
/* In the store below git, without a word to it: a daemon may be at work there. */
int bisect_question_revisions(struct bisect_cmd *c, const char *git,
			      struct revisions *ret, struct err *err);
/* The bisection that is asked for, as far as it got; c->row is its row then. The caller
 * does bisect_case_done in any case. */
int bisect_question_read(struct bisect_cmd *c, struct bisect_case *ret,
			 struct revisions *rev, struct err *err);

#endif
