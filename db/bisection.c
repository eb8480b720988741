#include "db/bisection.h"

#include <string.h>
#include <time.h>

#include "db/row.h"
#include "lib/cleanup.h"

static const struct col bisection_cols[] = {
	COL_(INT, bisection, id),        COL_(TEXT, bisection, tree),
	COL_(TEXT, bisection, good),     COL_(TEXT, bisection, bad),
	COL_(TEXT, bisection, config),   COL_(TEXT, bisection, arch),
	COL_(TEXT, bisection, topology), COL_(TEXT, bisection, accel),
	COL_(TEXT, bisection, test),     COL_(INT, bisection, created),
	COL_(BOOL, bisection, wanted),
};
static const struct table asked = TABLE(bisection_cols, bisection);

static const struct col all_cols[] = {
	COL_(INT, bisection, id),          COL_(TEXT, bisection, tree),
	COL_(TEXT, bisection, good),       COL_(TEXT, bisection, bad),
	COL_(TEXT, bisection, config),     COL_(TEXT, bisection, arch),
	COL_(TEXT, bisection, topology),   COL_(TEXT, bisection, accel),
	COL_(TEXT, bisection, test),       COL_(INT, bisection, created),
	COL_(BOOL, bisection, wanted),     COL_(JSON, bisection, outcome),
	COL_(OPT_INT, bisection, ended),   COL_(TEXT, bisection, revert_of),
	COL_(TEXT, bisection, revert_id),  COL_(TEXT, bisection, revert_why),
	COL_(OPT_INT, bisection, job),     COL_(TEXT, bisection, job_state),
	COL_(TEXT, bisection, job_reason),
};
static const struct table bisections = TABLE(all_cols, bisection);

#define COLS                                                                               \
	"b.id, b.tree, b.good, b.bad, b.config, b.arch, b.topology, b.accel, b.test,"      \
	" b.created, b.wanted, b.outcome, b.ended, b.revert_of, b.revert_id,"              \
	" b.revert_why, (SELECT max(j.id) FROM job j WHERE j.bisection_id = b.id) AS job," \
	" (SELECT j.state FROM job j WHERE j.bisection_id = b.id"                          \
	"  ORDER BY j.id DESC LIMIT 1) AS job_state,"                                      \
	" (SELECT j.reason FROM job j WHERE j.bisection_id = b.id"                         \
	"  ORDER BY j.id DESC LIMIT 1) AS job_reason"

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
	COL_(INT, bisection_seen, failures),   COL_(INT, bisection_seen, skips),
	COL_(INT, bisection_seen, before),
};
static const struct table seen = TABLE(seen_cols, bisection_seen);

struct belief_row {
	struct json_object *belief;
};
static const struct col belief_cols[] = { COL_(JSON, belief_row, belief) };
static const struct table beliefs = TABLE(belief_cols, belief_row);

void bisection_done(struct bisection *b)
{
	row_done(&bisections, b);
}

const char *bisection_state(const struct bisection *b)
{
	if (b->job_state &&
	    (strcmp(b->job_state, "queued") == 0 || strcmp(b->job_state, "running") == 0))
		return b->job_state;
	if (b->outcome)
		return json_str(b->outcome, "word", "");
	return b->job_state ? b->job_state : b->wanted ? "wanted" : "stopped";
}

void bisection_list_free(struct bisection *list, size_t n)
{
	row_list_free(&bisections, list, n);
}

static int put(struct db *db, const struct bisection *what, bool wanted, struct err *err)
{
	static const char sql[] =
		"INSERT INTO bisection (tree, good, bad, config, arch, topology, accel, test,"
		" created, wanted) VALUES (:tree, :good, :bad, :config, :arch, :topology,"
		" :accel, :test, :created, :wanted) ON CONFLICT DO NOTHING";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);
	struct bisection row = *what;

	if (!st)
		return -1;
	row.created = time(NULL);
	row.wanted = wanted;
	bind_row(st, &asked, &row);
	return stmt_run(db, st, err);
}

int bisection_same(struct db *db, const struct bisection *what, int64_t *ret_id,
		   int64_t *ret_created, struct err *err)
{
	static const char sql[] =
		"SELECT id, created FROM bisection WHERE tree = :tree AND good = :good AND"
		" bad = :bad AND config = :config AND (:arch IS NULL OR arch = :arch) AND"
		" topology = :topology AND (:accel IS NULL OR accel = :accel) AND"
		" test = :test ORDER BY id DESC LIMIT 1";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);
	int r;

	if (!st)
		return -1;
	bind_row(st, &asked, what);
	r = stmt_step(db, st, err);
	if (r != 1)
		return r;
	*ret_id = sqlite3_column_int64(st, 0);
	*ret_created = sqlite3_column_int64(st, 1);
	return 1;
}

int bisection_open(struct db *db, const struct bisection *what, int64_t *ret_id,
		   int64_t *ret_created, struct err *err)
{
	if (put(db, what, false, err) < 0)
		return -1;
	return bisection_same(db, what, ret_id, ret_created, err) == 1 ? 0 : -1;
}

int bisection_want(struct db *db, const struct bisection *what, struct err *err)
{
	return put(db, what, true, err);
}

