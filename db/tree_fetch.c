#include "db/tree_fetch.h"

#include "db/row.h"

static const struct col cols[] = {
	COL_(TEXT, tree_fetch, name),     COL_(TEXT, tree_fetch, location),
	COL_(OPT_INT, tree_fetch, tried), COL_(OPT_INT, tree_fetch, succeeded),
	COL_(INT, tree_fetch, next),      COL_(INT, tree_fetch, failures),
	COL_(TEXT, tree_fetch, error),    COL_(TEXT, tree_fetch, head),
};
static const struct table table = TABLE(cols, tree_fetch);

#define COLS "name, location, tried, succeeded, next, failures, error, head"

void tree_fetch_done(struct tree_fetch *f)
{
	row_done(&table, f);
}

void tree_fetch_list_free(struct tree_fetch *list, size_t n)
{
	row_list_free(&table, list, n);
}

int tree_fetch_put(struct db *db, const struct tree_fetch *f, struct err *err)
{
	static const char sql[] =
		"INSERT OR REPLACE INTO tree_fetch (" COLS ")"
		" VALUES (:name, :location, :tried, :succeeded, :next, :failures, :error,"
		" :head)";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_row(st, &table, f);
	return stmt_run(db, st, err) < 0 ? err_prefix(err, "tree %s", f->name) : 0;
}

int tree_fetch_find(struct db *db, const char *name, struct tree_fetch *ret,
		    struct err *err)
{
	static const char sql[] = "SELECT " COLS " FROM tree_fetch WHERE name = :name";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_text(st, ":name", name);
	return row_read_one(db, st, &table, ret, err);
}

int tree_fetch_list(struct db *db, struct tree_fetch **ret_list, size_t *ret_n,
		    struct err *err)
{
	static const char sql[] = "SELECT " COLS " FROM tree_fetch ORDER BY name";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);
	void *list;

	if (!st || row_read_all(db, st, &table, &list, ret_n, err) < 0)
		return -1;
	*ret_list = list;
	return 0;
}

int tree_fetch_delete(struct db *db, const char *name, struct err *err)
{
	static const char sql[] = "DELETE FROM tree_fetch WHERE name = :name";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_text(st, ":name", name);
	return stmt_run(db, st, err);
}
