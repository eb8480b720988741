/*
 * Retention: looks at what lies in a state folder, and drops what is chosen
 * (keep_choose.h) by [keep] of the configuration and by the room on the disk. For
 * whoever holds the lock, or a child of it, while no job runs. It blocks, so the daemon
 * has a child for it (service_keep.h). kill -9 at any moment leaves nothing that is
 * taken for whole: rows go before files, and a folder loses its name before its content.
 */
#ifndef SLUICE_DAEMON_KEEP_H
#define SLUICE_DAEMON_KEEP_H

#include "daemon/config.h"
#include "daemon/keep_choose.h"
#include "db/artifact.h"

struct keep_opts {
	const struct config *config;
	const char *state_dir;
	struct db *db; /* read-only will do for a dry run */
	struct artifact_store *artifacts;
	bool dry_run;
	int seconds; /* then it stops, in the middle; 0: when all is done */
};

struct keep_sum {
	int64_t n, bytes;
};
struct keep_report {
	struct keep_sum sums[KEEP_KINDS][KEEP_DISK + 1];
	bool more; /* its time was over before its work */
};

/* -1 when something could not be dropped; the report is of what was before that. */
int keep_run(const struct keep_opts *o, struct keep_report *ret, struct err *err);
/* How a child ends that did it ("sluice sweep"); anything else is a failure. */
enum keep_exit { KEEP_NOTHING = 0, KEEP_DROPPED = 10, KEEP_MORE = 11 };

#endif
