/*
 * Which job, and its worker: taken from the queue, begun, listened to, and what
 * becomes of the job when the worker ends.
 */
#include "daemon/service.h"

#include <signal.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "daemon/disk.h"
#include "daemon/event_json.h"
#include "daemon/service_intake.h"
#include "daemon/service_keep.h"
#include "daemon/work.h"
#include "db/queue_series.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/paths.h"
#include "lib/str.h"
#include "lib/text.h"

#define BEAT_US (30 * 1000000ULL)
#define LEASE_S 300
/* A worker tells the time each second while it waits, and nothing that it does by
 * itself takes that long. */
#define SILENT_S 1800
#define GRACE_MS 6000
/* After so many jobs in a row that ended in trouble of our own, jobs that nobody
 * waits for are held. */
#define TROUBLES 3
#define HOLD_MAX_S 3600
#define AGAIN_S 10 /* when the queue could not be read */
#define LOOK_S 60  /* for trees that are made by hand: nobody tells us of them */

static int64_t now_s(void)
{
	return (int64_t)time(NULL);
}

/* For what must not hang on somebody setting the clock. */
static int64_t elapsed_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec;
}

void service_status(struct service *s)
{
	AUTO(str_done) struct str text = STR_INIT;
	int64_t n = queue_count_queued(s->db, NULL);

	if (n < 0)
		return;
	str_addf(&text, "%lld queued", (long long)n);
	if (s->worker.child)
		str_addf(&text, ", job %lld runs", (long long)s->worker.job);
	if (s->paused != QUEUE_RUNS)
		str_addf(&text, ", paused: %s", queue_paused_str(s->paused));
	if (s->hold_why)
		str_addf(&text, "; %s", s->hold_why);
	sd_notifyf(0, "STATUS=%s", str_get(&text));
}

/* ---- what holds the queue ---- */

static void hold(struct service *s, int64_t seconds, char *why)
{
	if (!s->hold_why)
		log_warn("%s", why);
	free(s->hold_why);
	s->hold_why = why;
	s->hold_until = now_s() + seconds;
	s->hold_max = seconds;
}

/* By the clock on the wall, which people are told of; set back, it holds no longer
 * than it was to. */
static bool holds(struct service *s)
{
	int64_t now = now_s();

	if (s->hold_until > now + s->hold_max)
		s->hold_until = now + s->hold_max;
	return s->hold_until > now;
}

void service_hold_no_more(struct service *s)
{
	free(s->hold_why);
	s->hold_why = NULL;
	s->hold_until = 0;
}

static bool disk_is_full(struct service *s)
{
	unsigned int percent = disk_free_percent(s->state_dir);

	if (percent >= s->config->daemon_min_free)
		return false;
	hold(s, 60,
	     str_printf("no new job: %s has %u %% of its disk free, under the %llu %% of "
			"daemon.min_free",
			s->state_dir, percent,
			(unsigned long long)s->config->daemon_min_free));
	return true;
}

/* Jobs fail one after the other of what has nothing to do with them: the network is
 * away, a program is missing. Each tries once, then they wait. */
static void count_trouble(struct service *s, bool trouble)
{
	int64_t wait = (int64_t)(s->config->daemon_retry_ms / 1000);

	if (!trouble)
		s->troubles = 0;
	if (!trouble || ++s->troubles < TROUBLES)
		return;
	for (unsigned int i = TROUBLES; i < s->troubles && wait < HOLD_MAX_S; i++)
		wait *= 2;
	wait = wait < HOLD_MAX_S ? wait : HOLD_MAX_S;
	hold(s, wait,
	     str_printf("%u jobs in a row ended in trouble of our own; jobs from lists "
			"wait",
			s->troubles));
}

/* ---- the worker's end ---- */

static void worker_forget(struct service *s)
{
	free(s->worker.phase);
	free(s->worker.words);
	s->worker = (struct service_worker){ .rest_s = -1 };
	s->beat = sd_event_source_disable_unref(s->beat);
}

