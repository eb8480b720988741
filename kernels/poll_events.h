/*
 * Which events of a Patchwork are done: the newest date of them, and the ids of those
 * that are not much older. Of poll_patchwork.c, which says why.
 */
#ifndef SLUICE_KERNELS_POLL_EVENTS_H
#define SLUICE_KERNELS_POLL_EVENTS_H

#include <stdbool.h>

#include "lib/json.h"
#include "lib/str.h"

struct events;
/* cursor: as events_json gave it, or NULL; since: what a first poll goes back to, s. */
struct events *events_new(struct json_object *cursor, long long since);
void events_free(struct events *e);
struct json_object *events_json(const struct events *e);
/* Appends "&since=..." unless all are wanted. */
void events_add_since(const struct events *e, struct str *url);
bool events_has(const struct events *e, long long id);
/* date: s since 1970. */
void events_add(struct events *e, long long id, long long date);

#endif
