/*
 * Which commits of a tree are known to be good: whatever was tested on them, every
 * build, boot and test of the commit itself passed.
 */
#ifndef SLUICE_DB_GOOD_H
#define SLUICE_DB_GOOD_H

#include "db/db.h"
#include "lib/json.h"

/*
 * wanted: {"configs":[],"topologies":[],"suites":[]}, as in series.wanted. A commit
 * is good when a series on it came to its end that wanted at least these; when of its
 * step 0 all these configs were built and each topology was booted; and when no
 * series on it ever saw one of them fail there: build, boot, a warning of the kernel,
 * or a test of these suites. A test that was skipped is no failure, nor is one of which
 * the series' verdict says that it is a known issue of the kernel. Only the last
 * thousand series of the tree are looked at. *ret: commits in
 * hex, at most limit, the one that was tested last first; not by age, which only git
 * knows. The caller frees with strv_free.
 */
int good_commits(struct db *db, const char *tree, struct json_object *wanted,
		 int64_t limit, char ***ret, struct err *err);

#endif
