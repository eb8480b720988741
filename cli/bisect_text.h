/* What "sluice bisect" shows of what was done: the list of all, and the log of one. */
#ifndef SLUICE_CLI_BISECT_TEXT_H
#define SLUICE_CLI_BISECT_TEXT_H

#include <stdio.h>

#include "daemon/bisect_case.h"

/* A line for each, and below it what came of it. */
void bisect_text_list(FILE *out, const struct bisection *list, size_t n);
/* All decisions as comments, then what "git bisect replay" takes. */
int bisect_text_log(FILE *out, const struct bisect_case *c, const struct bisect *b,
		    struct db *db, struct err *err);

#endif
