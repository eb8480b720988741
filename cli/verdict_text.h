/*
 * Verdicts in plain words: what broke, by which patch, repaired by which, one
 * line of what was expected and seen, the console lines that matter, and how to
 * look closer. Verdicts that differ only in where they were seen are one.
 */
#ifndef SLUICE_CLI_VERDICT_TEXT_H
#define SLUICE_CLI_VERDICT_TEXT_H

#include "cli/report.h"
#include "cli/term.h"

void verdict_text_print(const struct report *r, const struct term *t);
/* Head, matrix and verdicts: all that "sluice test" ends with. */
void series_text_print(const struct report *r, const struct term *t);

#endif
