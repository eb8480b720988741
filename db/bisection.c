#include "db/bisection.h"

#include <time.h>

#include "db/row.h"
#include "lib/cleanup.h"

static const struct col bisection_cols[] = {
	COL_(INT, bisection, id),        COL_(TEXT, bisection, tree),
	COL_(TEXT, bisection, good),     COL_(TEXT, bisection, bad),
	COL_(TEXT, bisection, config),   COL_(TEXT, bisection, arch),
	COL_(TEXT, bisection, topology), COL_(TEXT, bisection, accel),
	COL_(TEXT, bisection, test),     COL_(INT, bisection, created),
};
static const struct table bisections = TABLE(bisection_cols, bisection);

static const struct col mark_cols[] = {
	COL_(TEXT, bisection_mark, commit_id),
	COL_(BOOL, bisection_mark, bad),
};
static const struct table marks = TABLE(mark_cols, bisection_mark);

static const struct col step_cols[] = {
	COL_(INT, bisection_step, n),          COL_(TEXT, bisection_step, commit_id),
	COL_(TEXT, bisection_step, why),       COL_(REAL, bisection_step, gain),
	COL_(INT, bisection_step, runs),       COL_(INT, bisection_step, failures),
	COL_(TEXT, bisection_step, likeliest), COL_(REAL, bisection_step, likeliest_p),
	COL_(INT, bisection_step, decided),
};
static const struct table steps = TABLE(step_cols, bisection_step);

static const struct col seen_cols[] = {
	COL_(TEXT, bisection_seen, commit_id), COL_(TEXT, bisection_seen, key),
	COL_(INT, bisection_seen, boots),      COL_(INT, bisection_seen, runs),
	COL_(INT, bisection_seen, failures),   COL_(INT, bisection_seen, before),
};
static const struct table seen = TABLE(seen_cols, bisection_seen);

void bisection_done(struct bisection *b)
{
	row_done(&bisections, b);
}

int bisection_open(struct db *db, const struct bisection *what, int64_t *ret_id,
		   int64_t *ret_created, struct err *err)
{
	static const char put[] =
		"INSERT INTO bisection (tree, good, bad, config, arch, topology, accel, test,"
		" created) VALUES (:tree, :good, :bad, :config, :arch, :topology, :accel,"
		" :test, :created) ON CONFLICT DO NOTHING";
	static const char get[] =
		"SELECT id, created FROM bisection WHERE tree = :tree AND good = :good AND"
		" bad = :bad AND config = :config AND arch = :arch AND"
		" topology = :topology AND accel = :accel AND test = :test";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, put, err);
	AUTO_STMT sqlite3_stmt *found = stmt_get(db, get, err);
	struct bisection row = *what;

	if (!st || !found)
		return -1;
	row.created = time(NULL);
	bind_row(st, &bisections, &row);
	bind_row(found, &bisections, &row);
	if (stmt_run(db, st, err) < 0 || stmt_step(db, found, err) != 1)
		return -1;
	*ret_id = sqlite3_column_int64(found, 0);
	*ret_created = sqlite3_column_int64(found, 1);
	return 0;
}

int bisection_mark_put(struct db *db, int64_t id, const char *commit, bool bad,
		       struct err *err)
{
	static const char sql[] =
		"INSERT INTO bisection_mark (bisection, commit_id, bad, made)"
		" VALUES (:bisection, :commit_id, :bad, :made)"
		" ON CONFLICT DO UPDATE SET bad = excluded.bad, made = excluded.made";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":bisection", id);
	bind_text(st, ":commit_id", commit);
	bind_int(st, ":bad", bad);
	bind_int(st, ":made", time(NULL));
	return stmt_run(db, st, err);
}

