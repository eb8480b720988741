/*
 * The texts of a series' patches, an artifact: what versions of it are compared by
 * (kernels/posted.h says what is in it). A range of commits has none.
 */
#ifndef SLUICE_DB_SERIES_PATCHES_H
#define SLUICE_DB_SERIES_PATCHES_H

#include "db/db.h"

/* texts: an artifact that is there. Replaces what was said before. */
int series_patches_put(struct db *db, int64_t series_id, const char *texts,
		       struct err *err);
/* 1 with its hash (the caller frees), 0 when none was stored, -1. */
int series_patches_get(struct db *db, int64_t series_id, char **ret_texts,
		       struct err *err);

#endif
