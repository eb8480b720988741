/* "/series/<id>": verdicts, the matrix, where it was applied, warnings. */
#include <inttypes.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/json.h"
#include "web/base_words.h"
#include "web/matrix.h"
#include "web/outcome.h"
#include "web/page.h"
#include "web/request.h"
#include "web/verdicts.h"
#include "web/versions.h"

#define REFRESH_SECONDS 5

static void print_heading(struct html *h, const struct series *s)
{
	html_open(h, "h1");
	html_text(h, *s->subject ? s->subject : "(no subject)");
	if (s->version > 1)
		html_textf(h, " v%" PRId64, s->version);
	html_close(h);
	html_open(h, "p");
	html_attr(h, "class", "dim");
	html_text(h, s->author);
	if (s->patches > 0)
		html_textf(h, " · %" PRId64 " %s", s->patches,
			   s->patches == 1 ? "patch" : "patches");
	html_text(h, " · ");
	page_time(h, s->updated);
	html_text(h, " · ");
	html_link(h, NULL, url_api_series(s->id), "JSON");
	html_close(h);
}

static void print_state(struct html *h, const struct series *s)
{
	AUTO_FREE char *ended = outcome_ended(s);

	if (s->state == SERIES_DONE)
		return;
	html_open(h, "p");
	html_attr(h, "class", "note");
	if (ended) {
		html_text(h, "Not finished: ");
		html_text(h, ended);
		html_text(h, ". What was done is kept.");
	} else {
		html_text(h, "Not finished. This page renews itself.");
	}
	html_close(h);
}

static void print_base(struct html *h, const struct series *s)
{
	html_open(h, "section");
	html_el(h, "h2", NULL, "Base");
	html_open(h, "dl");
	page_fact(h, "Tree", s->tree);
	if (s->base_commit) {
		page_fact_open(h, "Commit");
		page_hash(h, s->base_commit);
		html_close(h);
	}
	page_fact(h, "Why this", base_how_words(s->base_how));
	page_fact(h, "Series", s->source);
	page_fact(h, "Message-ID", s->message_id);
	html_close(h);
	if (json_len(s->base_tried) > 0) {
		html_open(h, "details");
		html_open(h, "summary");
		html_textf(h, "%zu tried for it", json_len(s->base_tried));
		html_close(h);
		html_open(h, "ul");
		for (size_t i = 0; i < json_len(s->base_tried); i++) {
			AUTO_FREE char *words = base_try_words(
				json_object_array_get_idx(s->base_tried, i));

			html_el(h, "li", NULL, words);
		}
		html_close(h);
		html_close(h);
	}
	html_close(h);
}

static void print_trouble(struct html *h, const struct step *s)
{
	html_open(h, "article");
	html_attr(h, "class", "verdict");
	html_open(h, "h3");
	page_mark(h, MARK_FAIL, step_apply_str(s->apply));
	html_textf(h, " Patch %" PRId64 ": ", s->step);
	html_text(h, s->subject);
	html_close(h);
	html_open(h, "p");
	html_text(h, s->reason);
	html_close(h);
	if (s->file) {
		html_open(h, "pre");
		html_attr(h, "class", "evidence");
		html_text(h, s->file);
		if (s->hunk) {
			html_text(h, "\n");
			html_text(h, s->hunk);
		}
		html_close(h);
	}
	html_close(h);
}

static bool has_apply_verdict(const struct series_view *v, int64_t step)
{
	for (size_t i = 0; i < v->nverdicts; i++)
		if (v->verdicts[i].kind == KIND_APPLY && v->verdicts[i].from_step == step)
			return true;
	return false;
}

/* Before there is a verdict that says it. */
static void print_troubles(struct html *h, const struct series_view *v)
{
	bool any = false;

	for (size_t i = 0; i < v->nsteps; i++) {
		const struct step *s = &v->steps[i];

		if ((s->apply != APPLY_CONFLICT && s->apply != APPLY_REFUSED) ||
		    has_apply_verdict(v, s->step))
			continue;
		if (!any)
			html_el(h, "h2", NULL, "Not applied");
		any = true;
		print_trouble(h, s);
	}
}

static void print_warning(struct html *h, const struct step_build *b,
			  struct json_object *w)
{
	long long since = json_int(w, "since", b->step);

	html_open(h, "li");
	/* Builds between failed, or were not made. */
	if (since > 0 && since < b->step)
		html_textf(h, "One of patches %lld to %" PRId64 ", ", since, b->step);
	else
		html_textf(h, "Patch %" PRId64 ", ", b->step);
	html_open(h, "code");
	html_text(h, json_str(w, "file", "?"));
	html_textf(h, ":%lld", json_int(w, "line", 0));
	html_close(h);
	html_text(h, " ");
	html_text(h, json_str(w, "text", ""));
	html_text(h, " ");
	html_el(h, "span", "dim", json_str(w, "flag", NULL));
	html_close(h);
}

