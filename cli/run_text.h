/*
 * One run as text: what was booted where, its tests with what they saw, and the
 * last console lines that matter.
 */
#ifndef SLUICE_CLI_RUN_TEXT_H
#define SLUICE_CLI_RUN_TEXT_H

#include "cli/term.h"
#include "db/boot.h"

int run_text_print(struct db *db, const struct boot *boot, const struct term *t,
		   struct err *err);

#endif
