/* "/posting/<id>/changes?from=<id>": a version against another, patch by patch. */
#include <inttypes.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/str.h"
#include "web/changes.h"
#include "web/linediff.h"
#include "web/page.h"

/* Steps of comparing, and bytes of what differs, for the whole page. */
#define PAGE_STEPS (20u << 20)
#define PAGE_BYTES (1u << 20)
/* Lines around one that differs. */
#define AROUND 3

struct room {
	size_t steps, bytes; /* that are left */
};

static void print_between(struct html *h, const struct changes_view *v)
{
	html_open(h, "p");
	html_text(h, "From ");
	html_open(h, "a");
	html_href(h, url_posting(v->old->p.id));
	html_textf(h, "v%" PRId64, v->old->p.version);
	html_close(h);
	html_text(h, ", ");
	page_time(h, v->old->p.posted);
	html_text(h, ", to ");
	html_open(h, "a");
	html_href(h, url_posting(v->new->p.id));
	html_textf(h, "v%" PRId64, v->new->p.version);
	html_close(h);
	html_text(h, ", ");
	page_time(h, v->new->p.posted);
	html_text(h, " ");
	html_link(h, "more", url_api_changes(v->new->p.id, v->old->p.id), "JSON");
	html_close(h);
}

/* The same against the other versions before it. */
static void print_others(struct html *h, const struct changes_view *v)
{
	if (v->nversions < 3)
		return;
	html_open(h, "nav");
	html_attr(h, "class", "chips");
	html_attr(h, "aria-label", "Earlier versions");
	for (size_t i = 0; i < v->nversions; i++) {
		const struct posting_line *l = &v->versions[i];

		if (l == v->new)
			break;
		html_open(h, "a");
		html_attr(h, "class", l == v->old ? "chip on" : "chip");
		html_href(h, url_changes(v->new->p.id, l->p.id));
		html_textf(h, "from v%" PRId64, l->p.version);
		html_close(h);
	}
	html_close(h);
}

static const struct {
	const char *class, *words, *count;
} changes[] = {
	[PATCH_SAME] = { "tag pass", "unchanged", "unchanged" },
	[PATCH_REBASED] = { "tag skip", "other surroundings", "with other surroundings" },
	[PATCH_MESSAGE] = { "tag skip", "other message", "with another message" },
	[PATCH_CHANGED] = { "tag warn", "changed", "changed" },
	[PATCH_ADDED] = { "tag run", "added", "added" },
	[PATCH_DROPPED] = { "tag fail", "dropped", "dropped" },
	[PATCH_UNKNOWN] = { "tag skip", "in both", "in both" },
};

static void print_counts(struct html *h, const struct changes_view *v)
{
	bool first = true;

	html_open(h, "p");
	html_attr(h, "class", "headline plain");
	for (size_t c = 0; c < ARRAY_SIZE(changes); c++) {
		size_t n = 0;

		for (size_t i = 0; i < v->npairs; i++)
			n += v->pairs[i].change == (enum patch_change)c;
		if (n == 0)
			continue;
		html_textf(h, "%s%zu %s", first ? "" : ", ", n, changes[c].count);
		first = false;
	}
	if (first)
		html_text(h, "Nothing can be compared.");
	html_close(h);
}

static void print_unknown(struct html *h, const struct changes_view *v)
{
	const struct posting_line *l = !v->old_set.has_texts ? v->old :
				       !v->new_set.has_texts ? v->new :
							       NULL;

	if (!l)
		return;
	html_open(h, "p");
	html_attr(h, "class", "note");
	html_textf(h,
		   "The patches of v%" PRId64
		   " are not stored here, since it was not tested"
		   " or long ago: only titles are compared.",
		   l->p.version);
	html_close(h);
}

/* ---- the difference of two patches ---- */

static bool is_near(const struct line_edit *e, size_t n, size_t i)
{
	size_t from = i > AROUND ? i - AROUND : 0, to = i + AROUND + 1;

	for (size_t k = from; k < to && k < n; k++)
		if (e[k].op != ' ')
			return true;
	return false;
}

