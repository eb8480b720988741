/*
 * What retention asks the database: what each stored artifact is for, who needs it and
 * when it was used last; the sizes of cache folders; mails that nobody waits for.
 */
#ifndef SLUICE_DB_KEEP_H
#define SLUICE_DB_KEEP_H

#include "db/db.h"

/* One that is there for several things is there for the last of them. */
enum keep_use { KEEP_FOR_NOTHING, KEEP_FOR_BOOTS, KEEP_FOR_READERS, KEEP_AS_MAIL };

struct keep_artifact {
	char *sha256;
	int64_t use;   /* enum keep_use */
	int64_t bytes; /* on the disk */
	int64_t used;  /* UTC seconds: stored, or what it belongs to ran last */
	bool pinned;   /* of the last good base of a tree, or of a job that is not over */
};
/* Those that are there. */
int keep_artifact_list(struct db *db, struct keep_artifact **ret_list, size_t *ret_n,
		       struct err *err);
void keep_artifact_list_free(struct keep_artifact *list, size_t n);

/* 1 when it is known, 0, -1. path is below the state folder. */
int keep_size_get(struct db *db, const char *path, int64_t *ret_bytes, struct err *err);
int keep_size_put(struct db *db, const char *path, int64_t bytes, struct err *err);
int keep_size_forget(struct db *db, const char *path, struct err *err);

/* Bytes of mails whose posting was incomplete before that time already. */
int keep_drop_raw(struct db *db, int64_t before, struct err *err);

#endif
