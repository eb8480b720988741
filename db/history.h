/*
 * What a test did before on kernels that are held to be good: how often it fails there
 * is what one failure under a patch has to be held against.
 */
#ifndef SLUICE_DB_HISTORY_H
#define SLUICE_DB_HISTORY_H

#include "db/db.h"

struct history_of {
	const char *config, *arch, *topology, *accel; /* not NULL */
	const char *test;                             /* NULL: the boot itself */
	int64_t not_series;                           /* whose runs are left out */
};

struct history {
	int64_t runs, failures;
};

/*
 * Boots of bases (step 0 of a series) and of what has the base's image, the newest
 * thousand. Bases where the test fails more than now and then are left out: those are
 * bad, whatever they are called.
 */
int history_of_test(struct db *db, const struct history_of *of, struct history *ret,
		    struct err *err);

#endif
