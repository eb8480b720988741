/*
 * The queue as pages and the API show it, read in one transaction: what runs and
 * how far it has come, what waits, what was set apart, what ended last.
 */
#ifndef SLUICE_WEB_JOBS_H
#define SLUICE_WEB_JOBS_H

#include "db/queue.h"
#include "web/request.h"
#include "web/step_state.h"
#include "web/view.h"

struct job_running {
	struct queue_job job;
	struct series_view view;   /* no steps before its patches were fetched */
	struct step_state *states; /* of view.steps */
	size_t nbuilt, nboots;
	double rest_s; /* by what others took, 0 when that is over; negative: not known */
	bool lost;     /* nobody has renewed its lease: no daemon runs */
};

struct jobs_view {
	int64_t now;
	char *paused;  /* "background", "all", or NULL */
	char *at_work; /* who writes results, as db/state_lock.h says it; NULL: nobody */
	int64_t counts[QUEUE_APART + 1];
	struct job_running *running;
	size_t nrunning;
	struct queue_job *queued; /* at most JOBS_SHOWN */
	double *starts_s;         /* of each, from now; negative: not known */
	size_t nqueued;
	bool ordered;    /* queued is in the order in which they will be taken */
	bool first_only; /* of each sender only its first was put in order */
	double done_s;   /* until all is done; negative: not known */
	struct queue_job *apart, *over;
	size_t napart, nover;
};
#define JOBS_SHOWN 50

int jobs_view_load(struct request *rq, struct jobs_view *ret, struct err *err);
void jobs_view_done(struct jobs_view *v);

#endif
