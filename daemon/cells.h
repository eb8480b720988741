/*
 * What the boots of a cell (step, config, topology) say about one test, or
 * about the boot itself: from the results in memory to the cells that
 * judge_cells takes. No I/O.
 *
 * What a known issue of the kernel explains makes no step bad, and neither does a
 * splat that the base showed too on the same config and topology: it was
 * there before the series.
 */
#ifndef SLUICE_DAEMON_CELLS_H
#define SLUICE_DAEMON_CELLS_H

#include "daemon/judge.h"
#include "daemon/series_run.h"

struct cell_view {
	struct cell cell;
	bool known_splat;                  /* good only because the base splats as well */
	const struct known_issue *issue;   /* good only because of it, or NULL */
	const struct run_boot *issue_boot; /* the first boot that shows it */
	const struct result *issue_result; /* of it */
	const struct run_boot *bad;        /* the first boot that shows it, or NULL */
	const struct result *result;       /* of it, for a test */
	const char *skip_reason;           /* of a skip or a test that was not run */
};

/* test NULL: the boot itself. */
struct cell_view cell_view_of(struct series_run *r, int step, size_t config,
			      size_t topology, const char *test);
/* The result of a test in a boot, or NULL. */
const struct result *boot_result(const struct run_boot *b, const char *test);
/* Whether this boot alone is bad for the test (NULL: for the boot itself). */
bool boot_is_bad(struct series_run *r, const struct run_boot *b, const char *test);
/* All boots of the cell are done or lost. */
bool cell_settled(struct series_run *r, int step, size_t config, size_t topology);

#endif
