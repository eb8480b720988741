/*
 * The postings that came in part: those that wait for the rest, and those that do not
 * any more, with what is missing.
 */
#ifndef SLUICE_CLI_POSTING_VIEW_H
#define SLUICE_CLI_POSTING_VIEW_H

#include "cli/term.h"
#include "db/posting.h"

struct posting_view {
	struct posting_row *waiting, *incomplete; /* what changed last comes first */
	size_t nwaiting, nincomplete;
	int64_t waiting_all, incomplete_all; /* how many there are */
};

/* At most max of each. */
int posting_view_load(struct db *db, int64_t max, struct posting_view *ret,
		      struct err *err);
void posting_view_done(struct posting_view *v);

/* "2 wait for parts, 1 is incomplete" */
void posting_view_print_counts(const struct posting_view *v, struct term *t);
/* One line for each. */
void posting_view_print(const struct posting_view *v, struct term *t);
/* {"waiting": n, "incomplete": n, "list": [...]} */
struct json_object *posting_view_json(const struct posting_view *v);

#endif
