/* Into the queue, and out of it by whoever will not have a job any more. */
#include "daemon/service.h"

#include "db/series.h"
#include "lib/log.h"

int service_enqueue(struct service *s, struct queue_job *j, struct err *err)
{
	if (queue_add(s->db, j, err) < 0)
		return -1;
	log_info("job %lld is queued: %s (%s)", (long long)j->id, j->subject, j->sender);
	return 0;
}

/* The series says so itself: its worker may not write any more. */
static void mark_series(struct service *s, int64_t id, const char *reason)
{
	struct series r = { 0 };
	struct err err = { 0 };

	if (series_find(s->db, id, &r, &err) > 0 && r.state != SERIES_DONE &&
	    series_set_state(s->db, id, SERIES_CANCELLED, reason, &err) < 0)
		log_error("%s", err.msg);
	series_done(&r);
}

int service_cancel_waiting(struct service *s, int64_t job, const char *reason,
			   struct err *err)
{
	enum queue_state was = QUEUE_QUEUED;
	struct queue_job j = { 0 };
	int r = queue_find(s->db, job, &j, err);

	if (r > 0)
		r = j.state == QUEUE_QUEUED ?
			    queue_cancel(s->db, job, reason, &was, err) :
			    0;
	/* It may have been begun, and interrupted. */
	if (r > 0 && j.series_id > 0)
		mark_series(s, j.series_id, reason);
	if (r > 0)
		log_info("job %lld is cancelled: %s", (long long)job, reason);
	queue_job_done(&j);
	return r;
}

int service_cancel(struct service *s, int64_t job, const char *reason, struct err *err)
{
	enum queue_state was = QUEUE_QUEUED;
	struct queue_job j = { 0 };
	int r = queue_cancel(s->db, job, reason, &was, err);

	if (r <= 0)
		return r;
	log_info("job %lld is cancelled: %s", (long long)job, reason);
	if (was == QUEUE_RUNNING && s->worker.job == job)
		job_cancel(s->worker.child);
	/* One that is queued may have been begun, and interrupted. */
	if (queue_find(s->db, job, &j, NULL) > 0 && j.series_id > 0)
		mark_series(s, j.series_id, reason);
	queue_job_done(&j);
	service_tell_end(s, job);
	return 1;
}
