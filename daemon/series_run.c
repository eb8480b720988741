/*
 * What every part of a run needs: what it tells, how it ends, and what is known
 * of a build. See series_run.h.
 */
#include "daemon/series_run.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

double run_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

uint64_t run_memory(const struct series_run *r)
{
	if (r->opts->config->memory_bytes)
		return r->opts->config->memory_bytes;
	return (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
}

struct walk_build *run_build(struct series_run *r, int step, size_t config)
{
	return &r->walk.builds[(size_t)step * r->plan->nconfigs + config];
}

struct walk_selftests *run_selftests(struct series_run *r, int step, size_t suite)
{
	return &r->walk.selftests[(size_t)step * r->plan->nsuites + suite];
}

bool run_config_is_deep(const struct series_run *r, size_t config)
{
	return r->plan->configs[config]->deep;
}

enum deep_state run_deep(const struct series_run *r, int step, size_t config,
			 size_t topology)
{
	const struct plan *p = r->plan;

	return r->deep[((size_t)step * p->nconfigs + config) * p->ntopologies + topology];
}

void run_emit(struct series_run *r, const struct run_event *ev)
{
	if (r->opts->on_event)
		r->opts->on_event(ev, r->opts->arg);
}

static void run_emit_text(struct series_run *r, enum run_event_kind kind, const char *fmt,
			  va_list ap)
{
	char text[1024];
	struct run_event ev = { .kind = kind, .step = -1, .text = text, .expected_s = -1 };

	vsnprintf(text, sizeof(text), fmt, ap);
	run_emit(r, &ev);
}

void run_phase(struct series_run *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	run_emit_text(r, RUN_PHASE, fmt, ap);
	va_end(ap);
}

void run_note(struct series_run *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	run_emit_text(r, RUN_NOTE, fmt, ap);
	va_end(ap);
}

bool run_idle(const struct series_run *r)
{
	if (r->role || r->walk.busy)
		return false;
	for (size_t i = 0; i < r->nboots; i++)
		if (r->boots[i]->state == SCHED_RUNNING)
			return false;
	return true;
}

static void run_cancel_children(struct series_run *r)
{
	role_cancel(r->role);
	for (size_t i = 0; i < r->nboots; i++)
		if (r->boots[i]->state == SCHED_RUNNING)
			role_cancel(r->boots[i]->child);
}

void run_fail(struct series_run *r, enum run_exit code)
{
	if (!r->fatal) {
		r->fatal = true;
		r->exit = code;
	}
	r->stopping = true;
	run_cancel_children(r);
	if (run_idle(r))
		sd_event_exit(r->event, 0);
}
