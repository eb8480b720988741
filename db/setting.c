#include "db/setting.h"

#include "db/row.h"
#include "lib/str.h"

int setting_put(struct db *db, const char *name, const char *value, struct err *err)
{
	static const char put[] =
		"INSERT INTO setting (name, value) VALUES (:name, :value)"
		" ON CONFLICT (name) DO UPDATE SET value = excluded.value";
	static const char drop[] = "DELETE FROM setting WHERE name = :name";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, value ? put : drop, err);

	if (!st)
		return -1;
	bind_text(st, ":name", name);
	if (value)
		bind_text(st, ":value", value);
	return stmt_run(db, st, err);
}

int setting_get(struct db *db, const char *name, char **ret_value, struct err *err)
{
	static const char sql[] = "SELECT value FROM setting WHERE name = :name";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);
	int r;

	if (!st)
		return -1;
	bind_text(st, ":name", name);
	r = stmt_step(db, st, err);
	if (r < 0)
		return -1;
	*ret_value = r ? str_dup((const char *)sqlite3_column_text(st, 0)) : NULL;
	return 0;
}
