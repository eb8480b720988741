/*
 * What comes from outside as /sources and the API show it: the sources of mails, and the
 * trees that are fetched, each with the newest test of its head. Read in one transaction.
 */
#ifndef SLUICE_WEB_SOURCES_H
#define SLUICE_WEB_SOURCES_H

#include "db/queue.h"
#include "db/series.h"
#include "db/source_state.h"
#include "db/tree_fetch.h"

struct tree_line {
	struct tree_fetch f;
	struct queue_job job;      /* id 0: no head of it was ever queued */
	struct series_line series; /* what came of that; s.id 0: nothing yet */
};

struct sources_view {
	struct source_state *sources; /* by name */
	size_t nsources;
	struct tree_line *trees; /* by name */
	size_t ntrees;
};

int sources_view_load(struct db *db, struct sources_view *ret, struct err *err);
void sources_view_done(struct sources_view *v);

#endif
