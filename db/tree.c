#include "db/tree.h"

#include "db/row.h"

static const struct col cols[] = {
	COL_(TEXT, tree, name),   COL_ENUM(tree, kind, WORDS_TREE_KIND),
	COL_(TEXT, tree, source), COL_(TEXT, tree, default_ref),
	COL_(INT, tree, added),   COL_(INT, tree, updated),
};
static const struct table table = TABLE(cols, tree);

#define COLS "name, kind, source, default_ref, added, updated"

void tree_done(struct tree *t)
{
	row_done(&table, t);
}

void tree_list_free(struct tree *list, size_t n)
{
	row_list_free(&table, list, n);
}

int tree_put(struct db *db, const struct tree *t, struct err *err)
{
	static const char sql[] =
		"INSERT INTO tree (" COLS ")"
		" VALUES (:name, :kind, :source, :default_ref, :added, :updated)"
		" ON CONFLICT (name) DO UPDATE SET kind = excluded.kind,"
		" source = excluded.source, default_ref = excluded.default_ref,"
		" updated = excluded.updated";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_row(st, &table, t);
	return stmt_run(db, st, err);
}

int tree_find(struct db *db, const char *name, struct tree *ret, struct err *err)
{
	static const char sql[] = "SELECT " COLS " FROM tree WHERE name = :name";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_text(st, ":name", name);
	return row_read_one(db, st, &table, ret, err);
}

int tree_list(struct db *db, struct tree **ret_list, size_t *ret_n, struct err *err)
{
	static const char sql[] = "SELECT " COLS " FROM tree ORDER BY name";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);
	void *list;

	if (!st || row_read_all(db, st, &table, &list, ret_n, err) < 0)
		return -1;
	*ret_list = list;
	return 0;
}

int tree_delete(struct db *db, const char *name, struct err *err)
{
	static const char sql[] = "DELETE FROM tree WHERE name = :name";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_text(st, ":name", name);
	return stmt_run(db, st, err);
}
