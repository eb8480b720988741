/* "/queue": what runs, what waits, what was set apart, what ended last. */
#include <inttypes.h>
#include <string.h>

#include "db/state_lock.h"
#include "lib/cleanup.h"
#include "lib/str.h"
#include "web/jobs.h"
#include "web/page.h"
#include "web/rerun.h"

#define REFRESH_SECONDS 10
/* Further steps of a running job are only counted. */
#define STRIP_MAX 60

static void print_who(struct html *h, const struct queue_job *j)
{
	const struct url_filter list = { .list = j->list };

	html_text(h, j->sender);
	if (*j->list) {
		html_text(h, " on ");
		html_link(h, NULL, url_postings(&list, 1), j->list);
	}
	if (*j->tree) {
		html_text(h, j->kind == QUEUE_HEAD ? " · tree " : " · on ");
		html_text(h, j->tree);
	}
	if (j->bisection_id > 0) {
		html_text(h, " · ");
		html_link(h, NULL, url_bisection(j->bisection_id), "bisection");
	}
	if (j->posting_id > 0) {
		html_text(h, " · ");
		html_link(h, NULL, url_posting(j->posting_id), "posting");
	}
}

/* Opens the item of a job, up to its tags. */
static void open_job(struct html *h, const struct queue_job *j)
{
	const char *subject = *j->subject ? j->subject : "(no subject)";

	html_open(h, "li");
	html_open(h, "div");
	html_attr(h, "class", "subject");
	if (j->series_id > 0)
		html_link(h, NULL, url_series(j->series_id), subject);
	else
		html_text(h, subject);
	/* That of a posting says it in its tag. */
	if (j->version > 1 && *subject != '[')
		html_textf(h, " v%" PRId64, j->version);
	html_close(h);
	html_open(h, "div");
	html_attr(h, "class", "tags");
}

static void close_job(struct html *h, const struct queue_job *j)
{
	html_close(h); /* tags */
	html_open(h, "div");
	html_attr(h, "class", "dim");
	html_textf(h, "job %" PRId64 " · ", j->id);
	print_who(h, j);
	html_close(h);
	if (j->reason) {
		html_open(h, "div");
		html_attr(h, "class", "dim");
		html_text(h, j->reason);
		html_close(h);
	}
	html_close(h);
	html_raw(h, "\n");
}

static void tag_count(struct html *h, int64_t n, const char *one, const char *many)
{
	AUTO_FREE char *text = NULL;

	if (n == 0)
		return;
	text = n == 1 ? str_dup(one) : str_printf("%lld %s", (long long)n, many);
	html_el(h, "span", "tag skip", text);
}

static void tag_history(struct html *h, const struct queue_job *j)
{
	tag_count(h, j->crashes, "its worker died once", "times its worker died");
	tag_count(h, j->interrupted, "interrupted once", "times interrupted");
	tag_count(h, j->retries, "tried again once", "times tried again");
}

/* ---- running ---- */

static void print_strip(struct html *h, const struct job_running *r)
{
	const struct series_view *v = &r->view;
	size_t n = v->nsteps < STRIP_MAX ? v->nsteps : STRIP_MAX;

	html_open(h, "ol");
	html_attr(h, "class", "strip");
	for (size_t i = 0; i < n; i++) {
		const struct step_state *s = &r->states[i];

		html_open(h, "li");
		if (v->steps[i].step == 0)
			html_text(h, "base");
		else
			html_textf(h, "%" PRId64, v->steps[i].step);
		page_mark(h, s->mark, *s->words ? s->words : NULL);
		html_close(h);
	}
	html_close(h);
	html_open(h, "div");
	html_attr(h, "class", "dim");
	html_textf(h, "%zu of %zu steps built, %zu boots so far", r->nbuilt, v->nsteps,
		   r->nboots);
	html_close(h);
}

