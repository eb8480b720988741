/*
 * Part of daemon/postings.c: the postings that a thread was found to hold, each beside
 * its row in the database.
 */
#ifndef SLUICE_DAEMON_POSTING_FOUND_H
#define SLUICE_DAEMON_POSTING_FOUND_H

#include "daemon/postings.h"
#include "db/mail.h"
#include "kernels/posting.h"

/* A posting as found, beside its row. */
struct found {
	const struct posting *p;
	struct posting_row row;
	bool fresh;   /* the row is new */
	bool moved;   /* mails of it came or went */
	bool changed; /* what is tested */
};

struct settling {
	const struct postings_opts *o;
	struct db *db;
	int64_t thread, now;
	struct mail_line *lines;
	size_t n;
	struct thread *t;
	struct recognised all;
	struct found *found; /* all.n of them */
};

/*
 * Gives each posting the row that had most of its mails, or a new one, and each mail
 * its place. Rows that nothing is left of go. Notes what moved and what changed.
 */
int posting_found_store(struct settling *s, struct err *err);
/* False when there is no job of row's to cancel, or it has begun. */
int posting_cancel(const struct settling *s, const struct posting_row *row,
		   const char *why, bool *ret_cancelled, struct err *err);
/* Frees *field; copies text (NULL stays NULL). */
void posting_set_text(char **field, const char *text);

#endif
