/*
 * The matrix of a series: a row for the base and for each patch, a column for
 * each config's builds and each topology. Where the terminal is too narrow for
 * all columns they come in several blocks.
 */
#ifndef SLUICE_CLI_MATRIX_H
#define SLUICE_CLI_MATRIX_H

#include "cli/report.h"
#include "cli/term.h"

void matrix_print(const struct report *r, const struct term *t);

#endif
