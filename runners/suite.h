/*
 * A suite: the tests that run inside a guest, runners/suites/NAME.ini or a file
 * of the user's own:
 *
 *   [suite]
 *   description = one line
 *   topologies = numa2 numa4    (optional: it makes sense only on these)
 *   [test compaction]
 *   program = mlock-migrate     (a static program of the guest folder; with a
 *                                slash a file of one's own, ./test is beside
 *                                this one)
 *   args = compaction           (optional, split at blanks)
 *   deadline = 30s              (optional, 60s)
 *
 * Tests run in the order of the file. A test's id is "suite/test". Reading
 * blocks on the file, nothing else does.
 */
#ifndef SLUICE_RUNNERS_SUITE_H
#define SLUICE_RUNNERS_SUITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

#define SUITE_TESTS_MAX 256

struct suite_test {
	char *id;      /* "mlock-migrate/compaction" */
	char *name;    /* "compaction" */
	char *program; /* "mlock-migrate": its name in the guest */
	char *file;    /* of the user's own: its real path; NULL: of the guest folder */
	int line;      /* of the program, in the suite's file */
	char **argv;   /* {"/tests/mlock-migrate", "compaction", NULL} */
	uint64_t deadline_ms;
};

struct suite {
	char *name;
	char *path; /* of its file, or what complaints call it */
	char *description;
	char *text;        /* the file as read */
	char **topologies; /* NULL: any */
	struct suite_test *tests;
	size_t ntests;
};

/* DIR/NAME.ini; complaints come as "file:line: text", several joined by "; ". */
int suite_load(const char *dir, const char *name, struct suite **ret_suite,
	       struct err *err);
int suite_parse(const char *label, const char *name, const char *text,
		struct suite **ret_suite, struct err *err);
void suite_free(struct suite *s);

bool suite_runs_on(const struct suite *s, const char *topology);
/* Whether two tests of the same program name mean the same file. */
bool suite_same_file(const struct suite_test *a, const struct suite_test *b);
/* The names in DIR, sorted, NULL-terminated; strv_free. */
int suite_list(const char *dir, char ***ret_names, struct err *err);

#endif
