/*
 * Trees that series are tested on.
 */
#ifndef SLUICE_DB_TREE_H
#define SLUICE_DB_TREE_H

#include "db/db.h"
#include "db/words.h"

struct tree {
	char *name;
	enum tree_kind kind;
	char *source;      /* absolute path or URL */
	char *default_ref; /* e.g. refs/trees/debian-6.12/main */
	int64_t added;
	int64_t updated;
};

void tree_done(struct tree *t);
void tree_list_free(struct tree *list, size_t n);

/* Inserts, or replaces all but added. */
int tree_put(struct db *db, const struct tree *t, struct err *err);
/* 1 found, 0 not, -1 error. */
int tree_find(struct db *db, const char *name, struct tree *ret, struct err *err);
/* By name. */
int tree_list(struct db *db, struct tree **ret_list, size_t *ret_n, struct err *err);
int tree_delete(struct db *db, const char *name, struct err *err);

#endif
