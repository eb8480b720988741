/*
 * Bytes of strangers made fit for a terminal or a page: invalid UTF-8 becomes
 * U+FFFD, terminal escape sequences and control characters (but tab and
 * newline) are dropped, carriage returns too, and so are the characters that
 * turn the direction of writing.
 */
#ifndef SLUICE_LIB_TEXT_H
#define SLUICE_LIB_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"

/*
 * Appends to out. An escape sequence that is not finished in data is dropped as
 * far as it goes; one that takes a string (OSC, DCS) ends at a newline at the
 * latest, so a stray introducer hides one line and not the rest of the log.
 */
void text_clean(struct str *out, const char *data, size_t len);
/*
 * The same for one line: newlines and tabs become a space. At most max code
 * points (0: no limit), the last of them an ellipsis if it was cut. NULL gives
 * "". The caller frees.
 */
char *text_clean_line(const char *data, size_t max);

bool text_is_utf8(const char *data, size_t len);
/* Appends data with invalid UTF-8 replaced and nothing else changed. */
void text_utf8(struct str *out, const char *data, size_t len);
/*
 * The code point at data (len > 0) and the bytes it takes. For an invalid
 * sequence U+FFFD and its longest beginning that could have been valid (Unicode
 * chapter 3, "maximal subpart"); *ret_valid may be NULL.
 */
size_t text_decode(const char *data, size_t len, uint32_t *ret_cp, bool *ret_valid);

/* Columns that valid text takes on a terminal (combining 0, wide 2). */
int text_width(const char *text);
/* Levenshtein distance, for "did you mean"; inputs over 64 bytes give 64. */
int text_distance(const char *a, const char *b);
/*
 * The nearest to word in known (NULL-terminated), or NULL when nothing is near
 * enough to be what was meant.
 */
const char *text_nearest(const char *word, const char *const *known);

#endif
