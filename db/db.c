#include "db/db.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "db/migrations.h"
#include "db/row.h"
#include "lib/str.h"

#define APPLICATION_ID 0x736c7563 /* "sluc", shown by file(1) */
#define BUSY_MS 5000

struct cached {
	const char *sql;
	sqlite3_stmt *st;
	struct cached *next;
};

struct db {
	sqlite3 *sq;
	char *path;
	bool writable;
	struct cached *cache;
	int depth;          /* transactions open, inner ones counted */
	const char *doomed; /* where an inner one was rolled back */
	const char *where;  /* of the outermost */
};

int db_fail(struct db *db, const char *what, struct err *err)
{
	int code = sqlite3_errcode(db->sq) & 0xff;

	/* The only triggers there are: those of db_set_lease. */
	if (sqlite3_extended_errcode(db->sq) == SQLITE_CONSTRAINT_TRIGGER)
		return err_set(err, ERR_STALE, "%s: %s: %s", db->path, what,
			       sqlite3_errmsg(db->sq));
	if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
		return err_set(err, ERR_BUSY, "%s: %s: held by another process", db->path,
			       what);
	if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT)
		return err_set(err, ERR_INPUT, "%s: %s: %s", db->path, what,
			       sqlite3_errmsg(db->sq));
	if (code == SQLITE_CONSTRAINT || code == SQLITE_MISUSE)
		return err_set(err, ERR_INTERNAL, "%s: %s: %s", db->path, what,
			       sqlite3_errmsg(db->sq));
	/* "disk I/O error" is a full disk most of the time. */
	if ((code == SQLITE_IOERR || code == SQLITE_CANTOPEN) &&
	    sqlite3_system_errno(db->sq) != 0)
		return err_set(err, ERR_SYS, "%s: %s: %s (%s)", db->path, what,
			       sqlite3_errmsg(db->sq),
			       strerror(sqlite3_system_errno(db->sq)));
	return err_set(err, ERR_SYS, "%s: %s: %s", db->path, what,
		       sqlite3_errmsg(db->sq));
}

bool db_writable(const struct db *db)
{
	return db->writable;
}

int db_schema_version(void)
{
	return (int)db_migrations_n;
}

int db_exec(struct db *db, const char *sql, struct err *err)
{
	return sqlite3_exec(db->sq, sql, NULL, NULL, NULL) == SQLITE_OK ?
		       0 :
		       db_fail(db, "setting up", err);
}

static int pragma_int(struct db *db, const char *sql, int *ret, struct err *err)
{
	sqlite3_stmt *st = NULL;
	int r = sqlite3_prepare_v2(db->sq, sql, -1, &st, NULL);

	if (r == SQLITE_OK)
		r = sqlite3_step(st);
	if (r == SQLITE_ROW)
		*ret = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	return r == SQLITE_ROW ? 0 : db_fail(db, "reading", err);
}

static int check_identity(struct db *db, int *ret_version, struct err *err)
{
	int id = 0, objects = 0;

	if (pragma_int(db, "PRAGMA application_id", &id, err) < 0 ||
	    pragma_int(db, "PRAGMA user_version", ret_version, err) < 0 ||
	    pragma_int(db, "SELECT count(*) FROM sqlite_schema", &objects, err) < 0)
		return -1;
	if (id != APPLICATION_ID && objects > 0)
		return err_set(err, ERR_INPUT, "%s: is not a database of sluice",
			       db->path);
	if (*ret_version > db_schema_version())
		return err_set(
			err, ERR_INPUT,
			"%s: was written by a newer sluice (schema %d, ours is %d)",
			db->path, *ret_version, db_schema_version());
	return 0;
}

static int migrate(struct db *db, struct err *err)
{
	AUTO_TX struct tx tx = TX_INIT;
	char *set;
	int version, r;

	/* Looked at inside the transaction: another process may be at it too. */
	if (db_begin(db, &tx, err) < 0 || check_identity(db, &version, err) < 0)
		return -1;
	if (version == db_schema_version())
		return 0;
	for (; version < db_schema_version(); version++)
		if (db_exec(db, db_migrations[version], err) < 0)
			return err_prefix(err, "migration %d", version + 1);
	/* PRAGMA takes no bound values; these are numbers of ours. */
	set = str_printf("PRAGMA application_id = %d; PRAGMA user_version = %d",
			 APPLICATION_ID, version);
	r = db_exec(db, set, err);
	free(set);
	return r < 0 ? -1 : db_commit(&tx, err);
}

