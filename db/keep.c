#include "db/keep.h"

#include "db/row.h"

static const struct col cols[] = {
	COL_(TEXT, keep_artifact, sha256), COL_(INT, keep_artifact, use),
	COL_(INT, keep_artifact, bytes),   COL_(INT, keep_artifact, used),
	COL_(BOOL, keep_artifact, pinned),
};
static const struct table table = TABLE(cols, keep_artifact);

/* The numbers in ref are enum keep_use. */
static const char list_sql[] =
	"WITH live (id) AS (SELECT series_id FROM job"
	"   WHERE finished IS NULL AND series_id IS NOT NULL),"
	" good (id) AS (SELECT build_id FROM (SELECT sb.build_id, row_number() OVER"
	"   (PARTITION BY s.tree, sb.config, sb.arch ORDER BY s.updated DESC, s.id DESC) AS n"
	"   FROM step_build sb JOIN series s ON s.id = sb.series_id"
	"   WHERE sb.step = 0 AND sb.status = 'ok') WHERE n = 1),"
	" needed (id) AS (SELECT id FROM good UNION SELECT build_id FROM step_build"
	"   WHERE build_id IS NOT NULL AND series_id IN (SELECT id FROM live)),"
	" build_run (id, at) AS MATERIALIZED (SELECT sb.build_id, max(s.updated)"
	"   FROM step_build sb JOIN series s ON s.id = sb.series_id"
	"   WHERE sb.build_id IS NOT NULL GROUP BY sb.build_id),"
	" boot_run (id, at) AS MATERIALIZED (SELECT sb.boot_id, max(s.updated)"
	"   FROM step_boot sb JOIN series s ON s.id = sb.series_id"
	"   WHERE sb.boot_id IS NOT NULL GROUP BY sb.boot_id),"
	" b AS MATERIALIZED (SELECT build.*, coalesce(build_run.at, finished) AS at,"
	"   build.id IN (SELECT id FROM needed) AS pin"
	"   FROM build LEFT JOIN build_run ON build_run.id = build.id),"
	" ref (sha, use, at, pin) AS ("
	"   SELECT image, 1, at, pin FROM b UNION ALL"
	"   SELECT warnings, 1, at, pin FROM b UNION ALL"
	"   SELECT log, 2, finished, pin FROM b UNION ALL"
	"   SELECT kconfig, 2, finished, pin FROM b UNION ALL"
	"   SELECT console, 2, finished, 0 FROM boot UNION ALL"
	"   SELECT initramfs, 1, coalesce(r.at, finished), 0 FROM boot"
	"     LEFT JOIN boot_run r ON r.id = boot.id UNION ALL"
	"   SELECT image, 1, finished, 0 FROM boot UNION ALL"
	"   SELECT log, 2, finished, 0 FROM selftests UNION ALL"
	"   SELECT json_extract(p.value, '$.sha256'), 1, finished, 0"
	"     FROM selftests, json_each(selftests.programs) p UNION ALL"
	"   SELECT mbox, 3, updated, 0 FROM series UNION ALL"
	"   SELECT p.texts, 2, s.updated, 0 FROM series_patches p"
	"     JOIN series s ON s.id = p.series_id UNION ALL"
	"   SELECT mbox, 3, coalesce(finished, created), finished IS NULL FROM job),"
	" refs (sha, use, at, pin) AS MATERIALIZED (SELECT sha, max(use), max(at), max(pin)"
	"   FROM ref WHERE sha IS NOT NULL GROUP BY sha)"
	" SELECT a.sha256, coalesce(refs.use, 0) AS use, a.stored AS bytes,"
	" max(a.used, coalesce(refs.at, 0)) AS used, coalesce(refs.pin, 0) AS pinned"
	" FROM artifact a LEFT JOIN refs ON refs.sha = a.sha256 WHERE a.present";

int keep_artifact_list(struct db *db, struct keep_artifact **ret_list, size_t *ret_n,
		       struct err *err)
{
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, list_sql, err);
	void *list;

	if (!st || row_read_all(db, st, &table, &list, ret_n, err) < 0)
		return -1;
	*ret_list = list;
	return 0;
}

void keep_artifact_list_free(struct keep_artifact *list, size_t n)
{
	row_list_free(&table, list, n);
}

int keep_size_get(struct db *db, const char *path, int64_t *ret_bytes, struct err *err)
{
	static const char sql[] = "SELECT bytes FROM cache_size WHERE path = :path";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);
	int r;

	if (!st)
		return -1;
	bind_text(st, ":path", path);
	r = stmt_step(db, st, err);
	if (r > 0)
		*ret_bytes = sqlite3_column_int64(st, 0);
	return r;
}

int keep_size_put(struct db *db, const char *path, int64_t bytes, struct err *err)
{
	static const char sql[] =
		"INSERT OR REPLACE INTO cache_size (path, bytes) VALUES (:path, :bytes)";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_text(st, ":path", path);
	bind_int(st, ":bytes", bytes);
	return stmt_run(db, st, err);
}

int keep_size_forget(struct db *db, const char *path, struct err *err)
{
	static const char sql[] = "DELETE FROM cache_size WHERE path = :path";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_text(st, ":path", path);
	return stmt_run(db, st, err);
}

int keep_drop_raw(struct db *db, int64_t before, struct err *err)
{
	static const char sql[] =
		"DELETE FROM mail_raw WHERE mail IN (SELECT m.id FROM mail m"
		" JOIN posting p ON p.id = m.posting"
		" WHERE p.state = 'incomplete' AND p.changed < :before)";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":before", before);
	return stmt_run(db, st, err);
}
