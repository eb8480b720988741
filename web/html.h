/*
 * HTML, escaped. The short names escape; tags, attribute names and raw pieces
 * are string literals by construction (a macro glues "" to them); URLs come
 * from web/links.h only. Text of strangers is cleaned on its way: invalid
 * UTF-8 becomes U+FFFD, terminal escapes and controls are dropped. Open
 * elements are a stack; html_done asserts that it is empty in tests through
 * html_depth.
 *
 *	html_open(h, "p");
 *	html_attr(h, "class", "note");
 *	html_text(h, subject);
 *	html_close(h);
 */
#ifndef SLUICE_WEB_HTML_H
#define SLUICE_WEB_HTML_H

#include "lib/str.h"
#include "web/links.h"

#define HTML_DEPTH 32

struct html {
	struct str out;
	const char *stack[HTML_DEPTH];
	int depth;
	bool in_tag; /* "<a" was written, its ">" not yet */
};

void html_init(struct html *h);
void html_done(struct html *h);
/* Elements that are open; 0 at the end of a page. */
int html_depth(const struct html *h);

#define html_open(h, tag) html_open_(h, "" tag "")
/* br, meta, link: no content and no html_close. */
#define html_void(h, tag) html_void_(h, "" tag "")
/* After html_open or html_void, before content. */
#define html_attr(h, name, value) html_attr_(h, "" name "", value)
#define html_raw(h, text) html_raw_(h, "" text "")
/* Closes the innermost element. */
void html_close(struct html *h);
void html_href(struct html *h, struct url url);
#define html_attr_int(h, name, v) html_attr_int_(h, "" name "", v)
/* id="L12" for ("L", 12) */
#define html_attr_id(h, prefix, v) html_attr_id_(h, "" prefix "", v)

/* NULL is nothing. */
void html_text(struct html *h, const char *text);
void html_textn(struct html *h, const char *text, size_t len);
void html_textf(struct html *h, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* A whole element with text; class may be NULL. */
#define html_el(h, tag, class, text) html_el_(h, "" tag "", class, text)
/* <a class href>text</a> */
void html_link(struct html *h, const char *class, struct url url, const char *text);

void html_open_(struct html *h, const char *tag);
void html_void_(struct html *h, const char *tag);
void html_attr_(struct html *h, const char *name, const char *value);
void html_attr_int_(struct html *h, const char *name, long long v);
void html_attr_id_(struct html *h, const char *prefix, long long v);
void html_raw_(struct html *h, const char *text);
void html_el_(struct html *h, const char *tag, const char *class, const char *text);

#endif
