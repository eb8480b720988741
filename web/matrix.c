#include "web/matrix.h"

#include <inttypes.h>
#include <string.h>

#include "lib/cleanup.h"
#include "web/cell.h"
#include "web/page.h"

static bool applied(const struct step *s)
{
	return s->apply <= APPLY_ALREADY;
}

static void print_apply(struct html *h, const struct step *s)
{
	enum mark m = MARK_PASS;

	if (s->apply == APPLY_BASE)
		return;
	if (s->apply == APPLY_CONFLICT || s->apply == APPLY_REFUSED)
		m = MARK_FAIL;
	else if (s->apply == APPLY_NOT_REACHED || s->apply == APPLY_ALREADY)
		m = MARK_SKIP;
	page_mark(h, m, step_apply_str(s->apply));
}

static void print_step(struct html *h, const struct step *s)
{
	html_open(h, "th");
	html_attr(h, "scope", "row");
	html_open(h, "span");
	html_attr(h, "class", "num");
	if (s->step == 0)
		html_text(h, "base");
	else
		html_textf(h, "%" PRId64, s->step);
	html_close(h);
	html_el(h, "span", "what", s->subject);
	html_close(h);
	html_open(h, "td");
	print_apply(h, s);
	html_close(h);
}

static void print_sub(struct html *h, const char *text)
{
	html_el(h, "span", "sub", text);
}

static void print_build(struct html *h, const struct series_view *v, int64_t step,
			const struct column *c)
{
	const struct step_build *sb = cell_build(v, step, c);
	const struct build *b = sb ? view_build(v, sb->build_id) : NULL;
	enum mark m = cell_test(v, step, c, NULL);
	size_t warnings = sb ? json_len(sb->new_warnings) : 0;

	if (!sb)
		return;
	if (b) {
		html_open(h, "a");
		html_href(h, url_build(b->id));
	}
	page_mark(h, m, build_status_str(sb->status));
	if (b)
		html_close(h);
	if (sb->reused)
		print_sub(h, "↺ reused");
	else if (b) {
		html_open(h, "span");
		html_attr(h, "class", "sub");
		page_seconds(h, b->seconds);
		html_close(h);
	}
	if (warnings) {
		html_open(h, "span");
		html_attr(h, "class", "sub warn");
		html_textf(h, "+%zu warning%s", warnings, warnings == 1 ? "" : "s");
		html_close(h);
	}
}

/* What stands beside the sign. */
static void cell_words(const struct cell *c, char *buf, size_t len)
{
	if (c->status != BOOT_OK)
		snprintf(buf, len, "%s", boot_status_str(c->status));
	else if (c->failing)
		snprintf(buf, len, "%zu of %zu %s", c->failing, c->tests,
			 c->mark == MARK_FLAKY ? "flaky" : "fail");
	else if (c->tests == 0)
		snprintf(buf, len, "boots");
	else if (c->mark == MARK_SKIP)
		snprintf(buf, len, "%zu skipped", c->tests);
	else if (c->known)
		snprintf(buf, len, "%zu pass, %zu known",
			 c->tests - c->skipped - c->known, c->known);
	else
		snprintf(buf, len, "%zu pass", c->tests - c->skipped);
}

/* Without the suite: the verdicts above name it in full. */
static const char *short_name(const char *test)
{
	const char *slash = strrchr(test, '/');

	return slash ? slash + 1 : test;
}

static void print_boot(struct html *h, const struct series_view *v, int64_t step,
		       const struct column *col)
{
	struct cell c;
	char words[64];

	cell_of(v, step, col, &c);
	if (!c.first)
		return;
	cell_words(&c, words, sizeof(words));
	if (c.run != DB_NO_INT) {
		html_open(h, "a");
		html_href(h, url_run(c.run));
	}
	page_mark(h, c.mark, words);
	if (c.run != DB_NO_INT)
		html_close(h);
	for (size_t i = 0; i < c.failing && i < CELL_FAILING; i++)
		print_sub(h, short_name(c.names[i]));
	if (c.failing > CELL_FAILING)
		print_sub(h, "…");
	if (c.reused)
		print_sub(h, "↺ reused");
	else if (c.boots > 1) {
		html_open(h, "span");
		html_attr(h, "class", "sub");
		html_textf(h, "%zu boots", c.boots);
		html_close(h);
	}
	if (c.lost && c.lost < c.boots) {
		html_open(h, "span");
		html_attr(h, "class", "sub warn");
		html_textf(h, "%zu lost", c.lost);
		html_close(h);
	}
	if (c.run == DB_NO_INT && c.reason)
		print_sub(h, c.reason);
}