static void print_running(struct html *h, const struct job_running *r, int64_t now)
{
	const struct queue_job *j = &r->job;

	open_job(h, j);
	if (r->lost)
		html_el(h, "span", "tag infra", "no daemon: goes on when one starts");
	else
		html_el(h, "span", "tag run", "running");
	tag_history(h, j);
	html_close(h); /* tags */
	html_open(h, "div");
	html_attr(h, "class", "dim");
	html_textf(h, "job %" PRId64 " · since ", j->id);
	page_time(h, j->started);
	if (r->rest_s > 0) {
		html_text(h, " · done by about ");
		page_time(h, now + (int64_t)r->rest_s);
	}
	html_text(h, " · ");
	print_who(h, j);
	html_close(h);
	if (r->view.nsteps > 0)
		print_strip(h, r);
	else
		html_el(h, "div", "dim", "its patches are fetched and applied");
	html_close(h);
	html_raw(h, "\n");
}

/* Without a daemon what waits does not begin, and "sluice test" has no job. */
static void print_nothing(struct html *h, const struct jobs_view *v)
{
	html_open(h, "p");
	html_attr(h, "class", "dim");
	html_text(h, "Nothing");
	if (!v->at_work) {
		html_text(h, ": no daemon runs");
	} else if (!str_starts(v->at_work, DAEMON_COMMAND)) {
		html_text(h, " of this queue: no daemon runs, ");
		html_text(h, v->at_work);
		html_text(h, " is at work");
	}
	html_text(h, ".");
	html_close(h);
}

static void print_all_running(struct html *h, const struct jobs_view *v)
{
	html_el(h, "h2", NULL, "Running");
	if (v->nrunning == 0)
		print_nothing(h, v);
	html_open(h, "ol");
	html_attr(h, "class", "series");
	for (size_t i = 0; i < v->nrunning; i++)
		print_running(h, &v->running[i], v->now);
	html_close(h);
}

/* ---- waiting ---- */

static void print_order(struct html *h, const struct jobs_view *v)
{
	html_open(h, "p");
	html_attr(h, "class", "dim");
	if (v->first_only)
		html_textf(h,
			   "%" PRId64 " wait. Senders take turns; these are the first of"
			   " theirs.",
			   v->counts[QUEUE_QUEUED]);
	else if (v->ordered)
		html_text(h,
			  "In the order in which they will be taken: what somebody waits"
			  " for, what was begun, then the senders in turns.");
	else
		html_text(h, "In no order: senders take turns.");
	if (v->done_s > 0) {
		html_text(h, " All are done by about ");
		page_time(h, v->now + (int64_t)v->done_s);
		html_text(h, ".");
	}
	html_close(h);
}

static void print_waiting(struct html *h, const struct jobs_view *v, size_t i)
{
	const struct queue_job *j = &v->queued[i];

	open_job(h, j);
	if (j->class == QUEUE_INTERACTIVE)
		html_el(h, "span", "tag run", "somebody waits for it");
	if (j->epoch > 0)
		html_el(h, "span", "tag run", "goes on");
	if (j->kind == QUEUE_HEAD)
		html_el(h, "span", "tag skip", "head of a tree");
	if (j->kind == QUEUE_BISECT)
		html_el(h, "span", "tag skip", "bisection");
	if (j->not_before > v->now) {
		html_open(h, "span");
		html_attr(h, "class", "tag infra");
		html_text(h, "not before ");
		page_time(h, j->not_before);
		html_close(h);
	}
	if (v->starts_s[i] > 0) {
		html_open(h, "span");
		html_attr(h, "class", "tag skip");
		html_text(h, "starts about ");
		page_time(h, v->now + (int64_t)v->starts_s[i]);
		html_close(h);
	} else if (v->starts_s[i] >= 0) {
		html_el(h, "span", "tag skip", "next");
	}
	tag_history(h, j);
	close_job(h, j);
}

