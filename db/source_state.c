#include "db/source_state.h"

#include "db/row.h"

static const struct col cols[] = {
	COL_(TEXT, source_state, name),      COL_(TEXT, source_state, kind),
	COL_(TEXT, source_state, location),  COL_(JSON, source_state, cursor),
	COL_(OPT_INT, source_state, polled), COL_(OPT_INT, source_state, succeeded),
	COL_(INT, source_state, next),       COL_(INT, source_state, failures),
	COL_(TEXT, source_state, error),     COL_(INT, source_state, mails),
};
static const struct table table = TABLE(cols, source_state);

#define COLS \
	"name, kind, location, cursor, polled, succeeded, next, failures, error, mails"

void source_state_done(struct source_state *s)
{
	row_done(&table, s);
}

void source_state_list_free(struct source_state *list, size_t n)
{
	row_list_free(&table, list, n);
}

int source_state_put(struct db *db, const struct source_state *s, struct err *err)
{
	static const char sql[] =
		"INSERT OR REPLACE INTO source (" COLS ")"
		" VALUES (:name, :kind, :location, :cursor, :polled, :succeeded, :next,"
		" :failures, :error, :mails)";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_row(st, &table, s);
	return stmt_run(db, st, err) < 0 ? err_prefix(err, "source %s", s->name) : 0;
}

int source_state_find(struct db *db, const char *name, struct source_state *ret,
		      struct err *err)
{
	static const char sql[] = "SELECT " COLS " FROM source WHERE name = :name";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_text(st, ":name", name);
	return row_read_one(db, st, &table, ret, err);
}

int source_state_list(struct db *db, struct source_state **ret_list, size_t *ret_n,
		      struct err *err)
{
	static const char sql[] = "SELECT " COLS " FROM source ORDER BY name";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);
	void *list;

	if (!st || row_read_all(db, st, &table, &list, ret_n, err) < 0)
		return -1;
	*ret_list = list;
	return 0;
}

int source_state_delete(struct db *db, const char *name, struct err *err)
{
	static const char sql[] = "DELETE FROM source WHERE name = :name";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_text(st, ":name", name);
	return stmt_run(db, st, err);
}
