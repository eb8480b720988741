#include "db/queue_series.h"

#include <time.h>

#include "db/row.h"

int queue_fail_series(struct db *db, int64_t job, struct err *err)
{
	static const char sql[] =
		"UPDATE series SET state = 'failed', reason = j.reason, updated = :now"
		" FROM job j WHERE j.series_id = series.id AND j.state IN ('failed', 'apart')"
		" AND (:job = 0 OR j.id = :job) AND series.state IN ('new', 'running')"
		" AND NOT EXISTS (SELECT 1 FROM job later"
		"  WHERE later.series_id = j.series_id AND later.id > j.id)";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_int(st, ":job", job);
	bind_int(st, ":now", (int64_t)time(NULL));
	return stmt_run(db, st, err);
}
