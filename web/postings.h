/*
 * Postings as pages and the API show them: with the job and the series that came of
 * each. Read in one transaction.
 */
#ifndef SLUICE_WEB_POSTINGS_H
#define SLUICE_WEB_POSTINGS_H

#include "db/mail.h"
#include "db/posting.h"
#include "db/queue.h"
#include "db/series.h"

struct posting_line {
	struct posting_row p;
	struct queue_job job;      /* id 0: none */
	struct series_line series; /* s.id 0: none */
};
void posting_line_list_free(struct posting_line *list, size_t n);

struct postings_view {
	struct posting_line *list;
	size_t n;
	int64_t total;                       /* that fit the filter */
	int64_t counts[POSTING_IGNORED + 1]; /* with any state */
};
#define POSTINGS_PAGE 50
int postings_view_load(struct db *db, const struct posting_filter *which, int64_t page,
		       struct postings_view *ret, struct err *err);
void postings_view_done(struct postings_view *v);

/* One with its mails, and the other versions of its series. */
struct posting_full {
	struct posting_line line;
	struct mail_row *mails; /* by number */
	size_t nmails;
	struct posting_line *versions; /* the oldest first, this one among them */
	size_t nversions;
};
/* Versions of a series that are looked for. */
#define POSTING_VERSIONS_MAX 40
/* All versions of a posting's series, the oldest first; none when there is no such. */
int posting_versions(struct db *db, int64_t id, struct posting_line **ret_list,
		     size_t *ret_n, struct err *err);
/* The posting that a series is of: 1, or 0 when it is of none. */
int posting_of_series(struct db *db, const struct series *s, int64_t *ret_id,
		      struct err *err);
/* By its id, or, when msgid is not NULL, as the one that holds that mail: 1, 0, -1. */
int posting_full_load(struct db *db, int64_t id, const char *msgid,
		      struct posting_full *ret, struct err *err);
void posting_full_done(struct posting_full *v);

#endif
