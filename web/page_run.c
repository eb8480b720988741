/* "/run/<id>": one boot, its tests, its console, and how to do it by hand. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "db/boot.h"
#include "web/logview.h"
#include "web/page.h"
#include "web/request.h"
#include "web/used.h"

struct loaded {
	struct boot b;
	struct result *results;
	size_t nresults;
	struct json_object *known; /* step_boot.known */
	struct used_by *used;
	size_t nused;
	struct logview log;
	bool has_log;
	int64_t log_dropped; /* when; < 0: it was not */
	char *repro;
};

static void loaded_done(struct loaded *l)
{
	boot_done(&l->b);
	result_list_free(l->results, l->nresults);
	json_object_put(l->known);
	used_by_list_free(l->used, l->nused);
	logview_done(&l->log);
	free(l->repro);
}

static int load(struct request *rq, struct loaded *l, struct err *err)
{
	const struct web_opts *o = rq->opts;
	int r = boot_find(rq->db, rq->id, &l->b, err);

	if (r != 1)
		return r;
	if (result_list(rq->db, rq->id, &l->results, &l->nresults, err) < 0 ||
	    boot_known(rq->db, rq->id, &l->known, err) < 0 ||
	    boot_used_by(rq->db, rq->id, &l->used, &l->nused, err) < 0)
		return -1;
	/* What is gone or cannot be said leaves a gap, not an error page. */
	l->has_log = l->b.console &&
		     logview_load(rq->store, l->b.console, &l->log, err) == 0;
	l->log_dropped = logview_dropped(rq->store, l->has_log ? NULL : l->b.console);
	if (o->repro && o->repro(rq->db, rq->id, &l->repro, o->arg, err) != 1)
		l->repro = NULL;
	return 1;
}

static enum mark status_mark(const struct boot *b)
{
	if (b->infra || b->status == BOOT_INFRA)
		return MARK_INFRA;
	return b->status == BOOT_OK ? MARK_PASS : MARK_FAIL;
}

static enum mark test_mark(enum test_result r)
{
	if (result_is_bad(r))
		return MARK_FAIL;
	return r == RESULT_PASS ? MARK_PASS : r == RESULT_SKIP ? MARK_SKIP : MARK_NONE;
}

static void print_data(struct html *h, struct json_object *data)
{
	bool first = true;

	if (!json_object_is_type(data, json_type_object))
		return;
	json_object_object_foreach(data, key, value)
	{
		html_text(h, first ? "" : ", ");
		html_text(h, key);
		html_text(h, " ");
		html_text(h, json_object_get_string(value));
		first = false;
	}
}

static void print_subtests(struct html *h, struct json_object *list)
{
	if (json_len(list) == 0)
		return;
	html_open(h, "ul");
	for (size_t i = 0; i < json_len(list); i++) {
		struct json_object *o = json_object_array_get_idx(list, i);
		enum test_result r = RESULT_NOT_RUN;

		test_result_parse(json_str(o, "result", ""), &r);
		html_open(h, "li");
		page_mark(h, test_mark(r), json_str(o, "result", "?"));
		html_text(h, " ");
		html_text(h, json_str(o, "name", ""));
		if (json_str(o, "reason", NULL)) {
			html_text(h, ": ");
			html_text(h, json_str(o, "reason", ""));
		}
		html_close(h);
	}
	html_close(h);
}

static void print_splats(struct html *h, struct json_object *list)
{
	for (size_t i = 0; i < json_len(list); i++) {
		struct json_object *o = json_object_array_get_idx(list, i);

		html_open(h, "details");
		html_open(h, "summary");
		html_text(h, json_str(o, "title", "splat"));
		html_close(h);
		html_el(h, "pre", "evidence", json_str(o, "text", ""));
		html_close(h);
	}
}

