/*
 * Two versions of a series, patch by patch: for the page and the API.
 */
#ifndef SLUICE_WEB_CHANGES_H
#define SLUICE_WEB_CHANGES_H

#include "web/patchset.h"
#include "web/postings.h"
#include "web/request.h"

struct changes_view {
	struct posting_line *versions; /* the oldest first */
	size_t nversions;
	const struct posting_line *old, *new; /* of them */
	struct patch_set old_set, new_set;
	struct patch_pair *pairs; /* patch_set_match() */
	size_t npairs;
};

/*
 * Of rq->id against rq->from, or the version before: 1, 0 when there is no such, -1.
 * Where a version was not tested here its patches' texts are not known.
 */
int changes_view_load(struct request *rq, struct changes_view *ret, struct err *err);
void changes_view_done(struct changes_view *v);

const char *patch_change_str(enum patch_change c);

#endif
