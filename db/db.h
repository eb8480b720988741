/*
 * The door to sluice.db. A handle belongs to the process that opened it: open
 * after fork, never carry one over. Statements are prepared once and kept by
 * the handle. Every call may block on the disk, and up to five seconds on
 * another process' lock (then ERR_BUSY).
 *
 * Rows come as structs that own their strings and JSON objects; x_done frees
 * what a struct holds (zeroed and half-filled ones too), x_list_free a list.
 * To write one, fill it with copies (str_dup, json_object_get) and x_done it.
 * A text or JSON field of NULL is SQL NULL.
 */
#ifndef SLUICE_DB_DB_H
#define SLUICE_DB_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/cleanup.h"
#include "lib/err.h"

struct db;

enum db_mode {
	DB_READ,  /* ERR_MISSING without a file, ERR_INPUT for another schema version */
	DB_WRITE, /* made when missing, migrated to this version */
};

/* Number fields that may be NULL use these. */
#define DB_NO_INT (-1)
#define DB_NO_REAL (-1.0)

int db_open(const char *path, enum db_mode mode, struct db **ret_db, struct err *err);
/* What a reader sees where nothing was written yet: our tables, empty, in memory. */
int db_open_empty(struct db **ret_db, struct err *err);
void db_close(struct db *db);
/* What this binary's migrations end at. */
int db_schema_version(void);

/*
 * BEGIN IMMEDIATE. A transaction inside another joins it: its commit does
 * nothing by itself, its roll-back dooms the outer one, whose commit then
 * fails. Use:
 *
 *	AUTO_TX struct tx tx = TX_INIT;
 *	if (db_begin(db, &tx, err) < 0)
 *		return -1;
 *	...                          // any return from here rolls back
 *	return db_commit(&tx, err);
 */
struct tx {
	struct db *db;
	const char *where; /* file:line of its begin, for messages */
};
#define TX_INIT            \
	{                  \
		.db = NULL \
	}
#define AUTO_TX AUTO(db_tx_end)
#define DB_STR2(x) #x
#define DB_STR(x) DB_STR2(x)
#define db_begin(db, tx, err) db_begin_at(db, tx, __FILE__ ":" DB_STR(__LINE__), err)

int db_begin_at(struct db *db, struct tx *tx, const char *where, struct err *err);
int db_commit(struct tx *tx, struct err *err);
/* Rolls back when tx is still open. */
void db_tx_end(struct tx *tx);

#endif
