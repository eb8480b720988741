/*
 * One writer for each state folder: STATE/lock, held by flock, so that it is
 * free again however the holder ends. Its text says who holds it, for the
 * message that a second writer gets. Readers take no lock. Trees have one of their
 * own, so that they can be added while a daemon runs.
 */
#ifndef SLUICE_DB_STATE_LOCK_H
#define SLUICE_DB_STATE_LOCK_H

#include <stdbool.h>

#include "lib/err.h"

/* What a daemon says as its command: it takes jobs of others. */
#define DAEMON_COMMAND "sluice daemon"

/*
 * *ret_fd holds the lock until it is closed (it is CLOEXEC: children do not
 * keep it). command is what is shown to others, e.g. "sluice test". ERR_BUSY
 * with "STATE is in use by sluice test (pid 12) since ..." when it is taken.
 */
int state_lock(const char *state_dir, const char *command, int *ret_fd, struct err *err);
/* Who holds it at the moment: "sluice test (pid 12) since ...". NULL: nobody, or it cannot
 * be known. The caller frees. */
char *state_lock_holder(const char *state_dir);
/*
 * Likewise for who adds or fetches trees by hand, beside the one writer too:
 * STATE/trees.lock. A daemon begins no fetch of its own meanwhile; what it fetched, and
 * the branches of a borrowed repository, go into the store under the store's own lock.
 */
int state_lock_trees(const char *state_dir, const char *command, int *ret_fd,
		     struct err *err);
/* Does somebody hold that one at the moment? False, too, when it cannot be known. */
bool state_trees_locked(const char *state_dir);

#endif
