/*
 * What a series did to one thing that can be good or bad at every step: a pure
 * function from the cells of steps 0..n to a verdict. No I/O, no database.
 */
#ifndef SLUICE_DAEMON_JUDGE_H
#define SLUICE_DAEMON_JUDGE_H

#include <stdbool.h>

#include "db/words.h"

enum cell_state {
	CELL_NONE, /* not looked at: not built, not reached, not scheduled */
	CELL_PASS,
	CELL_FAIL,  /* bad, and bad again when it was repeated */
	CELL_FLAKY, /* bad and good with the same image */
	CELL_ONCE,  /* bad once, and the repeat was lost or not made */
	CELL_SKIP,  /* the test says that it cannot run there */
	CELL_INFRA, /* lost to our own trouble */
};

struct cell {
	enum cell_state state;
	int runs;     /* real boots or builds that are counted here */
	int failures; /* of them */
};

struct judgement {
	enum verdict_word word;
	int from;                            /* first bad step, or -1 */
	int until;                           /* first good step after it, or -1 */
	int candidate_first, candidate_last; /* from could be any of them; -1 */
	int until_first;    /* until could be any from here to until; -1 */
	int runs, failures; /* over all steps */
	double p;           /* that it is so; negative: chance has no part in it */
	bool end_open;      /* whether it was repaired is not sure */
};

/*
 * Judges cells[0..nsteps-1] (cells[0] is the base). Rules, in this order:
 * nothing known: infra if a cell was lost, else not-tested. Bad cells after a
 * good one, until the next good one, are an episode; the first of the most
 * certain ones (failed twice, then flaky, then once) is told; its candidates
 * reach back to just after the last good cell before it, and what ended it to just
 * after the last bad one: a skip between is no evidence for either. Bad at the base: that
 * is pre-existing unless there is an episode that failed twice, for what comes
 * and goes at the base is no patch's doing. Bad with no good cell before and an
 * unknown base: inconclusive. Only flaky cells in the episode: flaky. Only
 * unrepeated ones: inconclusive. No bad cell: infra when a cell was lost,
 * inconclusive when it was not seen to pass at the tip, else pass.
 */
struct judgement judge_cells(const struct cell *cells, int nsteps);

#endif
