/*
 * What came of building the selftests that a suite wants of a tree. A run of the
 * role that was lost to our own trouble leaves no row.
 */
#ifndef SLUICE_DB_SELFTESTS_H
#define SLUICE_DB_SELFTESTS_H

#include "db/db.h"
#include "lib/json.h"

struct selftests {
	char *key;    /* tree, arch, folders, programs, make's arguments, toolchain,
		      libraries */
	char *tree;   /* tree object */
	char *folder; /* below tools/testing/selftests; NULL: the tree has none of them */
	/* [{"name","status":"ok|fail|absent|lacking","sha256","error"}], the first an artifact */
	struct json_object *programs;
	char *log; /* artifact */
	double seconds, cpu_seconds;
	char *toolchain; /* one line for people */
	int64_t finished;
};

void selftests_done(struct selftests *s);

/* Replaces what is there under the key. */
int selftests_put(struct db *db, const struct selftests *s, struct err *err);
/* 1 found, 0 not, -1 error. */
int selftests_find(struct db *db, const char *key, struct selftests *ret,
		   struct err *err);

#endif
