/* "/postings": what came by the lists, and what became of it. */
#include <inttypes.h>

#include "lib/cleanup.h"
#include "lib/str.h"
#include "web/page.h"
#include "web/posting_text.h"
#include "web/request.h"

static void print_lists(struct html *h, const struct posting_row *p)
{
	for (size_t i = 0; i < json_len(p->lists); i++) {
		const char *name =
			json_object_get_string(json_object_array_get_idx(p->lists, i));
		const struct url_filter f = { .list = name };

		if (!name)
			continue;
		html_text(h, i ? ", " : " · ");
		html_link(h, NULL, url_postings(&f, 1), name);
	}
}

static void print_line(struct html *h, const struct posting_line *l)
{
	const struct posting_row *p = &l->p;

	html_open(h, "li");
	html_open(h, "div");
	html_attr(h, "class", "subject");
	html_link(h, NULL, url_posting(p->id), *p->subject ? p->subject : "(no subject)");
	html_close(h);
	html_open(h, "div");
	html_attr(h, "class", "tags");
	html_posting_tags(h, l);
	html_close(h);
	html_open(h, "div");
	html_attr(h, "class", "dim");
	html_text(h, p->author);
	html_text(h, " · ");
	page_time(h, p->posted);
	print_lists(h, p);
	html_close(h);
	html_posting_why(h, l);
	html_close(h);
	html_raw(h, "\n");
}

/* ---- what the list is narrowed by ---- */

static void print_chip(struct html *h, struct url url, const char *text, bool chosen)
{
	html_open(h, "a");
	html_attr(h, "class", chosen ? "chip on" : "chip");
	html_href(h, url);
	if (chosen)
		html_attr(h, "aria-current", "true");
	html_text(h, text);
	html_close(h);
	html_text(h, " ");
}

static void print_states(struct html *h, const struct postings_view *v,
			 const struct url_filter *f)
{
	struct url_filter to = *f;

	html_open(h, "nav");
	html_attr(h, "class", "chips");
	html_attr(h, "aria-label", "States");
	to.state = NULL;
	print_chip(h, url_postings(&to, 1), "all", !f->state);
	for (int i = 0; i <= POSTING_IGNORED; i++) {
		AUTO_FREE char *text = NULL;

		to.state = posting_state_str((enum posting_state)i);
		text = str_printf("%s %" PRId64, to.state, v->counts[i]);
		print_chip(h, url_postings(&to, 1), text, f->state == to.state);
	}
	html_close(h);
}

static void print_without(struct html *h, const char *what, const char *value,
			  const struct url_filter *without)
{
	html_open(h, "p");
	html_text(h, what);
	html_el(h, "code", NULL, value);
	html_text(h, " ");
	html_link(h, "more", url_postings(without, 1), "of any");
	html_close(h);
}

static void print_narrowed(struct html *h, const struct url_filter *f)
{
	struct url_filter to = *f;

	if (f->source) {
		to.source = NULL;
		print_without(h, "Of the source ", f->source, &to);
		to.source = f->source;
	}
	if (f->list) {
		to.list = NULL;
		print_without(h, "Of the list ", f->list, &to);
	}
}

static void print_page(struct html *h, const struct postings_view *v,
		       const struct url_filter *f, int64_t page)
{
	page_begin(h, "Postings", 0);
	html_open(h, "h1");
	html_text(h, "Postings ");
	html_link(h, "more", url_api_postings(f, page), "JSON");
	html_close(h);
	print_states(h, v, f);
	print_narrowed(h, f);
	if (v->n == 0)
		html_el(h, "p", "note",
			v->total > 0 ? "This page is beyond the last one." :
				       "There is none.");
	html_open(h, "ol");
	html_attr(h, "class", "series");
	for (size_t i = 0; i < v->n; i++)
		print_line(h, &v->list[i]);
	html_close(h);
	page_pager(h, page, page_count(v->total, POSTINGS_PAGE),
		   url_postings(f, page - 1), url_postings(f, page + 1));
	page_end(h);
}

int page_postings(struct request *rq, struct reply *re, struct err *err)
{
	AUTO(postings_view_done) struct postings_view v = { .list = NULL };
	struct posting_filter which = { .source = rq->source, .list = rq->list };
	struct url_filter f = { .source = rq->source, .list = rq->list };
	enum posting_state state;
	struct html h;

	if (rq->state) {
		if (!posting_state_parse(rq->state, &state))
			return 0;
		which.state = &state;
		f.state = posting_state_str(state);
	}
	if (postings_view_load(rq->db, &which, rq->page, &v, err) < 0)
		return -1;
	html_init(&h);
	print_page(&h, &v, &f, rq->page);
	re->body = h.out;
	return 1;
}