static int set_up(struct db *db, struct err *err)
{
	int version, fk = 0;

	sqlite3_busy_timeout(db->sq, BUSY_MS);
	sqlite3_extended_result_codes(db->sq, 1);
	if (db_exec(db, "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF", err) <
		    0 ||
	    pragma_int(db, "PRAGMA foreign_keys", &fk, err) < 0)
		return -1;
	if (!fk)
		return err_set(err, ERR_SYS, "this SQLite has no foreign keys");
	if (db->writable) {
		if (db_exec(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL",
			    err) < 0)
			return -1;
		return migrate(db, err);
	}
	if (check_identity(db, &version, err) < 0)
		return -1;
	if (version < db_schema_version())
		return err_set(err, version ? ERR_INPUT : ERR_MISSING,
			       version ? "%s: is of an older sluice (schema %d, ours is "
					 "%d); the next to write to it converts it" :
					 "%s: holds nothing yet",
			       db->path, version, db_schema_version());
	return 0;
}

int db_open(const char *path, enum db_mode mode, struct db **ret_db, struct err *err)
{
	struct db *db = mem_alloc0(sizeof(*db));
	int flags = mode == DB_WRITE ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE :
				       SQLITE_OPEN_READONLY;

	db->path = str_dup(path);
	db->writable = mode == DB_WRITE;
	if (mode == DB_READ && access(path, F_OK) < 0 && errno == ENOENT)
		err_set(err, ERR_MISSING, "%s: is not there yet", path);
	else if (sqlite3_open_v2(path, &db->sq, flags | SQLITE_OPEN_NOMUTEX, NULL) !=
		 SQLITE_OK)
		db_fail(db, "open", err);
	else if (set_up(db, err) == 0) {
		*ret_db = db;
		return 0;
	}
	db_close(db);
	return -1;
}

int db_open_empty(struct db **ret_db, struct err *err)
{
	struct db *db = NULL;

	if (db_open(":memory:", DB_WRITE, &db, err) < 0)
		return -1;
	db->writable = false;
	if (db_exec(db, "PRAGMA query_only = ON", err) < 0) {
		db_close(db);
		return -1;
	}
	*ret_db = db;
	return 0;
}

void db_close(struct db *db)
{
	struct cached *c, *next;

	if (!db)
		return;
	assert(db->depth == 0);
	for (c = db->cache; c; c = next) {
		next = c->next;
		sqlite3_finalize(c->st);
		free(c);
	}
	sqlite3_close(db->sq);
	free(db->path);
	free(db);
}

sqlite3_stmt *stmt_get(struct db *db, const char *sql, struct err *err)
{
	struct cached *c;

	/* One that is being stepped (a callback asks the same) stays untouched. */
	for (c = db->cache; c; c = c->next)
		if (c->sql == sql && !sqlite3_stmt_busy(c->st))
			return c->st;
	c = mem_alloc0(sizeof(*c));
	c->sql = sql;
	if (sqlite3_prepare_v3(db->sq, sql, -1, SQLITE_PREPARE_PERSISTENT, &c->st,
			       NULL) != SQLITE_OK) {
		db_fail(db, "prepare", err);
		free(c);
		return NULL;
	}
	c->next = db->cache;
	db->cache = c;
	return c->st;
}

void stmt_put(sqlite3_stmt **st)
{
	if (!*st)
		return;
	sqlite3_reset(*st);
	sqlite3_clear_bindings(*st);
}

int stmt_step(struct db *db, sqlite3_stmt *st, struct err *err)
{
	switch (sqlite3_step(st)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		return 0;
	default:
		return db_fail(db, db->writable ? "writing" : "reading", err);
	}
}

int stmt_run(struct db *db, sqlite3_stmt *st, struct err *err)
{
	int r;

	while ((r = stmt_step(db, st, err)) == 1)
		;
	return r;
}

static int run_literal(struct db *db, const char *sql, struct err *err)
{
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	return st ? stmt_run(db, st, err) : -1;
}

int db_begin_at(struct db *db, struct tx *tx, const char *where, struct err *err)
{
	/* A reader's transaction only pins what it sees. */
	if (db->depth == 0) {
		if (run_literal(db, db->writable ? "BEGIN IMMEDIATE" : "BEGIN", err) < 0)
			return err_prefix(err, "begin at %s", where);
		db->where = where;
		db->doomed = NULL;
	}
	db->depth++;
	tx->db = db;
	tx->where = where;
	return 0;
}

int db_commit(struct tx *tx, struct err *err)
{
	struct db *db = tx->db;

	assert(db && db->depth > 0);
	if (db->doomed)
		return err_set(err, ERR_INTERNAL,
			       "transaction of %s: the inner one of %s was rolled back",
			       db->where, db->doomed);
	if (db->depth == 1 && run_literal(db, "COMMIT", err) < 0)
		return err_prefix(err, "commit of %s", tx->where);
	db->depth--;
	tx->db = NULL;
	return 0;
}

void db_tx_end(struct tx *tx)
{
	struct db *db = tx->db;

	if (!db)
		return;
	tx->db = NULL;
	if (--db->depth > 0) {
		db->doomed = tx->where;
		return;
	}
	/* SQLite may have rolled back by itself (full disk); that is fine. */
	if (!sqlite3_get_autocommit(db->sq))
		run_literal(db, "ROLLBACK", NULL);
}
