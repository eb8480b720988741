/*
 * The verdicts of a series in plain words: what it broke first, what passes
 * folded away at the end.
 */
#ifndef SLUICE_WEB_VERDICTS_H
#define SLUICE_WEB_VERDICTS_H

#include "web/html.h"
#include "web/view.h"

/* "This series breaks 3 things: patch 3.", once there is an answer. */
void html_headline(struct html *h, const struct series_view *v);
/* Each with its evidence; of many that one patch broke, the later ones folded. */
void html_verdicts(struct html *h, const struct series_view *v);

#endif
