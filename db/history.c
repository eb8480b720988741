#include "db/history.h"

#include <stdlib.h>
#include <string.h>

#include "db/row.h"
#include "lib/str.h"

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

/* All tests of a column in one go: what takes time are the boots, which are the same for
 * each of them. */
static const char of_column[] =
	"SELECT result.test, count(*), sum(result <> 'pass') FROM" BASE_BOOTS " AS base"
	" CROSS JOIN boot ON boot.id = base.boot_id"
	" CROSS JOIN result ON result.boot_id = boot.id AND"
	"  result IN ('pass', 'fail', 'timeout', 'crash', 'splat')"
	" WHERE infra = 0 AND accel = :accel GROUP BY result.test, boot.key"
	" UNION ALL "
	"SELECT NULL, count(*), sum((status <> 'ok' AND phase IS NOT 'test') OR splats IS NOT NULL)"
	" FROM" BASE_BOOTS " AS base CROSS JOIN boot ON boot.id = base.boot_id"
	" WHERE infra = 0 AND accel = :accel GROUP BY boot.key";

static bool same_test(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* From the end: rows of one test follow each other. */
static struct history_entry *find(const struct history_list *l, const char *test)
{
	for (size_t i = l->n; i-- > 0;)
		if (same_test(l->v[i].test, test))
			return &l->v[i];
	return NULL;
}

/* Of one test on one base. */
static void add_row(struct history_list *l, sqlite3_stmt *st)
{
	const char *test = (const char *)sqlite3_column_text(st, 0);
	int64_t runs = sqlite3_column_int64(st, 1);
	int64_t failures = sqlite3_column_int64(st, 2);

	struct history_entry *e = find(l, test);

	if (!e) {
		l->v = mem_realloc(l->v, l->n + 1, sizeof(*l->v));
		e = &l->v[l->n++];
		*e = (struct history_entry){ .test = str_dup(test) };
	}
	if (failures * 3 > runs)
		return;
	e->past.runs += runs;
	e->past.failures += failures;
}

int history_of_column(struct db *db, const struct history_of *of,
		      struct history_list **ret, struct err *err)
{
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, of_column, err);
	struct history_list *l;
	int r;

	if (!st)
		return -1;
	bind_text(st, ":config", of->config);
	bind_text(st, ":arch", of->arch);
	bind_text(st, ":topology", of->topology);
	bind_text(st, ":accel", of->accel);
	bind_int(st, ":series", of->not_series);
	l = mem_alloc0(sizeof(*l));
	while ((r = stmt_step(db, st, err)) == 1)
		add_row(l, st);
	if (r < 0) {
		history_list_free(l);
		return -1;
	}
	*ret = l;
	return 0;
}

struct history history_find(const struct history_list *l, const char *test)
{
	const struct history_entry *e = find(l, test);

	return e ? e->past : (struct history){ 0 };
}

void history_list_free(struct history_list *l)
{
	for (size_t i = 0; l && i < l->n; i++)
		free(l->v[i].test);
	if (l)
		free(l->v);
	free(l);
}
