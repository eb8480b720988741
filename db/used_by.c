#include "db/used_by.h"

#include "db/row.h"

static const struct col cols[] = {
	COL_(INT, used_by, series_id),       COL_(INT, used_by, step),
	COL_(TEXT, used_by, series_subject), COL_(TEXT, used_by, step_subject),
	COL_(BOOL, used_by, reused),
};
static const struct table table = TABLE(cols, used_by);

void used_by_list_free(struct used_by *list, size_t n)
{
	row_list_free(&table, list, n);
}

int used_by_list(struct db *db, const char *sql, int64_t id, struct used_by **ret_list,
		 size_t *ret_n, struct err *err)
{
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);
	void *list;

	if (!st)
		return -1;
	bind_int(st, ":id", id);
	if (row_read_all(db, st, &table, &list, ret_n, err) < 0)
		return -1;
	*ret_list = list;
	return 0;
}
