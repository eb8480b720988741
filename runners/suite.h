/*
 * A suite: the tests that run inside a guest, runners/suites/NAME.ini:
 *
 *   [suite]
 *   description = one line
 *   topologies = numa2 numa4    (optional: it makes sense only on these)
 *   tier = quick                (optional: quick runs at every step, deep where
 *                                it pays: daemon/tiers.h)
 *   [test compaction]
 *   program = mlock-migrate     (a static program of the guest folder)
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
	char *program; /* "mlock-migrate" */
	char **argv;   /* {"/tests/mlock-migrate", "compaction", NULL} */
	uint64_t deadline_ms;
};

struct suite {
	char *name;
	char *description;
	char *text;        /* the file as read */
	char **topologies; /* NULL: any */
	bool deep;         /* tier = deep */
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
/* Programs of the suite, each once, sorted, NULL-terminated; strv_free. */
char **suite_programs(const struct suite *s);
/* The names in DIR, sorted, NULL-terminated; strv_free. */
int suite_list(const char *dir, char ***ret_names, struct err *err);

#endif
