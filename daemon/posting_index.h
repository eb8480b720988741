/*
 * Part of daemon/postings.c: a line of the role "poll" becomes a row of the index,
 * in the thread it belongs to.
 */
#ifndef SLUICE_DAEMON_POSTING_INDEX_H
#define SLUICE_DAEMON_POSTING_INDEX_H

#include "db/mail.h"

/* A thread takes no more mails than that; the next ones make another. */
enum { POSTING_THREAD_MAX = 4000 };

/* False when the line names no mail. */
bool index_read_line(struct json_object *line, const char *source, int64_t now,
		     struct mail_row *ret_mail);
/*
 * Adds it; refs: the message-ids that it refers to, an array or NULL. *ret_dirty: its
 * thread (m->thread) must be recognised anew. *ret_same: it is new or one more copy of
 * the same mail, by all that is known of it, and not another one with its id. 1 it is
 * new, 0 it was there (m is now what is known of it), -1.
 */
int index_add(struct db *db, struct mail_row *m, struct json_object *refs,
	      bool *ret_dirty, bool *ret_same, struct err *err);
/* Is it one that a posting may be made of, by itself? */
bool index_is_piece(const struct mail_row *m);

#endif
