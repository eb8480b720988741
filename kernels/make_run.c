#include "kernels/make_run.h"

#include <stdbool.h>
#include <sys/resource.h>
#include <systemd/sd-event.h>
#include <time.h>

#include "kernels/memory.h"
#include "kernels/strays.h"
#include "lib/file.h"
#include "lib/job.h"

#define TIMER_ACCURACY_US 50000
/* How often memory is looked at: a hog must not have time to fill a machine. */
#define MEMORY_US 500000
/* Whoever follows the log waits this long at most, and a flood costs no more. */
#define FLUSH_MS 300

struct run {
	const struct make_run *opts;
	sd_event *event;
	sd_event_source *timer, *memory_timer;
	struct job *job; /* NULL once it is done */
	bool filled, hogged;
	uint64_t flushed_ms;
	enum job_how how;
	int code;
};

uint64_t make_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static bool over_size(const struct make_run *o)
{
	return o->limits->out_max &&
	       (unsigned long long)tree_size(o->out) > o->limits->out_max;
}

static void copy_line(struct run *r, const char *line, size_t len)
{
	uint64_t now = make_now_ms();

	fwrite(line, 1, len, r->opts->copy);
	fputc('\n', r->opts->copy);
	if (now - r->flushed_ms >= FLUSH_MS) {
		fflush(r->opts->copy);
		r->flushed_ms = now;
	}
}

static void on_line(struct job *job, const char *line, size_t len, void *arg)
{
	struct run *r = arg;

	(void)job;
	buildlog_line(r->opts->log, line, len);
	if (r->opts->copy)
		copy_line(r, line, len);
}

static void on_done(struct job *job, enum job_how how, int code, void *arg)
{
	struct run *r = arg;

	(void)job;
	r->job = NULL;
	r->how = how;
	r->code = code;
	sd_event_exit(r->event, 0);
}

static int on_watch(sd_event_source *s, uint64_t usec, void *arg)
{
	struct run *r = arg;

	if (!r->job)
		return 0;
	strays_reap(job_pid(r->job));
	if (!r->filled && over_size(r->opts)) {
		r->filled = true;
		job_cancel(r->job);
	}
	sd_event_source_set_time(s, usec + r->opts->limits->watch_ms * 1000);
	return sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
}

static int on_memory(sd_event_source *s, uint64_t usec, void *arg)
{
	struct run *r = arg;

	if (!r->job)
		return 0;
	if (memory_of_all() > r->opts->limits->memory_total) {
		r->hogged = true;
		job_cancel(r->job);
		return 0;
	}
	sd_event_source_set_time(s, usec + MEMORY_US);
	return sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
}

static size_t fill_limits(const struct make_limits *l, struct job_limit *limits)
{
	size_t n = 0;

	limits[n++] = (struct job_limit){ RLIMIT_CORE, 0 };
	if (l->memory_max)
		limits[n++] = (struct job_limit){ RLIMIT_AS, l->memory_max };
	if (l->out_max)
		limits[n++] = (struct job_limit){ RLIMIT_FSIZE, l->out_max };
	if (l->processes_max)
		limits[n++] = (struct job_limit){ RLIMIT_NPROC, l->processes_max };
	return n;
}

static int start(struct run *r, struct err *err)
{
	const struct make_run *o = r->opts;
	uint64_t now = make_now_ms();
	struct job_limit limits[4];
	struct job_opts opts = {
		.argv = o->argv,
		.envp = o->envp,
		.limits = limits,
		.nlimits = fill_limits(o->limits, limits),
		.output_max = o->limits->output_max,
		.on_line = on_line,
		.on_done = on_done,
		.arg = r,
	};

	/* A deadline that is over still gives a millisecond: one way to end. */
	if (o->limits->deadline_ms)
		opts.deadline_ms =
			o->limits->deadline_ms > now ? o->limits->deadline_ms - now : 1;
	return job_start(r->event, &opts, &r->job, err);
}

static int watch(struct run *r, struct err *err)
{
	uint64_t now, step = r->opts->limits->watch_ms * 1000;
	int rc = sd_event_now(r->event, CLOCK_MONOTONIC, &now);

	if (rc >= 0 && step)
		rc = sd_event_add_time(r->event, &r->timer, CLOCK_MONOTONIC, now + step,
				       TIMER_ACCURACY_US, on_watch, r);
	if (rc >= 0 && r->opts->limits->memory_total && memory_in_sandbox())
		rc = sd_event_add_time(r->event, &r->memory_timer, CLOCK_MONOTONIC,
				       now + MEMORY_US, TIMER_ACCURACY_US, on_memory, r);
	return rc < 0 ? err_set(err, ERR_SYS, "start a timer: error %d", -rc) : 0;
}

static enum make_how how_of(const struct run *r)
{
	if (r->filled)
		return MAKE_FILLED;
	if (r->hogged)
		return MAKE_HOGGED;
	switch (r->how) {
	case JOB_EXITED:
		/* A quick build fills the disk between two looks. */
		return over_size(r->opts) ? MAKE_FILLED : MAKE_EXITED;
	case JOB_SIGNALED:
		return MAKE_SIGNALED;
	case JOB_TIMEOUT:
		return MAKE_TIMEOUT;
	case JOB_FLOODED:
		return MAKE_FLOODED;
	case JOB_CANCELLED:
	case JOB_BROKEN:
		break;
	}
	return MAKE_BROKEN;
}

int make_run(const struct make_run *o, enum make_how *ret_how, int *ret_code,
	     struct err *err)
{
	struct run r = { .opts = o };
	int rc = sd_event_new(&r.event);

	if (rc < 0)
		return err_set(err, ERR_SYS, "create an event loop: error %d", -rc);
	rc = start(&r, err);
	if (rc == 0 && watch(&r, err) < 0) {
		job_cancel(r.job);
		rc = -1;
	}
	/* Also after a failed watch: the job must be seen to its end. */
	if (r.job && sd_event_loop(r.event) < 0 && rc == 0)
		rc = err_set(err, ERR_SYS, "the event loop failed");
	sd_event_source_unref(r.timer);
	sd_event_source_unref(r.memory_timer);
	sd_event_unref(r.event);
	if (rc < 0)
		return -1;
	if (o->copy)
		fflush(o->copy);
	*ret_how = how_of(&r);
	*ret_code = r.code;
	return 0;
}
