/*
 * The mails of a thread or mailbox, and the series in it: its versions by their
 * [PATCH vN k/n] tags and by who answers whom, one mail for each number. Also
 * recognises what is no series (pull requests, untagged mails, replies with
 * diffs). Mails belong to the thread; a series borrows them.
 */
#ifndef SLUICE_KERNELS_THREAD_H
#define SLUICE_KERNELS_THREAD_H

#include <stdbool.h>
#include <stddef.h>

#include "kernels/mail.h"
#include "lib/err.h"

struct thread;

/* A mail over mail_bytes is refused (0: no limit). */
struct thread *thread_new(size_t mail_bytes);
void thread_free(struct thread *t);
/*
 * Each adds what it holds; what is no mail is passed over, a second mail of the
 * same id too. -1 with err: unreadable, or ERR_LIMIT.
 */
int thread_add_mbox(struct thread *t, const char *data, size_t len, struct err *err);
int thread_add_maildir(struct thread *t, const char *path, size_t max, struct err *err);
/* Takes the mail; false when it was freed because its id is there. */
bool thread_add(struct thread *t, struct mail *m);

size_t thread_count(const struct thread *t);
const struct mail *thread_mail(const struct thread *t, size_t i);
/* NULL when there is none of that id. */
const struct mail *thread_by_id(const struct thread *t, const char *msgid);

struct mail_series {
	int version;
	int total;                   /* patches announced; 0: no series was found */
	const struct mail *cover;    /* or NULL */
	const struct mail **patches; /* total of them, NULL where one is missing */
	int refilled;     /* not 0: missing ones were taken from this older version */
	char reason[400]; /* why it cannot be used */
	struct str notes; /* what else is worth telling, a line each */
};

/*
 * Finds the series that msgid belongs to (NULL: the first in the thread), in
 * its newest version or in the one asked for (0: newest). True when every
 * patch of it is there; else reason says what is wrong. mail_series_done it in
 * either case.
 */
bool thread_find(const struct thread *t, const char *msgid, int version,
		 struct mail_series *ret_series);
void mail_series_done(struct mail_series *s);

#endif
