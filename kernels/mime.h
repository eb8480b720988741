/*
 * gmime held at arm's length: a mail's headers and its text, decoded. Bytes of
 * strangers go in; nothing here asserts on them or blocks.
 */
#ifndef SLUICE_KERNELS_MIME_H
#define SLUICE_KERNELS_MIME_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/err.h"
#include "lib/str.h"

struct mime;

/*
 * Parses a mail without a "From " line in front (one is skipped), CRLF or LF.
 * -1 with ERR_INPUT when no header can be found in it.
 */
int mime_parse(const char *mail, size_t len, struct mime **ret_mime, struct err *err);
void mime_free(struct mime *m);

/*
 * A header unfolded and decoded (RFC 2047) to UTF-8, the last one of that name
 * or with first set the first; NULL if there is none. The caller frees.
 */
char *mime_header(const struct mime *m, const char *name, bool first);
/* The same, as one finds it in a mail's body ("=?utf-8?q?...?="). */
char *mime_decode_text(const char *raw);

/* UTF-8 to what a header may hold, on one line. The caller frees. */
char *mime_encode_text(const char *text);

/*
 * Every leaf part in order, its transfer encoding undone, in lines that all
 * end in a newline; soft breaks of format=flowed undone as git does. charset
 * is the part's ("" if it names none); html tells that it is text/html.
 */
struct mime_part {
	const char *data;
	size_t len;
	const char *charset;
	bool html;
};
typedef void (*mime_part_fn)(const struct mime_part *part, void *arg);
void mime_each_part(const struct mime *m, mime_part_fn fn, void *arg);

/* Appends data as UTF-8; as it is where charset is unknown or lies. */
void mime_to_utf8(struct str *out, const char *data, size_t len, const char *charset);
/*
 * Seconds since the epoch and minutes east of UTC of a Date: header. A zone
 * that cannot be counts as UTC. False (ret untouched) when it is no date.
 */
bool mime_date(const char *text, long long *ret_time, int *ret_tz);

#endif