int bisection_next_wanted(struct db *db, struct bisection *ret, struct err *err)
{
	static const char sql[] =
		"SELECT " COLS " FROM bisection b WHERE b.wanted = 1 AND NOT EXISTS"
		" (SELECT 1 FROM job j WHERE j.bisection_id = b.id) ORDER BY b.id LIMIT 1";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	return st ? row_read_one(db, st, &bisections, ret, err) : -1;
}

int bisection_find(struct db *db, int64_t id, struct bisection *ret, struct err *err)
{
	static const char sql[] = "SELECT " COLS " FROM bisection b WHERE b.id = :id";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":id", id);
	return row_read_one(db, st, &bisections, ret, err);
}

int bisection_list(struct db *db, int64_t limit, struct bisection **ret_list,
		   size_t *ret_n, struct err *err)
{
	static const char sql[] = "SELECT " COLS
				  " FROM bisection b ORDER BY b.id DESC LIMIT :limit";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":limit", limit);
	return row_read_all(db, st, &bisections, (void **)ret_list, ret_n, err);
}

int bisection_list_found(struct db *db, const char *tree, const char *bad,
			 struct bisection **ret_list, size_t *ret_n, struct err *err)
{
	static const char sql[] =
		"SELECT " COLS " FROM bisection b WHERE b.tree = :tree AND"
		" json_array_length(b.outcome, '$.commits') > 0 AND (b.bad = :bad OR b.id ="
		"  (SELECT max(n.id) FROM bisection n WHERE n.tree = b.tree AND"
		"   n.config = b.config AND n.topology = b.topology AND n.test = b.test))"
		" ORDER BY b.bad = :bad DESC, b.id DESC LIMIT 200";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_text(st, ":tree", tree);
	bind_text(st, ":bad", bad);
	return row_read_all(db, st, &bisections, (void **)ret_list, ret_n, err);
}

int bisection_begin(struct db *db, int64_t id, struct err *err)
{
	static const char sql[] =
		"UPDATE bisection SET outcome = NULL, ended = NULL, belief = NULL"
		" WHERE id = :id";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":id", id);
	return stmt_run(db, st, err);
}

int bisection_end(struct db *db, int64_t id, struct json_object *outcome, struct err *err)
{
	static const char sql[] =
		"UPDATE bisection SET outcome = :outcome, ended = :now WHERE id = :id";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":id", id);
	bind_json(st, ":outcome", outcome);
	bind_int(st, ":now", time(NULL));
	return stmt_run(db, st, err);
}

int bisection_set_belief(struct db *db, int64_t id, struct json_object *belief,
			 struct err *err)
{
	static const char sql[] = "UPDATE bisection SET belief = :belief WHERE id = :id";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":id", id);
	bind_json(st, ":belief", belief);
	return stmt_run(db, st, err);
}

/* By itself: it may be long, and lists do without. */
int bisection_belief(struct db *db, int64_t id, struct json_object **ret, struct err *err)
{
	static const char sql[] = "SELECT belief FROM bisection WHERE id = :id";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);
	struct belief_row row = { .belief = NULL };
	int r;

	if (!st)
		return -1;
	bind_int(st, ":id", id);
	r = row_read_one(db, st, &beliefs, &row, err);
	if (r > 0)
		*ret = row.belief;
	return r;
}

int bisection_set_revert(struct db *db, int64_t id, const char *of, const char *made,
			 const char *why, struct err *err)
{
	static const char sql[] =
		"UPDATE bisection SET revert_of = :of, revert_id = :made,"
		" revert_why = :why WHERE id = :id";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":id", id);
	bind_text(st, ":of", of);
	bind_text(st, ":made", made);
	bind_text(st, ":why", why);
	return stmt_run(db, st, err);
}

static int put_mark(struct db *db, int64_t id, const char *commit, bool bad,
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

int bisection_mark_put(struct db *db, int64_t id, const char *commit, bool bad,
		       struct err *err)
{
	AUTO_TX struct tx tx = TX_INIT;

	if (db_begin(db, &tx, err) < 0 || put_mark(db, id, commit, bad, err) < 0 ||
	    bisection_begin(db, id, err) < 0)
		return -1;
	return db_commit(&tx, err);
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
		" " TOLD " = 'skip') AS skips,"
		" " TOLD " NOT IN ('pass', 'skip', 'not-run')"
		"  AND boot.finished < :created) AS before FROM cell"
		" UNION ALL SELECT DISTINCT st.commit_id, NULL, 0, 0, 0, 0, 0 FROM step_build k"
		" JOIN step st ON st.series_id = k.series_id AND st.step = k.step"
		" WHERE k.config = :config AND k.arch = :arch AND"
		"  k.status IN ('fail', 'timeout') AND st.commit_id NOT NULL AND"
		"  st.commit_id NOT IN (SELECT commit_id FROM cell)";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_row(st, &asked, what);
	return row_read_all(db, st, &seen, (void **)ret_list, ret_n, err);
}

void bisection_seen_free(struct bisection_seen *list, size_t n)
{
	row_list_free(&seen, list, n);
}