static void print_warnings(struct html *h, const struct series_view *v)
{
	size_t total = 0;

	for (size_t i = 0; i < v->nstep_builds; i++)
		total += json_len(v->step_builds[i].new_warnings);
	if (total == 0)
		return;
	html_el(h, "h2", NULL, "New warnings");
	html_open(h, "ul");
	for (size_t i = 0; i < v->nstep_builds; i++)
		for (size_t k = 0; k < json_len(v->step_builds[i].new_warnings); k++)
			print_warning(h, &v->step_builds[i],
				      json_object_array_get_idx(
					      v->step_builds[i].new_warnings, k));
	html_close(h);
}

/* What a deep config leaves out is told where the patch is. */
static bool is_changed_by(const struct series_view *v, int64_t step, const char *file)
{
	for (size_t i = 0; i < v->nsteps; i++)
		for (size_t k = 0;
		     v->steps[i].step == step && k < json_len(v->steps[i].files); k++)
			if (strcmp(file, json_str(json_object_array_get_idx(
							  v->steps[i].files, k),
						  "path", "")) == 0)
				return true;
	return false;
}

static void print_not_built(struct html *h, const struct series_view *v)
{
	bool any = false;

	for (size_t i = 0; i < v->nstep_builds; i++) {
		const struct step_build *b = &v->step_builds[i];

		for (size_t k = 0; k < json_len(b->not_built); k++) {
			const char *file = json_object_get_string(
				json_object_array_get_idx(b->not_built, k));

			if (!is_changed_by(v, b->step, file))
				continue;
			if (!any) {
				html_el(h, "h2", NULL, "Changed, but not compiled");
				html_open(h, "ul");
			}
			any = true;
			html_open(h, "li");
			html_textf(h, "Patch %" PRId64 ", config ", b->step);
			html_text(h, b->config);
			html_text(h, ": ");
			html_el(h, "code", NULL, file);
			html_close(h);
		}
	}
	if (any)
		html_close(h);
}

static void print_letter(struct html *h, const struct series *s)
{
	if (json_len(s->trailers) > 0) {
		html_el(h, "h2", NULL, "Trailers from replies");
		html_open(h, "ul");
		for (size_t i = 0; i < json_len(s->trailers); i++) {
			struct json_object *t = json_object_array_get_idx(s->trailers, i);

			html_open(h, "li");
			html_textf(h, "Patch %lld: ", json_int(t, "patch", 0));
			html_text(h, json_str(t, "trailer", ""));
			html_close(h);
		}
		html_close(h);
	}
	if (s->cover && *s->cover) {
		html_raw(h, "<details><summary>Cover letter</summary>");
		html_el(h, "pre", "letter", s->cover);
		html_raw(h, "</details>");
	}
}

/* The posting that it is of, and the other versions. */
struct family {
	int64_t posting; /* 0: of none */
	struct posting_line *versions;
	size_t n;
};

static void family_done(struct family *f)
{
	posting_line_list_free(f->versions, f->n);
}

static int load_family(struct db *db, const struct series *s, struct family *f,
		       struct err *err)
{
	int r = posting_of_series(db, s, &f->posting, err);

	if (r == 1)
		r = posting_versions(db, f->posting, &f->versions, &f->n, err);
	return r < 0 ? -1 : 0;
}

static void print_family(struct html *h, const struct family *f)
{
	if (f->n > 1) {
		html_versions(h, f->versions, f->n, f->posting);
	} else if (f->n == 1) {
		html_open(h, "p");
		html_attr(h, "class", "dim");
		html_text(h, "Came as ");
		html_link(h, NULL, url_posting(f->posting), "a posting");
		html_text(h, " of ");
		html_text(h, f->versions[0].p.source);
		html_text(h, ".");
		html_close(h);
	}
}

int page_series(struct request *rq, struct reply *re, struct err *err)
{
	AUTO(series_view_done) struct series_view v = { .nsteps = 0 };
	AUTO(family_done) struct family f = { .posting = 0 };
	AUTO(html_done) struct html h;
	const struct series *s = &v.series;
	int r;

	html_init(&h);
	r = series_view_load(rq->db, rq->id, &v, err);
	if (r == 1 && load_family(rq->db, s, &f, err) < 0)
		r = -1;
	if (r != 1)
		return r;
	page_begin(&h, s->subject,
		   s->state == SERIES_NEW || s->state == SERIES_RUNNING ?
			   REFRESH_SECONDS :
			   0);
	print_heading(&h, s);
	print_state(&h, s);
	html_headline(&h, &v);
	if (v.nsteps > 0)
		html_matrix(&h, &v);
	html_verdicts(&h, &v);
	print_troubles(&h, &v);
	print_warnings(&h, &v);
	print_not_built(&h, &v);
	print_family(&h, &f);
	print_base(&h, s);
	print_letter(&h, s);
	page_end(&h);
	re->body = h.out;
	h.out = (struct str)STR_INIT;
	return 1;
}
