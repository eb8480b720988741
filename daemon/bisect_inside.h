/* A bisection that runs, for daemon/bisect_run.c and bisect_confirm.c alone. */
#ifndef SLUICE_DAEMON_BISECT_INSIDE_H
#define SLUICE_DAEMON_BISECT_INSIDE_H

#include "daemon/bisect_case.h"
#include "daemon/bisect_outcome.h"
#include "daemon/bisect_run.h"

/* Runs of the bad end while none of them fails, and of a revert: a bug that shows in one
 * run of ten is missed by so many once in twenty times. */
#define BISECT_ENDS_MAX 30

struct bisecting {
	struct db *db;
	struct artifact_store *artifacts;
	const struct bisect_opts *o;
	struct bisect_question q;
	struct bisect_case found;
	/* What a commit was known by when it was run last: a run that changes none of
	 * this told nothing. */
	struct known {
		int commit, image, runs;
	} last;
	enum run_exit exit;
	struct err err;
};

/* To the observer, line by line. */
void bisecting_say(const struct bisecting *g, const char *text);
/* Time to give way, between two runs; g->err says so then. */
bool bisecting_must_yield(struct bisecting *g);
/*
 * One more run of a commit than it has; with revert the commit is taken back on it, and
 * that is what is run. *ret_series is the series that it was.
 */
enum run_exit bisecting_run_commit(struct bisecting *g, const char *commit,
				   const char *revert, int runs, long long *ret_series);

enum confirmed {
	CONFIRM_DONE,   /* *ret has what is known */
	CONFIRM_MORE,   /* something was run: decide again */
	CONFIRM_FAILED, /* g->exit and g->err say why */
};
/* A named culprit, by its revert on the bad end. left: runs that the budget has. *ret
 * borrows from *row, which the caller does bisection_done. */
enum confirmed bisecting_confirm(struct bisecting *g, const struct bisect *b,
				 const struct bisect_call *call, int left,
				 struct bisection *row, struct bisect_taken_back *ret);

#endif
