/*
 * What a bisection says: its question, each decision, and how it ended, as lines for
 * people and as the JSON of bisection.outcome:
 *
 *	{"word": "found", "exit": 0, "text": "the first bad commit is\n  ...", "p": 0.998,
 *	 "commits": [{"commit": "<id>", "subject": "mm: ..."}], "candidates": 1,
 *	 "before": {"runs": 6, "failures": 0}, "after": {"runs": 6, "failures": 5},
 *	 "revert": {"runs": 3, "failures": 0, "why": null, "p_before": 0.99}}
 *
 * "revert" is of a found one: the bad end without it. There is a "why" where it could not
 * be reverted, or what came of it not run; without it "p" is what it makes of "p_before".
 *
 * word: found, one-of (no run can tell which of "commits"; "candidates" says how many
 * there are, at most 20 are named), none-runs (nothing between the ends can be run),
 * good-fails, reversed, contradiction (of marks), chance, not-seen (the bad end did not
 * fail), no-end (one cannot be run), inconclusive (then "likely" has commits with p each).
 * exit is the exit code of "sluice bisect".
 */
#ifndef SLUICE_DAEMON_BISECT_OUTCOME_H
#define SLUICE_DAEMON_BISECT_OUTCOME_H

#include "daemon/bisect_case.h"
#include "daemon/bisect_revert.h"
#include "lib/json.h"

/* What is asked, three lines. The caller frees. */
char *bisect_question_text(const struct bisect_case *c);
/* A decision, one line. The caller frees. */
char *bisect_step_text(const struct bisect_case *c, const struct bisect *b,
		       const struct bisect_step *s);
/* What is known of a culprit that is taken back on the bad end. */
struct bisect_taken_back {
	const char *why; /* it could not be, or not be run; NULL: it was */
	int runs, failures;
	int same; /* commit of the range with the same image, whose runs these are, which
		   * counted before; -1: none */
	struct bisect_revert odds; /* without a why */
};

/* How it ended: s->why is one of those that run nothing; back: of a
 * found one, else NULL. The caller puts it. */
struct json_object *bisect_outcome(const struct bisect_case *c, const struct bisect *b,
				   const struct bisect_step *s,
				   const struct bisect_call *call,
				   const struct bisect_taken_back *back);

#endif
