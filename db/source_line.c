#include "db/source_line.h"

#include "db/row.h"

static const struct col cols[] = {
	COL_(TEXT, source_line, name),         COL_(TEXT, source_line, kind),
	COL_(TEXT, source_line, location),     COL_(OPT_INT, source_line, polled),
	COL_(OPT_INT, source_line, succeeded), COL_(OPT_INT, source_line, next),
	COL_(INT, source_line, failures),      COL_(TEXT, source_line, error),
};
static const struct table table = TABLE(cols, source_line);

void source_line_list_free(struct source_line *list, size_t n)
{
	row_list_free(&table, list, n);
}

int source_lines(struct db *db, struct source_line **ret_list, size_t *ret_n,
		 struct err *err)
{
	static const char there[] =
		"SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'source'";
	static const char sql[] = "SELECT name, kind, location, polled, succeeded, next,"
				  " failures, error FROM source ORDER BY name";
	AUTO_STMT sqlite3_stmt *look = stmt_get(db, there, err);
	AUTO_STMT sqlite3_stmt *st = NULL;
	int r = look ? stmt_step(db, look, err) : -1;

	*ret_list = NULL;
	*ret_n = 0;
	if (r <= 0)
		return r;
	st = stmt_get(db, sql, err);
	return st ? row_read_all(db, st, &table, (void **)ret_list, ret_n, err) : -1;
}
