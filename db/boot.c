#include "db/boot.h"

#include <string.h>

#include "db/row.h"
#include "db/verdict.h"

static const struct col cols[] = {
	COL_(INT, boot, id),
	COL_(TEXT, boot, key),
	COL_(TEXT, boot, image),
	COL_(TEXT, boot, initramfs),
	COL_(TEXT, boot, config),
	COL_(TEXT, boot, arch),
	COL_(TEXT, boot, topology),
	COL_(TEXT, boot, topology_text),
	COL_(TEXT, boot, cmdline),
	COL_(TEXT, boot, accel),
	COL_(TEXT, boot, qemu_version),
	COL_(JSON, boot, argv),
	COL_(JSON, boot, plan),
	COL_ENUM(boot, status, WORDS_BOOT_STATUS),
	COL_(TEXT, boot, phase),
	COL_(TEXT, boot, reason),
	COL_(REAL, boot, seconds),
	COL_(OPT_REAL, boot, boot_seconds),
	COL_(TEXT, boot, console),
	COL_(JSON, boot, splats),
	COL_(JSON, boot, console_tail),
	COL_(BOOL, boot, alone),
	COL_(BOOL, boot, infra),
	COL_(INT, boot, started),
	COL_(INT, boot, finished),
};
static const struct table table = TABLE(cols, boot);

#define COLS                                                                   \
	"id, key, image, initramfs, config, arch, topology, topology_text,"    \
	" cmdline, accel, qemu_version, argv, plan, status, phase, reason,"    \
	" seconds, boot_seconds, console, splats, console_tail, alone, infra," \
	" started, finished"

static const struct col step_cols[] = {
	COL_(INT, step_boot, series_id),
	COL_(INT, step_boot, step),
	COL_(TEXT, step_boot, config),
	COL_(TEXT, step_boot, arch),
	COL_(TEXT, step_boot, topology),
	COL_(INT, step_boot, n),
	COL_ENUM(step_boot, role, WORDS_BOOT_ROLE),
	COL_(OPT_INT, step_boot, boot_id),
	COL_(TEXT, step_boot, reason),
	COL_(BOOL, step_boot, reused),
	COL_(JSON, step_boot, known),
};
static const struct table step_table = TABLE(step_cols, step_boot);

#define STEP_COLS                                                            \
	"series_id, step, config, arch, topology, n, role, boot_id, reason," \
	" reused, known"

void boot_done(struct boot *b)
{
	row_done(&table, b);
}

void boot_list_free(struct boot *list, size_t n)
{
	row_list_free(&table, list, n);
}

void step_boot_done(struct step_boot *s)
{
	row_done(&step_table, s);
}

void step_boot_list_free(struct step_boot *list, size_t n)
{
	row_list_free(&step_table, list, n);
}

static int insert(struct db *db, struct boot *b, struct err *err)
{
	static const char sql[] =
		"INSERT INTO boot (key, image, initramfs, config, arch, topology,"
		" topology_text, cmdline, accel, qemu_version, argv, plan, status, phase,"
		" reason, seconds, boot_seconds, console, splats, console_tail, alone,"
		" infra, started, finished)"
		" VALUES (:key, :image, :initramfs, :config, :arch, :topology,"
		" :topology_text, :cmdline, :accel, :qemu_version, :argv, :plan, :status,"
		" :phase, :reason, :seconds, :boot_seconds, :console, :splats,"
		" :console_tail, :alone, :infra, :started, :finished) RETURNING id";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_row(st, &table, b);
	if (stmt_step(db, st, err) < 0)
		return err_prefix(err, "boot on %s", b->topology);
	b->id = sqlite3_column_int64(st, 0);
	return stmt_run(db, st, err);
}

static void bind_cell(sqlite3_stmt *st, const struct step_boot *c)
{
	bind_int(st, ":series_id", c->series_id);
	bind_int(st, ":step", c->step);
	bind_text(st, ":config", c->config);
	bind_text(st, ":arch", c->arch);
	bind_text(st, ":topology", c->topology);
}

#define WHERE_CELL                                                            \
	" WHERE series_id = :series_id AND step = :step AND config = :config" \
	" AND arch = :arch AND topology = :topology"

static int next_n(struct db *db, const struct step_boot *cell, int64_t *ret_n,
		  struct err *err)
{
	static const char sql[] =
		"SELECT coalesce(max(n), 0) + 1 FROM step_boot" WHERE_CELL;
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_cell(st, cell);
	if (stmt_step(db, st, err) < 0)
		return -1;
	*ret_n = sqlite3_column_int64(st, 0);
	return 0;
}

