/*
 * What happens in a run (daemon/run.h) as one JSON object: how a worker tells the
 * daemon, and the daemon whoever watches the job. What has its usual value (no
 * step, not known, nothing) is left out.
 *
 * Two more kinds say what becomes of the job itself: {"kind": "state", "job": 12,
 * "state": "running"} whenever that changes, and {"kind": "end", "job": 12, "state":
 * "done", "exit": 0, "series": 3, "reason": null} when it is over.
 */
#ifndef SLUICE_DAEMON_EVENT_JSON_H
#define SLUICE_DAEMON_EVENT_JSON_H

#include <stdbool.h>

#include "daemon/run.h"
#include "lib/json.h"

/* The caller puts it. */
struct json_object *event_to_json(const struct run_event *ev);
/* False when it is none of run_event's kinds. The texts are o's. */
bool event_from_json(struct json_object *o, struct run_event *ret);

#endif