int bisection_marks(struct db *db, int64_t id, struct bisection_mark **ret_list,
		    size_t *ret_n, struct err *err)
{
	static const char sql[] =
		"SELECT commit_id, bad FROM bisection_mark"
		" WHERE bisection = :bisection ORDER BY made, commit_id";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":bisection", id);
	return row_read_all(db, st, &marks, (void **)ret_list, ret_n, err);
}

void bisection_marks_free(struct bisection_mark *list, size_t n)
{
	row_list_free(&marks, list, n);
}

int bisection_step_put(struct db *db, int64_t id, const struct bisection_step *step,
		       struct err *err)
{
	static const char sql[] =
		"INSERT INTO bisection_step (bisection, n, commit_id, why, gain, runs,"
		" failures, likeliest, likeliest_p, decided)"
		" SELECT :bisection, 1 + coalesce(max(n), 0), :commit_id, :why, :gain, :runs,"
		"  :failures, :likeliest, :likeliest_p, :decided"
		" FROM bisection_step WHERE bisection = :bisection";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);
	struct bisection_step row = *step;

	if (!st)
		return -1;
	row.decided = time(NULL);
	bind_row(st, &steps, &row);
	bind_int(st, ":bisection", id);
	return stmt_run(db, st, err);
}

int bisection_steps(struct db *db, int64_t id, struct bisection_step **ret_list,
		    size_t *ret_n, struct err *err)
{
	static const char sql[] =
		"SELECT n, commit_id, why, gain, runs, failures, likeliest, likeliest_p,"
		" decided FROM bisection_step WHERE bisection = :bisection ORDER BY n";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":bisection", id);
	return row_read_all(db, st, &steps, (void **)ret_list, ret_n, err);
}

void bisection_steps_free(struct bisection_step *list, size_t n)
{
	row_list_free(&steps, list, n);
}

/* Results of the test in boots of the key of a cell. */
#define TOLD                                                                 \
	"(SELECT count(*) FROM boot JOIN result ON result.boot_id = boot.id" \
	" WHERE boot.key = cell.key AND infra = 0 AND result.test = :test AND result"

int bisection_seen(struct db *db, const struct bisection *what,
		   struct bisection_seen **ret_list, size_t *ret_n, struct err *err)
{
	static const char sql[] =
		"WITH cell AS (SELECT st.commit_id AS commit_id, b.key AS key, max(b.id)"
		" FROM step_boot sb JOIN boot b ON b.id = sb.boot_id"
		" JOIN step st ON st.series_id = sb.series_id AND st.step = sb.step"
		" WHERE sb.config = :config AND sb.arch = :arch AND"
		"  sb.topology = :topology AND b.accel = :accel AND b.infra = 0 AND"
		"  st.commit_id NOT NULL AND EXISTS (SELECT 1 FROM json_each(b.plan) t"
		"   WHERE json_extract(t.value, '$.test') = :test)"
		" GROUP BY st.commit_id)"
		"SELECT commit_id, key,"
		" (SELECT count(*) FROM boot WHERE boot.key = cell.key AND infra = 0) AS boots,"
		" " TOLD " NOT IN ('skip', 'not-run')) AS runs,"
		" " TOLD " NOT IN ('pass', 'skip', 'not-run')) AS failures,"
		" " TOLD " NOT IN ('pass', 'skip', 'not-run')"
		"  AND boot.finished < :created) AS before FROM cell"
		" UNION ALL SELECT DISTINCT st.commit_id, NULL, 0, 0, 0, 0 FROM step_build k"
		" JOIN step st ON st.series_id = k.series_id AND st.step = k.step"
		" WHERE k.config = :config AND k.arch = :arch AND"
		"  k.status IN ('fail', 'timeout') AND st.commit_id NOT NULL AND"
		"  st.commit_id NOT IN (SELECT commit_id FROM cell)";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_row(st, &bisections, what);
	return row_read_all(db, st, &seen, (void **)ret_list, ret_n, err);
}

void bisection_seen_free(struct bisection_seen *list, size_t n)
{
	row_list_free(&seen, list, n);
}
