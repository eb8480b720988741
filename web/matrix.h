/*
 * The matrix of a series: a row for each step, a column for each build and
 * topology.
 */
#ifndef SLUICE_WEB_MATRIX_H
#define SLUICE_WEB_MATRIX_H

#include "web/html.h"
#include "web/view.h"

void html_matrix(struct html *h, const struct series_view *v);
/* "base ✓ 1 ✓ 2 ✗ 3 ✓": what a verdict is about, step by step. */
void html_strip(struct html *h, const struct series_view *v, const struct verdict *d);

#endif
