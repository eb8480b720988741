/*
 * The queue: jobs and their leases. A job is queued, taken by the daemon (which
 * gives it a new epoch), and comes to an end or back into the queue. Only the
 * daemon adds, takes and requeues; the worker writes the end of its own job, in
 * one statement that the lease of its handle guards (db/lease.h). Which job is
 * next: daemon/queue_order.h, over what queue_heads brings.
 */
#ifndef SLUICE_DB_QUEUE_H
#define SLUICE_DB_QUEUE_H

#include "db/db.h"
#include "db/words.h"
#include "lib/json.h"

struct queue_job {
	int64_t id;
	enum queue_kind kind;
	enum queue_class class;
	char *list, *sender; /* never NULL */
	char *subject, *tree;
	struct json_object *request; /* daemon/request.h */
	char *mbox;                  /* artifact or NULL */
	int64_t posting_id;          /* DB_NO_INT: none */
	int64_t version, posted;
	enum queue_state state;
	int64_t exit; /* DB_NO_INT until it ended */
	char *reason;
	int64_t series_id; /* DB_NO_INT until it is known */
	int64_t bisection_id; /* of kind bisect, likewise; of others DB_NO_INT, or 0 in queue_add */
	char *owner;
	int64_t epoch, lease_until; /* lease_until DB_NO_INT: none */
	int64_t turn;
	int64_t crashes, interrupted, retries, not_before;
	int64_t created, started, finished; /* DB_NO_INT: not yet */
};
void queue_job_done(struct queue_job *j);
void queue_job_list_free(struct queue_job *list, size_t n);

/* What the order of the queue hangs on. */
struct queue_line {
	int64_t id;
	enum queue_kind kind;
	enum queue_class class;
	char *list, *sender;
	int64_t version, posted;
	int64_t epoch, not_before;
	int64_t served;      /* the last turn of that sender; 0: never */
	int64_t list_served; /* the last turn of that list; 0: never */
	bool awaited;        /* a head, and a series of its tree is queued */
	bool treeless;       /* nobody waits for it, and its tree is not there yet */
};
void queue_line_list_free(struct queue_line *list, size_t n);

/* Crashes after which a job is set apart. */
#define QUEUE_CRASHES_MAX 3
/* Times that it is tried again after trouble of our own. */
#define QUEUE_RETRIES_MAX 4

/* Inserts j as queued, with none of what running brings. Sets id, created, and
 * posted when it is 0. */
int queue_add(struct db *db, struct queue_job *j, struct err *err);
/* 1 found, 0 not, -1. */
int queue_find(struct db *db, int64_t id, struct queue_job *ret, struct err *err);
/* The newest job that tested this series; as queue_find. */
int queue_find_by_series(struct db *db, int64_t series_id, struct queue_job *ret,
			 struct err *err);

/* An interactive job that asks for the same as j and is not over; as queue_find. */
int queue_find_twin(struct db *db, const struct queue_job *j, struct queue_job *ret,
		    struct err *err);

/* The first job of each class, list and sender (newest version, then oldest
 * posting) that is not treeless, all that were begun before, and all heads and
 * bisections: one of them is next. */
int queue_heads(struct db *db, struct queue_line **ret_list, size_t *ret_n,
		struct err *err);
/* 1 when a series is queued for a tree that is not there yet, 0, -1. */
int queue_waits_for_tree(struct db *db, struct err *err);
/* 1 when an interactive job is queued, 0, -1. */
int queue_someone_waits(struct db *db, struct err *err);
/* 1 when anything is queued that may begin and is no bisection, 0, -1. */
int queue_else_waits(struct db *db, int64_t now, struct err *err);
/* All that are queued, in no order. */
int queue_lines(struct db *db, struct queue_line **ret_list, size_t *ret_n,
		struct err *err);
int queue_list_running(struct db *db, struct queue_job **ret_list, size_t *ret_n,
		       struct err *err);
/* Those that ended last, newest first. */
int queue_list_over(struct db *db, int64_t limit, struct queue_job **ret_list,
		    size_t *ret_n, struct err *err);
/* Those that are queued, without a look at all others; -1. */
int64_t queue_count_queued(struct db *db, struct err *err);
/* Those set apart, the last first. */
int queue_list_apart(struct db *db, int64_t limit, struct queue_job **ret_list,
		     size_t *ret_n, struct err *err);
/* How many there are of each state. */
int queue_count(struct db *db, int64_t ret_n[QUEUE_APART + 1], struct err *err);

/* 1 and *ret_epoch when it was queued and is ours now; else 0. */
int queue_take(struct db *db, int64_t id, const char *owner, int64_t lease_until,
	       int64_t *ret_epoch, struct err *err);
/* All running jobs of the owner. */
int queue_renew(struct db *db, const char *owner, int64_t lease_until, struct err *err);

/* For the worker. ERR_STALE by the handle's lease; 0 rows is ERR_STALE too. A job that was
 * asked for by hand is called as the series is from now on, not by its file or range. */
int queue_set_series(struct db *db, int64_t id, int64_t epoch, int64_t series_id,
		     struct err *err);
/* What it bisects; likewise. */
int queue_set_bisection(struct db *db, int64_t id, int64_t epoch, int64_t bisection_id,
			struct err *err);
/* done for exit 0 and 1, else failed. */
int queue_end(struct db *db, int64_t id, int64_t epoch, int exit, const char *reason,
	      struct err *err);

enum queue_back {
	QUEUE_INTERRUPTED, /* from outside: as often as it likes */
	QUEUE_CRASHED,     /* its worker died of it: QUEUE_CRASHES_MAX, then apart */
	QUEUE_RETRY,       /* trouble of our own: not before. It fails with exit 3 after
			      QUEUE_RETRIES_MAX, an interactive one at once */
};
/* A running job back into the queue. 1 when it was running with that epoch, with
 * the state it got; else 0. */
int queue_put_back(struct db *db, int64_t id, int64_t epoch, enum queue_back why,
		   const char *reason, int64_t not_before, enum queue_state *ret_state,
		   struct err *err);
/*
 * Running jobs of any other owner, and ours whose lease is over, go back as
 * interrupted; *ret_n of them. One of another boot of the machine went down with it,
 * and that is a crash: a job that takes the whole machine along must not be the first
 * thing that runs after each reboot for ever. "" is an owner of any boot. For whoever
 * holds the state's lock: then no other owner lives.
 */
int queue_put_back_dead(struct db *db, const char *owner, int64_t now, int64_t *ret_n,
			struct err *err);
/* The newest job that tests the head of that tree: 1 found, 0 not, -1 error. */
int queue_find_head(struct db *db, const char *tree, struct queue_job *ret,
		    struct err *err);
/* Does a job for the head of that tree wait, that was never begun? */
int queue_head_waits(struct db *db, const char *tree, bool *ret, struct err *err);
/* Where its mails are, and what is asked for, are known only now. */
int queue_set_mails(struct db *db, int64_t id, struct json_object *request,
		    const char *mbox, struct err *err);
/* Those that wait for another try may be taken now; with tree only those for that one. */
int queue_wait_no_more(struct db *db, const char *tree, struct err *err);
/* 1 when it was queued or running, with what it was; 0 when it is over or unknown. */
int queue_cancel(struct db *db, int64_t id, const char *reason, enum queue_state *ret_was,
		 struct err *err);

#endif
