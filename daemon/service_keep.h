/*
 * Retention in the daemon: a child ("sluice sweep", daemon/keep.h) between two jobs,
 * when it is time, when somebody asks, or when the disk runs full. No job begins while
 * it works, and it works for ten seconds at most. It holds the state's lock with us: a
 * daemon that comes after kill -9 waits until it is gone, too.
 *
 * Who watches it (CONTROL_WATCH_CLEAN) hears {"kind": "dropped", "text": "12 images ..."}
 * for each kind and reason, and in the end {"kind": "clean", "error": null, or why it
 * did not come to its end}. What was interrupted goes on later, and is no end.
 */
#ifndef SLUICE_DAEMON_SERVICE_KEEP_H
#define SLUICE_DAEMON_SERVICE_KEEP_H

#include "daemon/service.h"

/* Starts the child where it is due; true while it works. Only while no job runs. */
bool service_keep_works(struct service *s);
/* When it is due next, UTC seconds. */
int64_t service_keep_next(const struct service *s);
/* It is due now; it begins when nothing runs. */
void service_keep_ask(struct service *s);
/* Somebody waits for a job: it stops where it is and goes on later, unless no job could
 * begin for want of room. */
void service_keep_yield(struct service *s);

#endif