static void print_more(struct html *h, const struct result *r)
{
	bool details = json_len(r->subtests) > 0 || (r->output && *r->output);

	print_splats(h, r->splats);
	if (!details)
		return;
	html_open(h, "details");
	html_raw(h, "<summary>output</summary>");
	print_subtests(h, r->subtests);
	if (r->output && *r->output)
		html_el(h, "pre", "evidence", r->output);
	html_close(h);
}

/* NULL unless it fails, by a known issue of the kernel. */
static const char *known_reason(const struct loaded *l, const struct result *r)
{
	return result_is_bad(r->result) ? boot_known_reason(l->known, r->test) : NULL;
}

static void print_test(struct html *h, const struct loaded *l, const struct result *r)
{
	int64_t line = l->has_log ? logview_line(&l->log, r->console_from) : 0;
	const char *known = known_reason(l, r);

	html_open(h, "tr");
	html_attr_id(h, "test", r->seq);
	html_open(h, "td");
	page_mark(h, known ? MARK_SKIP : test_mark(r->result),
		  known ? "known" : test_result_str(r->result));
	html_close(h);
	html_open(h, "th");
	html_attr(h, "scope", "row");
	html_text(h, r->test);
	html_close(h);
	html_open(h, "td");
	html_text(h, r->reason);
	if (known)
		html_el(h, "div", NULL, known);
	html_open(h, "div");
	html_attr(h, "class", "dim");
	print_data(h, r->data);
	html_close(h);
	print_more(h, r);
	html_close(h);
	html_open(h, "td");
	page_seconds(h, r->seconds);
	html_close(h);
	html_open(h, "td");
	if (line > 0)
		html_link(h, NULL, url_line(line), "console");
	html_close(h);
	html_close(h);
	html_raw(h, "\n");
}

static void print_tests(struct html *h, const struct loaded *l)
{
	if (l->nresults == 0)
		return;
	html_el(h, "h2", NULL, "Tests");
	html_raw(
		h,
		"<div class=\"scroll\" role=\"region\" aria-label=\"Tests\" tabindex=\"0\">"
		"<table class=\"tests\"><thead><tr><th scope=\"col\">Result</th>"
		"<th scope=\"col\">Test</th><th scope=\"col\">Reason</th>"
		"<th scope=\"col\">Took</th><th></th></tr></thead>\n");
	html_open(h, "tbody");
	for (size_t i = 0; i < l->nresults; i++)
		print_test(h, l, &l->results[i]);
	html_close(h);
	html_raw(h, "</table></div>");
}

