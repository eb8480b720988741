/*
 * What the poller of sources wrote down of each (table source), for who only shows
 * it. A database that has no such table yet has no sources.
 */
#ifndef SLUICE_DB_SOURCE_LINE_H
#define SLUICE_DB_SOURCE_LINE_H

#include "db/db.h"

struct source_line {
	char *name, *kind, *location;
	int64_t polled, succeeded, next; /* DB_NO_INT: never, not yet */
	int64_t failures;                /* in a row */
	char *error;                     /* of the last poll; NULL: none */
};

int source_lines(struct db *db, struct source_line **ret_list, size_t *ret_n,
		 struct err *err);
void source_line_list_free(struct source_line *list, size_t n);

#endif
