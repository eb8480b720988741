/*
 * What people name on the command line: a run (a number), or a series: its
 * message-id, the URL of one of its mails, "s12" (its number in sluice), or
 * what was given to "sluice test". Each call tells what went wrong and returns
 * the exit code.
 */
#ifndef SLUICE_CLI_FIND_H
#define SLUICE_CLI_FIND_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/context.h"
#include "db/boot.h"
#include "db/series.h"

/* "17": a run. */
bool find_is_run(const char *text, int64_t *ret_id);
int find_run(struct context *cx, const char *text, struct boot *ret);
int find_series(struct context *cx, const char *text, struct series *ret);

#endif