/* The file that line i is about, where a gap ends there. */
static void print_file(struct html *h, const struct line_edit *e, size_t i)
{
	while (i > 0 && !(e[i].len > 4 && memcmp(e[i].text, "+++ ", 4) == 0))
		i--;
	html_open(h, "span");
	html_attr(h, "class", "gap");
	html_text(h, "⋮ ");
	if (i > 0)
		html_textn(h, e[i].text + 4, e[i].len - 4);
	html_text(h, "\n");
	html_close(h);
}

static void print_edit(struct html *h, const struct line_edit *e)
{
	char op[2] = { e->op, '\0' };

	if (e->op != ' ') {
		html_open(h, "span");
		html_attr(h, "class", e->op == '+' ? "add" : "del");
	}
	html_text(h, op);
	html_textn(h, e->text, e->len);
	html_text(h, "\n");
	if (e->op != ' ')
		html_close(h);
}

static void print_edits(struct html *h, const struct line_edit *e, size_t n,
			struct room *room)
{
	bool gap = false;

	html_open(h, "pre");
	html_attr(h, "class", "evidence diff");
	for (size_t i = 0; i < n; i++) {
		if (!is_near(e, n, i)) {
			gap = true;
			continue;
		}
		if (e[i].len >= room->bytes) {
			html_text(h, "and more, which is left out\n");
			break;
		}
		room->bytes -= e[i].len;
		if (gap)
			print_file(h, e, i);
		gap = false;
		print_edit(h, &e[i]);
	}
	html_close(h);
}

static void print_difference(struct html *h, const struct patch_pair *p,
			     struct room *room)
{
	AUTO_FREE char *a = str_printf("%s\n%s", p->old->message, p->old->diff);
	AUTO_FREE char *b = str_printf("%s\n%s", p->new->message, p->new->diff);
	AUTO_FREE struct line_edit *e = NULL;
	size_t n = 0;

	html_open(h, "details");
	if (p->change == PATCH_CHANGED)
		html_attr(h, "open", "");
	html_raw(h, "<summary>What differs</summary>");
	if (line_diff(a, b, &room->steps, &e, &n))
		print_edits(h, e, n, room);
	else
		html_el(h, "p", "dim", "They differ by too much to be shown.");
	html_close(h);
}

static void print_pair(struct html *h, const struct patch_pair *p, struct room *room)
{
	const struct patch_text *t = p->new ? p->new : p->old;

	html_open(h, "article");
	html_attr(h, "class", "verdict");
	html_open(h, "h3");
	html_el(h, "span", changes[p->change].class, changes[p->change].words);
	html_text(h, " ");
	if (p->moved)
		html_el(h, "span", "tag skip", "moved");
	html_textf(h, " %" PRId64, t->n);
	if (p->old && p->new && p->old->n != p->new->n)
		html_textf(h, ", was %" PRId64, p->old->n);
	html_text(h, ": ");
	html_text(h, *t->subject ? t->subject : "(no subject)");
	html_close(h);
	if (p->old && p->new &&strcmp(p->old->title, p->new->title) != 0) {
		html_open(h, "p");
		html_text(h, "was: ");
		html_text(h, p->old->subject);
		html_close(h);
	}
	if (p->change == PATCH_REBASED || p->change == PATCH_MESSAGE ||
	    p->change == PATCH_CHANGED)
		print_difference(h, p, room);
	html_close(h);
	html_raw(h, "\n");
}

int page_changes(struct request *rq, struct reply *re, struct err *err)
{
	AUTO(changes_view_done) struct changes_view v = { .pairs = NULL };
	struct room room = { .steps = PAGE_STEPS, .bytes = PAGE_BYTES };
	struct html h;
	int r = changes_view_load(rq, &v, err);

	if (r != 1)
		return r;
	html_init(&h);
	page_begin(&h, "What changed", 0);
	html_el(&h, "h1", NULL, v.new->p.subject);
	print_between(&h, &v);
	print_others(&h, &v);
	print_counts(&h, &v);
	print_unknown(&h, &v);
	for (size_t i = 0; i < v.npairs; i++)
		print_pair(&h, &v.pairs[i], &room);
	page_end(&h);
	re->body = h.out;
	return 1;
}
