/*
 * Fetches the trees of config.ini when they are due, one at a time, each in a child in
 * the role "tree"; the store itself is only written by us, when all has come. A local
 * repository is looked at, not fetched. How that goes is in table tree_fetch: a tree
 * whose fetch fails stays what it was, and is tried less and less often.
 */
#ifndef SLUICE_DAEMON_TREE_WATCH_H
#define SLUICE_DAEMON_TREE_WATCH_H

#include "daemon/config_tree.h"
#include "daemon/role.h"
#include "daemon/tree_rows.h"
#include "db/db.h"

struct tree_watch_opts {
	struct role_host *host; /* borrowed */
	struct db *db;          /* writable; borrowed */
	tree_moved_fn moved;
	/* A fetch has ended, and was written down; may be NULL. */
	void (*fetched)(void *arg);
	void (*idle)(void *arg); /* the last one ended after stop; may be NULL */
	void *arg;
};

struct tree_watch;
int tree_watch_new(const struct tree_watch_opts *opts, struct tree_watch **ret_watch,
		   struct err *err);
/* Only when none runs. */
void tree_watch_free(struct tree_watch *w);
/*
 * The trees from now on; borrowed until the next call of it. A fetch of one that is
 * gone, or is fetched from elsewhere now, is ended; its row goes, the tree stays. One
 * that is fetched from elsewhere, or was made only now, is due at once.
 */
int tree_watch_configure(struct tree_watch *w, const struct tree_conf *trees, size_t n,
			 struct err *err);
/* Starts none any more and ends the one that runs; true when none runs. */
bool tree_watch_stop(struct tree_watch *w);

#endif
