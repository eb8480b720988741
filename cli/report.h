/*
 * What the cells of one series' matrix say: config by config, its builds and its
 * topologies. "sluice test" and "sluice show" print it. Everything hangs on
 * the report; report_done frees it.
 */
#ifndef SLUICE_CLI_REPORT_H
#define SLUICE_CLI_REPORT_H

#include "lib/str.h"
#include "web/cell.h"
#include "web/view.h"

struct report {
	struct series_view v;
	struct column *columns; /* by config, builds first */
	size_t ncolumns;
	char *at_work; /* who writes results here now, for "sluice show"; NULL: nobody */
	int64_t job;   /* of the daemon, that tests the series now; 0: none */
	bool tries;    /* all that was tried for a base is told, too */
	bool short_names; /* test names need no suite in front */
};

/* The series must be there. 0, or -1 with err. */
int report_load(struct db *db, int64_t series_id, struct report *ret, struct err *err);
/* For a report whose view was filled otherwise. */
void report_prepare(struct report *r);
void report_done(struct report *r);

/* "mlock-migrate/compaction", or "compaction" where that is enough; borrowed. */
const char *report_test_name(const struct report *r, const char *test);
/* Why a base was taken, from series.base_how. */
const char *report_how_text(const char *how);
/* The subject of patch step, cleaned for a terminal; the caller frees. */
char *report_subject(const struct report *r, int64_t step);

/* What a cell of the matrix says, one line each. */
enum report_tone { TONE_NONE, TONE_GOOD, TONE_WARN, TONE_BAD, TONE_OURS };
#define REPORT_CELL_LINES 5
struct report_cell {
	enum report_tone tone;
	bool reused; /* taken over */
	char *lines[REPORT_CELL_LINES];
	size_t nlines;
};
void report_cell_get(const struct report *r, int64_t step, const struct column *col,
		     struct report_cell *ret);
void report_cell_done(struct report_cell *c);

#endif
