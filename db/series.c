#include "db/series.h"

#include <string.h>
#include <time.h>

#include "db/row.h"
#include "db/verdict.h"
#include "lib/str.h"

static const struct col cols[] = {
	COL_(INT, series, id),
	COL_(TEXT, series, key),
	COL_(TEXT, series, message_id),
	COL_(INT, series, version),
	COL_(TEXT, series, subject),
	COL_(TEXT, series, author),
	COL_(INT, series, date),
	COL_(INT, series, patches),
	COL_(TEXT, series, cover),
	COL_(TEXT, series, source),
	COL_(TEXT, series, mbox),
	COL_(JSON, series, trailers),
	COL_(TEXT, series, tree),
	COL_(TEXT, series, base_commit),
	COL_(TEXT, series, base_tree),
	COL_(TEXT, series, base_how),
	COL_(JSON, series, base_tried),
	COL_(JSON, series, wanted),
	COL_ENUM(series, state, WORDS_SERIES_STATE),
	COL_(TEXT, series, reason),
	COL_(INT, series, created),
	COL_(INT, series, updated),
};
static const struct table table = TABLE(cols, series);

#define COLS                                                                 \
	"s.id, s.key, s.message_id, s.version, s.subject, s.author, s.date," \
	" s.patches, s.cover, s.source, s.mbox, s.trailers, s.tree,"         \
	" s.base_commit, s.base_tree, s.base_how, s.base_tried, s.wanted,"   \
	" s.state, s.reason, s.created, s.updated"

void series_done(struct series *s)
{
	row_done(&table, s);
}

void series_line_list_free(struct series_line *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		series_done(&list[i].s);
	free(list);
}

void series_key(const char *message_id, int64_t version, const char *content,
		const char *tree, const char *base, char ret_key[SHA256_HEX])
{
	struct sha256 *h = sha256_new();
	char number[32];

	snprintf(number, sizeof(number), "%lld", (long long)version);
	sha256_add_str(h, message_id);
	sha256_add_str(h, number);
	sha256_add_str(h, content);
	sha256_add_str(h, tree);
	sha256_add_str(h, base);
	sha256_hex(h, ret_key);
	sha256_free(h);
}

int series_put(struct db *db, struct series *s, struct err *err)
{
	static const char sql[] =
		"INSERT INTO series (key, message_id, version, subject, author, date,"
		" patches, cover, source, mbox, trailers, tree, base_commit, base_tree,"
		" base_how, base_tried, wanted, state, reason, created, updated)"
		" VALUES (:key, :message_id, :version, :subject, :author, :date,"
		" :patches, :cover, :source, :mbox, :trailers, :tree, :base_commit,"
		" :base_tree, :base_how, :base_tried, :wanted, :state, :reason, :created,"
		" :updated)"
		" ON CONFLICT (key) DO UPDATE SET subject = excluded.subject,"
		" author = excluded.author, date = excluded.date,"
		" patches = excluded.patches, cover = excluded.cover,"
		" source = excluded.source, mbox = excluded.mbox,"
		" trailers = excluded.trailers, wanted = excluded.wanted,"
		" state = excluded.state, reason = excluded.reason,"
		" updated = excluded.updated"
		" RETURNING id, created";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	s->created = s->updated = (int64_t)time(NULL);
	bind_row(st, &table, s);
	if (stmt_step(db, st, err) < 0)
		return err_prefix(err, "series %s", s->message_id);
	s->id = sqlite3_column_int64(st, 0);
	s->created = sqlite3_column_int64(st, 1);
	return stmt_run(db, st, err);
}

int series_set_state(struct db *db, int64_t id, enum series_state state,
		     const char *reason, struct err *err)
{
	static const char sql[] = "UPDATE series SET state = :state, reason = :reason,"
				  " updated = :now WHERE id = :id";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":id", id);
	bind_text(st, ":state", series_state_str(state));
	bind_text(st, ":reason", reason);
	bind_int(st, ":now", (int64_t)time(NULL));
	return stmt_run(db, st, err);
}

int series_set_base(struct db *db, const struct series *s, struct err *err)
{
	static const char sql[] =
		"UPDATE series SET base_commit = :base_commit, base_tree = :base_tree,"
		" tree = coalesce(:tree, tree),"
		" base_how = :base_how, base_tried = :base_tried, updated = :updated"
		" WHERE id = :id";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_row(st, &table, s);
	bind_int(st, ":updated", (int64_t)time(NULL));
	return stmt_run(db, st, err);
}

int series_delete(struct db *db, int64_t id, struct err *err)
{
	static const char sql[] = "DELETE FROM series WHERE id = :id";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":id", id);
	return stmt_run(db, st, err);
}

