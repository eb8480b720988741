#include "db/verdict.h"

#include "db/row.h"
#include "db/series.h"
#include "lib/str.h"

static const struct col cols[] = {
	COL_(INT, verdict, series_id),
	COL_(INT, verdict, seq),
	COL_ENUM(verdict, kind, WORDS_VERDICT_KIND),
	COL_(TEXT, verdict, config),
	COL_(TEXT, verdict, topology),
	COL_(TEXT, verdict, test),
	COL_ENUM(verdict, verdict, WORDS_VERDICT_WORD),
	COL_(OPT_INT, verdict, from_step),
	COL_(OPT_INT, verdict, until_step),
	COL_(JSON, verdict, candidates),
	COL_(JSON, verdict, repairs),
	COL_(OPT_INT, verdict, runs),
	COL_(OPT_INT, verdict, failures),
	COL_(OPT_REAL, verdict, probability),
	COL_(TEXT, verdict, reason),
	COL_(JSON, verdict, evidence),
	COL_(OPT_INT, verdict, boot_id),
	COL_(JSON, verdict, odds),
};
static const struct table table = TABLE(cols, verdict);

#define COLS                                                                     \
	"series_id, seq, kind, config, topology, test, verdict, from_step,"      \
	" until_step, candidates, repairs, runs, failures, probability, reason," \
	" evidence, boot_id, odds"

bool verdict_is_known_issue(const struct verdict *v)
{
	return v->reason && str_starts(v->reason, VERDICT_KNOWN_ISSUE);
}

void verdict_done(struct verdict *v)
{
	row_done(&table, v);
}

void verdict_list_free(struct verdict *list, size_t n)
{
	row_list_free(&table, list, n);
}

static int delete_all(struct db *db, int64_t series_id, struct err *err)
{
	static const char sql[] = "DELETE FROM verdict WHERE series_id = :series_id";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":series_id", series_id);
	return stmt_run(db, st, err);
}

static int put(struct db *db, int64_t series_id, int64_t seq, const struct verdict *v,
	       struct err *err)
{
	static const char sql[] =
		"INSERT INTO verdict (" COLS ") VALUES (:series_id, :seq, :kind, :config,"
		" :topology, :test, :verdict, :from_step, :until_step, :candidates,"
		" :repairs, :runs, :failures, :probability, :reason, :evidence, :boot_id,"
		" :odds)";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_row(st, &table, v);
	bind_int(st, ":series_id", series_id);
	bind_int(st, ":seq", seq);
	return stmt_run(db, st, err);
}

int verdict_replace(struct db *db, int64_t series_id, const struct verdict *list,
		    size_t n, enum series_state state, struct err *err)
{
	AUTO_TX struct tx tx = TX_INIT;

	if (db_begin(db, &tx, err) < 0 || delete_all(db, series_id, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (put(db, series_id, (int64_t)i, &list[i], err) < 0)
			return err_prefix(err, "verdict %zu", i);
	if (series_set_state(db, series_id, state, NULL, err) < 0)
		return -1;
	return db_commit(&tx, err);
}

int verdict_list(struct db *db, int64_t series_id, struct verdict **ret_list,
		 size_t *ret_n, struct err *err)
{
	static const char sql[] =
		"SELECT " COLS " FROM verdict WHERE series_id = :series_id ORDER BY seq";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);
	void *list;

	if (!st)
		return -1;
	bind_int(st, ":series_id", series_id);
	if (row_read_all(db, st, &table, &list, ret_n, err) < 0)
		return -1;
	*ret_list = list;
	return 0;
}

bool verdict_is_failing(const struct verdict *v)
{
	return v->verdict == VERDICT_PRE_EXISTING &&
	       !(v->reason && str_starts(v->reason, VERDICT_KNOWN_ISSUE " "));
}
