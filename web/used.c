#include "web/used.h"

#include <inttypes.h>

static void print_one(struct html *h, const struct used_by *u)
{
	AUTO_FREE char *step = u->step ? str_printf("patch %" PRId64, u->step) :
					 str_dup("base");

	html_open(h, "li");
	html_link(h, NULL, url_series_step(u->series_id, u->step), step);
	html_text(h, " ");
	html_text(h, u->step_subject);
	html_open(h, "span");
	html_attr(h, "class", "dim");
	html_text(h, " of ");
	html_link(h, NULL, url_series(u->series_id), u->series_subject);
	html_text(h, u->reused ? " · ↺ reused" : "");
	html_close(h);
	html_close(h);
}

void html_used_by(struct html *h, const struct used_by *u, size_t n)
{
	if (n == 0)
		return;
	html_el(h, "p", "dim", "Stands for");
	html_open(h, "ul");
	html_attr(h, "class", "used");
	for (size_t i = 0; i < n; i++)
		print_one(h, &u[i]);
	html_close(h);
}
