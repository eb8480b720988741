#include "db/posting.h"

#include "db/row.h"

static const struct col cols[] = {
	COL_(INT, posting_row, id),
	COL_(INT, posting_row, thread),
	COL_(TEXT, posting_row, message_id),
	COL_(TEXT, posting_row, kind),
	COL_(BOOL, posting_row, rfc),
	COL_(BOOL, posting_row, resend),
	COL_(INT, posting_row, version),
	COL_(INT, posting_row, total),
	COL_(INT, posting_row, have),
	COL_(TEXT, posting_row, missing),
	COL_(INT, posting_row, refilled),
	COL_(TEXT, posting_row, subject),
	COL_(TEXT, posting_row, prefix),
	COL_(TEXT, posting_row, title),
	COL_(TEXT, posting_row, sender),
	COL_(TEXT, posting_row, author),
	COL_(INT, posting_row, posted),
	COL_(INT, posting_row, seen),
	COL_(INT, posting_row, changed),
	COL_(OPT_INT, posting_row, deadline),
	COL_ENUM(posting_row, state, WORDS_POSTING_STATE),
	COL_(TEXT, posting_row, reason),
	COL_(TEXT, posting_row, change_id),
	COL_(TEXT, posting_row, base_commit),
	COL_(JSON, posting_row, override),
	COL_(TEXT, posting_row, archive_url),
	COL_(TEXT, posting_row, source),
	COL_(JSON, posting_row, lists),
	COL_(OPT_INT, posting_row, earlier),
	COL_(OPT_INT, posting_row, job),
};
static const struct table table = TABLE(cols, posting_row);

#define FIELDS                                                                                    \
	"thread, message_id, kind, rfc, resend, version, total, have, missing,"                   \
	" refilled, subject, prefix, title, sender, author, posted, seen, changed,"               \
	" deadline, state, reason, change_id, base_commit, override, archive_url, source, lists," \
	" earlier, job"
#define COLS "id, " FIELDS

void posting_row_done(struct posting_row *p)
{
	row_done(&table, p);
}

void posting_row_list_free(struct posting_row *list, size_t n)
{
	row_list_free(&table, list, n);
}

static const char insert_sql[] =
	"INSERT INTO posting (" FIELDS ") VALUES (:thread, :message_id, :kind, :rfc,"
	" :resend, :version, :total, :have, :missing, :refilled, :subject, :prefix,"
	" :title, :sender, :author, :posted, :seen, :changed, :deadline, :state,"
	" :reason, :change_id, :base_commit, :override, :archive_url, :source, :lists, :earlier, :job)"
	" RETURNING id";

static const char update_sql[] =
	"UPDATE posting SET thread = :thread, message_id = :message_id, kind = :kind,"
	" rfc = :rfc, resend = :resend, version = :version, total = :total,"
	" have = :have, missing = :missing, refilled = :refilled, subject = :subject,"
	" prefix = :prefix, title = :title, sender = :sender, author = :author,"
	" posted = :posted, seen = :seen, changed = :changed, deadline = :deadline,"
	" state = :state, reason = :reason, change_id = :change_id,"
	" base_commit = :base_commit, override = :override, archive_url = :archive_url, source = :source,"
	" lists = :lists, earlier = :earlier, job = :job WHERE id = :id RETURNING id";

int posting_put(struct db *db, struct posting_row *p, struct err *err)
{
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, p->id ? update_sql : insert_sql, err);
	int r;

	if (!st)
		return -1;
	bind_row(st, &table, p);
	r = stmt_step(db, st, err);
	if (r < 0)
		return err_prefix(err, "posting %.200s", p->message_id);
	if (r == 0)
		return err_set(err, ERR_INTERNAL, "posting %lld is gone",
			       (long long)p->id);
	p->id = sqlite3_column_int64(st, 0);
	return stmt_run(db, st, err);
}

int posting_delete(struct db *db, int64_t id, struct err *err)
{
	static const char sql[] = "DELETE FROM posting WHERE id = :id";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":id", id);
	return stmt_run(db, st, err);
}

