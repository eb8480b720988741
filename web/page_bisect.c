/* "/bisections", "/bisection/<id>" and their documents: searches in a tree's history. */
#include <inttypes.h>
#include <string.h>

#include "db/bisection.h"
#include "lib/cleanup.h"
#include "web/api.h"
#include "web/clean.h"
#include "web/page.h"

#define SHOWN 100

struct bisections {
	struct bisection *list;
	size_t n;
	struct bisection_step *steps; /* of one alone */
	size_t nsteps;
};

static void bisections_done(struct bisections *v)
{
	bisection_list_free(v->list, v->n);
	bisection_steps_free(v->steps, v->nsteps);
}

/* id 0: the last ones. 1, 0 when there is no such, -1. */
static int load(struct db *db, int64_t id, struct bisections *v, struct err *err)
{
	AUTO_TX struct tx tx = TX_INIT;
	int r = 1;

	if (db_begin(db, &tx, err) < 0)
		return -1;
	if (id) {
		v->list = mem_alloc0(sizeof(*v->list));
		r = bisection_find(db, id, v->list, err);
		v->n = r > 0;
		if (r > 0 && bisection_steps(db, id, &v->steps, &v->nsteps, err) < 0)
			r = -1;
		if (r <= 0) {
			free(v->list);
			v->list = NULL;
		}
	} else if (bisection_list(db, SHOWN, &v->list, &v->n, err) < 0) {
		r = -1;
	}
	if (r >= 0 && db_commit(&tx, err) < 0)
		r = -1;
	return r;
}

static enum mark mark_of(const struct bisection *b)
{
	if (!b->outcome)
		return MARK_NONE;
	return json_int(b->outcome, "exit", 3) == 0 ? MARK_PASS : MARK_INFRA;
}

/* ---- pages ---- */

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

static void print_steps(struct html *h, const struct bisections *v)
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
	AUTO(bisections_done) struct bisections v = { .n = 0 };
	struct html h;

	if (load(rq->db, 0, &v, err) < 0)
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
	AUTO(bisections_done) struct bisections v = { .n = 0 };
	int r = load(rq->db, rq->id, &v, err);
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

static struct json_object *one_json(const struct bisection *b)
{
	struct json_object *o = json_object_new_object();

	json_set_int(o, "bisection", b->id);
	json_set_str(o, "state", bisection_state(b));
	json_set_clean(o, "tree", b->tree);
	json_set_str(o, "good", b->good);
	json_set_str(o, "bad", b->bad);
	json_set_clean(o, "config", b->config);
	json_set_clean(o, "arch", b->arch);
	json_set_clean(o, "topology", b->topology);
	json_set_str(o, "accel", b->accel);
	json_set_clean(o, "test", b->test);
	json_set_bool(o, "automatic", b->wanted);
	json_set_int(o, "created", b->created);
	json_set_opt_int(o, "ended", b->ended);
	json_set_opt_int(o, "job", b->job);
	json_set(o, "outcome", json_clean(b->outcome));
	return o;
}

static struct json_object *steps_json(const struct bisections *v)
{
	struct json_object *a = json_object_new_array();

	for (size_t i = 0; i < v->nsteps; i++) {
		const struct bisection_step *s = &v->steps[i];
		struct json_object *o = json_object_new_object();

		json_set_str(o, "commit", s->commit_id);
		json_set_str(o, "why", s->why);
		json_set_num(o, "gain", s->gain);
		json_set_int(o, "runs", s->runs);
		json_set_int(o, "failures", s->failures);
		json_set_str(o, "likeliest", s->likeliest);
		json_set_num(o, "likeliest_p", s->likeliest_p);
		json_set_int(o, "decided", s->decided);
		json_object_array_add(a, o);
	}
	return a;
}

int api_bisections(struct request *rq, struct reply *re, struct err *err)
{
	AUTO(bisections_done) struct bisections v = { .n = 0 };
	struct json_object *o, *a;

	if (load(rq->db, 0, &v, err) < 0)
		return -1;
	o = json_object_new_object();
	a = json_object_new_array();
	for (size_t i = 0; i < v.n; i++)
		json_object_array_add(a, one_json(&v.list[i]));
	json_set_str(o, "schema", "sluice/bisections/1");
	json_set(o, "bisections", a);
	return api_print(o, 1, re);
}

int api_bisection(struct request *rq, struct reply *re, struct err *err)
{
	AUTO(bisections_done) struct bisections v = { .n = 0 };
	int r = load(rq->db, rq->id, &v, err);
	struct json_object *o;

	if (r <= 0)
		return r;
	o = json_object_new_object();
	json_set_str(o, "schema", "sluice/bisection/1");
	json_set(o, "bisection", one_json(v.list));
	json_set(o, "steps", steps_json(&v));
	return api_print(o, 1, re);
}
