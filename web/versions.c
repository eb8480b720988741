#include "web/versions.h"

#include <inttypes.h>

#include "web/page.h"
#include "web/posting_text.h"

static void print_version(struct html *h, const struct posting_line *l, bool self)
{
	html_open(h, "li");
	html_open(h, "b");
	html_textf(h, "v%" PRId64, l->p.version);
	html_close(h);
	html_text(h, " ");
	page_time(h, l->p.posted);
	html_text(h, " ");
	html_posting_tags(h, l);
	if (self)
		html_el(h, "span", "dim", "this one");
	else
		html_link(h, NULL, url_posting(l->p.id), "posting");
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
		print_version(h, &list[i], list[i].p.id == self);
	html_close(h);
}
