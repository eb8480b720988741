/*
 * A log on a page: numbered lines that can be linked (#L12), terminal escapes
 * removed. A long one is shown by its head and tail; the whole is a link away.
 */
#ifndef SLUICE_WEB_LOGVIEW_H
#define SLUICE_WEB_LOGVIEW_H

#include "db/artifact.h"
#include "web/html.h"

struct logview {
	char *head, *tail; /* tail NULL: head is all of it */
	size_t head_len, tail_len;
	uint64_t tail_from; /* byte in the log, at the start of a line */
	int64_t tail_line;  /* its number, from 1 */
	uint64_t size;
};

/* Reads it all once (to count lines), keeps at most 384 KiB. */
int logview_load(struct artifact_store *store, const char *sha, struct logview *ret,
		 struct err *err);
void logview_done(struct logview *l);
/* The line that holds a byte, from 1; 0 when it is not shown. */
int64_t logview_line(const struct logview *l, int64_t byte);
/* whole: where all of it is. */
void html_log(struct html *h, const struct logview *l, struct url whole);
/* When retention dropped it (UTC seconds), else -1; of sha NULL, too. */
int64_t logview_dropped(struct artifact_store *store, const char *sha);
/* In place of a log that cannot be shown. */
void html_log_gone(struct html *h, int64_t dropped);

#endif
