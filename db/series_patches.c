#include "db/series_patches.h"

#include "db/row.h"
#include "lib/str.h"

int series_patches_put(struct db *db, int64_t series_id, const char *texts,
		       struct err *err)
{
	static const char sql[] = "INSERT INTO series_patches (series_id, texts)"
				  " VALUES (:id, :texts) ON CONFLICT (series_id)"
				  " DO UPDATE SET texts = excluded.texts";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":id", series_id);
	bind_text(st, ":texts", texts);
	return stmt_run(db, st, err);
}

int series_patches_get(struct db *db, int64_t series_id, char **ret_texts,
		       struct err *err)
{
	static const char sql[] =
		"SELECT texts FROM series_patches WHERE series_id = :id";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);
	int r;

	if (!st)
		return -1;
	bind_int(st, ":id", series_id);
	r = stmt_step(db, st, err);
	if (r == 1)
		*ret_texts = str_dup((const char *)sqlite3_column_text(st, 0));
	return r;
}
