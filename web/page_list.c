/* "/": the series, newest first. */
#include <inttypes.h>

#include "lib/cleanup.h"
#include "web/outcome.h"
#include "web/page.h"
#include "web/request.h"

#define PER_PAGE 50

static void print_line(struct html *h, const struct series_line *l)
{
	const struct series *s = &l->s;

	html_open(h, "li");
	html_open(h, "div");
	html_attr(h, "class", "subject");
	html_link(h, NULL, url_series(s->id), *s->subject ? s->subject : "(no subject)");
	if (s->version > 1)
		html_textf(h, " v%" PRId64, s->version);
	html_close(h);
	html_open(h, "div");
	html_attr(h, "class", "tags");
	html_outcome(h, l);
	html_close(h);
	html_open(h, "div");
	html_attr(h, "class", "dim");
	html_text(h, s->author);
	if (s->patches > 0)
		html_textf(h, " · %" PRId64 " %s", s->patches,
			   s->patches == 1 ? "patch" : "patches");
	html_text(h, " · on ");
	html_text(h, s->tree);
	html_text(h, " · ");
	page_time(h, s->updated);
	html_close(h);
	html_close(h);
	html_raw(h, "\n");
}

static void print_empty(struct html *h, int64_t total)
{
	html_open(h, "p");
	html_attr(h, "class", "note");
	if (total > 0) {
		html_text(h, "This page is beyond the last one.");
	} else {
		html_text(h, "No series yet. Test one with ");
		html_el(h, "code", NULL, "sluice test SERIES");
		html_text(h, ".");
	}
	html_close(h);
}

int page_series_list(struct request *rq, struct reply *re, struct err *err)
{
	AUTO(html_done) struct html h;
	struct series_line *l;
	int64_t total;
	size_t n;

	html_init(&h);
	if (series_list(rq->db, PER_PAGE, (rq->page - 1) * PER_PAGE, &l, &n, &total,
			err) < 0)
		return -1;
	page_begin(&h, "Series", 0);
	html_open(&h, "h1");
	html_text(&h, "Series ");
	html_link(&h, "more", url_api_series_list(rq->page), "JSON");
	html_close(&h);
	if (n == 0)
		print_empty(&h, total);
	html_open(&h, "ol");
	html_attr(&h, "class", "series");
	for (size_t i = 0; i < n; i++)
		print_line(&h, &l[i]);
	html_close(&h);
	page_pager(&h, rq->page, page_count(total, PER_PAGE),
		   url_series_list(rq->page - 1), url_series_list(rq->page + 1));
	page_end(&h);
	series_line_list_free(l, n);
	re->body = h.out;
	h.out = (struct str)STR_INIT;
	return 1;
}
