/*
 * What a bisection knows when it decides, as the JSON of bisection.belief, which
 * web/document_bisect.c shows:
 *
 *	{"range": {"commits": 12, "good": {"commit": "<id>", "subject": "..."}, "bad": {...}},
 *	 "looked_at": 5,
 *	 "commits": [{"commit": "<id>", "subject": "mm: ...", "at": 3, "result": "ran",
 *	   "boots": 4, "runs": 3, "failures": 0, "same_as": null, "mark": null,
 *	   "p": 0.001, "p_bad": 0.004}],
 *	 "likely": [{"commit": "<id>", "subject": "mm: ...", "p": 0.97}],
 *	 "p_good_is_bad": 0.001, "p_never_bad": 0.002}
 *
 * "commits" are those of the range that are built, failed to build, or are marked, in its
 * order, at most BISECT_BELIEF_COMMITS; "looked_at" says how many there are. "likely" has
 * at most BISECT_BELIEF_LIKELY, the likeliest first, none with less than a thousandth of
 * its P. Pure.
 */
#ifndef SLUICE_DAEMON_BISECT_BELIEF_H
#define SLUICE_DAEMON_BISECT_BELIEF_H

#include "daemon/bisect_case.h"
#include "lib/json.h"

#define BISECT_BELIEF_COMMITS 1000
#define BISECT_BELIEF_LIKELY 5

/* After bisect_case_look, and b from what it found. The caller puts it. */
struct json_object *bisect_belief(const struct bisect_case *c, const struct bisect *b);

#endif
