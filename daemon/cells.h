/*
 * What the boots of a cell (step, config, topology, tier) say about one test, or
 * about the boot itself: from the results in memory to the cells that
 * judge_cells takes. No I/O.
 *
 * What a known issue of the kernel explains makes no step bad. Neither does a splat
 * that the base showed too on the same config and topology, in whatever tier: it was
 * there before the series.
 */
#ifndef SLUICE_DAEMON_CELLS_H
#define SLUICE_DAEMON_CELLS_H

#include "daemon/judge.h"
#include "daemon/series_run.h"

/* What is judged over all steps. */
struct subject {
	size_t config, topology;
	bool deep;        /* of the deep tier's boots, else of the quick one's */
	const char *test; /* NULL: the boot itself */
};

/* A cell that told nothing so often in a row is left alone. */
#define CELL_SILENT_MAX 3

struct cell_view {
	struct cell cell;
	/* Real runs that told good from bad, for the odds: a boot that an earlier step
	 * showed already counts only there; what cannot come out differently counts
	 * twice. */
	int tells, tells_bad;
	int ran_bad;     /* boots among tells_bad: the test ran, and could have passed */
	int tells_alone; /* of them: with nothing running beside them */
	/* Boots in a row, the last ones, that told nothing: lost, or the guest died of
	 * another test, or it was skipped. Each attempt of a lost one counts. */
	int silent, silent_lost;
	const char *key; /* of the first boot that did, or would; NULL: none */
	const struct run_boot *known_splat; /* good only because the base splats as
					     * well: the first that shows it, or NULL */
	const struct result *known_result;  /* of it, for a test */
	const struct known_issue *issue;    /* good only because of it, or NULL */
	const struct run_boot *issue_boot;  /* the first boot that shows it */
	const struct result *issue_result;  /* of it */
	const struct run_boot *bad;         /* the first boot that shows it, or NULL */
	const struct result *result;        /* of it, for a test */
	const char *skip_reason;            /* of a skip or a test that was not run */
};

struct cell_view cell_view_of(struct series_run *r, int step, const struct subject *s);
struct cell cell_of_build(struct series_run *r, int step, size_t config);
/* A boot of the cell that is done, and was not lost; test is not looked at. */
bool cell_has_boot(const struct run_boot *b, int step, const struct subject *s);
/* The result of a test in a boot, or NULL. */
const struct result *boot_result(const struct run_boot *b, const char *test);
/* Whether this boot alone is bad for the test (NULL: for the boot itself). */
bool boot_is_bad(struct series_run *r, const struct run_boot *b, const char *test);
/* There are boots of the tier in the cell, and all are done or lost; test is not looked at. */
bool cell_settled(struct series_run *r, int step, const struct subject *s);

#endif
