#include "db/lease.h"

#include "db/row.h"
#include "lib/str.h"

/*
 * TEMP triggers: they belong to this connection alone. %w is the table's own
 * name, of the schema; the job and its epoch are in a table, since a trigger
 * takes no bound values.
 */
static const char trigger[] =
	"CREATE TEMP TRIGGER \"lease_%w_%s\" BEFORE %s ON main.\"%w\""
	" WHEN NOT EXISTS (SELECT 1 FROM main.job j, temp.lease l"
	"  WHERE j.id = l.job AND j.epoch = l.epoch AND j.state = 'running')"
	" BEGIN SELECT RAISE(ABORT, 'the job was taken from this worker'); END";

static int guard_table(struct db *db, const char *table, struct err *err)
{
	static const char *const actions[] = { "INSERT", "UPDATE", "DELETE" };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(actions); i++) {
		char *sql =
			sqlite3_mprintf(trigger, table, actions[i], actions[i], table);

		rc = sql ? db_exec(db, sql, err) : err_set(err, ERR_SYS, "out of memory");
		sqlite3_free(sql);
	}
	return rc;
}

static int put_lease(struct db *db, int64_t job, int64_t epoch, struct err *err)
{
	static const char sql[] =
		"INSERT INTO temp.lease (job, epoch) VALUES (:job, :epoch)";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":job", job);
	bind_int(st, ":epoch", epoch);
	return stmt_run(db, st, err);
}

int db_set_lease(struct db *db, int64_t job, int64_t epoch, struct err *err)
{
	static const char sql[] = "SELECT name FROM main.sqlite_schema"
				  " WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
	AUTO(str_done) struct str names = STR_INIT;
	sqlite3_stmt *st;
	char **v;
	int r;

	if (db_exec(db,
		    "PRAGMA temp_store = MEMORY;"
		    "CREATE TEMP TABLE lease (job INTEGER, epoch INTEGER)",
		    err) < 0 ||
	    put_lease(db, job, epoch, err) < 0)
		return -1;
	st = stmt_get(db, sql, err);
	if (!st)
		return -1;
	while ((r = stmt_step(db, st, err)) == 1)
		str_addf(&names, "%s\n", (const char *)sqlite3_column_text(st, 0));
	stmt_put(&st);
	if (r < 0)
		return -1;
	v = strv_split(str_get(&names), "\n");
	for (size_t i = 0; r == 0 && v[i]; i++)
		r = guard_table(db, v[i], err);
	strv_free(v);
	return r;
}
