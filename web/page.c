#include "web/page.h"

#include <inttypes.h>
#include <time.h>

#include "lib/cleanup.h"
#include "lib/json.h"

void page_begin(struct html *h, const char *title, int refresh)
{
	html_raw(h, "<!DOCTYPE html>\n");
	html_open(h, "html");
	html_attr(h, "lang", "en");
	html_open(h, "head");
	html_raw(
		h,
		"<meta charset=\"utf-8\">"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
		"<meta name=\"color-scheme\" content=\"light dark\">");
	if (refresh > 0) {
		html_void(h, "meta");
		html_attr(h, "http-equiv", "refresh");
		html_attr_int(h, "content", refresh);
	}
	html_open(h, "title");
	html_text(h, title);
	html_text(h, " – sluice");
	html_close(h);
	html_void(h, "link");
	html_attr(h, "rel", "stylesheet");
	html_href(h, url_css());
	html_close(h);
	html_raw(h, "\n");
	html_open(h, "body");
	html_open(h, "header");
	html_attr(h, "class", "top");
	html_open(h, "nav");
	html_link(h, "home", url_series_list(1), "sluice");
	html_link(h, NULL, url_series_list(1), "Series");
	html_link(h, NULL, url_queue(), "Queue");
	html_link(h, NULL, url_bisections(), "Bisections");
	html_link(h, NULL, url_postings(NULL, 1), "Postings");
	html_link(h, NULL, url_sources(), "Sources");
	html_close(h);
	html_close(h);
	html_raw(h, "\n");
	html_open(h, "main");
}

void page_end(struct html *h)
{
	html_close(h); /* main */
	html_close(h); /* body */
	html_close(h); /* html */
	html_raw(h, "\n");
}

static const struct {
	const char *class, *sign, *word;
} marks[] = {
	[MARK_NONE] = { "m none", "·", "not run" },
	[MARK_PASS] = { "m pass", "✓", "pass" },
	[MARK_FAIL] = { "m fail", "✗", "fail" },
	[MARK_FLAKY] = { "m flaky", "≈", "flaky" },
	[MARK_WARN] = { "m flaky", "+", "warning" },
	[MARK_SKIP] = { "m skip", "–", "skipped" },
	[MARK_INFRA] = { "m infra", "!", "our trouble" },
};

const char *mark_word(enum mark m)
{
	return marks[m].word;
}

void page_mark(struct html *h, enum mark m, const char *text)
{
	html_open(h, "span");
	html_attr(h, "class", marks[m].class);
	html_open(h, "b");
	html_attr(h, "aria-hidden", "true");
	html_text(h, marks[m].sign);
	html_close(h);
	html_text(h, text ? text : marks[m].word);
	html_close(h);
}

void page_seconds(struct html *h, double s)
{
	long long whole = (long long)(s + 0.5);

	if (s < 0)
		return;
	if (s < 99.95)
		html_textf(h, "%.1f s", s);
	else if (whole < 3600)
		html_textf(h, "%lld min %lld s", whole / 60, whole % 60);
	else
		html_textf(h, "%lld h %lld min", whole / 3600, whole / 60 % 60);
}

void page_time(struct html *h, int64_t utc)
{
	time_t t = (time_t)utc;
	char text[64];
	struct tm tm;

	if (!gmtime_r(&t, &tm))
		return;
	html_open(h, "time");
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	html_attr(h, "datetime", text);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm);
	html_text(h, text);
	html_close(h);
}

void page_hash(struct html *h, const char *hex)
{
	AUTO_FREE char *cut = hex ? str_ndup(hex, 12) : NULL;

	if (!hex)
		return;
	html_open(h, "code");
	html_attr(h, "title", hex);
	html_text(h, cut);
	html_close(h);
}

void page_fact_open_(struct html *h, const char *name)
{
	html_el(h, "dt", NULL, name);
	html_open(h, "dd");
}

void page_fact_(struct html *h, const char *name, const char *text)
{
	if (!text || !*text)
		return;
	page_fact_open_(h, name);
	html_text(h, text);
	html_close(h);
}

void page_lines(struct html *h, const char *class, struct json_object *lines)
{
	if (!json_object_is_type(lines, json_type_array) || json_len(lines) == 0)
		return;
	html_open(h, "pre");
	html_attr(h, "class", class);
	for (size_t i = 0; i < json_len(lines); i++) {
		struct json_object *o = json_object_array_get_idx(lines, i);

		if (i > 0)
			html_text(h, "\n");
		html_text(h, json_object_get_string(o));
	}
	html_close(h);
}

int64_t page_count(int64_t total, int64_t per_page)
{
	return (total + per_page - 1) / per_page;
}

void page_pager(struct html *h, int64_t page, int64_t pages, struct url newer,
		struct url older)
{
	if (pages <= 1)
		return;
	html_open(h, "nav");
	html_attr(h, "class", "pager");
	html_attr(h, "aria-label", "Pages");
	if (page > 1)
		html_link(h, NULL, newer, "← newer");
	html_textf(h, " page %" PRId64 " of %" PRId64 " ", page, pages);
	if (page < pages)
		html_link(h, NULL, older, "older →");
	html_close(h);
}
