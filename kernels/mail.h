/*
 * One mail of a thread: its headers, its text, and what its subject says.
 */
#ifndef SLUICE_KERNELS_MAIL_H
#define SLUICE_KERNELS_MAIL_H

#include <stdbool.h>
#include <stddef.h>

#include "kernels/tags.h"
#include "lib/err.h"
#include "lib/str.h"

struct mail {
	char *raw;
	size_t len;
	char *message_id; /* bare; made of the mail's hash if it has none */
	bool id_made;
	char *parent;   /* In-Reply-To or the last of References; NULL */
	char *refs;     /* References as one line; NULL */
	char *list_id;  /* List-Id as one line; NULL */
	char *subject;  /* unfolded, decoded, tags and all */
	char *from;     /* likewise */
	char *sender;   /* the address in it, lower case; the author's behind a list's */
	long long date; /* 0 if it has none that can be read */
	char *text;     /* its parts in UTF-8; HTML only if there is nothing else */
	bool has_diff;
	struct tags tags;
};

/* Copies the bytes. -1 with ERR_INPUT when it is no mail. */
int mail_parse(const char *raw, size_t len, struct mail **ret_mail, struct err *err);
/*
 * A mail of which only this is known (copied; parent may be NULL), as an index
 * keeps it: without its bytes and its text.
 */
struct mail *mail_known(const char *message_id, const char *parent, const char *subject,
			const char *sender, long long date, bool has_diff);
void mail_free(struct mail *m);

/*
 * Appends the mail as b4 0.12 can take it: From, Subject and Date unfolded (it
 * dies of folds), a date with an impossible zone put right, a message-id where
 * none was (git format-patch makes none), and with subject not NULL that one
 * instead. All else stays byte for byte.
 */
void mail_repaired(const struct mail *m, const char *subject, struct str *out);

#endif
