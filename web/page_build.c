/* "/build/<id>": how it ended, what used it, make's output. */
#include <inttypes.h>

#include "db/build.h"
#include "web/logview.h"
#include "web/page.h"
#include "web/request.h"
#include "web/used.h"

struct loaded {
	struct build b;
	struct used_by *used;
	size_t nused;
	struct logview log;
	bool has_log;
	int64_t log_dropped; /* when; < 0: it was not */
};

static void loaded_done(struct loaded *l)
{
	build_done(&l->b);
	used_by_list_free(l->used, l->nused);
	logview_done(&l->log);
}

static int load(struct request *rq, struct loaded *l, struct err *err)
{
	int r = build_find(rq->db, rq->id, &l->b, err);

	if (r != 1)
		return r;
	if (build_used_by(rq->db, rq->id, &l->used, &l->nused, err) < 0)
		return -1;
	/* A log that is gone does not take the page with it. */
	l->has_log = l->b.log && logview_load(rq->store, l->b.log, &l->log, err) == 0;
	l->log_dropped = logview_dropped(rq->store, l->has_log ? NULL : l->b.log);
	return 1;
}

static void print_facts(struct html *h, const struct build *b)
{
	html_open(h, "dl");
	page_fact(h, "Config", b->config);
	page_fact(h, "Architecture", b->arch);
	page_fact(h, "Target", b->target);
	page_fact_open(h, "Took");
	page_seconds(h, b->seconds);
	html_text(h, " (");
	page_seconds(h, b->cpu_seconds);
	html_textf(h, " of CPU), %" PRId64 " %s compiled%s", b->compiled,
		   b->compiled == 1 ? "object" : "objects",
		   b->incremental ? " on top of the step before" : ", a full build");
	html_close(h);
	page_fact_open(h, "Finished");
	page_time(h, b->finished);
	if (b->attempts > 1)
		html_textf(h, ", attempt %" PRId64, b->attempts);
	html_close(h);
	page_fact_open(h, "Tree");
	page_hash(h, b->tree);
	html_close(h);
	if (b->image) {
		page_fact_open(h, "Image");
		page_hash(h, b->image);
		html_close(h);
	}
	page_fact(h, "Toolchain", b->toolchain);
	if (b->kconfig) {
		page_fact_open(h, "Kernel config");
		html_link(h, NULL, url_build_config(b->id), ".config");
		html_close(h);
	}
	html_close(h);
}

static void print_error(struct html *h, struct json_object *e)
{
	if (!json_object_is_type(e, json_type_object))
		return;
	html_open(h, "pre");
	html_attr(h, "class", "evidence");
	if (json_str(e, "file", NULL))
		html_textf(h, "%s:%lld: ", json_str(e, "file", ""),
			   json_int(e, "line", 0));
	html_text(h, json_str(e, "text", ""));
	html_close(h);
}

static void print_page(struct html *h, const struct loaded *l)
{
	const struct build *b = &l->b;
	char title[64];

	snprintf(title, sizeof(title), "Build %" PRId64, b->id);
	page_begin(h, title, 0);
	html_open(h, "h1");
	html_text(h, title);
	html_text(h, " ");
	page_mark(h,
		  b->status == BUILD_OK    ? MARK_PASS :
		  b->status == BUILD_INFRA ? MARK_INFRA :
					     MARK_FAIL,
		  build_status_str(b->status));
	html_close(h);
	html_el(h, "p", NULL, b->reason);
	print_error(h, b->error);
	html_used_by(h, l->used, l->nused);
	print_facts(h, b);
	if (b->log) {
		html_open(h, "h2");
		html_text(h, "Log ");
		html_link(h, "more", url_build_log(b->id), "as text");
		html_close(h);
		if (l->has_log)
			html_log(h, &l->log, url_build_log(b->id));
		else
			html_log_gone(h, l->log_dropped);
	}
	page_end(h);
}

int page_build(struct request *rq, struct reply *re, struct err *err)
{
	AUTO(loaded_done) struct loaded l = { .nused = 0 };
	struct html h;
	int r = load(rq, &l, err);

	if (r != 1)
		return r;
	html_init(&h);
	print_page(&h, &l);
	re->body = h.out;
	return 1;
}
