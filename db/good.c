#include "db/good.h"

#include "db/row.h"
#include "db/verdict.h"
#include "lib/str.h"

/* Series of a tree that are looked at: what was good long ago is of no use. */
#define RECENT 1000

/* Is it in a list of what is wanted? */
#define IS_WANTED(what, list) \
	what " IN (SELECT value FROM json_each(:wanted, '$." list "'))"
/* Series s wanted all of the list. */
#define HAS_ALL(list)                                                  \
	"NOT EXISTS (SELECT 1 FROM json_each(:wanted, '$." list "') w" \
	" WHERE w.value NOT IN (SELECT value FROM json_each(s.wanted, '$." list "')))"

#define STEP_BOOTS                                                                     \
	"FROM step_boot sb LEFT JOIN boot b ON b.id = sb.boot_id"                      \
	" WHERE sb.step = 0 AND " IS_WANTED("sb.config", "configs") " AND " IS_WANTED( \
		"sb.topology", "topologies")

/* Of the result r in the cell sb: the verdict says that the kernel is known for it. */
#define IS_KNOWN(series)                                                             \
	"EXISTS (SELECT 1 FROM verdict v WHERE v.series_id = " series                \
	" AND v.test = r.test AND v.config = sb.config AND v.topology = sb.topology" \
	" AND v.verdict = 'pre-existing' AND v.reason LIKE '" VERDICT_KNOWN_ISSUE " %')"

/* The base of a series was seen to fail; what was lost to our own trouble was not. */
#define FAILED(series)                                                                                   \
	"(EXISTS (SELECT 1 FROM step_build f WHERE f.series_id = " series                                \
	"  AND f.step = 0 AND f.status IN ('fail', 'timeout')"                                           \
	"  AND " IS_WANTED(                                                                              \
		"f.config",                                                                              \
		"configs") ")"                                                                           \
			   " OR EXISTS (SELECT 1 " STEP_BOOTS                                            \
			   " AND sb.series_id = " series                                                 \
			   "  AND b.infra = 0 AND (b.status <> 'ok' OR coalesce(b.splats, '[]') <> '[]'" \
			   "   OR EXISTS (SELECT 1 FROM result r WHERE r.boot_id = b.id"                 \
			   "    AND r.result NOT IN ('pass', 'skip') AND " IS_WANTED(                    \
				   "substr(r.test, 1, instr(r.test, '/') - 1)",                          \
				   "suites") " AND NOT " IS_KNOWN(series) "))))"

/* Series s looked at all of it. */
#define COMPLETE                                                                                              \
	HAS_ALL("configs")                                                                                    \
	" AND " HAS_ALL("topologies") " AND " HAS_ALL(                                                        \
		"suites") " AND NOT EXISTS (SELECT 1 FROM json_each(:wanted, '$.configs') w WHERE NOT EXISTS" \
			  "  (SELECT 1 FROM step_build k WHERE k.series_id = s.id AND k.step = 0"             \
			  "   AND k.config = w.value AND k.status = 'ok'))"                                   \
			  " AND NOT EXISTS (SELECT 1 FROM json_each(:wanted, '$.topologies') w"               \
			  "  WHERE NOT EXISTS (SELECT 1 FROM step_boot k WHERE k.series_id = s.id"            \
			  "   AND k.step = 0 AND k.topology = w.value AND k.boot_id NOT NULL))"               \
			  " AND NOT EXISTS (SELECT 1 " STEP_BOOTS                                             \
			  " AND sb.series_id = s.id"                                                          \
			  "  AND (b.id IS NULL OR b.infra = 1))"

int good_commits(struct db *db, const char *tree, struct json_object *wanted,
		 int64_t limit, char ***ret, struct err *err)
{
	/* Each series is looked at twice at most, however many are on one commit. */
	static const char sql[] =
		"WITH c AS MATERIALIZED (SELECT s.base_commit AS id, max(s.id) AS last"
		"  FROM (SELECT * FROM series WHERE tree = :tree AND base_commit NOT NULL"
		"   AND state = 'done' ORDER BY id DESC LIMIT :recent) s"
		"  WHERE " COMPLETE " GROUP BY s.base_commit)"
		" SELECT c.id FROM c WHERE NOT EXISTS (SELECT 1 FROM series o"
		"  WHERE o.tree = :tree AND o.base_commit = c.id AND " FAILED(
			"o.id") ")"
				" ORDER BY c.last DESC LIMIT :limit";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);
	char **v;
	size_t n = 0;
	int r;

	if (!st)
		return -1;
	bind_text(st, ":tree", tree);
	bind_json(st, ":wanted", wanted);
	bind_int(st, ":limit", limit);
	bind_int(st, ":recent", RECENT);
	v = mem_alloc0(sizeof(*v));
	while ((r = stmt_step(db, st, err)) == 1) {
		v = mem_realloc(v, n + 2, sizeof(*v));
		v[n++] = str_dup((const char *)sqlite3_column_text(st, 0));
		v[n] = NULL;
	}
	if (r < 0) {
		strv_free(v);
		return -1;
	}
	*ret = v;
	return 0;
}