int series_find(struct db *db, int64_t id, struct series *ret, struct err *err)
{
	static const char sql[] = "SELECT " COLS " FROM series s WHERE id = :id";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":id", id);
	return row_read_one(db, st, &table, ret, err);
}

int series_find_by_key(struct db *db, const char *key, struct series *ret,
		       struct err *err)
{
	static const char sql[] = "SELECT " COLS " FROM series s WHERE key = :key";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_text(st, ":key", key);
	return row_read_one(db, st, &table, ret, err);
}

int series_find_by_msgid(struct db *db, const char *message_id, int64_t version,
			 struct series *ret, struct err *err)
{
	static const char sql[] = "SELECT " COLS
				  " FROM series s WHERE message_id = :message_id"
				  " AND (:version = 0 OR version = :version)"
				  " ORDER BY version DESC, updated DESC, id DESC LIMIT 1";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_text(st, ":message_id", message_id);
	bind_int(st, ":version", version);
	return row_read_one(db, st, &table, ret, err);
}

static int count(struct db *db, int64_t *ret, struct err *err)
{
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, "SELECT count(*) FROM series", err);

	if (!st || stmt_step(db, st, err) < 0)
		return -1;
	*ret = sqlite3_column_int64(st, 0);
	return 0;
}

/* The sums are in the order of enum verdict_word; what the kernel is known for is in
 * none. The reason is read only where it must be: the rest is in the index. */
#define SUMS                                                                       \
	" total(v.kind <> 'warning' AND v.verdict = 'pass'),"                      \
	" total(CASE WHEN v.kind <> 'warning' AND v.verdict = 'pre-existing' THEN" \
	"  coalesce(v.reason, '') NOT LIKE '" VERDICT_KNOWN_ISSUE " %' END),"      \
	" total(v.kind <> 'warning' AND v.verdict = 'introduced'),"                \
	" total(v.kind <> 'warning' AND v.verdict = 'transient'),"                 \
	" total(v.kind <> 'warning' AND v.verdict = 'flaky'),"                     \
	" total(v.kind <> 'warning' AND v.verdict = 'inconclusive'),"              \
	" total(v.kind <> 'warning' AND v.verdict = 'not-tested'),"                \
	" total(v.kind <> 'warning' AND v.verdict = 'infra'),"                     \
	" total(v.kind = 'warning' AND v.verdict <> 'pass')"

static const char list_sql[] =
	"SELECT " COLS "," SUMS
	" FROM (SELECT * FROM series ORDER BY updated DESC, id DESC"
	"  LIMIT :limit OFFSET :offset) s"
	" LEFT JOIN verdict v ON v.series_id = s.id"
	" GROUP BY s.id ORDER BY s.updated DESC, s.id DESC";

static int read_line(sqlite3_stmt *st, struct series_line *l, struct err *err)
{
	int n = (int)ARRAY_SIZE(cols);

	if (row_read(st, &table, &l->s, err) < 0)
		return -1;
	for (int i = 0; i < VERDICT_WORDS; i++)
		l->verdicts[i] = sqlite3_column_int64(st, n + i);
	l->warnings = sqlite3_column_int64(st, n + VERDICT_WORDS);
	return 0;
}

int series_list(struct db *db, int64_t limit, int64_t offset,
		struct series_line **ret_list, size_t *ret_n, int64_t *ret_total,
		struct err *err)
{
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, list_sql, err);
	struct series_line *list;
	size_t n = 0;
	int r;

	if (!st || count(db, ret_total, err) < 0)
		return -1;
	bind_int(st, ":limit", limit);
	bind_int(st, ":offset", offset);
	list = mem_alloc0((size_t)(limit > 0 ? limit : 1) * sizeof(*list));
	while ((r = stmt_step(db, st, err)) == 1 && (int64_t)n < limit) {
		r = read_line(st, &list[n], err);
		if (r < 0)
			break;
		n++;
	}
	if (r < 0) {
		series_line_list_free(list, n);
		return -1;
	}
	*ret_list = list;
	*ret_n = n;
	return 0;
}

int series_line_find(struct db *db, int64_t id, struct series_line *ret, struct err *err)
{
	static const char sql[] =
		"SELECT " COLS "," SUMS
		" FROM series s LEFT JOIN verdict v ON v.series_id = s.id"
		" WHERE s.id = :id GROUP BY s.id";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);
	int r;

	if (!st)
		return -1;
	bind_int(st, ":id", id);
	r = stmt_step(db, st, err);
	if (r == 1 && read_line(st, ret, err) < 0)
		return -1;
	return r;
}
