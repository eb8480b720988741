/*
 * Bisections of a tree's history: what was asked, what the user said of commits, what
 * was decided. What commits did in their boots is in the tables of boots, whichever
 * series they were for.
 */
#ifndef SLUICE_DB_BISECTION_H
#define SLUICE_DB_BISECTION_H

#include <stdbool.h>

#include "db/db.h"
#include "lib/json.h"

struct bisection {
	int64_t id;
	char *tree, *good, *bad; /* full ids of the commits */
	char *config, *arch, *topology, *accel, *test;
	int64_t created;
	bool wanted;                 /* the daemon is to queue it: a base turned bad */
	struct json_object *outcome; /* daemon/bisect_outcome.h; NULL: not at its end */
	int64_t ended;               /* DB_NO_INT: likewise */
	/* What its confirmation by a revert came to; all NULL: not tried yet. */
	char *revert_of, *revert_id, *revert_why;
	/* The newest job of the queue for it, read only; DB_NO_INT, NULL: none. */
	int64_t job;
	char *job_state, *job_reason;
};
void bisection_done(struct bisection *b);
/* One word: queued, running, how it ended (outcome's), else how its job did, wanted, or
 * stopped. */
const char *bisection_state(const struct bisection *b);
void bisection_list_free(struct bisection *list, size_t n);

/* The one that asks the same, or a new one; *ret_id, *ret_created. */
int bisection_open(struct db *db, const struct bisection *what, int64_t *ret_id,
		   int64_t *ret_created, struct err *err);
/* The same, but no new one: 1 found, 0 not, -1. Without arch, or accel, the newest of
 * any. */
int bisection_same(struct db *db, const struct bisection *what, int64_t *ret_id,
		   int64_t *ret_created, struct err *err);
/* One for the daemon to queue; nothing happens where there is one that asks the same. */
int bisection_want(struct db *db, const struct bisection *what, struct err *err);
/* The first that is wanted and was never queued: 1 found, 0 not, -1. */
int bisection_next_wanted(struct db *db, struct bisection *ret, struct err *err);
/* 1 found, 0 not, -1. */
int bisection_find(struct db *db, int64_t id, struct bisection *ret, struct err *err);
/* The last ones first. */
int bisection_list(struct db *db, int64_t limit, struct bisection **ret_list,
		   size_t *ret_n, struct err *err);

/* Those of a tree that named what broke a test, first the ones that end at this commit,
 * then of each (config, topology, test) the newest. */
int bisection_list_found(struct db *db, const char *tree, const char *bad,
			 struct bisection **ret_list, size_t *ret_n, struct err *err);

/* It runs: whatever came of it before is to be found out again. */
int bisection_begin(struct db *db, int64_t id, struct err *err);
/* It came to its end; outcome is borrowed. */
int bisection_end(struct db *db, int64_t id, struct json_object *outcome,
		  struct err *err);
/* What is known at a decision (daemon/bisect_belief.h); belief is borrowed. It is gone when
 * the bisection begins again, or the user says something of a commit. */
int bisection_set_belief(struct db *db, int64_t id, struct json_object *belief,
			 struct err *err);
/* *ret is the caller's, NULL: no decision was made yet. 1 found, 0 no such row, -1. */
int bisection_belief(struct db *db, int64_t id, struct json_object **ret,
		     struct err *err);
/* of was reverted on the bad end: made is the commit, or NULL and why there is none. */
int bisection_set_revert(struct db *db, int64_t id, const char *of, const char *made,
			 const char *why, struct err *err);

/* What the user said of a commit; bad or not. The last word holds. The outcome is open
 * again. */
struct bisection_mark {
	char *commit_id;
	bool bad;
};
int bisection_mark_put(struct db *db, int64_t id, const char *commit, bool bad,
		       struct err *err);
int bisection_marks(struct db *db, int64_t id, struct bisection_mark **ret_list,
		    size_t *ret_n, struct err *err);
void bisection_marks_free(struct bisection_mark *list, size_t n);

/* A decision: what is to be run, why, and what was believed then. */
struct bisection_step {
	int64_t n; /* from 1; filled in */
	char *commit_id, *why;
	double gain;        /* nats, as far as it was chosen for that; else 0 */
	int64_t runs;       /* of the commit before it */
	int64_t failures;   /* likewise */
	char *likeliest;    /* commit; NULL: none of the range */
	double likeliest_p; /* with what cannot be told from it */
	int64_t decided;    /* when; filled in */
};
int bisection_step_put(struct db *db, int64_t id, const struct bisection_step *step,
		       struct err *err);
int bisection_steps(struct db *db, int64_t id, struct bisection_step **ret_list,
		    size_t *ret_n, struct err *err);
void bisection_steps_free(struct bisection_step *list, size_t n);

/* What is known of a commit that was built. */
struct bisection_seen {
	char *commit_id;
	char *key;     /* of its newest boot; NULL: none, it does not build */
	int64_t boots; /* of that key, those lost to our own trouble not among them */
	int64_t runs, failures; /* those in which the test told good from bad */
	int64_t skips;          /* those in which it was skipped */
	int64_t before;         /* of the failures: how many came before the bisection */
};
/* Of all commits on which the test of the bisection was to run, on its config, topology
 * and accelerator, or whose build with its config failed. */
int bisection_seen(struct db *db, const struct bisection *what,
		   struct bisection_seen **ret_list, size_t *ret_n, struct err *err);
void bisection_seen_free(struct bisection_seen *list, size_t n);

#endif
