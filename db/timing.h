/*
 * How long things took before: medians of the newest 15, for the expected time
 * that progress shows and for deadlines that scale with the machine.
 */
#ifndef SLUICE_DB_TIMING_H
#define SLUICE_DB_TIMING_H

#include "db/db.h"
#include "lib/json.h"

/* 1 with *ret_seconds, 0 when nothing is known, -1 error. Builds that are ok only. */
int timing_build(struct db *db, const char *config, const char *arch, bool incremental,
		 double *ret_seconds, struct err *err);
/* Which boots; what is NULL may be any. */
struct timing_of {
	const char *topology, *arch; /* not NULL */
	const char *accel, *config;
	struct json_object *plan; /* the tests, with their deadlines */
};
/* Boots that ended ok, of the newest thousand. The second is the time to the hello. */
int timing_boot(struct db *db, const struct timing_of *of, double *ret_seconds,
		double *ret_boot_seconds, struct err *err);
/* A job of the queue that was run to its end; tree NULL: of any. */
int timing_job(struct db *db, const char *tree, double *ret_seconds, struct err *err);
/* A test that passed. */
int timing_test(struct db *db, const char *topology, const char *test,
		double *ret_seconds, struct err *err);

#endif
