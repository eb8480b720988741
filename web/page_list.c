/* "/": the series, newest first. */
#include <inttypes.h>

#include "lib/cleanup.h"
#include "web/page.h"
#include "web/request.h"

#define PER_PAGE 50

static void tag(struct html *h, const char *class, const char *sign, int64_t n,
		const char *words)
{
	if (n == 0)
		return;
	html_open(h, "span");
	html_attr(h, "class", class);
	html_textf(h, "%s %" PRId64 " %s", sign, n, words);
	html_close(h);
	html_text(h, " ");
}

static void print_outcome(struct html *h, const struct series_line *l)
{
	const int64_t *v = l->verdicts;
	int64_t bad = v[VERDICT_INTRODUCED] + v[VERDICT_TRANSIENT] + v[VERDICT_FLAKY];

	if (l->s.state == SERIES_NEW || l->s.state == SERIES_RUNNING)
		html_el(h, "span", "tag run", "unfinished");
	else if (l->s.state == SERIES_ERROR)
		html_el(h, "span", "tag infra", "stopped by an error of ours");
	else if (bad == 0 && v[VERDICT_PASS] > 0)
		html_el(h, "span", "tag pass", "✓ breaks nothing");
	html_text(h, " ");
	tag(h, "tag fail", "✗", v[VERDICT_INTRODUCED], "broken");
	tag(h, "tag fail", "✗", v[VERDICT_TRANSIENT], "broken, then repaired");
	tag(h, "tag flaky", "≈", v[VERDICT_FLAKY], "flaky");
	tag(h, "tag warn", "+", l->warnings, l->warnings == 1 ? "warning" : "warnings");
	tag(h, "tag skip", "=", v[VERDICT_PRE_EXISTING], "failing before it");
	tag(h, "tag skip", "?", v[VERDICT_INCONCLUSIVE], "unclear");
	tag(h, "tag skip", "–", v[VERDICT_NOT_TESTED], "not tested");
	tag(h, "tag infra", "!", v[VERDICT_INFRA], "lost by us");
}

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
	print_outcome(h, l);
	html_close(h);
	html_open(h, "div");
	html_attr(h, "class", "dim");
	html_text(h, s->author);
	html_textf(h, " · %" PRId64 " %s · on ", s->patches,
		   s->patches == 1 ? "patch" : "patches");
	html_text(h, s->tree);
	html_text(h, " · ");
	page_time(h, s->updated);
	html_close(h);
	html_close(h);
	html_raw(h, "\n");
}

static void print_pager(struct html *h, int64_t page, int64_t total)
{
	int64_t pages = (total + PER_PAGE - 1) / PER_PAGE;

	if (pages <= 1)
		return;
	html_open(h, "nav");
	html_attr(h, "class", "pager");
	html_attr(h, "aria-label", "Pages");
	if (page > 1)
		html_link(h, NULL, url_series_list(page - 1), "← newer");
	html_textf(h, " page %" PRId64 " of %" PRId64 " ", page, pages);
	if (page < pages)
		html_link(h, NULL, url_series_list(page + 1), "older →");
	html_close(h);
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
	html_el(&h, "h1", NULL, "Series");
	if (n == 0)
		print_empty(&h, total);
	html_open(&h, "ol");
	html_attr(&h, "class", "series");
	for (size_t i = 0; i < n; i++)
		print_line(&h, &l[i]);
	html_close(&h);
	print_pager(&h, rq->page, total);
	page_end(&h);
	series_line_list_free(l, n);
	re->body = h.out;
	h.out = (struct str)STR_INIT;
	return 1;
}
