/*
 * A suite: the tests that run inside a guest, runners/suites/NAME.ini:
 *
 *   [suite]
 *   description = one line
 *   topologies = numa2 numa4    (optional: it makes sense only on these)
 *   tier = quick                (optional: quick runs at every step, deep where
 *                                it pays: daemon/tiers.h)
 *   selftests = mm vm           (optional: programs of the tree under test, see below)
 *   [test compaction]
 *   program = mlock-migrate     (a static program of the guest folder)
 *   args = compaction           (optional, split at blanks)
 *   with = vm.nr_hugepages=64   (optional: what the guest program "with" sets for it)
 *   deadline = 30s              (optional, 60s)
 *
 * Tests run in the order of the file. A test's id is "suite/test". With the key
 * selftests the programs are no guest programs: the tree's own makefiles build
 * NAME from NAME.c in the first of these folders of tools/testing/selftests
 * that the tree has. Reading blocks on the file, nothing else does.
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
	/* {"/tests/mlock-migrate", "compaction", NULL}; a selftest is "/tests/SUITE/PROGRAM";
	 * what needs settings comes behind {"/tests/with", "vm.nr_hugepages=64", …} */
	char **argv;
	uint64_t deadline_ms;
};

struct suite {
	char *name;
	char *description;
	char *text;        /* the file as read */
	char **topologies; /* NULL: any */
	char **selftests;  /* folders of the tree under test; NULL: guest programs */
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
/*
 * Programs of the suite, each once, sorted, NULL-terminated; strv_free. The first
 * are those of the guest folder, the second those of the tree under test.
 */
char **suite_programs(const struct suite *s);
char **suite_selftests(const struct suite *s);
/* The names in DIR, sorted, NULL-terminated; strv_free. */
int suite_list(const char *dir, char ***ret_names, struct err *err);

#endif
