/*
 * Part of daemon/postings.c: a thread is recognised anew, and its postings in the
 * database are brought to what was found.
 */
#ifndef SLUICE_DAEMON_POSTING_SETTLE_H
#define SLUICE_DAEMON_POSTING_SETTLE_H

#include "daemon/postings.h"

/* The reason of one that is queued and is to be queued again when its job is over. */
#define POSTING_AGAIN "more of it came while it was tested, and is tested after that"

/* Inside a transaction. A thread that is there no more is nothing. */
int posting_settle(const struct postings_opts *o, int64_t thread, int64_t now,
		   struct err *err);

#endif
