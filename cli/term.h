/*
 * What standard output is: a terminal with colour and width, or a pipe that
 * gets plain text. NO_COLOR and TERM=dumb are honoured, COLUMNS too.
 */
#ifndef SLUICE_CLI_TERM_H
#define SLUICE_CLI_TERM_H

#include <stdbool.h>
#include <stdio.h>

enum term_style {
	TERM_PLAIN,
	TERM_BOLD,
	TERM_DIM,
	TERM_GOOD,
	TERM_BAD,
	TERM_WARN,
	TERM_OURS, /* lost to our own trouble */
};

struct term {
	FILE *out;
	bool tty; /* the status line in place is possible */
	bool colour;
	int width; /* columns; where nobody says 80, in a pipe 100 */
};

void term_init(struct term *t, FILE *out);
/* Again after the window changed. */
void term_measure(struct term *t);
/* text in style, padded with blanks to width columns (0: as it is). text must
 * have come through lib/text.h. */
void term_put(const struct term *t, enum term_style style, const char *text, int width);
void term_pad(const struct term *t, int columns);
/* text cut to width columns, an ellipsis at its end if cut; the caller frees. */
char *term_cut(const char *text, int width);
/* Prints text with lines broken at blanks, each after the first indented. */
void term_wrap(const struct term *t, enum term_style style, const char *text, int indent);

#endif
