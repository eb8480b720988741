/*
 * Part of daemon/postings.c: what becomes of a posting, from what is known of it.
 * Pure.
 */
#ifndef SLUICE_DAEMON_POSTING_STATE_H
#define SLUICE_DAEMON_POSTING_STATE_H

#include <stdbool.h>

#include "db/words.h"
#include "kernels/posting.h"
#include "lib/str.h"

struct posting_facts {
	const struct posting *p;
	enum posting_state was; /* POSTING_WAITING for a new one */
	bool changed;           /* its patches, or what its author asks for, since then */
	const char *refused;    /* why no source takes it; NULL: one does */
	const char *newer;      /* "v3 is newer"; NULL: none is known */
	bool over;              /* nothing is waited for any more */
};

/* Is it waited for more of it? */
bool posting_is_open(const struct posting *p, bool over);
/*
 * The state it gets, and with incomplete, superseded and ignored the reason.
 * POSTING_COMPLETE: it is to be queued (anew, where was is queued or done).
 */
enum posting_state posting_next_state(const struct posting_facts *f, struct str *reason);

#endif
