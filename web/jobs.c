#include "web/jobs.h"

#include <string.h>
#include <time.h>

#include "db/setting.h"
#include "db/state_lock.h"
#include "db/timing.h"
#include "lib/str.h"

/* With more that wait, only the first of each sender is put in order: what is
 * shown are the first few in any case. */
#define LINES_MAX 2000
#define OVER_SHOWN 20

static void running_done(struct job_running *r)
{
	queue_job_done(&r->job);
	series_view_done(&r->view);
	free(r->states);
}

void jobs_view_done(struct jobs_view *v)
{
	for (size_t i = 0; i < v->nrunning; i++)
		running_done(&v->running[i]);
	free(v->running);
	queue_job_list_free(v->queued, v->nqueued);
	queue_job_list_free(v->apart, v->napart);
	queue_job_list_free(v->over, v->nover);
	free(v->starts_s);
	free(v->paused);
	free(v->at_work);
	*v = (struct jobs_view){ .now = 0 };
}

/* Of the same tree, else of any; negative: nothing was measured yet. */
static double job_seconds(struct db *db, const struct queue_job *j)
{
	double s = -1;

	if (timing_job(db, j->tree, &s, NULL) > 0 || timing_job(db, NULL, &s, NULL) > 0)
		return s;
	return -1;
}

static int load_steps(struct db *db, struct job_running *r, struct err *err)
{
	const struct series_view *v = &r->view;

	if (r->job.series_id < 0)
		return 0;
	if (series_view_load(db, r->job.series_id, &r->view, err) < 0)
		return -1;
	r->states = mem_alloc0((v->nsteps + 1) * sizeof(*r->states));
	for (size_t i = 0; i < v->nsteps; i++) {
		step_state_of(v, &v->steps[i], &r->states[i]);
		r->nbuilt += r->states[i].built;
	}
	for (size_t i = 0; i < v->nstep_boots; i++)
		r->nboots += v->step_boots[i].boot_id >= 0;
	return 0;
}

/* One that takes longer than others did may end at any time. */
static double rest(double all, int64_t gone)
{
	if (all < 0)
		return -1;
	return all > (double)gone ? all - (double)gone : 0;
}

static int load_running(struct db *db, struct jobs_view *v, struct err *err)
{
	struct queue_job *jobs;
	int rc = 0;

	if (queue_list_running(db, &jobs, &v->nrunning, err) < 0)
		return -1;
	v->running = mem_alloc0((v->nrunning + 1) * sizeof(*v->running));
	for (size_t i = 0; i < v->nrunning; i++) {
		struct job_running *r = &v->running[i];

		r->job = jobs[i]; /* with what it owns */
		r->lost = r->job.lease_until < v->now;
		r->rest_s = rest(job_seconds(db, &r->job), v->now - r->job.started);
		if (rc == 0)
			rc = load_steps(db, r, err);
	}
	free(jobs);
	return rc;
}

/* Until what runs now has ended; negative: not known. */
static double running_rest(const struct jobs_view *v)
{
	double s = 0;

	for (size_t i = 0; i < v->nrunning; i++) {
		if (v->running[i].rest_s < 0)
			return -1;
		if (v->running[i].rest_s > s)
			s = v->running[i].rest_s;
	}
	return s;
}

static double add(double a, double b)
{
	return a < 0 || b < 0 ? -1 : a + b;
}

/* When nobody knows when it goes on, nothing is reckoned. */
static bool is_paused(const struct jobs_view *v, const struct queue_job *j)
{
	return v->paused &&
	       (strcmp(v->paused, "all") == 0 || j->class == QUEUE_BACKGROUND);
}

/* Seconds until j begins, where that can be said; *at moves on to its end. */
static double start_of(struct db *db, const struct jobs_view *v,
		       const struct queue_line *l, struct queue_job *j, double *at)
{
	double wait = (double)(j->not_before - v->now), start;

	if (l->treeless) {
		if (!j->reason)
			j->reason = str_printf("waits for the tree %s, which is not "
					       "there yet",
					       j->tree);
		return -1;
	}
	if (!v->ordered || is_paused(v, j))
		*at = -1;
	start = *at >= 0 && wait > *at ? wait : *at;
	*at = add(*at, job_seconds(db, j));
	return start;
}

static int load_queued(struct request *rq, struct jobs_view *v, struct err *err)
{
	struct queue_line *lines = NULL;
	double at = running_rest(v);
	size_t n = 0, max;
	int rc = 0;

	v->first_only = v->counts[QUEUE_QUEUED] > LINES_MAX;
	v->ordered = rq->opts->queue_order != NULL;
	if ((v->first_only ? queue_heads : queue_lines)(rq->db, &lines, &n, err) < 0)
		return -1;
	if (v->ordered)
		rq->opts->queue_order(lines, n);
	max = n < JOBS_SHOWN ? n : JOBS_SHOWN;
	v->queued = mem_alloc0((max + 1) * sizeof(*v->queued));
	v->starts_s = mem_alloc0((max + 1) * sizeof(*v->starts_s));
	for (size_t i = 0; i < max && rc == 0; i++) {
		struct queue_job *j = &v->queued[v->nqueued];
		int found = queue_find(rq->db, lines[i].id, j, err);

		if (found < 0)
			rc = -1;
		if (found > 0)
			v->starts_s[v->nqueued++] =
				start_of(rq->db, v, &lines[i], j, &at);
	}
	/* The rest is not looked at one by one. */
	if (v->nqueued)
		at = add(at, (double)(v->counts[QUEUE_QUEUED] - (int64_t)v->nqueued) *
				     job_seconds(rq->db, &v->queued[0]));
	v->done_s = at;
	queue_line_list_free(lines, n);
	return rc;
}

/* The lock lies beside the database. */
static char *find_at_work(const char *db_path)
{
	const char *slash = strrchr(db_path, '/');
	AUTO_FREE char *dir = slash ? str_ndup(db_path, (size_t)(slash - db_path)) :
				      str_dup(".");

	return state_lock_holder(dir);
}

int jobs_view_load(struct request *rq, struct jobs_view *ret, struct err *err)
{
	AUTO_TX struct tx tx = TX_INIT;
	AUTO(jobs_view_done) struct jobs_view v = { .now = (int64_t)time(NULL) };

	v.at_work = find_at_work(rq->opts->db_path);
	if (db_begin(rq->db, &tx, err) < 0 ||
	    setting_get(rq->db, "paused", &v.paused, err) < 0 ||
	    queue_count(rq->db, v.counts, err) < 0 || load_running(rq->db, &v, err) < 0 ||
	    load_queued(rq, &v, err) < 0 ||
	    queue_list_apart(rq->db, JOBS_SHOWN, &v.apart, &v.napart, err) < 0 ||
	    queue_list_over(rq->db, OVER_SHOWN, &v.over, &v.nover, err) < 0 ||
	    db_commit(&tx, err) < 0)
		return -1;
	*ret = v;
	v = (struct jobs_view){ .now = 0 };
	return 0;
}
