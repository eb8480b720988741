/*
 * One bisection: the range that it is about, and what the database knows of its commits
 * as daemon/bisect.h wants it. All evidence is there, so what was stopped goes on.
 */
#ifndef SLUICE_DAEMON_BISECT_CASE_H
#define SLUICE_DAEMON_BISECT_CASE_H

#include "daemon/bisect.h"
#include "daemon/bisect_next.h"
#include "db/bisection.h"
#include "kernels/commit_range.h"

/* A kernel that came up so often without a word of the test cannot be run for it. */
#define BISECT_SILENT_MAX 3

/* What the kernel of a commit did, apart from what its runs count. */
enum case_seen {
	CASE_NOT_RUN, /* it was not built yet */
	CASE_RAN,     /* the test told good from bad */
	CASE_SKIPPED, /* the test was skipped whenever it ran */
	CASE_NO_BOOT, /* no guest came as far as the test */
	CASE_NO_BUILD,
};

struct case_look {
	enum case_seen seen;
	int boots; /* of its kernel, those lost to our own trouble not among them */
};

struct bisect_case {
	struct bisection what; /* texts are the caller's */
	struct commit_range range;
	struct bisect_graph *graph;
	/* After bisect_case_look: */
	struct bisect_commit *commits;
	struct case_look *looks;
	double *build; /* seconds that an image of each costs */
	struct bisect_prior prior;
};

/* Reads the range of what.good and what.bad in a repository, and finds or makes the row.
 * ERR_INPUT, ERR_LIMIT as commit_range_read. The caller does bisect_case_done. */
int bisect_case_open(struct bisect_case *c, struct db *db, const char *repo,
		     struct err *err);
/* The same for a row that is known: what is all of it. */
int bisect_case_read(struct bisect_case *c, const char *repo, struct err *err);
void bisect_case_done(struct bisect_case *c);

/* What is known by now: runs of all time, marks, what a build takes. A failure of the bad
 * end from before the bisection is left out. */
int bisect_case_look(struct bisect_case *c, struct db *db, struct err *err);

#endif
