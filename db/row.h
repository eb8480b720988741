/*
 * Statements and the mapping of rows to structs, for the files of this folder
 * only. A table of struct col describes a struct once; binding, reading and
 * freeing all go by it. SELECTs name their columns in the table's order.
 */
#ifndef SLUICE_DB_ROW_H
#define SLUICE_DB_ROW_H

#include <sqlite3.h>

#include "db/db.h"
#include "db/words.h"
#include "lib/json.h"

enum word_set {
	WORDS_TREE_KIND,
	WORDS_SERIES_STATE,
	WORDS_STEP_APPLY,
	WORDS_BUILD_STATUS,
	WORDS_BOOT_STATUS,
	WORDS_BOOT_ROLE,
	WORDS_TEST_RESULT,
	WORDS_VERDICT_KIND,
	WORDS_VERDICT_WORD,
	WORDS_ARTIFACT_KIND,
	WORDS_POSTING_STATE,
	WORDS_QUEUE_KIND,
	WORDS_QUEUE_CLASS,
	WORDS_QUEUE_STATE,
};
/* NULL outside of the set; -1 when the word is none of it. */
const char *word_str(enum word_set set, unsigned int value);
int word_index(enum word_set set, const char *word);

enum col_type {
	COL_TEXT,     /* char * */
	COL_INT,      /* int64_t */
	COL_OPT_INT,  /* int64_t, negative is NULL */
	COL_REAL,     /* double */
	COL_OPT_REAL, /* double, negative is NULL */
	COL_BOOL,     /* bool */
	COL_WORD,     /* an enum of words.h */
	COL_JSON,     /* struct json_object * */
};

struct col {
	const char *name; /* without ":" */
	enum col_type type;
	size_t offset;
	enum word_set words; /* COL_WORD */
};
#define COL_(t, s, f)                                                        \
	{                                                                    \
		.name = #f, .type = COL_##t, .offset = offsetof(struct s, f) \
	}
#define COL_ENUM(s, f, set)                                                    \
	{                                                                      \
		.name = #f, .type = COL_WORD, .offset = offsetof(struct s, f), \
		.words = set                                                   \
	}

struct table {
	const struct col *cols;
	size_t ncols;
	size_t size; /* of the struct */
};
#define TABLE(c, s)                                                         \
	{                                                                   \
		.cols = c, .ncols = ARRAY_SIZE(c), .size = sizeof(struct s) \
	}

/*
 * The prepared statement for sql (a literal: the cache goes by its address),
 * with no bindings. NULL with err. STMT_AUTO gives it back.
 */
sqlite3_stmt *stmt_get(struct db *db, const char *sql, struct err *err);
void stmt_put(sqlite3_stmt **st);
#define AUTO_STMT AUTO(stmt_put)

/* name with its ":"; one that the statement lacks is a mistake of ours. */
void bind_text(sqlite3_stmt *st, const char *name, const char *text);
void bind_int(sqlite3_stmt *st, const char *name, int64_t v);
void bind_opt_int(sqlite3_stmt *st, const char *name, int64_t v);
/* As a column of that type is written: equal documents are equal texts; NULL is NULL. */
void bind_json(sqlite3_stmt *st, const char *name, struct json_object *o);
/* Binds each column that the statement has a place for. */
void bind_row(sqlite3_stmt *st, const struct table *t, const void *row);

/* 1 a row, 0 the end, -1 with err. */
int stmt_step(struct db *db, sqlite3_stmt *st, struct err *err);
/* Steps to the end, ignoring rows. */
int stmt_run(struct db *db, sqlite3_stmt *st, struct err *err);

/* Fills row (overwritten) from the current row; on -1 it holds nothing. */
int row_read(sqlite3_stmt *st, const struct table *t, void *row, struct err *err);
void row_done(const struct table *t, void *row);
/* 1 with the first row, 0 without one, -1. */
int row_read_one(struct db *db, sqlite3_stmt *st, const struct table *t, void *row,
		 struct err *err);
/* All rows; *ret_list NULL when none. */
int row_read_all(struct db *db, sqlite3_stmt *st, const struct table *t, void **ret_list,
		 size_t *ret_n, struct err *err);
void row_list_free(const struct table *t, void *list, size_t n);

/* err from the connection's last failure. */
int db_fail(struct db *db, const char *what, struct err *err);
bool db_writable(const struct db *db);
/* Statements without values, for setting a connection up. */
int db_exec(struct db *db, const char *sql, struct err *err);

#endif
