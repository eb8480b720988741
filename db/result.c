#include "db/result.h"

#include "db/row.h"

static const struct col cols[] = {
	COL_(INT, result, boot_id),
	COL_(INT, result, seq),
	COL_(TEXT, result, test),
	COL_ENUM(result, result, WORDS_TEST_RESULT),
	COL_(TEXT, result, reason),
	COL_(OPT_REAL, result, seconds),
	COL_(TEXT, result, output),
	COL_(JSON, result, subtests),
	COL_(JSON, result, data),
	COL_(JSON, result, splats),
	COL_(OPT_INT, result, console_from),
	COL_(OPT_INT, result, console_to),
};
static const struct table table = TABLE(cols, result);

#define COLS                                                                   \
	"boot_id, seq, test, result, reason, seconds, output, subtests, data," \
	" splats, console_from, console_to"

void result_done(struct result *r)
{
	row_done(&table, r);
}

void result_list_free(struct result *list, size_t n)
{
	row_list_free(&table, list, n);
}

int result_put(struct db *db, int64_t boot_id, int64_t seq, const struct result *r,
	       struct err *err)
{
	static const char sql[] =
		"INSERT INTO result (" COLS ") VALUES (:boot_id, :seq, :test, :result,"
		" :reason, :seconds, :output, :subtests, :data, :splats, :console_from,"
		" :console_to)";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_row(st, &table, r);
	bind_int(st, ":boot_id", boot_id);
	bind_int(st, ":seq", seq);
	return stmt_run(db, st, err) < 0 ? err_prefix(err, "result of %s", r->test) : 0;
}

static int list(struct db *db, const char *sql, int64_t id, struct result **ret_list,
		size_t *ret_n, struct err *err)
{
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);
	void *rows;

	if (!st)
		return -1;
	bind_int(st, ":id", id);
	if (row_read_all(db, st, &table, &rows, ret_n, err) < 0)
		return -1;
	*ret_list = rows;
	return 0;
}

int result_list(struct db *db, int64_t boot_id, struct result **ret_list, size_t *ret_n,
		struct err *err)
{
	static const char sql[] = "SELECT " COLS
				  " FROM result WHERE boot_id = :id ORDER BY seq";

	return list(db, sql, boot_id, ret_list, ret_n, err);
}

int result_list_of_series(struct db *db, int64_t series_id, struct result **ret_list,
			  size_t *ret_n, struct err *err)
{
	static const char sql[] =
		"SELECT " COLS " FROM result WHERE boot_id IN (SELECT boot_id"
		" FROM step_boot WHERE series_id = :id) ORDER BY boot_id, seq";

	return list(db, sql, series_id, ret_list, ret_n, err);
}
