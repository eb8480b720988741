/*
 * The trees that the daemon fetches, and the heads that it therefore tests: when the
 * head of a tree has moved, a job of kind "head" is queued, at most one that waits for
 * each tree. It tests the head as it is when the job begins.
 */
#ifndef SLUICE_DAEMON_SERVICE_TREES_H
#define SLUICE_DAEMON_SERVICE_TREES_H

#include "daemon/service.h"

/* Fetches nothing yet. */
int service_trees_new(struct service *s, struct err *err);
void service_trees_free(struct service *s);
/* Takes s->config; the one before it may be freed then. Also for the same one again,
 * when a tree was added. */
void service_trees_configure(struct service *s);
/* Ends the fetch that runs; when it did, service_maybe_end. */
void service_trees_stop(struct service *s);
bool service_trees_quiet(const struct service *s);

#endif