static bool is_empty(const struct series_view *v, int64_t step, const struct column *c)
{
	struct cell cell;

	if (!c->topology)
		return !cell_build(v, step, c);
	cell_of(v, step, c, &cell);
	return !cell.first;
}

/* A later step of the config was built before it: this one may never be. */
static bool is_passed_over(const struct series_view *v, int64_t step,
			   const struct column *c)
{
	for (size_t i = 0; i < v->nstep_builds; i++)
		if (v->step_builds[i].step > step &&
		    strcmp(v->step_builds[i].config, c->config) == 0)
			return true;
	return false;
}

static void print_cell(struct html *h, const struct series_view *v, const struct step *s,
		       const struct column *c)
{
	html_open(h, "td");
	if (!is_empty(v, s->step, c)) {
		if (c->topology)
			print_boot(h, v, s->step, c);
		else
			print_build(h, v, s->step, c);
	} else if (v->series.state == SERIES_RUNNING && applied(s) &&
		   !is_passed_over(v, s->step, c)) {
		page_mark(h, MARK_NONE, "to come");
	} else if (applied(s)) {
		page_mark(h, MARK_NONE, NULL);
	}
	html_close(h);
}

static void print_head(struct html *h, const struct column *cols, size_t n)
{
	html_open(h, "thead");
	html_open(h, "tr");
	html_raw(h, "<th scope=\"col\">Patch</th><th scope=\"col\">Applied</th>");
	for (size_t i = 0; i < n; i++) {
		html_open(h, "th");
		html_attr(h, "scope", "col");
		html_text(h, cols[i].topology ? cols[i].topology : "build");
		html_open(h, "span");
		html_attr(h, "class", "sub");
		html_text(h, cols[i].config);
		if (strcmp(cols[i].arch, "x86_64") != 0)
			html_textf(h, " %s", cols[i].arch);
		html_close(h);
		html_close(h);
	}
	html_close(h);
	html_close(h);
	html_raw(h, "\n");
}

void html_matrix(struct html *h, const struct series_view *v)
{
	size_t n;
	AUTO_FREE struct column *cols = view_columns(v, &n);

	/* A region of its own: only it scrolls sideways, by keyboard too. */
	html_open(h, "div");
	html_attr(h, "class", "scroll");
	html_attr(h, "role", "region");
	html_attr(h, "aria-label", "Patches by topology");
	html_attr(h, "tabindex", "0");
	html_open(h, "table");
	html_attr(h, "class", "matrix");
	print_head(h, cols, n);
	html_open(h, "tbody");
	for (size_t i = 0; i < v->nsteps; i++) {
		html_open(h, "tr");
		html_attr_id(h, "step", v->steps[i].step);
		print_step(h, &v->steps[i]);
		for (size_t k = 0; k < n; k++)
			print_cell(h, v, &v->steps[i], &cols[k]);
		html_close(h);
		html_raw(h, "\n");
	}
	html_close(h);
	html_close(h);
	html_close(h);
}

/* Any architecture that the config was built for. */
static bool column_of(const struct series_view *v, const struct verdict *d,
		      struct column *ret)
{
	size_t n;
	AUTO_FREE struct column *cols = view_columns(v, &n);

	if (!d->config)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(cols[i].config, d->config) != 0)
			continue;
		if (d->kind == KIND_BUILD ?
			    cols[i].topology != NULL :
			    !cols[i].topology || !d->topology ||
				    strcmp(cols[i].topology, d->topology) != 0)
			continue;
		*ret = cols[i];
		return true;
	}
	return false;
}

static void print_bead(struct html *h, int64_t step, enum mark m)
{
	html_open(h, "li");
	if (step == 0)
		html_text(h, "base");
	else
		html_textf(h, "%" PRId64, step);
	page_mark(h, m, NULL);
	html_close(h);
}

void html_strip(struct html *h, const struct series_view *v, const struct verdict *d)
{
	struct column c;

	if (d->kind == KIND_APPLY || d->kind == KIND_WARNING || !column_of(v, d, &c))
		return;
	html_open(h, "ol");
	html_attr(h, "class", "strip");
	html_attr(h, "aria-label", "Step by step");
	for (size_t i = 0; i < v->nsteps; i++)
		if (applied(&v->steps[i]))
			print_bead(h, v->steps[i].step,
				   cell_test(v, v->steps[i].step, &c, d->test));
	html_close(h);
}
