/*
 * Two texts, line by line: what went and what came (the greedy algorithm of E. Myers,
 * "An O(ND) Difference Algorithm and Its Variations", 1986). Pure, and bounded: texts
 * that differ by too much are said to differ.
 */
#ifndef SLUICE_WEB_LINEDIFF_H
#define SLUICE_WEB_LINEDIFF_H

#include <stdbool.h>
#include <stddef.h>

struct line_edit {
	char op; /* ' ' in both, '-' in the first alone, '+' in the second alone */
	const char *text; /* into the text it is from, without its newline */
	size_t len;
};

/* Lines of a text that are looked at, and edits that are looked for, at most. */
#define LINEDIFF_LINES 20000
#define LINEDIFF_EDITS 1000

/*
 * false when they differ by too much, or when *budget (steps, taken from) is used up.
 * The caller frees the list.
 */
bool line_diff(const char *a, const char *b, size_t *budget, struct line_edit **ret,
	       size_t *ret_n);
/* How many lines both have, in whatever order, and the greater number of lines. */
void line_common(const char *a, const char *b, size_t *ret_common, size_t *ret_of);

#endif
