/*
 * Postings: versions of series as they came by mailing lists, from their first mail
 * to the job that tests them. Which mails are in one, db/mail.h knows.
 */
#ifndef SLUICE_DB_POSTING_H
#define SLUICE_DB_POSTING_H

#include "db/db.h"
#include "db/words.h"
#include "lib/json.h"

struct posting_row {
	int64_t id; /* 0: not stored yet */
	int64_t thread;
	char *message_id;
	char *kind; /* posting_kind_str() */
	bool rfc, resend;
	int64_t version, total, have;
	char *missing; /* "" when nothing is */
	int64_t refilled;
	char *subject, *prefix, *title, *sender, *author;
	int64_t posted, seen, changed;
	int64_t deadline; /* DB_NO_INT: none */
	enum posting_state state;
	char *reason;                  /* or NULL */
	char *change_id, *base_commit; /* or NULL */
	struct json_object *override;  /* or NULL */
	char *archive_url;             /* or NULL */
	char *source;
	struct json_object *lists; /* array */
	int64_t earlier;           /* DB_NO_INT: none */
	int64_t job;               /* DB_NO_INT: none */
};

void posting_row_done(struct posting_row *p);
void posting_row_list_free(struct posting_row *list, size_t n);

/* Inserts it (id 0; then it is set) or writes all of it. */
int posting_put(struct db *db, struct posting_row *p, struct err *err);
int posting_delete(struct db *db, int64_t id, struct err *err);
/* State and reason (NULL: none), and that it changed now; the deadline is dropped. */
int posting_set_state(struct db *db, int64_t id, enum posting_state state,
		      const char *reason, int64_t now, struct err *err);
int posting_set_earlier(struct db *db, int64_t id, int64_t earlier, struct err *err);

/* 1 found, 0 not, -1. */
int posting_find(struct db *db, int64_t id, struct posting_row *ret, struct err *err);
/* The newest that it names. */
int posting_find_by_msgid(struct db *db, const char *message_id, struct posting_row *ret,
			  struct err *err);
int posting_list_thread(struct db *db, int64_t thread, struct posting_row **ret_list,
			size_t *ret_n, struct err *err);
/* Of which the deadline has passed, the oldest first, at most max. */
int posting_list_due(struct db *db, int64_t now, int64_t max,
		     struct posting_row **ret_list, size_t *ret_n, struct err *err);
/* Queued ones whose job has ended (or is gone), at most max. */
int posting_list_over(struct db *db, int64_t max, struct posting_row **ret_list,
		      size_t *ret_n, struct err *err);
/* The next deadline; 0: there is none. */
int posting_next_deadline(struct db *db, int64_t *ret_when, struct err *err);
/*
 * Those that may be versions of p's series, without p: with its change-id, with
 * its sender and title, or by its sender within three versions (at most max of
 * each, the newest first). Some may be there twice.
 */
int posting_list_like(struct db *db, const struct posting_row *p, int64_t max,
		      struct posting_row **ret_list, size_t *ret_n, struct err *err);
/* The next versions, the newest first, at most max. */
int posting_list_later(struct db *db, int64_t id, int64_t max,
		       struct posting_row **ret_list, size_t *ret_n, struct err *err);
/* Newest change first; state NULL for all. *ret_total: number of all of them. */
int posting_list(struct db *db, const enum posting_state *state, int64_t limit,
		 int64_t offset, struct posting_row **ret_list, size_t *ret_n,
		 int64_t *ret_total, struct err *err);
/* What a list is narrowed by: NULL is any. */
struct posting_filter {
	const enum posting_state *state;
	const char *source;
	const char *list; /* a List-Id, whole */
};
/* As posting_list; which in place of the state. ret_total NULL: not counted. */
int posting_search(struct db *db, const struct posting_filter *which, int64_t limit,
		   int64_t offset, struct posting_row **ret_list, size_t *ret_n,
		   int64_t *ret_total, struct err *err);
/* How many there are of each state; what which says of the state does not count. */
int posting_count(struct db *db, const struct posting_filter *which,
		  int64_t ret_n[POSTING_IGNORED + 1], struct err *err);

#endif
