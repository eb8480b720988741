#include "db/queue.h"

#include <time.h>

#include "db/row.h"
#include "lib/str.h"

static const struct col cols[] = {
	COL_(INT, queue_job, id),
	COL_ENUM(queue_job, kind, WORDS_QUEUE_KIND),
	COL_ENUM(queue_job, class, WORDS_QUEUE_CLASS),
	COL_(TEXT, queue_job, list),
	COL_(TEXT, queue_job, sender),
	COL_(TEXT, queue_job, subject),
	COL_(TEXT, queue_job, tree),
	COL_(JSON, queue_job, request),
	COL_(TEXT, queue_job, mbox),
	COL_(OPT_INT, queue_job, posting_id),
	COL_(INT, queue_job, version),
	COL_(INT, queue_job, posted),
	COL_ENUM(queue_job, state, WORDS_QUEUE_STATE),
	COL_(OPT_INT, queue_job, exit),
	COL_(TEXT, queue_job, reason),
	COL_(OPT_INT, queue_job, series_id),
	COL_(OPT_INT, queue_job, bisection_id),
	COL_(TEXT, queue_job, owner),
	COL_(INT, queue_job, epoch),
	COL_(OPT_INT, queue_job, lease_until),
	COL_(OPT_INT, queue_job, turn),
	COL_(INT, queue_job, crashes),
	COL_(INT, queue_job, interrupted),
	COL_(INT, queue_job, retries),
	COL_(INT, queue_job, not_before),
	COL_(INT, queue_job, created),
	COL_(OPT_INT, queue_job, started),
	COL_(OPT_INT, queue_job, finished),
};
static const struct table table = TABLE(cols, queue_job);

#define COLS                                                                            \
	"id, kind, class, list, sender, subject, tree, request, mbox, posting_id,"      \
	" version, posted, state, exit, reason, series_id, bisection_id, owner, epoch," \
	" lease_until, turn, crashes, interrupted, retries, not_before, created,"       \
	" started, finished"

static const struct col line_cols[] = {
	COL_(INT, queue_line, id),
	COL_ENUM(queue_line, kind, WORDS_QUEUE_KIND),
	COL_ENUM(queue_line, class, WORDS_QUEUE_CLASS),
	COL_(TEXT, queue_line, list),
	COL_(TEXT, queue_line, sender),
	COL_(INT, queue_line, version),
	COL_(INT, queue_line, posted),
	COL_(INT, queue_line, epoch),
	COL_(INT, queue_line, not_before),
	COL_(INT, queue_line, served),
	COL_(INT, queue_line, list_served),
	COL_(BOOL, queue_line, awaited),
	COL_(BOOL, queue_line, treeless),
};
static const struct table line_table = TABLE(line_cols, queue_line);

/* A series from a list that came before its tree: it is not begun, so it costs nothing and
 * keeps its turn. What was begun once had a tree. "" is no tree but a range's. */
#define TREELESS(job)                                                                \
	job ".kind = 'series' AND " job ".class = 'background' AND " job             \
	    ".epoch = 0 AND " job ".tree <> '' AND NOT EXISTS (SELECT 1 FROM tree b" \
	    " WHERE b.name = " job ".tree)"

#define LINE_COLS                                                                \
	"j.id, j.kind, j.class, j.list, j.sender, j.version, j.posted, j.epoch," \
	" j.not_before, coalesce((SELECT max(t.turn) FROM job t"                 \
	"  WHERE t.sender = j.sender), 0) AS served,"                            \
	" coalesce((SELECT max(t.turn) FROM job t"                               \
	"  WHERE t.list = j.list), 0) AS list_served,"                           \
	" j.kind = 'head' AND EXISTS (SELECT 1 FROM job w WHERE w.tree = j.tree" \
	"  AND w.state = 'queued' AND w.kind = 'series') AS awaited,"            \
	" " TREELESS("j") " AS treeless"

