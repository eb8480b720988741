/*
 * The steps that a build or a boot stands for, for its page: at most 50, those
 * that really ran it first. See build_used_by and boot_used_by.
 */
#ifndef SLUICE_DB_USED_BY_H
#define SLUICE_DB_USED_BY_H

#include "db/db.h"

struct used_by {
	int64_t series_id, step;
	char *series_subject, *step_subject;
	bool reused;
};

void used_by_list_free(struct used_by *list, size_t n);

/* For db/ only: sql takes :id and gives the columns above. */
int used_by_list(struct db *db, const char *sql, int64_t id, struct used_by **ret_list,
		 size_t *ret_n, struct err *err);

#endif
