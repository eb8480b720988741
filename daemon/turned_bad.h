/*
 * When a base turns bad: a test that an earlier base of the same tree passed fails at the
 * base of a series, or at a head, for the first time. Then the commit that broke it is
 * worth a search, which the daemon queues (service_bisect.c). For the worker, which may
 * read the tree's history in peace: what is to be searched for is a row with wanted set,
 * so nothing is lost with the one or the other.
 */
#ifndef SLUICE_DAEMON_TURNED_BAD_H
#define SLUICE_DAEMON_TURNED_BAD_H

#include "daemon/config.h"
#include "db/db.h"

/*
 * After a series, or a head, has its verdicts. Only what is pre-existing by them counts,
 * with no known issue of the kernel to explain it. The good end is the nearest ancestor
 * that passed; where there is none, since the tree was made anew, where their histories
 * part. git is the store. Nothing happens for trees with bisect = no.
 */
int turned_bad_note(struct db *db, const struct config *config, const char *git,
		    int64_t series_id, struct err *err);

#endif
