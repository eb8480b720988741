/*
 * What came of a series, as tags on one line of a list.
 */
#ifndef SLUICE_WEB_OUTCOME_H
#define SLUICE_WEB_OUTCOME_H

#include "db/series.h"
#include "web/html.h"

/* Why a series was not finished and does not go on by itself, "cancelled by root",
 * "cancelled: v2 is newer", "given up: its worker was killed by signal 9"; NULL: it is
 * done, or goes on. The caller frees. */
char *outcome_ended(const struct series *s);
void html_outcome(struct html *h, const struct series_line *l);

#endif