int posting_set_state(struct db *db, int64_t id, enum posting_state state,
		      const char *reason, int64_t now, struct err *err)
{
	static const char sql[] =
		"UPDATE posting SET state = :state, reason = :reason, deadline = NULL,"
		" changed = :now WHERE id = :id";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":id", id);
	bind_text(st, ":state", posting_state_str(state));
	bind_text(st, ":reason", reason);
	bind_int(st, ":now", now);
	return stmt_run(db, st, err);
}

int posting_set_earlier(struct db *db, int64_t id, int64_t earlier, struct err *err)
{
	static const char sql[] = "UPDATE posting SET earlier = :earlier WHERE id = :id";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":id", id);
	bind_opt_int(st, ":earlier", earlier);
	return stmt_run(db, st, err);
}

int posting_find(struct db *db, int64_t id, struct posting_row *ret, struct err *err)
{
	static const char sql[] = "SELECT " COLS " FROM posting WHERE id = :id";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":id", id);
	return row_read_one(db, st, &table, ret, err);
}

int posting_find_by_msgid(struct db *db, const char *message_id, struct posting_row *ret,
			  struct err *err)
{
	static const char sql[] = "SELECT " COLS " FROM posting WHERE message_id = :id"
				  " ORDER BY id DESC LIMIT 1";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_text(st, ":id", message_id);
	return row_read_one(db, st, &table, ret, err);
}

int posting_list_thread(struct db *db, int64_t thread, struct posting_row **ret_list,
			size_t *ret_n, struct err *err)
{
	static const char sql[] = "SELECT " COLS " FROM posting WHERE thread = :thread"
				  " ORDER BY id";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":thread", thread);
	return row_read_all(db, st, &table, (void **)ret_list, ret_n, err);
}

int posting_list_due(struct db *db, int64_t now, int64_t max,
		     struct posting_row **ret_list, size_t *ret_n, struct err *err)
{
	static const char sql[] = "SELECT " COLS " FROM posting WHERE state = 'waiting'"
				  " AND deadline <= :now ORDER BY deadline LIMIT :max";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":now", now);
	bind_int(st, ":max", max);
	return row_read_all(db, st, &table, (void **)ret_list, ret_n, err);
}

int posting_list_over(struct db *db, int64_t max, struct posting_row **ret_list,
		      size_t *ret_n, struct err *err)
{
	static const char sql[] = "SELECT " COLS " FROM posting WHERE state = 'queued'"
				  " AND NOT EXISTS (SELECT 1 FROM job WHERE"
				  "  job.id = posting.job AND"
				  "  job.state IN ('queued', 'running')) LIMIT :max";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":max", max);
	return row_read_all(db, st, &table, (void **)ret_list, ret_n, err);
}

int posting_next_deadline(struct db *db, int64_t *ret_when, struct err *err)
{
	static const char sql[] =
		"SELECT coalesce(min(deadline), 0) FROM posting WHERE state = 'waiting'";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st || stmt_step(db, st, err) < 0)
		return -1;
	*ret_when = sqlite3_column_int64(st, 0);
	return 0;
}

/* A sub-SELECT each, for ORDER BY and LIMIT, so that each goes by its index. */
#define BY_VERSION(sign, n)                                          \
	" UNION ALL SELECT * FROM (SELECT " COLS " FROM posting"     \
	" WHERE sender = :sender AND version = :version " sign " " n \
	" AND kind = 'series' AND title <> :title ORDER BY posted DESC LIMIT :max)"

static const char like_sql[] =
	"SELECT * FROM (SELECT " COLS " FROM posting WHERE change_id = :change_id"
	" AND id <> :id ORDER BY id DESC LIMIT :max)"
	" UNION ALL SELECT * FROM (SELECT " COLS " FROM posting WHERE sender = :sender"
	" AND title = :title AND id <> :id ORDER BY id DESC LIMIT :max)" BY_VERSION("-",
										    "1")
		BY_VERSION("-", "2") BY_VERSION("-", "3") BY_VERSION("+", "1")
			BY_VERSION("+", "2") BY_VERSION("+", "3");