void queue_job_done(struct queue_job *j)
{
	row_done(&table, j);
}

void queue_job_list_free(struct queue_job *list, size_t n)
{
	row_list_free(&table, list, n);
}

void queue_line_list_free(struct queue_line *list, size_t n)
{
	row_list_free(&line_table, list, n);
}

/* Runs it; 1 when a row came or was changed, else 0. */
static int run_changed(struct db *db, sqlite3_stmt *st, struct err *err)
{
	int got = stmt_step(db, st, err);

	if (got == 1 && stmt_run(db, st, err) < 0)
		return -1;
	return got;
}

int queue_add(struct db *db, struct queue_job *j, struct err *err)
{
	static const char sql[] =
		"INSERT INTO job (kind, class, list, sender, subject, tree, request,"
		" mbox, posting_id, bisection_id, version, posted, state, epoch, crashes,"
		" interrupted, retries, not_before, created)"
		" VALUES (:kind, :class, :list, :sender, :subject, :tree, :request,"
		" :mbox, :posting_id, nullif(:bisection_id, 0), :version, :posted, 'queued',"
		" 0, 0, 0, 0, 0, :created) RETURNING id";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	j->created = (int64_t)time(NULL);
	if (!j->posted)
		j->posted = j->created;
	bind_row(st, &table, j);
	if (stmt_step(db, st, err) < 0)
		return err_prefix(err, "queue \"%s\"", j->subject);
	j->id = sqlite3_column_int64(st, 0);
	return stmt_run(db, st, err);
}

int queue_find(struct db *db, int64_t id, struct queue_job *ret, struct err *err)
{
	static const char sql[] = "SELECT " COLS " FROM job WHERE id = :id";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":id", id);
	return row_read_one(db, st, &table, ret, err);
}

int queue_find_by_series(struct db *db, int64_t series_id, struct queue_job *ret,
			 struct err *err)
{
	static const char sql[] = "SELECT " COLS " FROM job WHERE series_id = :id"
				  " ORDER BY id DESC LIMIT 1";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":id", series_id);
	return row_read_one(db, st, &table, ret, err);
}

int queue_find_head(struct db *db, const char *tree, struct queue_job *ret,
		    struct err *err)
{
	static const char sql[] = "SELECT " COLS " FROM job WHERE kind = 'head'"
				  " AND tree = :tree ORDER BY id DESC LIMIT 1";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_text(st, ":tree", tree);
	return row_read_one(db, st, &table, ret, err);
}

int queue_find_twin(struct db *db, const struct queue_job *j, struct queue_job *ret,
		    struct err *err)
{
	static const char sql[] =
		"SELECT " COLS " FROM job WHERE id IN ("
		" SELECT id FROM job WHERE state = 'queued' AND epoch = 0"
		"  AND kind = 'series' AND class = 'interactive' UNION ALL"
		" SELECT id FROM job WHERE state = 'queued'"
		"  AND (epoch > 0 OR kind <> 'series') UNION ALL"
		" SELECT id FROM job WHERE state = 'running')"
		" AND class = 'interactive' AND request = :request AND mbox IS :mbox"
		" ORDER BY id LIMIT 1";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_row(st, &table, j);
	return row_read_one(db, st, &table, ret, err);
}

/*
 * From the first row of a (class, list, sender) in job_fresh it seeks the first of
 * the next: a few seeks for each sender that waits, however many jobs it has. Said
 * with one comparison of three columns, SQLite seeks by the first of them alone. What
 * waits for its tree is passed over row by row, each at most twice.
 */
#define FIRST_AFTER(where)                                                 \
	"(SELECT n.id FROM job n WHERE n.state = 'queued' AND n.epoch = 0" \
	"  AND n.kind = 'series'" where                                    \
	" AND NOT (" TREELESS("n") ")"                                     \
				   "  ORDER BY n.class, n.list, n.sender," \
				   "  n.version DESC, n.posted, n.id LIMIT 1)"

