#include "web/versions.h"

#include <inttypes.h>

#include "web/page.h"
#include "web/posting_text.h"

static const struct posting_line *find(const struct posting_line *list, size_t n,
				       int64_t id)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].p.id == id)
			return &list[i];
	return NULL;
}

static void print_version(struct html *h, const struct posting_line *list, size_t n,
			  const struct posting_line *l, bool self)
{
	const struct posting_line *before = find(list, n, l->p.earlier);

	html_open(h, "li");
	html_open(h, "span");
	html_attr(h, "class", self ? "self" : "other");
	html_link(h, NULL, url_posting(l->p.id), l->p.subject);
	html_close(h);
	html_text(h, " ");
	page_time(h, l->p.posted);
	html_text(h, " ");
	html_posting_tags(h, l);
	if (self)
		html_el(h, "span", "dim", "this one");
	if (before) {
		html_open(h, "a");
		html_href(h, url_changes(l->p.id, 0));
		html_textf(h, "what changed since v%" PRId64, before->p.version);
		html_close(h);
	}
	html_close(h);
}

void html_versions(struct html *h, const struct posting_line *list, size_t n,
		   int64_t self)
{
	if (n < 2)
		return;
	html_el(h, "h2", NULL, "Versions");
	html_open(h, "ol");
	html_attr(h, "class", "versions");
	for (size_t i = 0; i < n; i++)
		print_version(h, list, n, &list[i], list[i].p.id == self);
	html_close(h);
}
