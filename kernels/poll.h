/*
 * What the kinds of the role "poll" share: the job as a struct, its limits, and
 * the door through which every mail goes to the line it becomes. A kind is one
 * function that works until there is nothing new or poll_full says so.
 */
#ifndef SLUICE_KERNELS_POLL_H
#define SLUICE_KERNELS_POLL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/err.h"
#include "lib/json.h"

struct poll {
	/* the job; borrowed from it */
	const char *url, *path, *project, *token_file;
	struct json_object *cursor; /* NULL: the first poll */
	long long since;            /* what a first poll goes back to; 0: all */
	struct {
		size_t mail_bytes, mails, bytes;
		uint64_t ms, connect_ms, request_ms;
		long long stall_bytes, stall_s;
	} limits;
	/* the result */
	struct json_object *next; /* the cursor; NULL: as it was */
	bool more;
	long long retry_after, again; /* s */
	size_t mails, skipped;
	struct json_object *notes;
	/* at work */
	const char *archive_url; /* of the mail to be added; NULL: not known */
	uint64_t end_ms;         /* monotonic */
	uint64_t bytes;
	FILE *lines, *raw;
	uint64_t raw_bytes;
};

uint64_t poll_now_ms(void);
/* A limit is reached (then "more" is set): time to end. */
bool poll_full(struct poll *p);
/*
 * The line of a mail. What is no mail, or too large, is passed over with a note
 * naming it; -1 only when the line cannot be written. keep: its bytes, too.
 */
int poll_add(struct poll *p, const char *name, const char *mail, size_t len, bool keep,
	     struct err *err);
/* A line for people, the first few are kept. */
void poll_note(struct poll *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Hands the cursor over. */
void poll_set_cursor(struct poll *p, struct json_object *cursor);

int poll_archive(struct poll *p, struct err *err);
int poll_epoch(struct poll *p, struct err *err);
int poll_patchwork(struct poll *p, struct err *err);
int poll_maildir(struct poll *p, struct err *err);

#endif
