/*
 * One mail that a source lists but does not give must not hold up those behind it,
 * nor be lost at once: it is put by, under a key of its kind's own, and asked for
 * again in each later poll, after all that is new. What many polls of more than a day
 * did not get, while they got others, is given up with a note.
 *
 * Several in a row that fail are the source's trouble, not theirs: that ends the poll.
 */
#ifndef SLUICE_KERNELS_POLL_LATER_H
#define SLUICE_KERNELS_POLL_LATER_H

#include <stdbool.h>

#include "kernels/poll.h"

/* How asking for one went. */
enum {
	LATER_GOT = 0, /* or passed over for good */
	LATER_ONE,     /* it could not be had; others may be. With err */
	LATER_ALL,     /* nor can others now: no connection, "busy". With err */
	LATER_OURS = -1,
};
typedef int (*later_fn)(void *arg, const char *key, struct err *err);

struct later;
/* From the array in a cursor, or NULL. */
struct later *later_new(struct json_object *arr);
void later_free(struct later *l);
struct json_object *later_json(const struct later *l);
bool later_has(const struct later *l, const char *key);
bool later_is_empty(const struct later *l);

void later_forget(struct later *l, const char *key);

/*
 * Asks for one that is new. 0: it is there, or put by; -1: the poll ends with err.
 * Then, too, it may have been put by (later_has).
 */
int later_try(struct later *l, struct poll *p, const char *key, later_fn fn, void *arg,
	      struct err *err);
/* Asks for those that earlier polls put by, until a limit is reached. 0 or -1. */
int later_again(struct later *l, struct poll *p, later_fn fn, void *arg, struct err *err);

#endif
