/*
 * From what is believed of a subject (assess.h) to its judgement, and what its
 * probability is made of, for people to check:
 *
 *   {"before": {"runs": 6, "failures": 0}, "bad": {"runs": 6, "failures": 5},
 *    "after": {...}, "sure": 0.99,
 *    "likely": [{"from": 3, "until": null, "p": 0.998}, {"clean": true, "p": 0.001}]}
 *
 * before and after: steps held to be good. likely: the likeliest hypotheses, at most
 * five; from 0 is the base, until null the tip.
 */
#ifndef SLUICE_DAEMON_VERDICT_ODDS_H
#define SLUICE_DAEMON_VERDICT_ODDS_H

#include "daemon/assess.h"
#include "lib/json.h"

/* Of a subject that failed somewhere: overrules j, or adds how sure it is where all
 * failures are chance; j was then made with those cells held for good. */
void odds_judge(const struct assessment *a, int nsteps, struct judgement *j);
/* The caller owns it. */
struct json_object *odds_json(const struct assessment *a, int nsteps,
			      const struct judgement *j, double sure);

#endif
