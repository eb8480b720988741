#include "web/posting_text.h"

#include <inttypes.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/str.h"
#include "web/outcome.h"
#include "web/page.h"

static const char *const classes[] = {
	[POSTING_WAITING] = "tag run",  [POSTING_INCOMPLETE] = "tag warn",
	[POSTING_COMPLETE] = "tag run", [POSTING_QUEUED] = "tag run",
	[POSTING_DONE] = "tag skip",    [POSTING_SUPERSEDED] = "tag skip",
	[POSTING_IGNORED] = "tag skip",
};

static void tag_job(struct html *h, const struct queue_job *j)
{
	AUTO_FREE char *text = NULL;

	if (j->id <= 0)
		return;
	text = str_printf("job %" PRId64 " %s", j->id, queue_state_str(j->state));
	html_open(h, "a");
	html_attr(h, "class",
		  j->state == QUEUE_FAILED || j->state == QUEUE_APART ? "tag infra" :
									"tag skip");
	html_href(h, url_queue());
	html_text(h, text);
	html_close(h);
	html_text(h, " ");
}

void html_posting_tags(struct html *h, const struct posting_line *l)
{
	const struct posting_row *p = &l->p;

	html_el(h, "span", classes[p->state], posting_state_str(p->state));
	html_text(h, " ");
	if (p->version > 1) {
		AUTO_FREE char *text = str_printf("v%" PRId64, p->version);

		html_el(h, "span", "tag skip", text);
		html_text(h, " ");
	}
	if (p->rfc)
		html_el(h, "span", "tag skip", "RFC");
	if (p->resend)
		html_el(h, "span", "tag skip", "resent");
	if (l->series.s.id > 0) {
		html_link(h, NULL, url_series(l->series.s.id), "results");
		html_text(h, " ");
		html_outcome(h, &l->series);
	} else {
		tag_job(h, &l->job);
	}
}

void html_posting_why(struct html *h, const struct posting_line *l)
{
	const struct posting_row *p = &l->p;

	if (*p->missing) {
		html_open(h, "div");
		html_textf(h, "%" PRId64 " of %" PRId64 " patches have come; missing: ",
			   p->have, p->total);
		html_text(h, p->missing);
		if (p->state == POSTING_WAITING && p->deadline > 0) {
			html_text(h, ", waited for until ");
			page_time(h, p->deadline);
		}
		html_close(h);
	}
	if (p->reason)
		html_el(h, "div", NULL, p->reason);
	/* Where the posting is why the job was cancelled, both say the same. */
	if (l->job.id > 0 && l->job.reason &&
	    (!p->reason || strcmp(p->reason, l->job.reason) != 0))
		html_el(h, "div", "dim", l->job.reason);
}
