/*
 * Bisections as the documents "sluice/bisections/1" and "sluice/bisection/1"
 * (docs/json.md): what "sluice bisect --json" and the API give, and what pages show.
 * Strings are cleaned, as in web/document.h.
 */
#ifndef SLUICE_WEB_DOCUMENT_BISECT_H
#define SLUICE_WEB_DOCUMENT_BISECT_H

#include "db/bisection.h"

struct bisect_view {
	struct bisection *list;
	size_t n;
	/* Of one alone: */
	struct bisection_step *steps;
	size_t nsteps;
	struct json_object *belief; /* NULL: no decision was made */
};

/* id 0: the last hundred. 1, 0 when there is no such, -1. The caller does
 * bisect_view_done in any case. */
int bisect_view_load(struct db *db, int64_t id, struct bisect_view *v, struct err *err);
void bisect_view_done(struct bisect_view *v);

/* 1 with the caller's document, 0 no such row, -1 error. */
int document_bisection(struct db *db, int64_t id, struct json_object **ret,
		       struct err *err);
int document_bisections(struct db *db, struct json_object **ret, struct err *err);

#endif
