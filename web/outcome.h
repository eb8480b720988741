/*
 * What came of a series, as tags on one line of a list.
 */
#ifndef SLUICE_WEB_OUTCOME_H
#define SLUICE_WEB_OUTCOME_H

#include "db/series.h"
#include "web/html.h"

void html_outcome(struct html *h, const struct series_line *l);

#endif
