/*
 * Bytes of strangers made fit for a terminal or a page: invalid UTF-8 becomes
 * U+FFFD, terminal escape sequences and control characters (but tab and
 * newline) are dropped, carriage returns too.
 */
#ifndef SLUICE_LIB_TEXT_H
#define SLUICE_LIB_TEXT_H

#include <stddef.h>

#include "lib/str.h"

void text_clean(struct str *out, const char *data, size_t len);
/* The same for one line: newlines and tabs become a space. Cut at max code points (0: no limit) with an ellipsis. The caller frees. */
char *text_clean_line(const char *data, size_t max);
/* Columns that valid text takes on a terminal (combining 0, wide 2). */
int text_width(const char *text);
/* Levenshtein distance, for "did you mean"; inputs over 64 bytes give 64. */
int text_distance(const char *a, const char *b);

#endif
