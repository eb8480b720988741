#include "web/verdicts.h"

#include <inttypes.h>
#include <string.h>

#include "lib/cleanup.h"
#include "web/matrix.h"
#include "web/page.h"
#include "web/sentence.h"

/* Order of show: what a reader must act on first. */
enum { IS_BREAK = 1, IS_WARNING = 2, IS_ANY = 3 };

static const struct {
	enum verdict_word word;
	int kinds;
	enum mark mark;
} order[] = {
	{ VERDICT_INTRODUCED, IS_BREAK, MARK_FAIL },
	{ VERDICT_TRANSIENT, IS_BREAK, MARK_FAIL },
	{ VERDICT_FLAKY, IS_ANY, MARK_FLAKY },
	{ VERDICT_INTRODUCED, IS_WARNING, MARK_WARN },
	{ VERDICT_TRANSIENT, IS_WARNING, MARK_WARN },
	{ VERDICT_INCONCLUSIVE, IS_ANY, MARK_FLAKY },
	{ VERDICT_INFRA, IS_ANY, MARK_INFRA },
	{ VERDICT_PRE_EXISTING, IS_ANY, MARK_SKIP },
	{ VERDICT_NOT_TESTED, IS_ANY, MARK_SKIP },
};

#define SHOWN_OF_A_KIND 3

static bool has_many_configs(const struct series_view *v)
{
	for (size_t i = 1; i < v->nstep_builds; i++)
		if (strcmp(v->step_builds[0].config, v->step_builds[i].config) != 0)
			return true;
	return false;
}

static bool breaks(const struct verdict *d)
{
	return d->kind != KIND_WARNING &&
	       (d->verdict == VERDICT_INTRODUCED || d->verdict == VERDICT_TRANSIENT ||
		(d->verdict == VERDICT_FLAKY && d->from_step != 0));
}

static size_t count(const struct series_view *v, enum verdict_word w)
{
	size_t n = 0;

	for (size_t i = 0; i < v->nverdicts; i++)
		n += v->verdicts[i].verdict == w;
	return n;
}

/* Where it could be one of several, the verdict says so. */
static bool is_culprit(const struct series_view *v, int64_t step)
{
	for (size_t i = 0; i < v->nverdicts; i++)
		if (breaks(&v->verdicts[i]) && v->verdicts[i].from_step == step &&
		    json_len(v->verdicts[i].candidates) < 2)
			return true;
	return false;
}

/* ": patch 3", ": patches 3 and 5", those that a breaking verdict names. */
static void print_culprits(struct html *h, const struct series_view *v)
{
	size_t total = 0, n = 0;

	for (size_t k = 1; k < v->nsteps; k++)
		total += is_culprit(v, (int64_t)k);
	for (size_t k = 1; k < v->nsteps; k++) {
		if (!is_culprit(v, (int64_t)k))
			continue;
		n++;
		html_text(h, n > 1 && n == total ? " and " :
			     n > 1               ? ", " :
			     total > 1           ? ": patches " :
						   ": patch ");
		html_textf(h, "%zu", k);
	}
	html_text(h, ".");
}

/* Something failed, and it is not known whether a patch is to blame. */
static bool is_unsure(const struct series_view *v)
{
	for (size_t i = 0; i < v->nverdicts; i++)
		if (v->verdicts[i].verdict == VERDICT_INCONCLUSIVE &&
		    v->verdicts[i].from_step != DB_NO_INT)
			return true;
	return false;
}

static void print_headline(struct html *h, const struct series_view *v)
{
	size_t broken = 0;
	/* Without patches it is the head of a tree: what fails there is what it tells. */
	bool is_head = v->series.patches == 0;
	size_t failing = 0;

	for (size_t i = 0; i < v->nverdicts; i++) {
		broken += breaks(&v->verdicts[i]);
		failing += is_head && verdict_is_failing(&v->verdicts[i]);
	}
	html_open(h, "p");
	html_attr(h, "class",
		  broken || failing ? "headline bad" :
		  count(v, VERDICT_PASS) && !count(v, VERDICT_INFRA) && !is_unsure(v) ?
				      "headline" :
				      "headline plain");
	if (v->nverdicts == 0)
		html_text(h, "There are no verdicts.");
	else if (broken)
		html_textf(h, "✗ This series breaks %zu %s", broken,
			   broken == 1 ? "thing" : "things");
	else if (failing)
		html_textf(h, "✗ This head fails %zu %s by itself.", failing,
			   failing == 1 ? "check" : "checks");
	else if (count(v, VERDICT_INFRA))
		html_text(h,
			  "Nothing is known to be broken, but not all could be tested.");
	else if (is_unsure(v))
		html_text(h, "Nothing is known to be broken, but not all that failed is "
			     "known well enough.");
	else if (count(v, VERDICT_PASS))
		html_text(h, is_head ? "✓ This head passes what was tested." :
				       "✓ This series breaks nothing.");
	else
		html_text(h, "Nothing was found to be broken.");
	if (broken)
		print_culprits(h, v);
	html_close(h);
}

static void print_sentence(struct html *h, const struct verdict *d, bool many)
{
	AUTO(str_done) struct str s = STR_INIT;

	verdict_sentence(d, many, &s);
	html_textn(h, str_get(&s), s.len);
}

/* Which runs it rests on, and how sure it is. */
static void print_odds(struct html *h, const struct verdict *d)
{
	AUTO(str_done) struct str s = STR_INIT;

	verdict_odds_text(d, &s);
	if (!s.len)
		return;
	html_text(h, " · ");
	html_textn(h, str_get(&s), s.len);
}

