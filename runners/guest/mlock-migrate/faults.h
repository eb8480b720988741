/*
 * What locking is for: pages that are used without a fault. A migrated page comes back
 * present, and writable where it was (mm/migrate.c, remove_migration_pte; mm/huge_memory.c,
 * remove_migration_pmd). Whoever moves the pages just then makes us fault and wait for
 * him (mm/memory.c, do_swap_page, migration_entry_wait): so faults count only when they
 * are there again after another move.
 */
#ifndef SLUICE_MLOCK_FAULTS_H
#define SLUICE_MLOCK_FAULTS_H

#include <stdbool.h>

#include "common/why.h"
#include "mlock-migrate/pageset.h"

#define FAULTS_TRIES 3

struct faults {
	long reads, writes;
};

/* Reads each page of the set, then writes each: the faults that it took us. */
void faults_of_use(const struct pageset *set, struct faults *ret);
/* Whether it took any. */
bool faults_any(const struct faults *f);
/* Complains of them, where there are any. */
void faults_complain(const struct faults *f, const struct pageset *set, struct why *w);

#endif