int step_boot_put(struct db *db, const struct step_boot *sb, struct err *err)
{
	static const char sql[] =
		"INSERT OR REPLACE INTO step_boot (" STEP_COLS ")"
		" VALUES (:series_id, :step, :config, :arch, :topology, :n, :role,"
		" :boot_id, :reason, :reused, :known)";
	AUTO_TX struct tx tx = TX_INIT;
	int64_t n = sb->n;

	if (db_begin(db, &tx, err) < 0 || (n == 0 && next_n(db, sb, &n, err) < 0))
		return -1;
	/* Given back before the commit. */
	{
		AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

		if (!st)
			return -1;
		bind_row(st, &step_table, sb);
		bind_int(st, ":n", n);
		if (stmt_run(db, st, err) < 0)
			return err_prefix(err, "boot of step %lld", (long long)sb->step);
	}
	return db_commit(&tx, err);
}

int step_boot_clear(struct db *db, const struct step_boot *cell, struct err *err)
{
	static const char sql[] = "DELETE FROM step_boot" WHERE_CELL;
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_cell(st, cell);
	return stmt_run(db, st, err);
}

int boot_put(struct db *db, struct boot *b, const struct result *results, size_t n,
	     const struct step_boot *sb, struct err *err)
{
	AUTO_TX struct tx tx = TX_INIT;

	if (db_begin(db, &tx, err) < 0 || insert(db, b, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (result_put(db, b->id, (int64_t)i, &results[i], err) < 0)
			return -1;
	if (sb) {
		struct step_boot cell = *sb; /* borrows sb's pointers */

		cell.boot_id = b->id;
		if (step_boot_put(db, &cell, err) < 0)
			return -1;
	}
	return db_commit(&tx, err);
}

int boot_find(struct db *db, int64_t id, struct boot *ret, struct err *err)
{
	static const char sql[] = "SELECT " COLS " FROM boot WHERE id = :id";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":id", id);
	return row_read_one(db, st, &table, ret, err);
}

int boot_list_by_key(struct db *db, const char *key, struct boot **ret_list,
		     size_t *ret_n, struct err *err)
{
	static const char sql[] = "SELECT " COLS
				  " FROM boot WHERE key = :key AND infra = 0"
				  " ORDER BY id DESC";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);
	void *list;

	if (!st)
		return -1;
	bind_text(st, ":key", key);
	if (row_read_all(db, st, &table, &list, ret_n, err) < 0)
		return -1;
	*ret_list = list;
	return 0;
}

int boot_is_foreign(struct db *db, int64_t id, int64_t series_id, bool *ret,
		    struct err *err)
{
	static const char sql[] = "SELECT 1 FROM step_boot WHERE boot_id = :id"
				  " AND series_id <> :series_id AND reused = 0 LIMIT 1";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);
	int r;

	if (!st)
		return -1;
	bind_int(st, ":id", id);
	bind_int(st, ":series_id", series_id);
	r = stmt_step(db, st, err);
	*ret = r == 1;
	return r < 0 ? -1 : 0;
}

int boot_list_of_series(struct db *db, int64_t series_id, struct boot **ret_list,
			size_t *ret_n, struct err *err)
{
	static const char sql[] = "SELECT " COLS
				  " FROM boot WHERE id IN (SELECT boot_id FROM step_boot"
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

int step_boot_list(struct db *db, int64_t series_id, struct step_boot **ret_list,
		   size_t *ret_n, struct err *err)
{
	static const char sql[] = "SELECT " STEP_COLS
				  " FROM step_boot WHERE series_id = :series_id"
				  " ORDER BY step, config, arch, topology, n";
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

int boot_known(struct db *db, int64_t boot_id, struct json_object **ret, struct err *err)
{
	static const char sql[] = "SELECT " STEP_COLS
				  " FROM step_boot WHERE boot_id = :id"
				  " ORDER BY rowid DESC LIMIT 1";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);
	struct step_boot sb = { .step = 0 };
	int r;

	if (!st)
		return -1;
	bind_int(st, ":id", boot_id);
	r = row_read_one(db, st, &step_table, &sb, err);
	if (r < 0)
		return -1;
	*ret = json_object_get(sb.known);
	step_boot_done(&sb);
	return 0;
}

const char *boot_known_reason(struct json_object *known, const char *test)
{
	for (size_t i = 0; i < json_len(known); i++) {
		struct json_object *o = json_object_array_get_idx(known, i);

		if (strcmp(json_str(o, "test", ""), test) == 0)
			return json_str(o, "reason", VERDICT_KNOWN_ISSUE);
	}
	return NULL;
}

int boot_used_by(struct db *db, int64_t boot_id, struct used_by **ret_list, size_t *ret_n,
		 struct err *err)
{
	static const char sql[] =
		"SELECT c.series_id, c.step, s.subject AS series_subject,"
		" t.subject AS step_subject, c.reused FROM step_boot c"
		" JOIN series s ON s.id = c.series_id"
		" JOIN step t ON t.series_id = c.series_id AND t.step = c.step"
		" WHERE c.boot_id = :id ORDER BY c.reused, c.series_id DESC, c.step LIMIT 50";

	return used_by_list(db, sql, boot_id, ret_list, ret_n, err);
}
