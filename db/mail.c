#include "db/mail.h"

#include <string.h>

#include "db/row.h"
#include "lib/str.h"

static const struct col cols[] = {
	COL_(INT, mail_row, id),           COL_(TEXT, mail_row, message_id),
	COL_(INT, mail_row, thread),       COL_(TEXT, mail_row, parent),
	COL_(TEXT, mail_row, subject),     COL_(TEXT, mail_row, author),
	COL_(TEXT, mail_row, sender),      COL_(INT, mail_row, date),
	COL_(INT, mail_row, seen),         COL_(BOOL, mail_row, has_diff),
	COL_(JSON, mail_row, paths),       COL_(JSON, mail_row, lists),
	COL_(JSON, mail_row, sources),     COL_(TEXT, mail_row, change_id),
	COL_(TEXT, mail_row, base_commit), COL_(JSON, mail_row, override),
	COL_(TEXT, mail_row, archive_url), COL_(TEXT, mail_row, loose),
	COL_(TEXT, mail_row, what),        COL_(OPT_INT, mail_row, posting),
	COL_(INT, mail_row, number),
};
static const struct table table = TABLE(cols, mail_row);

#define COLS                                                                                      \
	"id, message_id, thread, parent, subject, author, sender, date, seen,"                    \
	" has_diff, paths, lists, sources, change_id, base_commit, override, archive_url, loose," \
	" what, posting, number"

static const struct col line_cols[] = {
	COL_(INT, mail_line, id),          COL_(TEXT, mail_line, message_id),
	COL_(TEXT, mail_line, parent),     COL_(TEXT, mail_line, subject),
	COL_(TEXT, mail_line, sender),     COL_(INT, mail_line, date),
	COL_(BOOL, mail_line, has_diff),   COL_(TEXT, mail_line, what),
	COL_(OPT_INT, mail_line, posting), COL_(INT, mail_line, number),
};
static const struct table line_table = TABLE(line_cols, mail_line);

void mail_row_done(struct mail_row *m)
{
	row_done(&table, m);
}

void mail_row_list_free(struct mail_row *list, size_t n)
{
	row_list_free(&table, list, n);
}

void mail_line_list_free(struct mail_line *list, size_t n)
{
	row_list_free(&line_table, list, n);
}

static int next_id(struct db *db, int64_t *ret_id, struct err *err)
{
	AUTO_STMT sqlite3_stmt *st =
		stmt_get(db, "SELECT coalesce(max(id), 0) + 1 FROM mail", err);

	if (!st || stmt_step(db, st, err) < 0)
		return -1;
	*ret_id = sqlite3_column_int64(st, 0);
	return 0;
}

int mail_put(struct db *db, struct mail_row *m, struct err *err)
{
	static const char sql[] =
		"INSERT INTO mail (" COLS ") VALUES (:id, :message_id, :thread, :parent,"
		" :subject, :author, :sender, :date, :seen, :has_diff, :paths, :lists,"
		" :sources, :change_id, :base_commit, :override, :archive_url, :loose, :what, :posting,"
		" :number)";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st || next_id(db, &m->id, err) < 0)
		return -1;
	if (!m->thread)
		m->thread = m->id;
	bind_row(st, &table, m);
	if (stmt_run(db, st, err) < 0)
		return err_prefix(err, "mail %.200s", m->message_id);
	return 0;
}

int mail_find(struct db *db, const char *message_id, struct mail_row *ret,
	      struct err *err)
{
	static const char sql[] = "SELECT " COLS " FROM mail WHERE message_id = :id";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_text(st, ":id", message_id);
	return row_read_one(db, st, &table, ret, err);
}

int mail_set_place(struct db *db, int64_t id, const char *what, int64_t posting,
		   int64_t number, struct err *err)
{
	static const char sql[] = "UPDATE mail SET what = :what, posting = :posting,"
				  " number = :number WHERE id = :id";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":id", id);
	bind_text(st, ":what", what);
	bind_opt_int(st, ":posting", posting);
	bind_int(st, ":number", number);
	return stmt_run(db, st, err);
}

int mail_set_sources(struct db *db, const struct mail_row *m, struct err *err)
{
	static const char sql[] = "UPDATE mail SET sources = :sources, lists = :lists"
				  " WHERE id = :id";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_row(st, &table, m);
	return stmt_run(db, st, err);
}

int mail_list_thread(struct db *db, int64_t thread, int64_t max,
		     struct mail_line **ret_list, size_t *ret_n, struct err *err)
{
	static const char sql[] =
		"SELECT id, message_id, parent, subject, sender, date, has_diff, what,"
		" posting, number FROM mail WHERE thread = :thread ORDER BY id LIMIT :max";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":thread", thread);
	bind_int(st, ":max", max);
	return row_read_all(db, st, &line_table, (void **)ret_list, ret_n, err);
}

