/* What "sluice bisect" says: each decision, how it ended, and the log. */
#ifndef SLUICE_CLI_BISECT_TEXT_H
#define SLUICE_CLI_BISECT_TEXT_H

#include <stdio.h>

#include "daemon/bisect_case.h"

void bisect_text_begin(FILE *out, const struct bisect_case *c);
void bisect_text_step(FILE *out, const struct bisect_case *c, const struct bisect *b,
		      const struct bisect_step *s);
/* How it ended: s->why is one of those that run nothing. Returns the exit code. */
int bisect_text_end(FILE *out, const struct bisect_case *c, const struct bisect *b,
		    const struct bisect_step *s, const struct bisect_call *call);
/* All decisions as comments, then what "git bisect replay" takes. */
int bisect_text_log(FILE *out, const struct bisect_case *c, const struct bisect *b,
		    struct db *db, struct err *err);

#endif
