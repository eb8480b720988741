/*
 * Part of daemon/postings.c: a thread is recognised anew, and its postings in the
 * database are brought to what was found.
 */
#ifndef SLUICE_DAEMON_POSTING_SETTLE_H
#define SLUICE_DAEMON_POSTING_SETTLE_H

#include "daemon/postings.h"

/* Inside a transaction. A thread that is there no more is nothing. */
int posting_settle(const struct postings_opts *o, int64_t thread, int64_t now,
		   struct err *err);

#endif
