#include "db/selftests.h"

#include "db/row.h"

static const struct col cols[] = {
	COL_(TEXT, selftests, key),         COL_(TEXT, selftests, tree),
	COL_(TEXT, selftests, folder),      COL_(JSON, selftests, programs),
	COL_(TEXT, selftests, log),         COL_(REAL, selftests, seconds),
	COL_(REAL, selftests, cpu_seconds), COL_(TEXT, selftests, toolchain),
	COL_(INT, selftests, finished),
};
static const struct table table = TABLE(cols, selftests);

#define COLS "key, tree, folder, programs, log, seconds, cpu_seconds, toolchain, finished"

void selftests_done(struct selftests *s)
{
	row_done(&table, s);
}

int selftests_put(struct db *db, const struct selftests *s, struct err *err)
{
	static const char sql[] =
		"INSERT OR REPLACE INTO selftests (" COLS
		") VALUES (:key, :tree, :folder,"
		" :programs, :log, :seconds, :cpu_seconds, :toolchain, :finished)";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_row(st, &table, s);
	return stmt_run(db, st, err) < 0 ? err_prefix(err, "selftests of %s", s->tree) :
					   0;
}

int selftests_find(struct db *db, const char *key, struct selftests *ret, struct err *err)
{
	static const char sql[] = "SELECT " COLS " FROM selftests WHERE key = :key";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_text(st, ":key", key);
	return row_read_one(db, st, &table, ret, err);
}