/* "since 012345678901 "mm: ..."", where the base was bisected, or an earlier one. */
static void print_since(struct html *h, const struct series_view *v,
			const struct verdict *d)
{
	const struct bisection *b = view_bisection(v, d);
	struct json_object *commits = b ? json_arr(b->outcome, "commits") : NULL;
	struct json_object *first =
		json_len(commits) ? json_object_array_get_idx(commits, 0) : NULL;
	bool here = b && strcmp(b->bad, v->series.base_commit) == 0;

	if (!first)
		return;
	html_text(h, here ? " · since " : " · on an earlier base since ");
	html_link(h, NULL, url_bisection(b->id),
		  json_len(commits) > 1 ? "one of several commits" :
					  json_str(first, "subject", ""));
	if (json_len(commits) > 1)
		return;
	html_text(h, " ");
	page_hash(h, json_str(first, "commit", ""));
}

static void print_where_good(struct html *h, const struct series_view *v,
			     const struct verdict *d, bool many)
{
	AUTO(str_done) struct str s = STR_INIT;

	verdict_passes_text(d, v->verdicts, v->nverdicts, many, &s);
	if (!s.len)
		return;
	html_text(h, " · ");
	html_textn(h, str_get(&s), s.len);
}

/* Where a patch did not apply; the verdict's own evidence says no more. */
static void print_hunk(struct html *h, const struct series_view *v, int64_t step)
{
	for (size_t i = 0; i < v->nsteps; i++) {
		const struct step *s = &v->steps[i];

		if (s->step != step || !s->file)
			continue;
		html_open(h, "pre");
		html_attr(h, "class", "evidence");
		html_text(h, s->file);
		html_text(h, s->hunk ? "\n" : "");
		html_text(h, s->hunk);
		html_close(h);
	}
}

/* The first of those that one patch broke are read; of the others, what they are. */
static bool is_folded(const struct series_view *v, const struct verdict *d)
{
	size_t before = 0;

	for (const struct verdict *o = v->verdicts; o < d; o++)
		before += o->verdict == d->verdict && o->from_step == d->from_step &&
			  o->until_step == d->until_step && o->kind == d->kind;
	return before >= SHOWN_OF_A_KIND;
}

static void print_verdict(struct html *h, const struct series_view *v,
			  const struct verdict *d, enum mark m, bool many)
{
	bool folded = is_folded(v, d);

	if (folded)
		html_open(h, "details");
	else
		html_open(h, "article");
	html_attr(h, "class", breaks(d) ? "verdict bad" : "verdict");
	if (folded)
		html_open(h, "summary");
	else
		html_open(h, "h3");
	page_mark(h, m, verdict_word_str(d->verdict));
	html_text(h, " ");
	print_sentence(h, d, many);
	html_close(h);
	html_strip(h, v, d);
	if (d->reason || d->boot_id != DB_NO_INT) {
		html_open(h, "p");
		html_text(h, d->reason);
		if (d->boot_id != DB_NO_INT) {
			AUTO_FREE char *run = str_printf("run %" PRId64, d->boot_id);

			html_text(h, d->reason ? " · " : "");
			html_link(h, NULL, url_run(d->boot_id), run);
		}
		if (d->odds)
			print_odds(h, d);
		else if (d->runs > 0 && d->failures > 0)
			html_textf(h, " · failed in %" PRId64 " of %" PRId64 " boots",
				   d->failures, d->runs);
		print_where_good(h, v, d, many);
		print_since(h, v, d);
		html_close(h);
	}
	if (d->kind == KIND_APPLY)
		print_hunk(h, v, d->from_step);
	else
		page_lines(h, "evidence", d->evidence);
	html_close(h);
	html_raw(h, "\n");
}

static void print_passes(struct html *h, const struct series_view *v, bool many)
{
	size_t n = count(v, VERDICT_PASS), notes = 0;

	if (n == 0)
		return;
	for (size_t i = 0; i < v->nverdicts; i++)
		notes += v->verdicts[i].verdict == VERDICT_PASS && v->verdicts[i].reason;
	html_open(h, "details");
	html_open(h, "summary");
	html_textf(h, "%zu %s", n, n == 1 ? "pass" : "passes");
	if (notes)
		html_textf(h, ", %zu with a note", notes);
	html_close(h);
	html_open(h, "ul");
	for (size_t i = 0; i < v->nverdicts; i++) {
		if (v->verdicts[i].verdict != VERDICT_PASS)
			continue;
		html_open(h, "li");
		print_sentence(h, &v->verdicts[i], many);
		if (v->verdicts[i].reason) {
			html_text(h, ": ");
			html_text(h, v->verdicts[i].reason);
		}
		html_close(h);
	}
	html_close(h);
	html_close(h);
}

void html_headline(struct html *h, const struct series_view *v)
{
	/* Before the end it would only repeat that there is no answer yet. */
	if (v->nverdicts > 0 || v->series.state == SERIES_DONE)
		print_headline(h, v);
}

void html_verdicts(struct html *h, const struct series_view *v)
{
	bool many = has_many_configs(v);

	html_open(h, "section");
	html_attr(h, "aria-label", "Verdicts");
	for (size_t k = 0; k < ARRAY_SIZE(order); k++)
		for (size_t i = 0; i < v->nverdicts; i++) {
			const struct verdict *d = &v->verdicts[i];

			if (d->verdict == order[k].word &&
			    (order[k].kinds &
			     (d->kind == KIND_WARNING ? IS_WARNING : IS_BREAK)))
				print_verdict(h, v, d, order[k].mark, many);
		}
	print_passes(h, v, many);
	html_close(h);
}
