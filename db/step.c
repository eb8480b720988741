#include "db/step.h"

#include <string.h>

#include "db/row.h"

static const struct col cols[] = {
	COL_(INT, step, series_id),   COL_(INT, step, step),
	COL_(TEXT, step, subject),    COL_(TEXT, step, author),
	COL_(TEXT, step, message_id), COL_ENUM(step, apply, WORDS_STEP_APPLY),
	COL_(TEXT, step, reason),     COL_(TEXT, step, file),
	COL_(TEXT, step, hunk),       COL_(TEXT, step, commit_id),
	COL_(TEXT, step, tree),       COL_(JSON, step, files),
};
static const struct table table = TABLE(cols, step);

#define COLS                                                                       \
	"series_id, step, subject, author, message_id, apply, reason, file, hunk," \
	" commit_id, tree, files"

void step_done(struct step *s)
{
	row_done(&table, s);
}

void step_list_free(struct step *list, size_t n)
{
	row_list_free(&table, list, n);
}

static int step_put(struct db *db, int64_t series_id, const struct step *s,
		    struct err *err)
{
	static const char sql[] =
		"INSERT INTO step (" COLS
		") VALUES (:series_id, :step, :subject, :author,"
		" :message_id, :apply, :reason, :file, :hunk, :commit_id, :tree, :files)"
		" ON CONFLICT (series_id, step) DO UPDATE SET"
		" subject = excluded.subject, author = excluded.author,"
		" message_id = excluded.message_id, apply = excluded.apply,"
		" reason = excluded.reason, file = excluded.file, hunk = excluded.hunk,"
		" commit_id = excluded.commit_id, tree = excluded.tree,"
		" files = excluded.files";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_row(st, &table, s);
	bind_int(st, ":series_id", series_id);
	return stmt_run(db, st, err);
}

/* The cells go with their step. */
static int delete_from(struct db *db, int64_t series_id, int64_t step, struct err *err)
{
	static const char sql[] =
		"DELETE FROM step WHERE series_id = :series_id AND step >= :step";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":series_id", series_id);
	bind_int(st, ":step", step);
	return stmt_run(db, st, err);
}

static int delete_verdicts(struct db *db, int64_t series_id, struct err *err)
{
	static const char sql[] = "DELETE FROM verdict WHERE series_id = :series_id";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":series_id", series_id);
	return stmt_run(db, st, err);
}

static bool same(const struct step *a, const struct step *b)
{
	return a->step == b->step && a->tree && b->tree && strcmp(a->tree, b->tree) == 0;
}

/* Leading steps that are there already and have the same tree. */
static int count_same(struct db *db, int64_t series_id, const struct step *steps,
		      size_t n, size_t *ret_same, bool *ret_changed, struct err *err)
{
	struct step *old;
	size_t nold, k = 0;

	if (step_list(db, series_id, &old, &nold, err) < 0)
		return -1;
	while (k < n && k < nold && same(&old[k], &steps[k]))
		k++;
	*ret_same = k;
	*ret_changed = k != nold || k != n;
	step_list_free(old, nold);
	return 0;
}

int series_set_steps(struct db *db, const struct series *s, const struct step *steps,
		     size_t n, struct err *err)
{
	AUTO_TX struct tx tx = TX_INIT;
	size_t kept = 0;
	bool changed = true;

	if (db_begin(db, &tx, err) < 0 || series_set_base(db, s, err) < 0 ||
	    count_same(db, s->id, steps, n, &kept, &changed, err) < 0)
		return -1;
	/* A later step was built on top of what changed, whatever its own tree. */
	if (changed && (delete_from(db, s->id, (int64_t)kept, err) < 0 ||
			delete_verdicts(db, s->id, err) < 0))
		return -1;
	for (size_t i = 0; i < n; i++)
		if (step_put(db, s->id, &steps[i], err) < 0)
			return err_prefix(err, "step %lld", (long long)steps[i].step);
	return db_commit(&tx, err);
}

int step_list(struct db *db, int64_t series_id, struct step **ret_list, size_t *ret_n,
	      struct err *err)
{
	static const char sql[] = "SELECT " COLS " FROM step WHERE series_id = :series_id"
				  " ORDER BY step";
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
