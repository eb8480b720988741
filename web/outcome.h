/*
 * What came of a series, as tags on one line of a list.
 */
#ifndef SLUICE_WEB_OUTCOME_H
#define SLUICE_WEB_OUTCOME_H

#include "db/series.h"
#include "web/html.h"

/* "cancelled by root", "cancelled: v2 is newer"; reason: of series, may be NULL. The
 * caller frees. */
char *outcome_cancelled(const char *reason);
void html_outcome(struct html *h, const struct series_line *l);

#endif
