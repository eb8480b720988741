#include "db/turned.h"

#include "db/row.h"

/* Boots of bases that are looked at: what passed long ago is of no use. */
#define RECENT "2000"

static const struct col cols[] = {
	COL_(TEXT, good_base, commit_id),
	COL_(INT, good_base, finished),
};
static const struct table table = TABLE(cols, good_base);

void good_base_list_free(struct good_base *list, size_t n)
{
	row_list_free(&table, list, n);
}

static void bind_what(sqlite3_stmt *st, const struct bisection *what)
{
	bind_text(st, ":tree", what->tree);
	bind_text(st, ":config", what->config);
	bind_text(st, ":arch", what->arch);
	bind_text(st, ":topology", what->topology);
	bind_text(st, ":accel", what->accel);
	bind_text(st, ":test", what->test);
}

int turned_good_bases(struct db *db, const struct bisection *what, int64_t limit,
		      struct good_base **ret_list, size_t *ret_n, struct err *err)
{
	/* CROSS JOIN: boots first, or all results that the test ever had would be read. */
	static const char sql[] =
		"WITH base AS (SELECT sb.boot_id, sb.series_id FROM step_boot sb WHERE"
		"  sb.step = 0 AND sb.config = :config AND sb.arch = :arch AND"
		"  sb.topology = :topology AND sb.boot_id IS NOT NULL"
		"  ORDER BY sb.boot_id DESC LIMIT " RECENT "),"
		" told AS (SELECT s.base_commit AS commit_id, boot.id AS boot, finished,"
		"  r.result <> 'pass' AS failed, s.message_id GLOB 'bisect-*' AS searched"
		"  FROM base CROSS JOIN boot ON boot.id = base.boot_id"
		"  CROSS JOIN result r ON r.boot_id = boot.id AND r.test = :test AND"
		"   r.result NOT IN ('skip', 'not-run')"
		"  CROSS JOIN series s ON s.id = base.series_id AND s.tree = :tree"
		"  WHERE infra = 0 AND accel = :accel AND s.base_commit IS NOT NULL)"
		" SELECT commit_id, max(finished) AS finished FROM told GROUP BY commit_id"
		" HAVING sum(failed) = 0 AND sum(NOT searched) > 0"
		" ORDER BY max(boot) DESC LIMIT :limit";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_what(st, what);
	bind_int(st, ":limit", limit);
	return row_read_all(db, st, &table, (void **)ret_list, ret_n, err);
}

int turned_is_known(struct db *db, const struct bisection *what, int64_t since,
		    struct err *err)
{
	static const char sql[] =
		"SELECT 1 FROM bisection b WHERE b.tree = :tree AND b.config = :config AND"
		" b.arch = :arch AND b.topology = :topology AND b.accel = :accel AND"
		" b.test = :test AND (b.good = :good OR b.created >= :since"
		"  OR (b.wanted = 1 AND NOT EXISTS"
		"   (SELECT 1 FROM job j WHERE j.bisection_id = b.id))"
		"  OR EXISTS (SELECT 1 FROM job j WHERE j.bisection_id = b.id AND"
		"   j.finished IS NULL)) LIMIT 1";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_what(st, what);
	bind_text(st, ":good", what->good);
	bind_int(st, ":since", since);
	return stmt_step(db, st, err);
}
