#include "db/timing.h"

#include "db/row.h"

#define NEWEST 15 /* as in the LIMITs below */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_value);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* Medians of the first ncols columns. 1, 0 without rows, -1. */
static int medians(struct db *db, sqlite3_stmt *st, int ncols, double *ret[],
		   struct err *err)
{
	double v[2][NEWEST];
	size_t n = 0;
	int r = 0;

	while (n < NEWEST && (r = stmt_step(db, st, err)) == 1) {
		for (int c = 0; c < ncols; c++)
			v[c][n] = sqlite3_column_double(st, c);
		n++;
	}
	if (r < 0)
		return -1;
	if (n == 0)
		return 0;
	for (int c = 0; c < ncols; c++)
		if (ret[c])
			*ret[c] = median(v[c], n);
	return 1;
}

int timing_build(struct db *db, const char *config, const char *arch, bool incremental,
		 double *ret_seconds, struct err *err)
{
	static const char sql[] =
		"SELECT seconds FROM build WHERE config = :config AND arch = :arch"
		" AND incremental = :incremental AND status = 'ok'"
		" ORDER BY id DESC LIMIT 15";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_text(st, ":config", config);
	bind_text(st, ":arch", arch);
	bind_int(st, ":incremental", incremental);
	return medians(db, st, 1, (double *[]){ ret_seconds }, err);
}

int timing_boot(struct db *db, const struct timing_of *of, double *ret_seconds,
		double *ret_boot_seconds, struct err *err)
{
	static const char sql[] =
		"SELECT seconds, boot_seconds FROM"
		" (SELECT * FROM boot WHERE topology = :topology AND arch = :arch"
		" ORDER BY id DESC LIMIT 1000)"
		" WHERE (:accel IS NULL OR accel = :accel)"
		" AND (:config IS NULL OR config = :config)"
		" AND (:plan IS NULL OR plan = :plan)"
		" AND status = 'ok' AND infra = 0 AND boot_seconds IS NOT NULL"
		" ORDER BY id DESC LIMIT 15";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_text(st, ":topology", of->topology);
	bind_text(st, ":arch", of->arch);
	bind_text(st, ":accel", of->accel);
	bind_text(st, ":config", of->config);
	bind_json(st, ":plan", of->plan);
	return medians(db, st, 2, (double *[]){ ret_seconds, ret_boot_seconds }, err);
}

int timing_test(struct db *db, const char *topology, const char *test,
		double *ret_seconds, struct err *err)
{
	static const char sql[] =
		"SELECT r.seconds FROM result r JOIN boot b ON b.id = r.boot_id"
		" WHERE r.test = :test AND r.result = 'pass' AND r.seconds IS NOT NULL"
		" AND b.topology = :topology ORDER BY r.boot_id DESC LIMIT 15";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_text(st, ":test", test);
	bind_text(st, ":topology", topology);
	return medians(db, st, 1, (double *[]){ ret_seconds }, err);
}

int timing_job(struct db *db, const char *tree, double *ret_seconds, struct err *err)
{
	static const char sql[] =
		"SELECT finished - started FROM"
		" (SELECT * FROM job WHERE finished IS NOT NULL"
		"  ORDER BY finished DESC, id DESC LIMIT 1000)"
		" WHERE state = 'done' AND kind <> 'bisect' AND (:tree IS NULL OR tree = :tree) LIMIT 15";
	AUTO_STMT sqlite3_stmt *st = stmt_get(db, sql, err);

	if (!st)
		return -1;
	bind_text(st, ":tree", tree);
	return medians(db, st, 1, (double *[]){ ret_seconds }, err);
}
