#include "web/html.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/text.h"

void html_init(struct html *h)
{
	memset(h, 0, sizeof(*h));
}

void html_done(struct html *h)
{
	str_done(&h->out);
}

int html_depth(const struct html *h)
{
	return h->depth;
}

static void end_tag(struct html *h)
{
	if (h->in_tag)
		str_addc(&h->out, '>');
	h->in_tag = false;
}

void html_open_(struct html *h, const char *tag)
{
	assert(h->depth < HTML_DEPTH);
	html_void_(h, tag);
	h->stack[h->depth++] = tag;
}

void html_void_(struct html *h, const char *tag)
{
	end_tag(h);
	str_addc(&h->out, '<');
	str_add(&h->out, tag);
	h->in_tag = true;
}

void html_close(struct html *h)
{
	assert(h->depth > 0);
	end_tag(h);
	str_add(&h->out, "</");
	str_add(&h->out, h->stack[--h->depth]);
	str_addc(&h->out, '>');
}

static void escape(struct str *out, const char *text, size_t len)
{
	size_t from = 0;

	for (size_t i = 0; i < len; i++) {
		const char *as;

		switch (text[i]) {
		case '&':
			as = "&amp;";
			break;
		case '<':
			as = "&lt;";
			break;
		case '>':
			as = "&gt;";
			break;
		case '"':
			as = "&quot;";
			break;
		case '\'':
			as = "&#39;";
			break;
		default:
			continue;
		}
		str_addn(out, text + from, i - from);
		str_add(out, as);
		from = i + 1;
	}
	str_addn(out, text + from, len - from);
}

/* The cleaner keeps tab and newline, and so do pages. */
static void clean_and_escape(struct str *out, const char *text, size_t len)
{
	AUTO(str_done) struct str clean = STR_INIT;

	text_clean(&clean, text, len);
	escape(out, str_get(&clean), clean.len);
}

void html_attr_(struct html *h, const char *name, const char *value)
{
	assert(h->in_tag);
	str_addc(&h->out, ' ');
	str_add(&h->out, name);
	str_add(&h->out, "=\"");
	clean_and_escape(&h->out, value, strlen(value));
	str_addc(&h->out, '"');
}

void html_attr_int_(struct html *h, const char *name, long long v)
{
	assert(h->in_tag);
	str_addf(&h->out, " %s=\"%lld\"", name, v);
}

void html_attr_id_(struct html *h, const char *prefix, long long v)
{
	assert(h->in_tag);
	str_addf(&h->out, " id=\"%s%lld\"", prefix, v);
}

void html_href(struct html *h, struct url url)
{
	html_attr_(h, "href", url.s);
}

void html_raw_(struct html *h, const char *text)
{
	end_tag(h);
	str_add(&h->out, text);
}

void html_textn(struct html *h, const char *text, size_t len)
{
	end_tag(h);
	clean_and_escape(&h->out, text, len);
}

void html_text(struct html *h, const char *text)
{
	html_textn(h, text ? text : "", text ? strlen(text) : 0);
}

void html_textf(struct html *h, const char *fmt, ...)
{
	AUTO_FREE char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	va_end(ap);
	html_text(h, text);
}

void html_el_(struct html *h, const char *tag, const char *class, const char *text)
{
	html_open_(h, tag);
	if (class)
		html_attr_(h, "class", class);
	html_text(h, text);
	html_close(h);
}

void html_link(struct html *h, const char *class, struct url url, const char *text)
{
	html_open(h, "a");
	if (class)
		html_attr(h, "class", class);
	html_href(h, url);
	html_text(h, text);
	html_close(h);
}
