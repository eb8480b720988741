/* "/posting/<id>", "/posting?id=<message-id>": one posting, its mails, its versions. */
#include <inttypes.h>

#include "lib/cleanup.h"
#include "lib/str.h"
#include "web/page.h"
#include "web/posting_text.h"
#include "web/rerun.h"
#include "web/request.h"
#include "web/versions.h"

/* A link to an archive where that is one, else the text alone. */
static void print_outside(struct html *h, const char *address, const char *text)
{
	struct url url;

	if (!url_outside(address, &url)) {
		html_text(h, text);
		return;
	}
	html_open(h, "a");
	html_attr(h, "rel", "noopener noreferrer");
	html_href(h, url);
	html_text(h, text);
	html_close(h);
}

static void print_facts(struct html *h, const struct posting_full *v, const char *token)
{
	const struct posting_row *p = &v->line.p;

	html_open(h, "dl");
	page_fact(h, "Message-ID", p->message_id);
	if (p->archive_url) {
		page_fact_open(h, "In an archive");
		print_outside(h, p->archive_url, p->archive_url);
		html_close(h);
	}
	page_fact(h, "Source", p->source);
	if (json_len(p->lists) > 0) {
		page_fact_open(h, "Lists");
		for (size_t i = 0; i < json_len(p->lists); i++) {
			html_text(h, i ? ", " : "");
			html_text(h, json_object_get_string(
					     json_object_array_get_idx(p->lists, i)));
		}
		html_close(h);
	}
	page_fact_open(h, "Posted");
	page_time(h, p->posted);
	html_text(h, ", seen ");
	page_time(h, p->seen);
	html_close(h);
	page_fact(h, "Change-ID", p->change_id);
	page_fact(h, "Base", p->base_commit);
	if (p->override)
		page_fact(h, "Author's wishes",
			  json_object_to_json_string_ext(p->override,
							 JSON_C_TO_STRING_PLAIN));
	if (v->line.job.id > 0) {
		page_fact_open(h, "Job");
		html_textf(h, "%" PRId64 ", %s. ", v->line.job.id,
			   queue_state_str(v->line.job.state));
		if (v->line.job.finished > 0)
			html_rerun(h, token, v->line.job.id);
		html_close(h);
	}
	html_close(h);
}

static void print_mail(struct html *h, const struct mail_row *m)
{
	html_open(h, "tr");
	html_open(h, "td");
	if (m->number > 0)
		html_textf(h, "%" PRId64, m->number);
	else
		html_text(h, "–");
	html_close(h);
	html_open(h, "td");
	html_text(h, *m->subject ? m->subject : "(no subject)");
	html_open(h, "span");
	html_attr(h, "class", "sub");
	print_outside(h, m->archive_url, m->message_id);
	html_close(h);
	html_close(h);
	html_open(h, "td");
	html_attr(h, "class", "dim");
	html_text(h, m->what);
	html_close(h);
	html_open(h, "td");
	html_attr(h, "class", "dim");
	if (m->date > 0)
		page_time(h, m->date);
	html_close(h);
	html_close(h);
	html_raw(h, "\n");
}

static void print_mails(struct html *h, const struct posting_full *v)
{
	if (v->nmails == 0)
		return;
	html_el(h, "h2", NULL, "Mails");
	html_raw(
		h,
		"<div class=\"scroll\"><table class=\"mails\"><thead><tr>"
		"<th>No.</th><th>Subject</th><th>Is</th><th>Date</th></tr></thead><tbody>");
	for (size_t i = 0; i < v->nmails; i++)
		print_mail(h, &v->mails[i]);
	html_raw(h, "</tbody></table></div>");
}

static void print_page(struct html *h, const struct posting_full *v, const char *token)
{
	const struct posting_row *p = &v->line.p;

	page_begin(h, p->subject, 0);
	html_el(h, "h1", NULL, *p->subject ? p->subject : "(no subject)");
	html_open(h, "p");
	html_attr(h, "class", "dim");
	html_text(h, p->author);
	html_textf(h, " · %" PRId64 " %s · ", p->total,
		   p->total == 1 ? "patch" : "patches");
	html_link(h, NULL, url_api_posting(p->id), "JSON");
	html_close(h);
	html_open(h, "div");
	html_attr(h, "class", "tagline");
	html_posting_tags(h, &v->line);
	html_close(h);
	html_posting_why(h, &v->line);
	html_versions(h, v->versions, v->nversions, p->id);
	print_mails(h, v);
	html_el(h, "h2", NULL, "Posting");
	print_facts(h, v, token);
	page_end(h);
}

int page_posting(struct request *rq, struct reply *re, struct err *err)
{
	AUTO(posting_full_done) struct posting_full v = { .mails = NULL };
	struct html h;
	int r = posting_full_load(rq->db, rq->id, rq->id > 0 ? NULL : rq->msgid, &v, err);

	if (r != 1)
		return r;
	html_init(&h);
	print_page(&h, &v, rq->token);
	re->body = h.out;
	return 1;
}
