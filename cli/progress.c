#include "cli/progress.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/report.h"
#include "lib/cleanup.h"
#include "lib/str.h"
#include "lib/text.h"

#define RUNNING_MAX 16
#define PIPE_STATUS_S 60
#define TIME_WIDTH 9
#define WHAT_WIDTH 7
#define STEP_WIDTH 6
#define PLACE_WIDTH 14

/* A build or boot under way. */
struct running {
	int step;
	char *config, *topology; /* topology NULL: a build */
	bool deep;
	double begun, expected_s;
};

struct progress {
	struct term *term;
	double start, last_status;
	struct running running[RUNNING_MAX];
	size_t nrunning;
	char *phase;       /* before anything runs */
	struct str booted; /* "step config topology tier" a line: what was booted once */
	int done, total;
	double rest_s;
	bool status_shown;
	/* A bisection: one run after the other, each after a line on why. Step 0 is its
	 * good end, step 1 the commit that was named; what was known is told no more. */
	bool bisects;
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

char *progress_time(double seconds)
{
	long s = (long)(seconds + 0.5);

	if (seconds < 59.95)
		return str_printf("%.1f s", seconds);
	if (s < 3600)
		return str_printf("%ld:%02ld", s / 60, s % 60);
	return str_printf("%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
}

/* The same without fractions, for what counts up. */
static char *clock_text(double seconds)
{
	long s = (long)seconds;

	if (s < 3600)
		return str_printf("%ld:%02ld", s / 60, s % 60);
	return str_printf("%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
}

struct progress *progress_new(struct term *t)
{
	struct progress *p = mem_alloc0(sizeof(*p));

	p->term = t;
	p->start = p->last_status = now();
	p->rest_s = -1;
	p->phase = str_dup("starting");
	return p;
}

static void status_clear(struct progress *p)
{
	if (p->status_shown)
		fputs("\r\033[K", p->term->out);
	p->status_shown = false;
}

static void running_free(struct running *r)
{
	free(r->config);
	free(r->topology);
}

void progress_free(struct progress *p)
{
	if (!p)
		return;
	status_clear(p);
	fflush(p->term->out);
	for (size_t i = 0; i < p->nrunning; i++)
		running_free(&p->running[i]);
	free(p->phase);
	str_done(&p->booted);
	free(p);
}

static void running_add(struct progress *p, const struct run_event *ev)
{
	if (p->nrunning == RUNNING_MAX)
		return;
	p->running[p->nrunning++] = (struct running){
		.step = ev->step,
		.config = str_dup(ev->config),
		.topology = str_dup(ev->topology),
		.deep = ev->deep,
		.begun = now(),
		.expected_s = ev->expected_s,
	};
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void running_drop(struct progress *p, const struct run_event *ev)
{
	for (size_t i = 0; i < p->nrunning; i++) {
		struct running *r = &p->running[i];

		if (r->step != ev->step || !same(r->config, ev->config) ||
		    !same(r->topology, ev->topology) || r->deep != ev->deep)
			continue;
		running_free(r);
		*r = p->running[--p->nrunning];
		return;
	}
}

static void step_name(const struct progress *p, int step, char *buf, size_t size)
{
	if (step > 0 && !p->bisects)
		snprintf(buf, size, "%d", step);
	else
		snprintf(buf, size, "%s", step != 0 ? "" : p->bisects ? "good" : "base");
}

/* "build base (0:31 of about 4:00)" */
static void running_text(const struct progress *p, const struct running *r,
			 struct str *out)
{
	AUTO_FREE char *spent = clock_text(now() - r->begun);
	char step[16];

	step_name(p, r->step, step, sizeof(step));
	str_addf(out, "%s%s", r->deep ? "deep " : "", r->topology ? "boot" : "build");
	if (*step)
		str_addf(out, " %s", step);
	if (r->topology)
		str_addf(out, " %s", r->topology);
	str_addf(out, " (%s", spent);
	if (r->expected_s >= 0) {
		AUTO_FREE char *expected = clock_text(r->expected_s);

		str_addf(out, " of about %s", expected);
	}
	str_addc(out, ')');
}

static char *status_text(const struct progress *p)
{
	AUTO(str_done) struct str s = STR_INIT;
	AUTO_FREE char *elapsed = clock_text(now() - p->start);

	str_addf(&s, "%7s  ", elapsed);
	if (p->total > 0)
		str_addf(&s, "%d of %d done", p->done, p->total);
	else
		str_add(&s, p->phase);
	if (p->total > 0 && p->rest_s >= 0) {
		AUTO_FREE char *rest = clock_text(p->rest_s);

		str_addf(&s, ", about %s left", rest);
	}
	for (size_t i = 0; i < p->nrunning; i++) {
		str_add(&s, i ? ", " : ": ");
		running_text(p, &p->running[i], &s);
	}
	return str_take(&s);
}

static void status_show(struct progress *p)
{
	AUTO_FREE char *text = status_text(p), *cut = NULL;

	if (p->term->tty) {
		status_clear(p);
		term_measure(p->term);
		cut = term_cut(text, p->term->width - 1);
		term_put(p->term, TERM_DIM, cut, 0);
		p->status_shown = true;
	} else if (now() - p->last_status >= PIPE_STATUS_S) {
		fprintf(p->term->out, "%s\n", text);
		p->last_status = now();
	}
	fflush(p->term->out);
}

/* "   0:18  build  3     numa2         " */
static void line_begin(struct progress *p, const char *what, int step, const char *place)
{
	AUTO_FREE char *elapsed = clock_text(now() - p->start);
	char name[16];

	step_name(p, step, name, sizeof(name));
	status_clear(p);
	fprintf(p->term->out, "%7s  ", elapsed);
	term_put(p->term, TERM_DIM, what, WHAT_WIDTH);
	term_put(p->term, TERM_PLAIN, name, STEP_WIDTH);
	if (place)
		term_put(p->term, TERM_PLAIN, place, PLACE_WIDTH);
}

static void line_end(struct progress *p, enum term_style style, const char *text)
{
	int used = TIME_WIDTH + WHAT_WIDTH + STEP_WIDTH + PLACE_WIDTH;
	AUTO_FREE char *clean = text_clean_line(text, 0);
	AUTO_FREE char *cut = p->term->tty ? term_cut(clean, p->term->width - used) :
					     str_dup(clean);

	term_put(p->term, style, cut, 0);
	fputc('\n', p->term->out);
}

/* A line that is words only: they start where the step would stand. */
static void line_text(struct progress *p, const char *what, enum term_style style,
		      const char *text)
{
	AUTO_FREE char *clean = text_clean_line(text, 0);
	AUTO_FREE char *elapsed = clock_text(now() - p->start);

	status_clear(p);
	fprintf(p->term->out, "%7s  ", elapsed);
	term_put(p->term, TERM_DIM, what, WHAT_WIDTH);
	term_wrap(p->term, style, clean, TIME_WIDTH + WHAT_WIDTH);
}

static void show_series(struct progress *p, const struct run_event *ev)
{
	AUTO_FREE char *text = str_printf("%s (%d patch%s)", ev->text ? ev->text : "",
					  ev->total, ev->total == 1 ? "" : "es");

	line_text(p, "series", TERM_BOLD, text);
}

static void show_base(struct progress *p, const struct run_event *ev)
{
	AUTO_FREE char *text =
		str_printf("%s at %.12s (%s)", ev->subject ? ev->subject : "?",
			   ev->text ? ev->text : "?", report_how_text(ev->status));

	line_text(p, "base", TERM_PLAIN, text);
}

static void show_step(struct progress *p, const struct run_event *ev)
{
	const char *how = ev->status ? ev->status : "";
	bool bad = strcmp(how, "conflict") == 0 || strcmp(how, "refused") == 0;
	AUTO_FREE char *text = NULL;

	if (ev->step <= 0 || (p->bisects && !bad))
		return;
	line_begin(p, "apply", ev->step, how);
	text = str_printf("%s%s%s", ev->subject ? ev->subject : "", ev->text ? ": " : "",
			  ev->text ? ev->text : "");
	line_end(p, bad ? TERM_BAD : TERM_PLAIN, text);
}

static enum term_style status_style(const char *status, int failed)
{
	if (!status || strcmp(status, "skipped") == 0)
		return TERM_DIM;
	if (strcmp(status, "infra") == 0)
		return TERM_OURS;
	return strcmp(status, "ok") == 0 && failed == 0 ? TERM_GOOD : TERM_BAD;
}

static void add_time(struct str *s, const struct run_event *ev)
{
	AUTO_FREE char *time = progress_time(ev->seconds);

	if (ev->reused)
		str_add(s, ", taken over");
	else if (ev->seconds > 0)
		str_addf(s, ", %s", time);
}

static void show_build(struct progress *p, const struct run_event *ev)
{
	AUTO(str_done) struct str text = STR_INIT;

	running_drop(p, ev);
	if (p->bisects && ev->reused)
		return;
	str_add(&text, ev->status ? ev->status : "?");
	if (ev->warnings)
		str_addf(&text, ", %d warning%s", ev->warnings,
			 ev->warnings == 1 ? "" : "s");
	add_time(&text, ev);
	if (ev->text && *ev->text)
		str_addf(&text, ": %s", ev->text);
	line_begin(p, "build", ev->step, ev->config ? ev->config : "");
	line_end(p, ev->warnings ? TERM_WARN : status_style(ev->status, 0),
		 str_get(&text));
}

/* Whether this cell was booted before: a repeat, or the tests not reached. */
static bool booted_again(struct progress *p, const struct run_event *ev)
{
	AUTO_FREE char *line = str_printf("\n%d %s %s %d\n", ev->step,
					  ev->config ? ev->config : "",
					  ev->topology ? ev->topology : "", ev->deep);

	if (strstr(str_get(&p->booted), line))
		return true;
	str_add(&p->booted, line);
	return false;
}

static void show_boot(struct progress *p, const struct run_event *ev)
{
	AUTO(str_done) struct str text = STR_INIT;
	bool ended_well = ev->status && strcmp(ev->status, "ok") == 0;
	bool again = booted_again(p, ev);

	running_drop(p, ev);
	if (p->bisects && ev->reused)
		return;
	if (ev->deep)
		str_add(&text, "deep: ");
	if (again)
		str_add(&text, "again: ");
	if (!ended_well)
		str_addf(&text, "%s, ", ev->status ? ev->status : "?");
	str_addf(&text, "%d ok", ev->passed);
	if (ev->failed)
		str_addf(&text, ", %d failed", ev->failed);
	if (ev->known)
		str_addf(&text, ", %d known", ev->known);
	if (ev->skipped)
		str_addf(&text, ", %d %s", ev->skipped,
			 ended_well ? "skipped" : "not run");
	add_time(&text, ev);
	if (ev->failed_test)
		str_addf(&text, ": %s%s", ev->failed_test, ev->failed > 1 ? ", ..." : "");
	else if (!ended_well && ev->text && *ev->text)
		str_addf(&text, ": %s", ev->text);
	line_begin(p, "boot", ev->step, ev->topology ? ev->topology : "");
	line_end(p, status_style(ev->status, ev->failed), str_get(&text));
}

static void set_phase(struct progress *p, const char *text)
{
	free(p->phase);
	p->phase = text_clean_line(text, 200);
	/* Those of a bisection's runs are the same for each commit. */
	if (!p->bisects)
		line_text(p, "", TERM_DIM, text);
}

void progress_event(const struct run_event *ev, void *arg)
{
	struct progress *p = arg;

	switch (ev->kind) {
	case RUN_PHASE:
		set_phase(p, ev->text);
		break;
	case RUN_SERIES:
		/* A bisection has one after the other. */
		str_clear(&p->booted);
		if (!p->bisects)
			show_series(p, ev);
		break;
	case RUN_BASE:
		if (!p->bisects)
			show_base(p, ev);
		break;
	case RUN_STEP:
		show_step(p, ev);
		break;
	case RUN_BUILD_BEGIN:
	case RUN_BOOT_BEGIN:
		running_add(p, ev);
		break;
	case RUN_BUILD_END:
		show_build(p, ev);
		break;
	case RUN_BOOT_END:
		show_boot(p, ev);
		break;
	case RUN_NOTE:
		line_text(p, "note", TERM_WARN, ev->text);
		break;
	case RUN_SAID:
		status_clear(p);
		fprintf(p->term->out, "%s\n", ev->text);
		break;
	case RUN_BISECT:
		p->bisects = true;
		break;
	case RUN_TICK:
		p->done = ev->done;
		p->total = ev->total;
		p->rest_s = ev->expected_s;
		break;
	}
	status_show(p);
}
