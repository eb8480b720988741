/*
 * What is written down of the fetches of trees, in the tables tree and tree_fetch.
 */
#ifndef SLUICE_DAEMON_TREE_ROWS_H
#define SLUICE_DAEMON_TREE_ROWS_H

#include "daemon/config_tree.h"
#include "db/db.h"
#include "db/words.h"
#include "kernels/tree_import.h"

/*
 * The head of a tree is another one than at the last call, or the first one. In the
 * transaction that remembers it; -1 with err: it will be told again.
 */
typedef int (*tree_moved_fn)(const char *tree, const char *commit, void *arg,
			     struct err *err);

/*
 * Where a tree is fetched from: its section's URL, or what it was made of. 1, or 0 when
 * nobody said. The caller frees *ret_source.
 */
int tree_rows_source(struct db *db, const struct tree_conf *c, enum tree_kind *ret_kind,
		     char **ret_source, struct err *err);
/* ERR_INPUT where a tree of that kind is not for a daemon, or not with that section. */
int tree_rows_check(const struct tree_conf *c, enum tree_kind kind, const char *source,
		    struct err *err);
/* The row of a tree as it is configured now; made where there is none. */
int tree_rows_load(struct db *db, const struct tree_conf *c, struct err *err);

/* One transaction: the tree, its row, and what moved makes of a head that did. */
int tree_rows_fetched(struct db *db, const struct tree_conf *c, const char *source,
		      const struct tree_info *info, tree_moved_fn moved, void *arg,
		      struct err *err);
/* Logs it, too. */
void tree_rows_failed(struct db *db, const struct tree_conf *c, const char *why);

/*
 * When a tree is due again, after failures in a row: 5 minutes (or the interval, if
 * that is shorter), doubled up to the interval, or 1 hour if that is longer. Pure; s.
 */
int64_t tree_rows_next(int64_t now, int64_t interval, int64_t failures);

#endif
