#include "db/build.h"

#include "db/row.h"

static const struct col cols[] = {
	COL_(INT, build, id),           COL_(TEXT, build, key),
	COL_(TEXT, build, base_key),    COL_(TEXT, build, config),
	COL_(TEXT, build, arch),        COL_(TEXT, build, target),
	COL_(TEXT, build, tree),        COL_(TEXT, build, chain),
	COL_(BOOL, build, incremental), COL_ENUM(build, status, WORDS_BUILD_STATUS),
	COL_(TEXT, build, reason),      COL_(JSON, build, error),
	COL_(REAL, build, seconds),     COL_(REAL, build, cpu_seconds),
	COL_(TEXT, build, image),       COL_(TEXT, build, log),
	COL_(TEXT, build, kconfig),     COL_(TEXT, build, warnings),
	COL_(INT, build, compiled),     COL_(TEXT, build, toolchain),
	COL_(INT, build, started),      COL_(INT, build, finished),
	COL_(INT, build, attempts),
};
static const struct table table = TABLE(cols, build);

#define COLS                                                                 \
	"id, key, base_key, config, arch, target, tree, chain, incremental," \
	" status, reason, error, seconds, cpu_seconds, image, log, kconfig," \
	" warnings, compiled, toolchain, started, finished, attempts"

static const struct col step_cols[] = {
	COL_(INT, step_build, series_id),
	COL_(INT, step_build, step),
	COL_(TEXT, step_build, config),
	COL_(TEXT, step_build, arch),
	COL_(OPT_INT, step_build, build_id),
	COL_ENUM(step_build, status, WORDS_BUILD_STATUS),
	COL_(TEXT, step_build, reason),
	COL_(BOOL, step_build, reused),
	COL_(JSON, step_build, new_warnings),
	COL_(JSON, step_build, not_built),
};
static const struct table step_table = TABLE(step_cols, step_build);

#define STEP_COLS                                                          \
	"series_id, step, config, arch, build_id, status, reason, reused," \
	" new_warnings, not_built"

void build_done(struct build *b)
{
	row_done(&table, b);
}

void step_build_done(struct step_build *s)
{
	row_done(&step_table, s);
}

void step_build_list_free(struct step_build *list, size_t n)
{
	row_list_free(&step_table, list, n);
}

static int insert(struct db *db, struct build *b, struct err *err)
{
	static const char sql[] =
		"INSERT INTO build (key, base_key, config, arch, target, tree, chain,"
		" incremental, status, reason, error, seconds, cpu_seconds, image, log,"
		" kconfig, warnings, compiled, toolchain, started, finished, attempts)"
		" VALUES (:key, :base_key, :config, :arch, :target, :tree, :chain,"
		" :incremental, :status, :reason, :error, :seconds, :cpu_seconds, :image,"
		" :log, :kconfig, :warnings, :compiled, :toolchain, :started, :finished, 1)"
		" ON CONFLICT (key) DO UPDATE SET incremental = excluded.incremental,"
		" status = excluded.status, reason = excluded.reason,"
		" error = excluded.error, seconds = excluded.seconds,"
		" cpu_seconds = excluded.cpu_seconds, image = excluded.image,"
		" log = excluded.log, kconfig = excluded.kconfig,"
		" warnings = excluded.warnings, compiled = excluded.compiled,"
		" toolchain = excluded.toolchain, started = excluded.started,"
		" finished = excluded.finished, attempts = attempts + 1"
		" RETURNING id, attempts";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_row(st, &table, b);
	if (stmt_step(db, st, err) < 0)
		return err_prefix(err, "build %s", b->key);
	b->id = sqlite3_column_int64(st, 0);
	b->attempts = sqlite3_column_int64(st, 1);
	return stmt_run(db, st, err);
}

int step_build_put(struct db *db, const struct step_build *sb, struct err *err)
{
	static const char sql[] =
		"INSERT OR REPLACE INTO step_build (" STEP_COLS ")"
		" VALUES (:series_id, :step, :config, :arch, :build_id, :status, :reason,"
		" :reused, :new_warnings, :not_built)";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_row(st, &step_table, sb);
	return stmt_run(db, st, err) < 0 ?
		       err_prefix(err, "build of step %lld", (long long)sb->step) :
		       0;
}

