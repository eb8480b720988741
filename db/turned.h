/*
 * Whether a test of a tree's bases turned bad: which bases of late passed it, and whether
 * somebody searches already for what broke it.
 */
#ifndef SLUICE_DB_TURNED_H
#define SLUICE_DB_TURNED_H

#include "db/bisection.h"

struct good_base {
	char *commit_id;
	int64_t finished; /* its newest boot in which the test passed */
};
void good_base_list_free(struct good_base *list, size_t n);

/* Bases of what.tree that passed its test, on its config, arch, topology and accelerator,
 * and never failed it, the last tested first. Commits that only a bisection looked at are
 * none. */
int turned_good_bases(struct db *db, const struct bisection *what, int64_t limit,
		      struct good_base **ret_list, size_t *ret_n, struct err *err);
/*
 * Whether nothing is to be begun: a bisection of that test waits or runs, one was begun
 * from what.good, or one since then (UTC seconds). 1, 0, -1.
 */
int turned_is_known(struct db *db, const struct bisection *what, int64_t since,
		    struct err *err);

#endif