static void print_all_waiting(struct html *h, const struct jobs_view *v)
{
	int64_t left = v->counts[QUEUE_QUEUED] - (int64_t)v->nqueued;

	html_open(h, "h2");
	html_textf(h, "Waiting: %" PRId64, v->counts[QUEUE_QUEUED]);
	html_close(h);
	if (v->nqueued == 0)
		return;
	print_order(h, v);
	html_open(h, "ol");
	html_attr(h, "class", "series");
	for (size_t i = 0; i < v->nqueued; i++)
		print_waiting(h, v, i);
	html_close(h);
	if (left > 0) {
		html_open(h, "p");
		html_attr(h, "class", "dim");
		html_textf(h, "and %" PRId64 " more", left);
		html_close(h);
	}
}

/* ---- over ---- */

static void tag_state(struct html *h, const struct queue_job *j)
{
	const char *word = queue_state_str(j->state);

	/* Of a head the results tell whether it passes; it breaks nothing either way. */
	if (j->state == QUEUE_DONE && j->kind == QUEUE_HEAD)
		html_el(h, "span", "tag skip", "done");
	else if (j->state == QUEUE_DONE && j->kind == QUEUE_BISECT)
		html_el(h, "span", "tag skip", j->exit == 0 ? "found" : "not found");
	else if (j->state == QUEUE_DONE)
		html_el(h, "span", j->exit == 0 ? "tag pass" : "tag fail",
			j->exit == 0 ? "✓ done, breaks nothing" :
				       "✗ done, with findings");
	else if (j->state == QUEUE_APART)
		html_el(h, "span", "tag infra", "! set apart");
	else
		html_el(h, "span", j->state == QUEUE_FAILED ? "tag infra" : "tag skip",
			word);
}

static void print_over(struct html *h, const struct queue_job *list, size_t n,
		       const char *token)
{
	html_open(h, "ol");
	html_attr(h, "class", "series");
	for (size_t i = 0; i < n; i++) {
		open_job(h, &list[i]);
		tag_state(h, &list[i]);
		tag_history(h, &list[i]);
		html_open(h, "span");
		html_attr(h, "class", "dim");
		page_time(h, list[i].finished);
		html_close(h);
		html_rerun(h, token, list[i].id);
		close_job(h, &list[i]);
	}
	html_close(h);
}

static void print_page(struct html *h, const struct jobs_view *v, const char *token)
{
	page_begin(h, "Queue",
		   v->nrunning || v->counts[QUEUE_QUEUED] ? REFRESH_SECONDS : 0);
	html_open(h, "h1");
	html_text(h, "Queue ");
	html_link(h, "more", url_api_queue(), "JSON");
	html_close(h);
	if (v->paused) {
		html_open(h, "p");
		html_attr(h, "class", "note");
		html_text(h, strcmp(v->paused, "all") == 0 ?
				     "All jobs are paused. " :
				     "Jobs of lists are paused, those that somebody waits"
				     " for are not. ");
		html_el(h, "code", NULL, "sluice resume");
		html_text(h, " goes on.");
		html_close(h);
	}
	print_all_running(h, v);
	print_all_waiting(h, v);
	if (v->napart > 0) {
		html_open(h, "h2");
		html_textf(h, "Set apart: %" PRId64, v->counts[QUEUE_APART]);
		html_close(h);
		html_el(h, "p", "dim",
			"Each killed its worker three times. None runs again unless it is"
			" asked for.");
		print_over(h, v->apart, v->napart, token);
	}
	if (v->nover > 0) {
		html_el(h, "h2", NULL, "Ended last");
		print_over(h, v->over, v->nover, token);
	}
	page_end(h);
}

int page_queue(struct request *rq, struct reply *re, struct err *err)
{
	AUTO(jobs_view_done) struct jobs_view v = { .now = 0 };
	struct html h;

	if (jobs_view_load(rq, &v, err) < 0)
		return -1;
	html_init(&h);
	print_page(&h, &v, rq->token);
	re->body = h.out;
	return 1;
}