int step_build_clear(struct db *db, const struct step_build *of, struct err *err)
{
	static const char sql[] =
		"DELETE FROM step_build WHERE series_id = :series_id AND step = :step"
		" AND config = :config AND arch = :arch";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":series_id", of->series_id);
	bind_int(st, ":step", of->step);
	bind_text(st, ":config", of->config);
	bind_text(st, ":arch", of->arch);
	return stmt_run(db, st, err);
}

int build_put(struct db *db, struct build *b, const struct step_build *sb,
	      struct err *err)
{
	AUTO_TX struct tx tx = TX_INIT;

	if (db_begin(db, &tx, err) < 0 || insert(db, b, err) < 0)
		return -1;
	if (sb) {
		struct step_build cell = *sb; /* borrows sb's pointers */

		cell.build_id = b->id;
		cell.status = b->status;
		if (step_build_put(db, &cell, err) < 0)
			return -1;
	}
	return db_commit(&tx, err);
}

int build_find(struct db *db, int64_t id, struct build *ret, struct err *err)
{
	static const char sql[] = "SELECT " COLS " FROM build WHERE id = :id";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":id", id);
	return row_read_one(db, st, &table, ret, err);
}

int build_find_by_key(struct db *db, const char *key, struct build *ret, struct err *err)
{
	static const char sql[] = "SELECT " COLS " FROM build WHERE key = :key";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_text(st, ":key", key);
	return row_read_one(db, st, &table, ret, err);
}

int build_find_base(struct db *db, const struct build_base *of, struct build *ret,
		    struct err *err)
{
	static const char sql[] =
		"SELECT " COLS
		" FROM build WHERE id = (SELECT c.build_id FROM step_build c"
		" JOIN series s ON s.id = c.series_id JOIN build b ON b.id = c.build_id"
		" WHERE s.message_id = :message_id AND s.tree = :tree"
		" AND CASE WHEN :base IS NULL THEN s.base_how <> 'option'"
		"  ELSE s.base_commit = :base END"
		" AND c.step = 0 AND c.config = :config AND b.image IS NOT NULL"
		" ORDER BY s.updated DESC, s.id DESC LIMIT 1)";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_text(st, ":message_id", of->message_id);
	bind_text(st, ":tree", of->tree);
	bind_text(st, ":base", of->base);
	bind_text(st, ":config", of->config);
	return row_read_one(db, st, &table, ret, err);
}

int build_find_by_tree(struct db *db, const char *base_key, const char *tree,
		       build_match_fn match, void *arg, struct build *ret,
		       struct err *err)
{
	static const char sql[] =
		"SELECT " COLS " FROM build WHERE base_key = :base_key AND tree = :tree"
		" AND status IN ('ok', 'fail') ORDER BY id DESC";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);
	struct build b;
	int r;

	if (!st)
		return -1;
	bind_text(st, ":base_key", base_key);
	bind_text(st, ":tree", tree);
	while ((r = row_read_one(db, st, &table, &b, err)) == 1) {
		if (match(&b, arg)) {
			*ret = b;
			return 1;
		}
		build_done(&b);
	}
	return r;
}

int step_build_list(struct db *db, int64_t series_id, struct step_build **ret_list,
		    size_t *ret_n, struct err *err)
{
	static const char sql[] = "SELECT " STEP_COLS
				  " FROM step_build WHERE series_id = :series_id"
				  " ORDER BY step, config, arch";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);
	void *list;

	if (!st)
		return -1;
	bind_int(st, ":series_id", series_id);
	if (row_read_all(db, st, &step_table, &list, ret_n, err) < 0)
		return -1;
	*ret_list = list;
	return 0;
}

int build_list_of_series(struct db *db, int64_t series_id, struct build **ret_list,
			 size_t *ret_n, struct err *err)
{
	static const char sql[] =
		"SELECT " COLS " FROM build WHERE id IN (SELECT build_id FROM step_build"
		" WHERE series_id = :series_id) ORDER BY id";
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

void build_list_free(struct build *list, size_t n)
{
	row_list_free(&table, list, n);
}

int build_used_by(struct db *db, int64_t build_id, struct used_by **ret_list,
		  size_t *ret_n, struct err *err)
{
	static const char sql[] =
		"SELECT c.series_id, c.step, s.subject AS series_subject,"
		" t.subject AS step_subject, c.reused FROM step_build c"
		" JOIN series s ON s.id = c.series_id"
		" JOIN step t ON t.series_id = c.series_id AND t.step = c.step"
		" WHERE c.build_id = :id ORDER BY c.reused, c.series_id DESC, c.step LIMIT 50";

	return used_by_list(db, sql, build_id, ret_list, ret_n, err);
}
