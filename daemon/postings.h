/*
 * What comes by mailing lists, turned into series to test: takes the lines of the
 * role "poll" (kernels/role_poll.h) as they come, in any order, some of them twice;
 * keeps the index (db/mail.h) and the postings (db/posting.h); and says of each
 * posting once that it is to be queued, and of a job that it is of no use any more.
 *
 * postings_add and postings_settle belong into one transaction of the caller's, and
 * the callbacks happen in it: what they and the caller write by the same handle (a
 * job, a source's cursor) is in if the mails are, and else not. So a crash loses
 * nothing, and the same lines once more change nothing.
 *
 * A posting waits for its missing parts until a deadline that each part which comes
 * sets anew; then it is incomplete, and a part that comes later still revives it.
 */
#ifndef SLUICE_DAEMON_POSTINGS_H
#define SLUICE_DAEMON_POSTINGS_H

#include "daemon/source_filter.h"
#include "db/posting.h"
#include "lib/str.h"

struct postings_source {
	const char *name;
	struct source_filter filter;
	int64_t complete_after; /* s to wait for missing parts */
	int64_t not_before;     /* what was posted before is ignored; 0: nothing is */
};

struct postings_opts {
	struct db *db;
	/* Borrowed. In the order in which they are asked for a posting of several. */
	const struct postings_source *sources;
	size_t sources_n;
	/*
	 * Inside the transaction. on_queue gives the job that was made for p.
	 * on_cancel says whether job had not begun and is cancelled now. Both may be
	 * NULL: then postings stay "complete", and nothing is cancelled.
	 */
	int (*on_queue)(const struct posting_row *p, void *arg, int64_t *ret_job,
			struct err *err);
	int (*on_cancel)(int64_t job, const char *why, void *arg, bool *ret_cancelled,
			 struct err *err);
	void *arg;
};

struct postings;

struct postings *postings_new(const struct postings_opts *o);
void postings_free(struct postings *p);
/* After a reload; they hold for what comes from now on. */
void postings_set_sources(struct postings *p, const struct postings_source *sources,
			  size_t n);

/*
 * One line, from that source; raw: the mail's bytes where the line names them, else
 * NULL; now: seconds since 1970. What is no line (no message-id) is passed over and
 * counted. Threads that it changes are noted for postings_settle.
 */
int postings_add(struct postings *p, const char *source, struct json_object *line,
		 const void *raw, size_t raw_len, int64_t now, struct err *err);
/* Recognises them; before the commit, once for as many lines as one likes. */
int postings_settle(struct postings *p, int64_t now, struct err *err);

/* Those whose deadline has passed, the first few hundred, in a transaction of its own. */
int postings_expire(struct postings *p, int64_t now, struct err *err);
/*
 * A job of the posting ended (in the caller's transaction, if it has one). Where parts
 * came that this job could not have, it is queued once more.
 */
int postings_job_over(struct postings *p, int64_t posting, int64_t now, struct err *err);

/*
 * The mails of a posting as an mbox, where their bytes were kept. 1; 0 when those
 * of one or more are not there (fetch it by its message-id then); -1.
 */
int postings_mbox(struct db *db, const struct posting_row *p, struct str *out,
		  struct err *err);

struct postings_counts {
	int64_t mails, again, skipped; /* since postings_new */
};
struct postings_counts postings_counts(const struct postings *p);

#endif
