/*
 * A suite: the tests that run inside a guest, runners/suites/NAME.ini or a file
 * of the user's own:
 *
 *   [suite]
 *   description = one line
 *   topologies = numa2 numa4    (optional: it makes sense only on these)
 *   budget = numa2:20s smp4:12s (optional: what one round may take there)
 *   tier = quick                (optional: quick runs at every step, deep where
 *                                it pays: daemon/tiers.h)
 *   selftests = mm vm           (optional: programs of the tree under test, see below)
 *   [test compaction]
 *   program = mlock-migrate     (a static program of the guest folder; with a
 *                                slash a file of one's own, ./test is beside
 *                                this one)
 *   args = compaction           (optional, split at blanks)
 *   with = vm.nr_hugepages=64   (optional: what the guest program "with" sets for it)
 *   deadline = 30s              (optional, 60s)
 *   budget = 2s numa4:5s        (optional: what it may take, there and elsewhere)
 *
 * A budget is for people and for "sluice quiet --figures": under TCG on two CPUs
 * of the host, beyond the boot. Nothing is ended by it; a deadline does that.
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
#include "lib/json.h"

#define SUITE_TESTS_MAX 256

struct suite_budgets {
	struct suite_budget {
		char *topology; /* NULL: where no other is stated */
		uint64_t ms;
	} * v;
	size_t n;
};

struct suite_test {
	char *id;      /* "mlock-migrate/compaction" */
	char *name;    /* "compaction" */
	char *program; /* "mlock-migrate": its name in the guest */
	char *file;    /* of the user's own: its real path; NULL: of the guest folder */
	int line;      /* of the program, in the suite's file */
	/* {"/tests/mlock-migrate", "compaction", NULL}; a selftest is "/tests/SUITE/PROGRAM";
	 * what needs settings comes behind {"/tests/with", "vm.nr_hugepages=64", …} */
	char **argv;
	uint64_t deadline_ms;
	struct suite_budgets budgets;
};

struct suite {
	char *name;
	char *path; /* of its file, or what complaints call it */
	char *description;
	char *text;        /* the file as read */
	char **topologies; /* NULL: any */
	char **selftests;  /* folders of the tree under test; NULL: guest programs */
	bool deep;         /* tier = deep */
	struct suite_budgets budgets; /* of a round of all its tests */
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
/* The file of a program of the suite, NULL when it is one of the guest folder. */
const char *suite_program_file(const struct suite *s, const char *program);
/* Of a suite or a test on a topology, ms; 0 when none is stated. */
uint64_t suite_budget_ms(const struct suite_budgets *b, const char *topology);
/*
 * {"test","argv","deadline_ms"}, as a boot's plan has it, for a kernel that is so many
 * times slower; a new object.
 */
struct json_object *suite_test_json(const struct suite_test *t, unsigned int slowdown);
/*
 * Programs of the suite, each once, sorted, NULL-terminated; strv_free. The first
 * are those of the guest folder, the second those of the tree under test.
 */
char **suite_programs(const struct suite *s);
char **suite_selftests(const struct suite *s);
/* The names in DIR, sorted, NULL-terminated; strv_free. */
int suite_list(const char *dir, char ***ret_names, struct err *err);

#endif