int posting_list_like(struct db *db, const struct posting_row *p, int64_t max,
		      struct posting_row **ret_list, size_t *ret_n, struct err *err)
{
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, like_sql, err);

	if (!st)
		return -1;
	bind_row(st, &table, p);
	bind_int(st, ":max", max);
	return row_read_all(db, st, &table, (void **)ret_list, ret_n, err);
}

int posting_list_later(struct db *db, int64_t id, int64_t max,
		       struct posting_row **ret_list, size_t *ret_n, struct err *err)
{
	static const char sql[] = "SELECT " COLS " FROM posting WHERE earlier = :id"
				  " ORDER BY id DESC LIMIT :max";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":id", id);
	bind_int(st, ":max", max);
	return row_read_all(db, st, &table, (void **)ret_list, ret_n, err);
}

/*
 * Of columns of posting_shown alone. :list is quoted, as it is within lists; a quote
 * after [ or , is no part of a text there, for that would be escaped. Most rows are
 * out after the first look.
 */
#define IS_WANTED                                     \
	"(:state IS NULL OR state = :state)"          \
	" AND (:source IS NULL OR source = :source)"  \
	" AND (:list IS NULL OR (instr(lists, :list)" \
	"  AND (instr(lists, '[' || :list) OR instr(lists, ',' || :list))))"

static void bind_filter(sqlite3_stmt *st, const struct posting_filter *which)
{
	AUTO_JSON struct json_object *list =
		which->list ? json_object_new_string(which->list) : NULL;

	bind_text(st, ":state", which->state ? posting_state_str(*which->state) : NULL);
	bind_text(st, ":source", which->source);
	bind_json(st, ":list", list);
}

static int count(struct db *db, const struct posting_filter *which, int64_t *ret,
		 struct err *err)
{
	static const char sql[] = "SELECT count(*) FROM posting INDEXED BY posting_shown"
				  " WHERE " IS_WANTED;
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_filter(st, which);
	if (stmt_step(db, st, err) < 0)
		return -1;
	*ret = sqlite3_column_int64(st, 0);
	return 0;
}

int posting_search(struct db *db, const struct posting_filter *which, int64_t limit,
		   int64_t offset, struct posting_row **ret_list, size_t *ret_n,
		   int64_t *ret_total, struct err *err)
{
	static const char sql[] =
		"SELECT " COLS " FROM posting WHERE id IN (SELECT id FROM posting"
		" INDEXED BY posting_shown WHERE " IS_WANTED
		" ORDER BY changed DESC, id DESC LIMIT :limit OFFSET :offset)"
		" ORDER BY changed DESC, id DESC";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st || (ret_total && count(db, which, ret_total, err) < 0))
		return -1;
	bind_filter(st, which);
	bind_int(st, ":limit", limit);
	bind_int(st, ":offset", offset);
	return row_read_all(db, st, &table, (void **)ret_list, ret_n, err);
}

int posting_list(struct db *db, const enum posting_state *state, int64_t limit,
		 int64_t offset, struct posting_row **ret_list, size_t *ret_n,
		 int64_t *ret_total, struct err *err)
{
	const struct posting_filter which = { .state = state };

	return posting_search(db, &which, limit, offset, ret_list, ret_n, ret_total, err);
}

int posting_count(struct db *db, const struct posting_filter *which,
		  int64_t ret_n[POSTING_IGNORED + 1], struct err *err)
{
	static const char all_sql[] =
		"SELECT state, count(*) FROM posting GROUP BY state";
	static const char sql[] = "SELECT state, count(*) FROM posting"
				  " INDEXED BY posting_shown WHERE " IS_WANTED
				  " GROUP BY state";
	const struct posting_filter any = { .source = which->source,
					    .list = which->list };
	bool all = !any.source && !any.list;
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, all ? all_sql : sql, err);
	int r = -1;

	if (st && !all)
		bind_filter(st, &any);

	for (int i = 0; i <= POSTING_IGNORED; i++)
		ret_n[i] = 0;
	while (st && (r = stmt_step(db, st, err)) == 1) {
		int state = word_index(WORDS_POSTING_STATE,
				       (const char *)sqlite3_column_text(st, 0));

		if (state >= 0)
			ret_n[state] = sqlite3_column_int64(st, 1);
	}
	return r;
}
