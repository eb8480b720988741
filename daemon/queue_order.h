/*
 * Which job is next, and what the queue looks like to people: a pure function over
 * lines of the queue.
 *
 * Interactive jobs come before background ones. Within a class: what was begun and
 * interrupted is finished first; then heads of trees that queued series wait for;
 * then the senders take turns, the one whose last turn is longest ago first, each
 * with its newest version, of several such with the oldest posting. So a flood of one
 * sender delays everybody else by one job, over however many lists it comes. Among
 * senders that never had a turn the lists take turns. Series whose tree is not there yet
 * are last, and none of them is next.
 */
#ifndef SLUICE_DAEMON_QUEUE_ORDER_H
#define SLUICE_DAEMON_QUEUE_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/queue.h"

enum queue_paused { QUEUE_RUNS, QUEUE_PAUSED_BACKGROUND, QUEUE_PAUSED_ALL };
const char *queue_paused_str(enum queue_paused p);
/* NULL and what is no such word: it runs. */
enum queue_paused queue_paused_parse(const char *word);

/* Sorts them as they will be taken, were nothing to come meanwhile. */
void queue_order(struct queue_line *lines, size_t n);
/*
 * The one to take now; NULL for none. *ret_later: when the first that waits for its
 * time may be taken, 0 for none.
 */
const struct queue_line *queue_next(struct queue_line *heads, size_t n,
				    enum queue_paused paused, int64_t now,
				    int64_t *ret_later);

#endif