/* Why it ended without having written the job's end. */
static char *death_text(const struct service_worker *w, enum job_how how, int code)
{
	const char *words = w->words ? w->words : "";

	if (w->silent)
		return str_printf("its worker said nothing for %d minutes",
				  SILENT_S / 60);
	if (how == JOB_SIGNALED)
		return str_printf("its worker died of signal %d (%s)%s%s", code,
				  strsignal(code), *words ? ": " : "", words);
	if (*words)
		return str_dup(words);
	return str_printf("its worker ended with status %d", code);
}

static enum queue_back death_means(const struct service *s, enum job_how how, int code)
{
	if (s->worker.silent || how == JOB_SIGNALED)
		return QUEUE_CRASHED;
	if (how == JOB_CANCELLED ||
	    (how == JOB_EXITED && (code == WORK_STOPPED || code == WORK_YIELDED)))
		return QUEUE_INTERRUPTED;
	return QUEUE_RETRY;
}

static char *back_text(const struct service *s, enum queue_back why, enum job_how how,
		       int code)
{
	if (why != QUEUE_INTERRUPTED)
		return death_text(&s->worker, how, code);
	return str_dup(s->stopping ? "the daemon ended" :
		       code == WORK_YIELDED ?
				     "gave way to a job that somebody waits for" :
				     "its worker was told to end");
}

static void put_back(struct service *s, enum job_how how, int code)
{
	const struct service_worker *w = &s->worker;
	enum queue_back why = death_means(s, how, code);
	AUTO_FREE char *reason = back_text(s, why, how, code);
	int64_t wait = (int64_t)(s->config->daemon_retry_ms / 1000);
	enum queue_state state = QUEUE_QUEUED;
	struct err err = { 0 };
	int r = queue_put_back(s->db, w->job, w->epoch, why, reason,
			       why == QUEUE_RETRY ? now_s() + wait : 0, &state, &err);

	s->stray = s->stray || r < 0;
	if (r < 0)
		log_error("job %lld: %s", (long long)w->job, err.msg);
	else if (r > 0)
		log_info("job %lld is %s: %s", (long long)w->job,
			 state == QUEUE_APART ? "set apart" : "queued again", reason);
	if (r > 0 && why == QUEUE_RETRY)
		count_trouble(s, true);
}

/* What the worker left in the row is what counts, not how it ended. */
static void settle(struct service *s, enum job_how how, int code)
{
	struct service_worker *w = &s->worker;
	struct queue_job j = { 0 };
	struct err err = { 0 };
	int found = queue_find(s->db, w->job, &j, &err);

	if (found < 0) {
		s->stray = true;
		log_error("job %lld: %s", (long long)w->job, err.msg);
	} else if (found > 0 && j.state == QUEUE_RUNNING && j.epoch == w->epoch) {
		put_back(s, how, code);
	} else if (found > 0 && j.state == QUEUE_RUNNING) {
		/* Somebody took it in the database itself; nobody runs it. */
		s->stray = true;
		log_error("job %lld was taken from its worker", (long long)w->job);
	} else if (found > 0 && j.state != QUEUE_CANCELLED) {
		log_info("job %lld is %s%s%s", (long long)w->job,
			 queue_state_str(j.state), j.reason ? ": " : "",
			 j.reason ? j.reason : "");
		count_trouble(s, j.state == QUEUE_QUEUED || (j.state == QUEUE_FAILED &&
							     j.exit == RUN_INFRA));
	}
	queue_job_done(&j);
	if (queue_fail_series(s->db, w->job, &err) < 0)
		log_error("job %lld: %s", (long long)w->job, err.msg);
}

static void on_done(struct job *child, enum job_how how, int code, void *arg)
{
	struct service *s = arg;
	int64_t job = s->worker.job;

	(void)child;
	s->worker.child = NULL;
	settle(s, how, code);
	worker_forget(s);
	service_tell_end(s, job);
	service_bisect_queue(s);
	service_maybe_end(s);
	service_advance(s);
}

