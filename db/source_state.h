/*
 * How far a source of mails was read, and how that goes: one row for each section
 * [source NAME]. What is in the configuration is not repeated but for the kind and
 * the place, to which the cursor belongs.
 */
#ifndef SLUICE_DB_SOURCE_STATE_H
#define SLUICE_DB_SOURCE_STATE_H

#include "db/db.h"
#include "lib/json.h"

struct source_state {
	char *name;
	char *kind, *location;
	struct json_object *cursor; /* the kind's own; NULL: never read */
	int64_t polled, succeeded;  /* when last; DB_NO_INT: never */
	int64_t next;               /* when it is due */
	int64_t failures;           /* since it last went well */
	char *error;                /* of the last poll, NULL: it went well */
	int64_t mails;              /* that came from it so far */
};

void source_state_done(struct source_state *s);
void source_state_list_free(struct source_state *list, size_t n);

/* Replaces what is there under the name. */
int source_state_put(struct db *db, const struct source_state *s, struct err *err);
/* 1 found, 0 not, -1 error. */
int source_state_find(struct db *db, const char *name, struct source_state *ret,
		      struct err *err);
int source_state_list(struct db *db, struct source_state **ret_list, size_t *ret_n,
		      struct err *err);
int source_state_delete(struct db *db, const char *name, struct err *err);

#endif
