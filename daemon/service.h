/*
 * The daemon: one event loop that holds the state's lock, keeps the queue, and has
 * one worker at a time (a worker uses the whole machine by itself: it builds, and
 * boots guests beside that). Everything that takes time is a child that dies with
 * it. What must not be lost is in the database before anybody is told of it, so
 * that after kill -9 the next daemon goes on from there.
 */
#ifndef SLUICE_DAEMON_SERVICE_H
#define SLUICE_DAEMON_SERVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "daemon/config.h"
#include "daemon/control.h"
#include "daemon/queue_order.h"
#include "daemon/state.h"
#include "db/artifact.h"
#include "db/queue.h"
#include "lib/job.h"

/* The worker and its job. */
struct service_worker {
	struct job *child; /* NULL: none runs */
	int64_t job, epoch;
	int64_t begun; /* UTC seconds */
	int64_t heard; /* its last line, by CLOCK_MONOTONIC */
	bool silent;   /* killed since it said nothing any more */
	int done, total;
	double rest_s; /* < 0: not known */
	char *phase;   /* what it said last */
	char *words;   /* the last line that was no event: of use when it died */
};

/* Retention; see service_keep.h. */
struct service_keep {
	struct job *child; /* NULL: it does not work */
	int64_t next;      /* UTC seconds: when it is due; 0: not known yet */
	int64_t next_full; /* not before that for the disk's sake */
	bool asked;        /* somebody wants it now */
};

struct service_intake;
struct service_trees;

struct service {
	const char *config_file; /* as given, or NULL */
	char *state_dir;
	struct config *config;
	char *config_copy; /* what workers read: the file as it was accepted */
	char *refused;     /* why the file as it is now was not; NULL: it was */
	struct state *state;
	struct db *db;
	struct artifact_store *artifacts;
	sd_event *event;
	struct control *control;
	char owner[160]; /* boot id:pid:start time */
	int64_t started;
	int lock; /* of the state folder, borrowed */
	struct service_worker worker;
	struct service_keep keep;
	struct service_intake *intake;
	struct service_trees *trees;
	struct job *web;
	char *web_url;
	sd_event_source *web_again; /* when it is to be started anew; NULL: it is not */
	enum queue_paused paused;
	unsigned int troubles; /* jobs in a row that ended in trouble of our own */
	int64_t hold_until;    /* then no job from a list is begun before */
	int64_t hold_max;      /* seconds that it was to hold */
	char *hold_why;        /* NULL: nothing holds */
	bool stray;            /* the end of a job could not be written down */
	sd_event_source *later, *beat;
	bool stopping;
	int exit;
};

/*
 * Runs until SIGTERM or SIGINT; the caller holds the lock, and closes it after that. -1
 * with err when it could not start.
 */
int service_run(const char *config_file, struct config *config, const char *state_dir,
		int lock, struct err *err);

/*
 * service_queue.c. What is queued, whoever asks: a client, or what was found on a
 * list (then class is QUEUE_BACKGROUND and posting_id set). Sets j->id.
 */
int service_enqueue(struct service *s, struct queue_job *j, struct err *err);
/* 1 when it was queued or ran; 0 when it is over or unknown. */
int service_cancel(struct service *s, int64_t job, const char *reason, struct err *err);
/* 1 when it was queued and nothing of it ran at the time; else 0. In the caller's
 * transaction: service_tell_end is for after that. */
int service_cancel_waiting(struct service *s, int64_t job, const char *reason,
			   struct err *err);

/* service_bisect.c: what turned bad and was not queued yet. */
void service_bisect_queue(struct service *s);

/* service_work.c: begins the next job if nothing is in the way. */
void service_advance(struct service *s);
/* Whatever holds jobs that nobody waits for is forgotten. */
void service_hold_no_more(struct service *s);
/* The running job goes back into the queue; service_quiet says when it is gone. */
void service_stop_worker(struct service *s);
bool service_quiet(const struct service *s);
/* Ends the loop when it is to stop and nothing runs any more. */
void service_maybe_end(struct service *s);
/* Tells systemd what we are at. */
void service_status(struct service *s);

/* service_web.c */
void service_web_start(struct service *s);
/* The configuration is another than old now: the pages may be elsewhere, or gone. */
void service_web_configure(struct service *s, const struct config *old);

/* service_ops.c: a control_fn; arg is the service. */
void service_request(struct control_client *cl, struct control_request *r, void *arg);
/* Tells those who watch the job what became of it; every end of a job passes here. */
void service_tell_end(struct service *s, int64_t job);

#endif
