/*
 * Part of daemon/postings.c: what the mails of a posting say together, and which
 * source takes it.
 */
#ifndef SLUICE_DAEMON_POSTING_SAID_H
#define SLUICE_DAEMON_POSTING_SAID_H

#include "daemon/posting_found.h"

/* Everything that the posting's mails say together. */
struct said {
	struct json_object *lists, *sources;
	struct json_object *paths; /* of its files, each once */
};

/* Adds what the mails say to *said (three arrays) and to the row. */
void posting_take_said(struct found *f, const struct mail_row *mails, size_t n,
		       struct said *said);
void posting_said_done(struct said *said);
/*
 * The first source that takes it gives it its settings (row.source): NULL; or why
 * none does, which the caller frees. open: its files are not looked at yet.
 */
char *posting_choose_source(const struct settling *s, struct found *f,
			    const struct said *said, bool open);
/* Seconds that the source waits for missing parts, at least one. */
int64_t posting_wait(const struct settling *s, const char *source);

#endif