static const char heads_sql[] =
	"WITH RECURSIVE first (id) AS (SELECT " FIRST_AFTER("") " UNION ALL SELECT coalesce(" FIRST_AFTER(" AND n.class = j.class AND n.list = j.list AND n.sender > j.sender") ", " FIRST_AFTER(
		" AND n.class = j.class AND n.list > j.list") ", " FIRST_AFTER(" AND n.class > j.class") ")"
													 " FROM first JOIN job j ON j.id = first.id)"
													 "SELECT " LINE_COLS
													 " FROM job j WHERE j.id IN (SELECT id FROM first"
													 " UNION ALL SELECT id FROM job WHERE state = 'queued'"
													 "  AND (epoch > 0 OR kind <> 'series'))";

int queue_heads(struct db *db, struct queue_line **ret_list, size_t *ret_n,
		struct err *err)
{
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, heads_sql, err);

	return st ? row_read_all(db, st, &line_table, (void **)ret_list, ret_n, err) : -1;
}

/* From one tree's name to the next: a seek for each tree, however many jobs it has. */
int queue_waits_for_tree(struct db *db, struct err *err)
{
	static const char sql[] =
		"WITH RECURSIVE w (tree) AS (VALUES ('') UNION ALL SELECT ("
		" SELECT tree FROM job INDEXED BY job_waits WHERE state = 'queued'"
		" AND kind = 'series'"
		" AND tree > w.tree ORDER BY tree LIMIT 1) FROM w WHERE w.tree IS NOT NULL)"
		" SELECT 1 FROM w WHERE tree <> '' AND NOT EXISTS (SELECT 1 FROM tree t"
		"  WHERE t.name = w.tree) LIMIT 1";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	return st ? stmt_step(db, st, err) : -1;
}

int queue_someone_waits(struct db *db, struct err *err)
{
	static const char sql[] =
		"SELECT 1 WHERE EXISTS (SELECT 1 FROM job WHERE state = 'queued'"
		"  AND epoch = 0 AND kind = 'series' AND class = 'interactive')"
		" OR EXISTS (SELECT 1 FROM job WHERE state = 'queued'"
		"  AND (epoch > 0 OR kind <> 'series') AND class = 'interactive')";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	return st ? stmt_step(db, st, err) : -1;
}

int queue_else_waits(struct db *db, int64_t now, struct err *err)
{
	static const char sql[] =
		"SELECT 1 WHERE EXISTS (SELECT 1 FROM job j WHERE state = 'queued'"
		"  AND epoch = 0 AND kind = 'series' AND not_before <= :now"
		"  AND NOT (" TREELESS(
			"j") "))"
			     " OR EXISTS (SELECT 1 FROM job WHERE state = 'queued'"
			     "  AND (epoch > 0 OR kind <> 'series') AND kind <> 'bisect'"
			     "  AND not_before <= :now)";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":now", now);
	return stmt_step(db, st, err);
}

int queue_lines(struct db *db, struct queue_line **ret_list, size_t *ret_n,
		struct err *err)
{
	static const char sql[] =
		"SELECT " LINE_COLS " FROM job j WHERE j.id IN ("
		" SELECT id FROM job WHERE state = 'queued' AND epoch = 0"
		"  AND kind = 'series' UNION ALL"
		" SELECT id FROM job WHERE state = 'queued'"
		"  AND (epoch > 0 OR kind <> 'series'))";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	return st ? row_read_all(db, st, &line_table, (void **)ret_list, ret_n, err) : -1;
}

int queue_list_running(struct db *db, struct queue_job **ret_list, size_t *ret_n,
		       struct err *err)
{
	static const char sql[] = "SELECT " COLS " FROM job WHERE state = 'running'"
				  " ORDER BY id";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	return st ? row_read_all(db, st, &table, (void **)ret_list, ret_n, err) : -1;
}

