/*
 * What is known of a step of a series that runs: applied, built, booted on some of the
 * topologies, on all; or what went wrong, as soon as it did. Pure.
 */
#ifndef SLUICE_WEB_STEP_STATE_H
#define SLUICE_WEB_STEP_STATE_H

#include "web/cell.h"

struct step_state {
	enum mark mark; /* MARK_PASS: good on every topology that is wanted */
	char words[40]; /* "built", "2 of 4 pass", "build fails"; "": those of the mark */
	bool built;     /* in one config at least, well or not */
};

void step_state_of(const struct series_view *v, const struct step *s,
		   struct step_state *ret);

#endif