/* ---- what it says ---- */

static void note_event(struct service_worker *w, struct json_object *o)
{
	struct run_event ev;

	if (!event_from_json(o, &ev))
		return;
	if (ev.kind == RUN_TICK) {
		w->done = ev.done;
		w->total = ev.total;
		w->rest_s = ev.expected_s;
	} else if (ev.kind == RUN_PHASE) {
		free(w->phase);
		w->phase = text_clean_line(ev.text, 200);
	}
}

static void on_line(struct job *child, const char *line, size_t len, void *arg)
{
	struct service *s = arg;
	struct service_worker *w = &s->worker;
	AUTO_JSON struct json_object *o = NULL;

	(void)child;
	w->heard = elapsed_s();
	if (len && line[0] == '{' && json_parse(line, len, &o, NULL) == 0) {
		note_event(w, o);
		control_tell(s->control, w->job, o, false);
		return;
	}
	free(w->words);
	w->words = text_clean_line(line, 300);
	log_info("job %lld: %s", (long long)w->job, w->words);
}

/* Keeps the lease, and looks whether the worker still lives. */
static int on_beat(sd_event_source *src, uint64_t usec, void *arg)
{
	struct service *s = arg;
	struct err err = { 0 };

	(void)usec;
	if (queue_renew(s->db, s->owner, now_s() + LEASE_S, &err) < 0)
		log_warn("the lease could not be renewed: %s", err.msg);
	if (!s->worker.silent && elapsed_s() - s->worker.heard > SILENT_S) {
		s->worker.silent = true;
		job_cancel(s->worker.child);
	}
	sd_event_source_set_time_relative(src, BEAT_US);
	sd_event_source_set_enabled(src, SD_EVENT_ONESHOT);
	return 0;
}

/* ---- the next job ---- */

static int worker_start(struct service *s, int64_t job, int64_t epoch, struct err *err)
{
	AUTO_FREE char *self = paths_self();
	AUTO_FREE char *job_text = str_printf("%lld", (long long)job);
	AUTO_FREE char *epoch_text = str_printf("%lld", (long long)epoch);
	const char *argv[] = { self,         "worker",        "--state-dir",
			       s->state_dir, "--config-file", s->config_copy,
			       job_text,     epoch_text,      NULL };
	const struct job_opts opts = {
		.argv = (char *const *)argv,
		.output_max = UINT64_MAX,
		.grace_ms = GRACE_MS,
		.with_parent = true,
		.on_line = on_line,
		.on_done = on_done,
		.arg = s,
	};

	if (!self)
		return err_set(err, ERR_SYS,
			       "cannot find our own binary (is /proc mounted?)");
	worker_forget(s);
	s->worker.job = job;
	s->worker.epoch = epoch;
	s->worker.begun = now_s();
	s->worker.heard = elapsed_s();
	sd_event_add_time_relative(s->event, &s->beat, CLOCK_MONOTONIC, BEAT_US, 0,
				   on_beat, s);
	if (service_intake_prepare(s, job, err) < 0)
		return -1;
	return job_start(s->event, &opts, &s->worker.child, err);
}

static void tell_state(struct service *s, int64_t job, const char *state)
{
	AUTO_JSON struct json_object *o = json_object_new_object();

	json_set_str(o, "kind", "state");
	json_set_int(o, "job", job);
	json_set_str(o, "state", state);
	control_tell(s->control, job, o, false);
}

/* False when it could not be begun; then it is queued again, for later. */
static bool begin(struct service *s, int64_t job)
{
	struct err err = { 0 };
	int64_t epoch;
	int r = queue_take(s->db, job, s->owner, now_s() + LEASE_S, &epoch, &err);

	if (r > 0 && worker_start(s, job, epoch, &err) == 0) {
		log_info("job %lld begins", (long long)job);
		service_hold_no_more(s);
		tell_state(s, job, "running");
		return true;
	}
	if (err.code != ERR_NONE)
		log_error("job %lld: %s", (long long)job, err.msg);
	if (r > 0) {
		s->worker.words = str_dup(err.msg);
		put_back(s, JOB_EXITED, 0);
		worker_forget(s);
	}
	return false;
}

