#include "db/history.h"

#include "db/row.h"

/* The newest boots of bases. Commits that a bisection looks at are none: half of them
 * are bad. The partial index is taken for what says "step = 0". */
#define BASE_BOOTS                                                                       \
	" (SELECT DISTINCT sb.boot_id FROM step_boot sb WHERE"                           \
	"  sb.step = 0 AND sb.config = :config AND sb.arch = :arch AND"                  \
	"  sb.topology = :topology AND sb.series_id <> :series AND"                      \
	"  sb.boot_id NOT IN (SELECT boot_id FROM step_boot WHERE"                       \
	"   series_id = :series AND boot_id IS NOT NULL) AND"                            \
	"  sb.series_id NOT IN (SELECT id FROM series WHERE message_id GLOB 'bisect-*')" \
	"  ORDER BY sb.boot_id DESC LIMIT 1000)"

/* By boot key, that is by base. One where more than a third of the runs failed is bad.
 * CROSS JOIN: boots first, or all results that the test ever had would be read. */
static const char by_test[] =
	"SELECT count(*), sum(result <> 'pass') FROM" BASE_BOOTS " AS base"
	" CROSS JOIN boot ON boot.id = base.boot_id"
	" CROSS JOIN result ON result.boot_id = boot.id AND test = :test AND"
	"  result IN ('pass', 'fail', 'timeout', 'crash', 'splat')"
	" WHERE infra = 0 AND accel = :accel GROUP BY boot.key";

static const char by_boot[] =
	"SELECT count(*), sum((status <> 'ok' AND phase IS NOT 'test') OR splats IS NOT NULL)"
	" FROM" BASE_BOOTS " AS base CROSS JOIN boot ON boot.id = base.boot_id"
	" WHERE infra = 0 AND accel = :accel GROUP BY boot.key";

int history_of_test(struct db *db, const struct history_of *of, struct history *ret,
		    struct err *err)
{
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, of->test ? by_test : by_boot, err);
	int r;

	*ret = (struct history){ 0 };
	if (!st)
		return -1;
	if (of->test)
		bind_text(st, ":test", of->test);
	bind_text(st, ":config", of->config);
	bind_text(st, ":arch", of->arch);
	bind_text(st, ":topology", of->topology);
	bind_text(st, ":accel", of->accel);
	bind_int(st, ":series", of->not_series);
	while ((r = stmt_step(db, st, err)) == 1) {
		int64_t runs = sqlite3_column_int64(st, 0);
		int64_t failures = sqlite3_column_int64(st, 1);

		if (failures * 3 > runs)
			continue;
		ret->runs += runs;
		ret->failures += failures;
	}
	return r;
}
