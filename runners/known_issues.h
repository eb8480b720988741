/*
 * Tests that fail on good kernels because the kernel is wrong, with evidence and
 * for a time: runners/known-issues.ini
 *
 *   [mlock-migrate/move-pages]  (a test's id; "[id more]" for a second entry)
 *   kernel = 6.1..6.5           (6.1: every 6.1.x; both ends are in the range,
 *                                and 6.11.. has none: it is not mended yet)
 *   topology = numa2 numa4      (optional, any)
 *   match = expected status 1   (a part of the failure's reason)
 *   reason = why the kernel is wrong, and where it was mended
 *   expires = 2027-05-01        (the last day on which it counts)
 *
 * Such a failure is told as what it is and charged to nobody. It is no way to
 * silence a test that is wrong. That the test passes where an entry says it does
 * not is told as well: then the kernel is mended, and the entry goes or gets an end.
 * Loading blocks on the file, nothing else does.
 */
#ifndef SLUICE_RUNNERS_KNOWN_ISSUES_H
#define SLUICE_RUNNERS_KNOWN_ISSUES_H

#include <stddef.h>

#include "lib/err.h"
#include "runners/kernel_version.h"

#define KNOWN_ISSUES_FILE "known-issues.ini"

struct known_issue {
	char *test;
	struct kernel_range kernel;
	char **topologies; /* NULL: any */
	char *match;
	char *reason;
	char *expires; /* "2027-05-01" */
	int line;
};

struct known_issues {
	struct known_issue *v;
	size_t n;
};

/* Complaints come as "file:line: text", several joined by "; ". */
int known_issues_parse(const char *label, const char *text, struct known_issues **ret,
		       struct err *err);
/* A file that is not there holds none. */
int known_issues_load(const char *path, struct known_issues **ret, struct err *err);
void known_issues_free(struct known_issues *k);

/*
 * Takes out those that expired before today ("2026-11-25") and says of each in a
 * line which; strv_free.
 */
char **known_issues_expire(struct known_issues *k, const char *today);

/*
 * What explains the failure, or NULL. version: of the kernel that failed, NULL
 * when it is not known, which is in no range. k may be NULL.
 */
const struct known_issue *known_issues_find(const struct known_issues *k,
					    const char *test, const char *topology,
					    const char *version, const char *reason);
/*
 * The entry by which the test, which passed, should have failed, or NULL. version as
 * above.
 */
const struct known_issue *known_issues_missed(const struct known_issues *k,
					      const char *test, const char *topology,
					      const char *version);

#endif
