/*
 * The postings in a thread: each version of a series that was sent to a list,
 * with what is missing from it, and for every other mail why it is none. Only
 * what an index of mails keeps is looked at, no text (kernels/mail.h,
 * mail_known); the grouping is that of kernels/thread_group.h, so that a posting
 * and what thread_find makes of the same mails are one. Pure.
 */
#ifndef SLUICE_KERNELS_POSTING_H
#define SLUICE_KERNELS_POSTING_H

#include <stdbool.h>
#include <stddef.h>

#include "kernels/thread.h"

enum posting_kind {
	POSTING_SERIES,
	POSTING_SINGLE, /* one patch, with a cover letter or not */
	POSTING_PULL,   /* a pull request */
};

enum mail_what {
	MAIL_COVER,       /* of a posting */
	MAIL_PATCH,       /* likewise */
	MAIL_PULL,        /* a pull request */
	MAIL_REPLY,       /* without a diff */
	MAIL_QUOTED_DIFF, /* a reply that holds one: quoted, or a proposal */
	MAIL_UNTAGGED,    /* a diff without a [PATCH] tag */
	MAIL_NO_PATCH,    /* tagged, without number and diff, and nothing goes with it */
	MAIL_TALK,        /* anything else */
};

struct posting {
	enum posting_kind kind;
	bool rfc, resend;
	bool minor;           /* v2.1: a patch of v2 posted anew */
	const struct mail *m; /* names it: the cover letter, else its lowest patch */
	/*
	 * Version, total, cover, patches (borrowed of the thread; NULL of an incomplete
	 * one that announces hundreds, as thousands of mails may do); refilled where
	 * only some patches were posted anew, and more of them may come; reason
	 * when it is not complete. A pull request has version 1 and total 0.
	 */
	struct mail_series s;
	bool mixed; /* patches of other senders are in it: its own may still come */
	int have;   /* patches of its own: not those that it was refilled with */
	bool complete;
	bool broken;    /* more mails do not help: misnumbered, or a patch without diff */
	char *missing;  /* "1-2, 4", "" when nothing is */
	long long date; /* of its first mail */
	size_t family;  /* the index of the first posting of which it is a version */
};

struct posting_mail {
	enum mail_what what;
	size_t posting; /* its index; POSTING_NONE */
	int number;     /* of the patch, 0 for a cover letter */
};
#define POSTING_NONE ((size_t)-1)

struct recognised {
	struct posting *list; /* pull requests last, else by date */
	size_t n;
	struct posting_mail *mails; /* for each thread_mail() */
	size_t mails_n;
};

struct recognised posting_recognise(const struct thread *t);
void recognised_done(struct recognised *p);

/* What it is when it belongs to no posting. */
enum mail_what mail_what_alone(const struct mail *m);
/* "series", "single", "pull" */
const char *posting_kind_str(enum posting_kind kind);
/* "cover", "patch", "pull", "reply", "quoted-diff", "untagged", "no-patch", "talk" */
const char *mail_what_str(enum mail_what what);

#endif
