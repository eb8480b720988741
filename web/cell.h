/*
 * What the boots of one step on one (config, arch, topology) come to together:
 * the first boot, those that saw a failure again, and those that ran the tests
 * which an earlier one did not reach. Pure; pointers go into the view.
 */
#ifndef SLUICE_WEB_CELL_H
#define SLUICE_WEB_CELL_H

#include "web/view.h"

/* A column of the matrix. */
struct column {
	const char *config, *arch;
	const char *topology; /* NULL: the build */
};

enum mark {
	MARK_NONE, /* nothing known */
	MARK_PASS,
	MARK_FAIL,
	MARK_FLAKY, /* failed and passed */
	MARK_WARN,
	MARK_SKIP,
	MARK_INFRA,
};

#define CELL_FAILING 3

struct cell {
	enum mark mark;
	enum boot_status status; /* worst of its boots; infra ones count when alone,
				  * and are told by lost beside others */
	const char *reason;      /* of that boot, or why skipped */
	const struct step_boot *first;
	int64_t run; /* the one to look at, or DB_NO_INT */
	size_t boots;
	size_t lost;                    /* of them, to our own trouble */
	bool reused;                    /* every boot of it */
	size_t tests, failing, skipped; /* distinct ones */
	size_t known; /* fail, by a known issue of the kernel: in none of the others */
	const char *names[CELL_FAILING]; /* of the failing */
};

bool result_is_bad(enum test_result r);

/* Of builds (topology NULL) and boots, in order of show; the caller frees. */
struct column *view_columns(const struct series_view *v, size_t *ret_n);
void cell_of(const struct series_view *v, int64_t step, const struct column *col,
	     struct cell *c);
/* The build of a step, or NULL. */
const struct step_build *cell_build(const struct series_view *v, int64_t step,
				    const struct column *c);
/* One test over the cell's boots; topology NULL or test NULL: the build or boot itself. */
enum mark cell_test(const struct series_view *v, int64_t step, const struct column *c,
		    const char *test);

#endif