int mail_list_posting(struct db *db, int64_t posting, bool paths,
		      struct mail_row **ret_list, size_t *ret_n, struct err *err)
{
	static const char sql[] =
		"SELECT id, message_id, thread, parent, subject, author, sender, date,"
		" seen, has_diff, iif(:paths, paths, NULL) AS paths, lists, sources,"
		" change_id, base_commit, override, archive_url, loose, what, posting,"
		" number FROM mail WHERE posting = :posting ORDER BY number, id";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":posting", posting);
	bind_int(st, ":paths", paths);
	return row_read_all(db, st, &table, (void **)ret_list, ret_n, err);
}

int mail_list_subjects(struct db *db, int64_t posting, int64_t max, char ***ret_list,
		       size_t *ret_n, struct err *err)
{
	static const char sql[] = "SELECT subject FROM mail WHERE posting = :posting"
				  " AND number > 0 ORDER BY number LIMIT :max";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);
	char **list = mem_alloc0(sizeof(*list));
	size_t n = 0;
	int r;

	if (!st) {
		free(list);
		return -1;
	}
	bind_int(st, ":posting", posting);
	bind_int(st, ":max", max);
	while ((r = stmt_step(db, st, err)) == 1) {
		list = mem_realloc(list, n + 2, sizeof(*list));
		list[n++] = str_dup((const char *)sqlite3_column_text(st, 0));
		list[n] = NULL;
	}
	if (r < 0) {
		strv_free(list);
		return -1;
	}
	*ret_list = list;
	*ret_n = n;
	return 0;
}

/* ---- threads ---- */

/* The one number of the first row: 1, or 0 without a row. */
static int read_number(struct db *db, sqlite3_stmt *st, int64_t *ret, struct err *err)
{
	int r = stmt_step(db, st, err);

	if (r == 1)
		*ret = sqlite3_column_int64(st, 0);
	return r;
}

int mail_link_find(struct db *db, const char *message_id, int64_t *ret_thread,
		   struct err *err)
{
	static const char sql[] = "SELECT thread FROM mail_link WHERE message_id = :id";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_text(st, ":id", message_id);
	return read_number(db, st, ret_thread, err);
}

int mail_link_put(struct db *db, const char *message_id, int64_t thread, struct err *err)
{
	static const char sql[] = "INSERT INTO mail_link (message_id, thread)"
				  " VALUES (:id, :thread) ON CONFLICT DO NOTHING";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_text(st, ":id", message_id);
	bind_int(st, ":thread", thread);
	return stmt_run(db, st, err);
}

int mail_find_loose(struct db *db, const char *loose, int64_t from, int64_t to,
		    int64_t except, int64_t *ret_thread, struct err *err)
{
	static const char sql[] = "SELECT thread FROM mail WHERE loose = :loose"
				  " AND date BETWEEN :from AND :to AND thread <> :except"
				  " ORDER BY date LIMIT 1";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_text(st, ":loose", loose);
	bind_int(st, ":from", from);
	bind_int(st, ":to", to);
	bind_int(st, ":except", except);
	return read_number(db, st, ret_thread, err);
}

int mail_count_thread(struct db *db, int64_t thread, int64_t *ret_n, struct err *err)
{
	static const char sql[] = "SELECT count(*) FROM mail WHERE thread = :thread";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":thread", thread);
	return read_number(db, st, ret_n, err) < 0 ? -1 : 0;
}

int mail_join(struct db *db, int64_t into, int64_t thread, struct err *err)
{
	static const char *const sql[] = {
		"UPDATE mail SET thread = :into WHERE thread = :thread",
		"UPDATE mail_link SET thread = :into WHERE thread = :thread",
		"UPDATE posting SET thread = :into WHERE thread = :thread",
	};

	for (size_t i = 0; i < ARRAY_SIZE(sql); i++) {
		AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql[i], err);

		if (!st)
			return -1;
		bind_int(st, ":into", into);
		bind_int(st, ":thread", thread);
		if (stmt_run(db, st, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- bytes ---- */

int mail_raw_put(struct db *db, int64_t mail, const void *data, size_t len,
		 struct err *err)
{
	static const char sql[] =
		"INSERT INTO mail_raw (mail, data) VALUES (:mail, :data)"
		" ON CONFLICT DO NOTHING";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":mail", mail);
	sqlite3_bind_blob64(st, sqlite3_bind_parameter_index(st, ":data"), data, len,
			    SQLITE_STATIC);
	return stmt_run(db, st, err);
}

int mail_raw_get(struct db *db, int64_t mail, char **ret_data, size_t *ret_len,
		 struct err *err)
{
	static const char sql[] = "SELECT data FROM mail_raw WHERE mail = :mail";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);
	int r;

	if (!st)
		return -1;
	bind_int(st, ":mail", mail);
	r = stmt_step(db, st, err);
	if (r == 1) {
		const void *data = sqlite3_column_blob(st, 0);

		*ret_len = (size_t)sqlite3_column_bytes(st, 0);
		*ret_data = mem_alloc0(*ret_len + 1);
		if (*ret_len)
			memcpy(*ret_data, data, *ret_len);
	}
	return r;
}

int mail_raw_drop(struct db *db, int64_t posting, struct err *err)
{
	static const char sql[] = "DELETE FROM mail_raw WHERE mail IN"
				  " (SELECT id FROM mail WHERE posting = :posting)";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":posting", posting);
	return stmt_run(db, st, err);
}