static bool is_plain(const char *s)
{
	for (const char *p = s; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-_./=,:@%+", *p))
			return false;
	return *s != '\0';
}

/* As a shell takes it: quoted where it must be, an option on each line. */
static void print_argv(struct html *h, struct json_object *argv)
{
	for (size_t i = 0; i < json_len(argv); i++) {
		const char *a =
			json_object_get_string(json_object_array_get_idx(argv, i));

		if (!a)
			continue;
		html_text(h, i == 0 ? "" : a[0] == '-' ? " \\\n  " : " ");
		if (is_plain(a)) {
			html_text(h, a);
			continue;
		}
		html_text(h, "'");
		for (const char *q; (q = strchr(a, '\'')); a = q + 1) {
			html_textn(h, a, (size_t)(q - a));
			html_text(h, "'\\''");
		}
		html_text(h, a);
		html_text(h, "'");
	}
}

static void print_by_hand(struct html *h, const struct loaded *l)
{
	const struct boot *b = &l->b;

	html_el(h, "h2", NULL, "By hand");
	if (l->repro && *l->repro) {
		html_raw(h,
			 "<p>These commands build and boot the same, with git, make and "
			 "qemu alone:</p>");
		html_el(h, "pre", "code", l->repro);
	}
	if (json_len(b->argv) > 0) {
		html_raw(h, "<details><summary>QEMU command line of this run</summary>");
		html_open(h, "pre");
		html_attr(h, "class", "code");
		print_argv(h, b->argv);
		html_close(h);
		html_raw(h, "</details>");
	}
	html_raw(h, "<details><summary>Topology</summary>");
	html_el(h, "pre", "code", b->topology_text);
	html_raw(h, "</details>");
}

static void print_facts(struct html *h, const struct boot *b)
{
	html_open(h, "dl");
	page_fact(h, "Topology", b->topology);
	page_fact(h, "Config", b->config);
	page_fact_open(h, "Took");
	page_seconds(h, b->seconds);
	if (b->boot_seconds >= 0) {
		html_text(h, ", of which ");
		page_seconds(h, b->boot_seconds);
		html_text(h, " to init");
	}
	html_text(h, b->alone ? ", with nothing beside it" : "");
	html_close(h);
	page_fact_open(h, "Finished");
	page_time(h, b->finished);
	html_close(h);
	page_fact_open(h, "QEMU");
	html_text(h, b->qemu_version ? b->qemu_version : "unknown");
	html_text(h, b->accel ? ", " : "");
	html_text(h, b->accel);
	html_close(h);
	page_fact(h, "Kernel command line", b->cmdline);
	page_fact_open(h, "Image");
	page_hash(h, b->image);
	html_close(h);
	html_close(h);
}

static void print_console(struct html *h, const struct loaded *l)
{
	if (!l->b.console)
		return;
	html_open(h, "h2");
	html_text(h, "Console ");
	html_link(h, "more", url_run_console(l->b.id), "as text");
	html_close(h);
	if (l->has_log)
		html_log(h, &l->log, url_run_console(l->b.id));
	else
		html_log_gone(h, l->log_dropped);
}

/* A boot that is ok may hold tests that are not. */
static void print_outcome(struct html *h, const struct loaded *l)
{
	size_t bad = 0, known = 0;
	char words[64], more[32] = "";

	for (size_t i = 0; i < l->nresults; i++)
		if (known_reason(l, &l->results[i]))
			known++;
		else
			bad += result_is_bad(l->results[i].result);
	if (l->b.status != BOOT_OK || l->b.infra || l->nresults == 0) {
		page_mark(h, status_mark(&l->b), boot_status_str(l->b.status));
		return;
	}
	/* In the words of the matrix. */
	if (known > 0)
		snprintf(more, sizeof(more), ", %zu known", known);
	if (bad > 0)
		snprintf(words, sizeof(words), "%zu of %zu tests fail%s", bad,
			 l->nresults, more);
	else
		snprintf(words, sizeof(words), "no%s test fails%s", known ? " other" : "",
			 more);
	page_mark(h, bad ? MARK_FAIL : MARK_PASS, words);
}

static void print_page(struct html *h, const struct loaded *l)
{
	const struct boot *b = &l->b;
	char title[64];

	snprintf(title, sizeof(title), "Run %" PRId64, b->id);
	page_begin(h, title, 0);
	html_open(h, "h1");
	html_text(h, title);
	html_text(h, " ");
	print_outcome(h, l);
	html_close(h);
	html_open(h, "p");
	html_text(h, b->reason);
	html_text(h, b->reason ? " · " : "");
	html_link(h, NULL, url_api_run(b->id), "JSON");
	html_close(h);
	if (b->status != BOOT_OK)
		page_lines(h, "evidence", b->console_tail);
	print_splats(h, b->splats);
	html_used_by(h, l->used, l->nused);
	print_tests(h, l);
	print_facts(h, b);
	print_by_hand(h, l);
	print_console(h, l);
	page_end(h);
}

int page_run(struct request *rq, struct reply *re, struct err *err)
{
	AUTO(loaded_done) struct loaded l = { .nresults = 0 };
	struct html h;
	int r = load(rq, &l, err);

	if (r != 1)
		return r;
	html_init(&h);
	print_page(&h, &l);
	re->body = h.out;
	return 1;
}