int queue_list_over(struct db *db, int64_t limit, struct queue_job **ret_list,
		    size_t *ret_n, struct err *err)
{
	static const char sql[] = "SELECT " COLS " FROM job WHERE finished IS NOT NULL"
				  " ORDER BY finished DESC, id DESC LIMIT :limit";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":limit", limit);
	return row_read_all(db, st, &table, (void **)ret_list, ret_n, err);
}

int64_t queue_count_queued(struct db *db, struct err *err)
{
	static const char sql[] =
		"SELECT (SELECT count(*) FROM job WHERE state = 'queued' AND epoch = 0"
		"  AND kind = 'series') + (SELECT count(*) FROM job WHERE state = 'queued'"
		"  AND (epoch > 0 OR kind <> 'series'))";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st || stmt_step(db, st, err) != 1)
		return -1;
	return sqlite3_column_int64(st, 0);
}

int queue_list_apart(struct db *db, int64_t limit, struct queue_job **ret_list,
		     size_t *ret_n, struct err *err)
{
	static const char sql[] = "SELECT " COLS " FROM job WHERE state = 'apart'"
				  " ORDER BY finished DESC, id DESC LIMIT :limit";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":limit", limit);
	return row_read_all(db, st, &table, (void **)ret_list, ret_n, err);
}

int queue_count(struct db *db, int64_t ret_n[QUEUE_APART + 1], struct err *err)
{
	static const char sql[] = "SELECT state, count(*) FROM job GROUP BY state";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);
	int r = -1;

	for (int i = 0; i <= QUEUE_APART; i++)
		ret_n[i] = 0;
	while (st && (r = stmt_step(db, st, err)) == 1) {
		int state = word_index(WORDS_QUEUE_STATE,
				       (const char *)sqlite3_column_text(st, 0));

		if (state >= 0)
			ret_n[state] = sqlite3_column_int64(st, 1);
	}
	return r;
}

/* ---- leases ---- */

int queue_take(struct db *db, int64_t id, const char *owner, int64_t lease_until,
	       int64_t *ret_epoch, struct err *err)
{
	static const char sql[] =
		"UPDATE job SET state = 'running', owner = :owner, epoch = epoch + 1,"
		" lease_until = :until, started = :now,"
		" turn = coalesce((SELECT max(turn) FROM job), 0) + 1"
		" WHERE id = :id AND state = 'queued' RETURNING epoch";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);
	int r;

	if (!st)
		return -1;
	bind_int(st, ":id", id);
	bind_text(st, ":owner", owner);
	bind_int(st, ":until", lease_until);
	bind_int(st, ":now", (int64_t)time(NULL));
	r = stmt_step(db, st, err);
	if (r != 1)
		return r;
	*ret_epoch = sqlite3_column_int64(st, 0);
	return stmt_run(db, st, err) < 0 ? -1 : 1;
}

int queue_renew(struct db *db, const char *owner, int64_t lease_until, struct err *err)
{
	static const char sql[] = "UPDATE job SET lease_until = :until"
				  " WHERE state = 'running' AND owner = :owner";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_text(st, ":owner", owner);
	bind_int(st, ":until", lease_until);
	return stmt_run(db, st, err);
}

static int stale_unless(int changed, int64_t id, struct err *err)
{
	if (changed == 0)
		return err_set(err, ERR_STALE, "job %lld was taken from this worker",
			       (long long)id);
	return changed < 0 ? -1 : 0;
}

/* Runs a statement of a running job's lease that sets one number. */
static int set_number(struct db *db, const char *sql, int64_t id, int64_t epoch,
		      int64_t number, struct err *err)
{
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":id", id);
	bind_int(st, ":epoch", epoch);
	bind_int(st, ":number", number);
	return stale_unless(run_changed(db, st, err), id, err);
}

