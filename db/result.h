/*
 * What each test of a boot's plan came to. Written with the boot (db/boot.h).
 */
#ifndef SLUICE_DB_RESULT_H
#define SLUICE_DB_RESULT_H

#include "db/db.h"
#include "db/words.h"
#include "lib/json.h"

struct result {
	int64_t boot_id, seq; /* set by boot_put: the place in the list */
	char *test;           /* suite/name */
	enum test_result result;
	char *reason;                     /* expected …, saw … */
	double seconds;                   /* DB_NO_REAL when it did not end */
	char *output;                     /* last lines of its stdout */
	struct json_object *subtests;     /* [{"name","result","reason"}] */
	struct json_object *data;         /* {"moved":123} */
	struct json_object *splats;       /* [{"title","key","text"}] */
	int64_t console_from, console_to; /* bytes; DB_NO_INT without markers */
};

void result_done(struct result *r);
void result_list_free(struct result *list, size_t n);

/* For boot_put: inside its transaction. */
int result_put(struct db *db, int64_t boot_id, int64_t seq, const struct result *r,
	       struct err *err);
/* By seq. */
int result_list(struct db *db, int64_t boot_id, struct result **ret_list, size_t *ret_n,
		struct err *err);
/* Of all boots that any step of the series uses: by boot_id, seq. */
int result_list_of_series(struct db *db, int64_t series_id, struct result **ret_list,
			  size_t *ret_n, struct err *err);

#endif
