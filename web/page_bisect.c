/* "/bisections", "/bisection/<id>" and their documents: searches in a tree's history. */
#include <inttypes.h>

#include "lib/cleanup.h"
#include "web/api.h"
#include "web/document_bisect.h"
#include "web/page.h"

static enum mark mark_of(const struct bisection *b)
{
	if (!b->outcome)
		return MARK_NONE;
	return json_int(b->outcome, "exit", 3) == 0 ? MARK_PASS : MARK_INFRA;
}

static void print_one(struct html *h, const struct bisection *b, bool link)
{
	html_open(h, "article");
	html_attr(h, "class", "verdict");
	html_open(h, "h3");
	page_mark(h, mark_of(b), bisection_state(b));
	html_text(h, " ");
	if (link)
		html_link(h, NULL, url_bisection(b->id), b->test);
	else
		html_text(h, b->test);
	html_text(h, " on ");
	html_text(h, b->topology);
	html_close(h);
	if (b->outcome)
		html_el(h, "pre", "evidence", json_str(b->outcome, "text", ""));
	html_open(h, "dl");
	page_fact(h, "Tree", b->tree);
	page_fact(h, "Config", b->config);
	page_fact(h, "Accelerator", b->accel);
	page_fact_open(h, "Good");
	page_hash(h, b->good);
	html_close(h);
	page_fact_open(h, "Bad");
	page_hash(h, b->bad);
	html_close(h);
	page_fact_open(h, "Begun");
	page_time(h, b->created);
	html_text(h, b->wanted ? " by the daemon, since a base turned bad" : " by hand");
	html_close(h);
	if (b->ended >= 0) {
		page_fact_open(h, "Ended");
		page_time(h, b->ended);
		html_close(h);
	}
	html_close(h);
	html_close(h);
	html_raw(h, "\n");
}

static void print_steps(struct html *h, const struct bisect_view *v)
{
	html_el(h, "h2", NULL, "Decisions");
	html_open(h, "ol");
	for (size_t i = 0; i < v->nsteps; i++) {
		const struct bisection_step *s = &v->steps[i];

		html_open(h, "li");
		page_hash(h, s->commit_id);
		html_textf(h, ", %" PRId64 " of %" PRId64 " failed before: ", s->failures,
			   s->runs);
		html_text(h, s->why);
		if (s->likeliest) {
			html_text(h, "; likeliest ");
			page_hash(h, s->likeliest);
			html_textf(h, ", P %.3f", s->likeliest_p);
		}
		html_close(h);
	}
	html_close(h);
}

static void heading(struct html *h, const char *title, struct url api)
{
	html_open(h, "h1");
	html_text(h, title);
	html_text(h, " ");
	html_link(h, "more", api, "JSON");
	html_close(h);
}

int page_bisections(struct request *rq, struct reply *re, struct err *err)
{
	AUTO(bisect_view_done) struct bisect_view v = { .n = 0 };
	struct html h;

	if (bisect_view_load(rq->db, 0, &v, err) < 0)
		return -1;
	html_init(&h);
	page_begin(&h, "Bisections", 0);
	heading(&h, "Bisections", url_api_bisections());
	if (v.n == 0)
		html_el(&h, "p", "note", "None yet.");
	for (size_t i = 0; i < v.n; i++)
		print_one(&h, &v.list[i], true);
	page_end(&h);
	re->body = h.out;
	return 1;
}

int page_bisection(struct request *rq, struct reply *re, struct err *err)
{
	AUTO(bisect_view_done) struct bisect_view v = { .n = 0 };
	int r = bisect_view_load(rq->db, rq->id, &v, err);
	struct html h;

	if (r <= 0)
		return r;
	html_init(&h);
	page_begin(&h, "Bisection", 0);
	heading(&h, "Bisection", url_api_bisection(rq->id));
	print_one(&h, v.list, false);
	print_steps(&h, &v);
	page_end(&h);
	re->body = h.out;
	return 1;
}

/* ---- documents ---- */

int api_bisections(struct request *rq, struct reply *re, struct err *err)
{
	struct json_object *o = NULL;
	int r = document_bisections(rq->db, &o, err);

	return api_print(o, r, re);
}

int api_bisection(struct request *rq, struct reply *re, struct err *err)
{
	struct json_object *o = NULL;
	int r = document_bisection(rq->db, rq->id, &o, err);

	return api_print(o, r, re);
}
