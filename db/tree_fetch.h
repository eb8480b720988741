/*
 * How the fetches of a tree go: one row for each section [tree NAME].
 */
#ifndef SLUICE_DB_TREE_FETCH_H
#define SLUICE_DB_TREE_FETCH_H

#include "db/db.h"

struct tree_fetch {
	char *name;
	char *location;           /* URL or path */
	int64_t tried, succeeded; /* when last; DB_NO_INT: never */
	int64_t next;             /* when it is due */
	int64_t failures;         /* since it last went well */
	char *error;              /* of the last one, NULL: it went well */
	char *head;               /* commit last queued to be tested, or NULL */
};

void tree_fetch_done(struct tree_fetch *f);
void tree_fetch_list_free(struct tree_fetch *list, size_t n);

/* Replaces what is there under the name. */
int tree_fetch_put(struct db *db, const struct tree_fetch *f, struct err *err);
/* 1 found, 0 not, -1 error. */
int tree_fetch_find(struct db *db, const char *name, struct tree_fetch *ret,
		    struct err *err);
/* By name. */
int tree_fetch_list(struct db *db, struct tree_fetch **ret_list, size_t *ret_n,
		    struct err *err);
int tree_fetch_delete(struct db *db, const char *name, struct err *err);

#endif