static int on_later(sd_event_source *src, uint64_t usec, void *arg)
{
	(void)src;
	(void)usec;
	service_advance(arg);
	return 0;
}

static void wake_at(struct service *s, int64_t when)
{
	int64_t wait = when - now_s();

	s->later = sd_event_source_disable_unref(s->later);
	if (when > 0)
		sd_event_add_time_relative(s->event, &s->later, CLOCK_MONOTONIC,
					   (uint64_t)(wait > 0 ? wait : 1) * 1000000, 0,
					   on_later, s);
}

/* The database did not take the end of a job: without a worker nothing runs, so what
 * is as if it did is queued again. */
static int find_stray(struct service *s, struct err *err)
{
	int64_t n;

	if (!s->stray)
		return 0;
	if (queue_put_back_dead(s->db, "", now_s(), &n, err) < 0)
		return -1;
	s->stray = false;
	return queue_fail_series(s->db, 0, err);
}

/* No job waits longer than the longest pause between tries: a clock that was set back
 * would hold it for as long as that. */
static void bound_waits(const struct service *s, struct queue_line *v, size_t n)
{
	int64_t retry = (int64_t)(s->config->daemon_retry_ms / 1000);
	int64_t max = now_s() + (retry << (2 * QUEUE_RETRIES_MAX));

	for (size_t i = 0; i < n; i++)
		if (v[i].not_before > max)
			v[i].not_before = 0;
}

/* The next job, or NULL with when to look again (0: when something is queued). */
static int64_t pick(struct service *s, int64_t *ret_later)
{
	enum queue_paused paused = s->paused;
	const struct queue_line *next;
	struct queue_line *heads = NULL;
	struct err err = { 0 };
	int64_t id = 0;
	size_t n = 0;

	*ret_later = 0;
	/* With all paused it does not matter who would be next. */
	if (find_stray(s, &err) < 0 ||
	    (s->paused != QUEUE_PAUSED_ALL && queue_heads(s->db, &heads, &n, &err) < 0)) {
		log_error("%s", err.msg);
		*ret_later = now_s() + AGAIN_S;
		return 0;
	}
	if (paused != QUEUE_PAUSED_ALL && holds(s))
		paused = QUEUE_PAUSED_BACKGROUND;
	bound_waits(s, heads, n);
	next = queue_next(heads, n, paused, now_s(), ret_later);
	if (next && disk_is_full(s))
		next = NULL;
	id = next ? next->id : 0;
	/* Whatever held is over, and nobody is left to find that out. */
	if (!id && s->hold_why && !holds(s))
		service_hold_no_more(s);
	if (!id && s->hold_until > now_s() && (!*ret_later || *ret_later > s->hold_until))
		*ret_later = s->hold_until;
	if (!id && s->paused != QUEUE_PAUSED_ALL &&
	    (!*ret_later || *ret_later > now_s() + LOOK_S) &&
	    queue_waits_for_tree(s->db, NULL) > 0)
		*ret_later = now_s() + LOOK_S;
	queue_line_list_free(heads, n);
	return id;
}

void service_advance(struct service *s)
{
	int64_t job, later = 0;

	if (s->stopping)
		return;
	if (s->worker.child) /* the queue may be longer than it was */
		return service_status(s);
	if (service_keep_works(s))
		return;
	job = pick(s, &later);
	if (job && !begin(s, job))
		later = now_s() + AGAIN_S;
	if (!later || later > service_keep_next(s))
		later = service_keep_next(s);
	wake_at(s, s->worker.child ? 0 : later);
	service_status(s);
}

void service_stop_worker(struct service *s)
{
	job_cancel(s->worker.child);
}
