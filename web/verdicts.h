/*
 * The verdicts of a series in plain words: what it broke first, what passes
 * folded away at the end.
 */
#ifndef SLUICE_WEB_VERDICTS_H
#define SLUICE_WEB_VERDICTS_H

#include "web/html.h"
#include "web/view.h"

void html_verdicts(struct html *h, const struct series_view *v);

#endif
