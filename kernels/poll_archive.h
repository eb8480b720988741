/*
 * How a public-inbox over HTTP is read: what its feeds list. Of poll_archive.c, which
 * says how this goes together.
 */
#ifndef SLUICE_KERNELS_POLL_ARCHIVE_H
#define SLUICE_KERNELS_POLL_ARCHIVE_H

#include "kernels/poll_list.h"
#include "kernels/poll_web.h"
#include "lib/sha256.h"

struct archive {
	struct poll *p;
	struct http *http;
	char *base; /* with a slash at its end */
	struct poll_list list;
	struct seen *seen;
	struct later *later; /* message-ids */
	/* the cursor */
	long long time;      /* the newest arrival that was fetched */
	long long uid;       /* all up to it are done with; -1: not known */
	long long first_uid; /* those up to it were there before we came */
	bool history;        /* the first poll's way up to now is not done yet */
	char manifest[SHA256_HEX];
	char *etag, *modified;   /* of it */
	long long changed, read; /* when the manifest did so, when feeds were read */
	bool found;              /* a mail since then */
	bool there;              /* something of a public-inbox has answered */
};

/*
 * The highest number of an article, 0 for none; -1 in *ret where "uid:" means nothing
 * (or something else). About forty small requests.
 */
int archive_find_last(struct archive *a, long long *ret, struct err *err);
/*
 * A window of numbers from a little before the last one on, into a->list. *ret_uid: up
 * to where all is fetched once the list is; p->more when there are articles beyond the
 * window. 0 or -1.
 */
int archive_list_by_number(struct archive *a, long long *ret_uid, struct err *err);
/* What came since a->time, into a->list; *ret_all: up to now. 0 or -1. */
int archive_list_by_time(struct archive *a, bool *ret_all, struct err *err);

#endif
