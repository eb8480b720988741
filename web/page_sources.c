/* "/sources": what comes from outside: mails and trees, and how that goes. */
#include <inttypes.h>
#include <time.h>

#include "lib/cleanup.h"
#include "web/outcome.h"
#include "web/page.h"
#include "web/request.h"
#include "web/sources.h"

static void print_when(struct html *h, int64_t when)
{
	if (when < 0)
		html_text(h, "never");
	else
		page_time(h, when);
}

static void print_error(struct html *h, int64_t failures, int64_t succeeded,
			const char *error)
{
	html_open(h, "p");
	html_textf(h, "%" PRId64 " %s since ", failures,
		   failures == 1 ? "failure" : "failures");
	if (succeeded < 0)
		html_text(h, "the beginning");
	else
		page_time(h, succeeded);
	html_text(h, ", the last one:");
	html_close(h);
	html_el(h, "pre", "evidence", error);
}

/* An article with its heading; the caller closes it. tried < 0: never. */
static void open_place(struct html *h, const char *name, int64_t tried, const char *error,
		       const char *untried)
{
	html_open(h, "article");
	html_attr(h, "class", error ? "verdict bad" : "verdict");
	html_open(h, "h3");
	if (error)
		page_mark(h, MARK_INFRA, "fails");
	else
		page_mark(h, tried < 0 ? MARK_NONE : MARK_PASS,
			  tried < 0 ? untried : "well");
	html_text(h, " ");
	html_text(h, name);
	html_close(h);
}

static void print_next(struct html *h, int64_t next)
{
	page_fact_open(h, "Next");
	if (next > (int64_t)time(NULL))
		page_time(h, next);
	else
		html_text(h, "now, where a daemon runs");
	html_close(h);
}

/* For a dd: when last, and, where it fails, when it went well. */
static void print_last(struct html *h, int64_t tried, int64_t succeeded, bool fails)
{
	print_when(h, tried);
	if (fails) {
		html_text(h, ", last well ");
		print_when(h, succeeded);
	}
	html_close(h);
}

static void print_source(struct html *h, const struct source_state *s)
{
	const struct url_filter f = { .source = s->name };

	open_place(h, s->name, s->polled, s->error, "not asked yet");
	if (s->error)
		print_error(h, s->failures, s->succeeded, s->error);
	html_open(h, "dl");
	page_fact(h, "Kind", s->kind);
	page_fact(h, "Place", s->location);
	page_fact_open(h, "Last asked");
	print_last(h, s->polled, s->succeeded, s->error != NULL);
	print_next(h, s->next);
	page_fact_open(h, "Taken");
	html_textf(h, "%" PRId64 " %s, ", s->mails, s->mails == 1 ? "mail" : "mails");
	html_link(h, NULL, url_postings(&f, 1), "their postings");
	html_close(h);
	html_close(h);
	html_close(h);
	html_raw(h, "\n");
}

/* ---- trees ---- */

static void print_test(struct html *h, const struct tree_line *l)
{
	const struct series_line *s = &l->series;

	if (l->job.id <= 0)
		return;
	page_fact_open(h, "Head tested");
	if (s->s.id > 0) {
		html_outcome(h, s);
		html_text(h, " ");
		html_link(h, NULL, url_series(s->s.id), "results");
		if (s->s.base_commit) {
			html_text(h, " of ");
			page_hash(h, s->s.base_commit);
		}
	}
	if (l->job.state != QUEUE_DONE) {
		html_textf(h, "%sjob %" PRId64 " is %s: ", s->s.id > 0 ? "; " : "",
			   l->job.id, queue_state_str(l->job.state));
		html_link(h, NULL, url_queue(), "queue");
	}
	html_close(h);
}

static void print_tree(struct html *h, const struct tree_line *l)
{
	const struct tree_fetch *f = &l->f;

	open_place(h, f->name, f->tried, f->error, "not fetched yet");
	if (f->error)
		print_error(h, f->failures, f->succeeded, f->error);
	html_open(h, "dl");
	page_fact(h, "Place", f->location);
	if (f->head) {
		page_fact_open(h, "Head");
		page_hash(h, f->head);
		html_close(h);
	}
	print_test(h, l);
	if (f->error)
		page_fact_open(h, "Last tried");
	else
		page_fact_open(h, "Last fetched");
	print_last(h, f->tried, f->succeeded, f->error != NULL);
	print_next(h, f->next);
	html_close(h);
	html_close(h);
	html_raw(h, "\n");
}

static void print_none(struct html *h, const char *section)
{
	html_open(h, "p");
	html_attr(h, "class", "note");
	html_text(h, "None. Each is a section ");
	html_el(h, "code", NULL, section);
	html_text(h, " of the configuration.");
	html_close(h);
}

int page_sources(struct request *rq, struct reply *re, struct err *err)
{
	AUTO(sources_view_done) struct sources_view v = { .sources = NULL };
	struct html h;

	if (sources_view_load(rq->db, &v, err) < 0)
		return -1;
	html_init(&h);
	page_begin(&h, "Sources", 0);
	html_open(&h, "h1");
	html_text(&h, "Sources ");
	html_link(&h, "more", url_api_sources(), "JSON");
	html_close(&h);
	if (v.nsources == 0)
		print_none(&h, "[source NAME]");
	for (size_t i = 0; i < v.nsources; i++)
		print_source(&h, &v.sources[i]);
	html_el(&h, "h2", NULL, "Trees that are fetched");
	if (v.ntrees == 0)
		print_none(&h, "[tree NAME]");
	for (size_t i = 0; i < v.ntrees; i++)
		print_tree(&h, &v.trees[i]);
	page_end(&h);
	re->body = h.out;
	return 1;
}
