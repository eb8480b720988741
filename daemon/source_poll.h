/*
 * Asks the sources of config.ini for new mails when they are due: one child in the
 * role "poll" at a time for each source, whose lines go to a callback in pieces, so
 * that the event loop is not held up. How far a source was read is in the database,
 * written in the transaction that its last mails are taken in: after a crash some
 * are handed over again, none is lost. A source that fails is asked less and less
 * often; others do not notice. daemon.polls of them are asked at once, in turns.
 */
#ifndef SLUICE_DAEMON_SOURCE_POLL_H
#define SLUICE_DAEMON_SOURCE_POLL_H

#include "daemon/config_source.h"
#include "daemon/role.h"
#include "db/db.h"
#include "db/source_state.h"

/*
 * One mail, as kernels/role_poll.h describes it, inside a transaction that belongs to
 * us. raw: its bytes, NULL where its kind does not give them. -1 with err: this and
 * what was not committed yet will come again.
 */
typedef int (*source_mail_fn)(const struct source_conf *source, struct json_object *mail,
			      const char *raw, size_t raw_len, void *arg,
			      struct err *err);
/* A poll has ended; state is what the database has now. */
typedef void (*source_polled_fn)(const struct source_conf *source,
				 const struct source_state *state, size_t mails,
				 void *arg);

struct source_poll_opts {
	struct role_host *host; /* its config's limits count; borrowed */
	struct db *db;          /* writable; borrowed */
	source_mail_fn mail;
	/* In the transaction, before its commit, for all mails in it; may be NULL. */
	int (*piece)(void *arg, struct err *err);
	source_polled_fn polled; /* may be NULL */
	void (*idle)(void *arg); /* the last poll ended after stop; may be NULL */
	void *arg;
};

struct source_poll;
int source_poll_new(const struct source_poll_opts *opts, struct source_poll **ret_polls,
		    struct err *err);
/* Only when none runs. */
void source_poll_free(struct source_poll *p);
/*
 * The sources from now on; borrowed until the next call of it. A running poll of one
 * that is gone, or is another one now, is ended and its result dropped; its row goes.
 */
int source_poll_configure(struct source_poll *p, const struct source_conf *sources,
			  size_t n, struct err *err);
/* Makes it due; false when there is none of that name. */
bool source_poll_now(struct source_poll *p, const char *name);
/* Starts none any more and ends those that run; true when none runs. */
bool source_poll_stop(struct source_poll *p);

struct source_poll_due {
	int64_t now, interval; /* s */
	int64_t failures;
	int64_t retry_after, again; /* as in the result */
	bool more;
};
/* When it is to be asked again. Pure. */
int64_t source_poll_next(const struct source_poll_due *d);

#endif