int queue_set_series(struct db *db, int64_t id, int64_t epoch, int64_t series_id,
		     struct err *err)
{
	return set_number(db,
			  "UPDATE job SET series_id = :number, subject ="
			  " CASE WHEN kind = 'series' AND posting_id IS NULL THEN"
			  " coalesce((SELECT nullif(s.subject, '') FROM series s"
			  " WHERE s.id = :number), subject) ELSE subject END"
			  " WHERE id = :id AND"
			  " epoch = :epoch AND state = 'running' RETURNING id",
			  id, epoch, series_id, err);
}

int queue_set_bisection(struct db *db, int64_t id, int64_t epoch, int64_t bisection_id,
			struct err *err)
{
	return set_number(db,
			  "UPDATE job SET bisection_id = :number WHERE id = :id AND"
			  " epoch = :epoch AND state = 'running' RETURNING id",
			  id, epoch, bisection_id, err);
}

int queue_end(struct db *db, int64_t id, int64_t epoch, int exit, const char *reason,
	      struct err *err)
{
	static const char sql[] =
		"UPDATE job SET state = CASE WHEN :exit IN (0, 1) THEN 'done'"
		"  ELSE 'failed' END, exit = :exit, reason = :reason, owner = NULL,"
		" lease_until = NULL, finished = :now"
		" WHERE id = :id AND epoch = :epoch AND state = 'running' RETURNING id";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":id", id);
	bind_int(st, ":epoch", epoch);
	bind_int(st, ":exit", exit);
	bind_text(st, ":reason", reason);
	bind_int(st, ":now", (int64_t)time(NULL));
	return stale_unless(run_changed(db, st, err), id, err);
}

#define IS_APART "(:crashed AND crashes + 1 >= :crashes)"
#define IS_LOST "(:retry AND (class = 'interactive' OR retries >= :retries))"

int queue_put_back(struct db *db, int64_t id, int64_t epoch, enum queue_back why,
		   const char *reason, int64_t not_before, enum queue_state *ret_state,
		   struct err *err)
{
	static const char sql[] =
		"UPDATE job SET state = CASE WHEN " IS_APART " THEN 'apart'"
		"  WHEN " IS_LOST " THEN 'failed' ELSE 'queued' END,"
		" finished = CASE WHEN " IS_APART " OR " IS_LOST " THEN :now END,"
		" exit = CASE WHEN " IS_APART " OR " IS_LOST " THEN 3 END,"
		" crashes = crashes + :crashed, interrupted = interrupted + :interrupted,"
		" retries = retries + :retry, not_before = :not_before,"
		" reason = :reason, owner = NULL, lease_until = NULL"
		" WHERE id = :id AND epoch = :epoch AND state = 'running'"
		" RETURNING state";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);
	int r;

	if (!st)
		return -1;
	bind_int(st, ":id", id);
	bind_int(st, ":epoch", epoch);
	bind_int(st, ":crashed", why == QUEUE_CRASHED);
	bind_int(st, ":interrupted", why == QUEUE_INTERRUPTED);
	bind_int(st, ":retry", why == QUEUE_RETRY);
	bind_int(st, ":crashes", QUEUE_CRASHES_MAX);
	bind_int(st, ":retries", QUEUE_RETRIES_MAX);
	bind_int(st, ":not_before", not_before);
	bind_text(st, ":reason", reason);
	bind_int(st, ":now", (int64_t)time(NULL));
	r = stmt_step(db, st, err);
	if (r != 1)
		return r;
	queue_state_parse((const char *)sqlite3_column_text(st, 0), ret_state);
	return stmt_run(db, st, err) < 0 ? -1 : 1;
}

/* What is before the first colon of an owner is the boot that it was of. */
#define BOOT_OF(owner) "substr(" owner ", 1, instr(" owner ", ':'))"
#define IS_DOWN "(:owner <> '' AND " BOOT_OF("owner") " <> " BOOT_OF(":owner") ")"
#define IS_DOWN_OFTEN "(" IS_DOWN " AND crashes + 1 >= :crashes)"

