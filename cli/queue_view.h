/*
 * The queue as a command shows it: read from the database, in the order in which it
 * will be taken, with when each is likely to begin.
 */
#ifndef SLUICE_CLI_QUEUE_VIEW_H
#define SLUICE_CLI_QUEUE_VIEW_H

#include "cli/client.h"
#include "cli/term.h"
#include "db/queue.h"

struct queue_view {
	struct json_object *daemon; /* its answer to "status"; NULL: none runs, */
	struct err why;             /* or it may not be asked, and this is why */
	int64_t counts[QUEUE_APART + 1];
	struct queue_job *running;
	size_t nrunning;
	struct queue_job *queued; /* the first of them, in order */
	double *starts_s;         /* seconds from now, for each; < 0: not known */
	size_t nqueued;
	struct queue_job *over; /* the last of them */
	size_t nover;
	double done_s; /* when all is done; < 0: not known */
};

/*
 * The first max queued jobs, the last over jobs. Without a daemon it is the queue as
 * one will find it.
 */
int queue_view_load(struct context *cx, size_t max, size_t over, struct queue_view *ret,
		    struct err *err);
void queue_view_done(struct queue_view *v);

/* One line for each: "   12  running      ...", and more for what does not fit on a
 * terminal. */
void queue_view_print(const struct queue_view *v, struct term *t);
/* "4 queued, 1 running, 1 set apart", and the last that are over. */
void queue_view_print_counts(const struct queue_view *v, struct term *t);
void queue_view_print_over(const struct queue_view *v, struct term *t);
/* {"counts": {...}, "running": [...], "queued": [...], "done_in": s} */
struct json_object *queue_view_json(const struct queue_view *v);

#endif
