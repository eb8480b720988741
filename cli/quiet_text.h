/*
 * What "sluice quiet" found, as text: tables in Markdown, so that they can be
 * pasted into a document, and what failed line by line.
 */
#ifndef SLUICE_CLI_QUIET_TEXT_H
#define SLUICE_CLI_QUIET_TEXT_H

#include <stdio.h>

#include "daemon/quiet_store.h"
#include "daemon/quiet_tally.h"
#include "runners/suite.h"

/* One line for a boot that ended. */
void quiet_text_boot(FILE *out, struct json_object *record, unsigned int left,
		     const struct known_issues *known);
/* Boots, and a line for each case with its bound. title: the kernel's. */
void quiet_text_cases(FILE *out, const char *title, const struct quiet_tally *t);
/*
 * The failures, the known ones, and the lost boots, each with its boot. Reads the
 * records again, so that they need not be held.
 */
int quiet_text_failures(FILE *out, struct quiet_store *store, const struct quiet_tally *t,
			const struct known_issues *known, struct err *err);
/* What each case and each round took on each topology, beside its budget. */
void quiet_text_figures(FILE *out, const struct quiet_tally *t,
			struct suite *const *suites, size_t nsuites);

#endif
