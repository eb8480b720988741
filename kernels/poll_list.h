/*
 * The mails that a public-inbox lists in its feeds, before they are fetched, and
 * the memory of those that were.
 */
#ifndef SLUICE_KERNELS_POLL_LIST_H
#define SLUICE_KERNELS_POLL_LIST_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "kernels/poll.h"

struct seen;

struct poll_item {
	char *msgid;
	long long updated; /* when the archive got it */
};

struct poll_list {
	struct poll_item *v; /* each message-id once, and none that was seen */
	size_t n, cap;
	size_t listed; /* different ids that were shown, seen ones too */
	struct seen *seen;
	GHashTable *ids;
};

/* From the array in a cursor; remembers the newest of them. */
struct seen *seen_new(struct json_object *arr);
void seen_free(struct seen *s);
bool seen_has(const struct seen *s, const char *msgid);
void seen_add(struct seen *s, const char *msgid);
struct json_object *seen_json(const struct seen *s);

/* seen is borrowed. */
void poll_list_init(struct poll_list *l, struct seen *seen);
void poll_list_done(struct poll_list *l);
/* Takes what was listed so far for unlisted. */
void poll_list_clear(struct poll_list *l);
void poll_list_add(struct poll_list *l, const char *msgid, long long updated);
/* Oldest first. */
void poll_list_sort(struct poll_list *l);

#endif