int queue_put_back_dead(struct db *db, const char *owner, int64_t now, int64_t *ret_n,
			struct err *err)
{
	static const char sql[] =
		"UPDATE job SET state = CASE WHEN " IS_DOWN_OFTEN
		"  THEN 'apart' ELSE 'queued' END,"
		" finished = CASE WHEN " IS_DOWN_OFTEN " THEN :now END,"
		" exit = CASE WHEN " IS_DOWN_OFTEN " THEN 3 END,"
		" crashes = crashes + " IS_DOWN
		", interrupted = interrupted + NOT " IS_DOWN
		", owner = NULL, lease_until = NULL, reason = CASE WHEN " IS_DOWN
		"  THEN 'the machine went down while it ran' ELSE 'the daemon ended' END"
		" WHERE state = 'running' AND (owner <> :owner OR lease_until < :now)"
		" RETURNING id";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);
	int r = -1;

	*ret_n = 0;
	if (!st)
		return -1;
	bind_text(st, ":owner", owner);
	bind_int(st, ":now", now);
	bind_int(st, ":crashes", QUEUE_CRASHES_MAX);
	while ((r = stmt_step(db, st, err)) == 1)
		++*ret_n;
	return r;
}

int queue_wait_no_more(struct db *db, const char *tree, struct err *err)
{
	static const char sql[] = "UPDATE job SET not_before = 0 WHERE state = 'queued'"
				  " AND (epoch > 0 OR kind <> 'series')"
				  " AND (:tree IS NULL OR tree = :tree)";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_text(st, ":tree", tree);
	return stmt_run(db, st, err);
}

int queue_head_waits(struct db *db, const char *tree, bool *ret, struct err *err)
{
	static const char sql[] =
		"SELECT 1 FROM job WHERE state = 'queued' AND kind = 'head' AND epoch = 0"
		" AND (epoch > 0 OR kind <> 'series') AND tree = :tree";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);
	int r;

	if (!st)
		return -1;
	bind_text(st, ":tree", tree);
	r = stmt_step(db, st, err);
	*ret = r == 1;
	return r < 0 ? -1 : 0;
}

int queue_set_mails(struct db *db, int64_t id, struct json_object *request,
		    const char *mbox, struct err *err)
{
	static const char sql[] =
		"UPDATE job SET request = :request, mbox = :mbox WHERE id = :id";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":id", id);
	bind_text(st, ":request", json_object_to_json_string(request));
	bind_text(st, ":mbox", mbox);
	return stmt_run(db, st, err);
}

int queue_cancel(struct db *db, int64_t id, const char *reason, enum queue_state *ret_was,
		 struct err *err)
{
	static const char was_sql[] = "SELECT state FROM job WHERE id = :id"
				      " AND state IN ('queued', 'running')";
	static const char sql[] =
		"UPDATE job SET state = 'cancelled', reason = :reason, owner = NULL,"
		" lease_until = NULL, finished = :now WHERE id = :id";
	AUTO_TX struct tx tx = TX_INIT;
	AUTO_STMT sqlite3_stmt *was = NULL;
	AUTO_STMT sqlite3_stmt *st = NULL;
	int r;

	if (db_begin(db, &tx, err) < 0)
		return -1;
	was = stmt_get(db, was_sql, err);
	st = stmt_get(db, sql, err);
	if (!was || !st)
		return -1;
	bind_int(was, ":id", id);
	r = stmt_step(db, was, err);
	if (r != 1)
		return r;
	queue_state_parse((const char *)sqlite3_column_text(was, 0), ret_was);
	bind_int(st, ":id", id);
	bind_text(st, ":reason", reason);
	bind_int(st, ":now", (int64_t)time(NULL));
	sqlite3_reset(was);
	if (stmt_run(db, st, err) < 0 || db_commit(&tx, err) < 0)
		return -1;
	return 1;
}
