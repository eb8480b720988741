/*
 * What all pages share: head and foot, marks, times, definition lists.
 */
#ifndef SLUICE_WEB_PAGE_H
#define SLUICE_WEB_PAGE_H

#include "web/cell.h"
#include "web/html.h"

/* refresh: reload after so many seconds, 0 never. */
void page_begin(struct html *h, const char *title, int refresh);
void page_end(struct html *h);

/* Sign and text, told apart by shape, word and colour. text NULL: the mark's own word. */
void page_mark(struct html *h, enum mark m, const char *text);
const char *mark_word(enum mark m);

/* "9.1 s", "3 min 50 s"; nothing below 0. */
void page_seconds(struct html *h, double s);
void page_time(struct html *h, int64_t utc);
/* The first 12 digits, all of them in the title. */
void page_hash(struct html *h, const char *hex);

/* <dt>name</dt><dd>text</dd>; nothing without text. */
#define page_fact(h, name, text) page_fact_(h, "" name "", text)
void page_fact_(struct html *h, const char *name, const char *text);
/* For a dd with more than text: open, print, html_close. */
#define page_fact_open(h, name) page_fact_open_(h, "" name "")
void page_fact_open_(struct html *h, const char *name);

/* "newer, page 2 of 9, older"; nothing when there is only one. */
void page_pager(struct html *h, int64_t page, int64_t pages, struct url newer,
		struct url older);
int64_t page_count(int64_t total, int64_t per_page);

/* A JSON array of texts as one <pre>; nothing when empty. */
void page_lines(struct html *h, const char *class, struct json_object *lines);

#endif
