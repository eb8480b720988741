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

/* Of all tests of a config and topology. */
struct history_list {
	struct history_entry {
		char *test; /* NULL: the boot itself */
		struct history past;
	} * v;
	size_t n;
};

/* The same of each test of the column, and of the boot itself: of->test is not looked at.
 * The caller frees the list. */
int history_of_column(struct db *db, const struct history_of *of,
		      struct history_list **ret, struct err *err);
/* Nothing, of a test that never ran. test NULL: the boot itself. */
struct history history_find(const struct history_list *l, const char *test);
void history_list_free(struct history_list *l);

#endif
