/* "/sources": where new mails are looked for, and how that goes. */
#include <inttypes.h>
#include <time.h>

#include "db/source_state.h"
#include "lib/cleanup.h"
#include "web/page.h"
#include "web/request.h"

static void print_when(struct html *h, int64_t when)
{
	if (when < 0)
		html_text(h, "never");
	else
		page_time(h, when);
}

static void print_error(struct html *h, const struct source_state *s)
{
	html_open(h, "p");
	html_textf(h, "%" PRId64 " %s since ", s->failures,
		   s->failures == 1 ? "failure" : "failures");
	if (s->succeeded < 0)
		html_text(h, "the beginning");
	else
		page_time(h, s->succeeded);
	html_text(h, ", the last one:");
	html_close(h);
	html_el(h, "pre", "evidence", s->error);
}

static void print_source(struct html *h, const struct source_state *s)
{
	const struct url_filter f = { .source = s->name };

	html_open(h, "article");
	html_attr(h, "class", s->error ? "verdict bad" : "verdict");
	html_open(h, "h3");
	if (s->error)
		page_mark(h, MARK_INFRA, "fails");
	else
		page_mark(h, s->polled < 0 ? MARK_NONE : MARK_PASS,
			  s->polled < 0 ? "not asked yet" : "well");
	html_text(h, " ");
	html_text(h, s->name);
	html_close(h);
	if (s->error)
		print_error(h, s);
	html_open(h, "dl");
	page_fact(h, "Kind", s->kind);
	page_fact(h, "Place", s->location);
	page_fact_open(h, "Last asked");
	print_when(h, s->polled);
	if (s->error) {
		html_text(h, ", last well ");
		print_when(h, s->succeeded);
	}
	html_close(h);
	page_fact_open(h, "Next");
	if (s->next > (int64_t)time(NULL))
		page_time(h, s->next);
	else
		html_text(h, "now, where a daemon runs");
	html_close(h);
	page_fact_open(h, "Taken");
	html_textf(h, "%" PRId64 " %s, ", s->mails, s->mails == 1 ? "mail" : "mails");
	html_link(h, NULL, url_postings(&f, 1), "their postings");
	html_close(h);
	html_close(h);
	html_close(h);
	html_raw(h, "\n");
}

int page_sources(struct request *rq, struct reply *re, struct err *err)
{
	struct source_state *list;
	struct html h;
	size_t n;

	if (source_state_list(rq->db, &list, &n, err) < 0)
		return -1;
	html_init(&h);
	page_begin(&h, "Sources", 0);
	html_open(&h, "h1");
	html_text(&h, "Sources ");
	html_link(&h, "more", url_api_sources(), "JSON");
	html_close(&h);
	if (n == 0) {
		html_open(&h, "p");
		html_attr(&h, "class", "note");
		html_text(&h, "None. Each is a section ");
		html_el(&h, "code", NULL, "[source NAME]");
		html_text(&h, " of the configuration.");
		html_close(&h);
	}
	for (size_t i = 0; i < n; i++)
		print_source(&h, &list[i]);
	page_end(&h);
	source_state_list_free(list, n);
	re->body = h.out;
	return 1;
}
