#include "cli/verdict_text.h"

#include <stdlib.h>
#include <string.h>

#include "cli/verdict_group.h"
#include "lib/text.h"
#include "web/sentence.h"

#define LABEL_WIDTH 16
#define EVIDENCE_LINES 8

static enum term_style word_style(const struct verdict *v)
{
	switch (v->verdict) {
	case VERDICT_INTRODUCED:
	case VERDICT_TRANSIENT:
		return v->kind == KIND_WARNING ? TERM_WARN : TERM_BAD;
	case VERDICT_FLAKY:
	case VERDICT_INCONCLUSIVE:
		return TERM_WARN;
	case VERDICT_INFRA:
		return TERM_OURS;
	case VERDICT_PASS:
		return TERM_GOOD;
	default:
		return TERM_DIM;
	}
}

/* "test compaction on smp4, numa2" */
static char *what_text(const struct report *r, const struct verdict_group *g)
{
	const struct verdict *v = g->first;
	AUTO(str_done) struct str text = STR_INIT;

	if (v->kind == KIND_APPLY)
		str_add(&text, "applying the patches");
	else if (v->kind == KIND_BUILD)
		str_add(&text, "build");
	else if (v->kind == KIND_WARNING)
		str_add(&text, "compiler warning");
	else if (v->kind == KIND_BOOT)
		str_add(&text, "boot");
	else
		str_addf(&text, "test %s", v->test ? v->test : "?");
	verdict_group_places(r, g, &text);
	return text_clean_line(str_get(&text), 0);
}

static void print_label(const struct term *t, const struct verdict *v, const char *what)
{
	fputs("  ", t->out);
	term_put(t, word_style(v), verdict_word_str(v->verdict), LABEL_WIDTH - 2);
	term_wrap(t, TERM_BOLD, what, LABEL_WIDTH);
}

static void print_patch(const struct report *r, const struct term *t, const char *how,
			int64_t step)
{
	AUTO_FREE char *subject = report_subject(r, step);
	AUTO_FREE char *head = str_printf("%s %lld  ", how, (long long)step);
	AUTO_FREE char *cut = NULL;

	if (step == 0)
		return;
	cut = term_cut(subject, t->width - LABEL_WIDTH - text_width(head));
	term_pad(t, LABEL_WIDTH);
	term_put(t, TERM_PLAIN, head, 0);
	term_put(t, TERM_PLAIN, cut, 0);
	fputc('\n', t->out);
}

static void print_one_of(struct json_object *list, const char *how, const struct term *t)
{
	AUTO(str_done) struct str text = STR_INIT;
	size_t n = json_len(list);

	str_addf(&text, "%s one of the patches", how);
	for (size_t i = 0; i < n; i++)
		str_addf(&text, "%s %lld", i ? "," : "",
			 (long long)json_object_get_int64(
				 json_object_array_get_idx(list, i)));
	str_add(&text, ": no runs tell them apart");
	term_pad(t, LABEL_WIDTH);
	term_wrap(t, TERM_PLAIN, str_get(&text), LABEL_WIDTH);
}

static void print_blame(const struct report *r, const struct verdict *v,
			const struct term *t)
{
	bool warning = v->kind == KIND_WARNING, apply = v->kind == KIND_APPLY;
	bool charged = v->verdict == VERDICT_INTRODUCED ||
		       v->verdict == VERDICT_TRANSIENT;

	if (v->verdict == VERDICT_PASS || v->verdict == VERDICT_PRE_EXISTING)
		return;
	if (charged && json_len(v->candidates) > 1)
		print_one_of(v->candidates, warning ? "from" : "by", t);
	else if (v->from_step > 0)
		print_patch(r, t,
			    apply || v->verdict == VERDICT_NOT_TESTED ? "patch" :
			    warning                                   ? "from patch" :
			    charged ? "broken by patch" :
				      "first seen at patch",
			    v->from_step);
	if (v->until_step <= 0)
		return;
	if (charged && json_len(v->repairs) > 1)
		print_one_of(v->repairs, warning ? "until" : "repaired by", t);
	else
		print_patch(r, t,
			    warning ? "until patch" :
			    charged ? "repaired by patch" :
				      "good again at patch",
			    v->until_step);
}

/* A line for each topology: each has its own runs. */
static void print_odds(const struct verdict_group *g, const struct term *t)
{
	for (size_t i = 0; i < g->n; i++) {
		AUTO(str_done) struct str text = STR_INIT;
		AUTO(str_done) struct str odds = STR_INIT;

		verdict_odds_text(g->all[i], &odds);
		if (!odds.len)
			continue;
		if (g->n > 1 && g->all[i]->topology)
			str_addf(&text, "on %s ", g->all[i]->topology);
		str_add(&text, str_get(&odds));
		term_pad(t, LABEL_WIDTH);
		term_wrap(t, TERM_PLAIN, str_get(&text), LABEL_WIDTH);
	}
}

static void print_passes(const struct report *r, const struct verdict_group *g,
			 const struct term *t)
{
	AUTO(str_done) struct str text = STR_INIT;

	verdict_group_passes(r, g, &text);
	if (!text.len)
		return;
	term_pad(t, LABEL_WIDTH);
	term_wrap(t, TERM_PLAIN, str_get(&text), LABEL_WIDTH);
}

static void print_reason(const struct verdict *v, const struct term *t)
{
	AUTO_FREE char *reason = text_clean_line(v->reason, 400);

	if (!*reason)
		return;
	term_pad(t, LABEL_WIDTH);
	term_wrap(t, TERM_PLAIN, reason, LABEL_WIDTH);
}

/* The last lines, as they are: cut and not wrapped. */
static void print_evidence(const struct verdict_group *g, const struct term *t)
{
	size_t n = json_len(g->evidence);

	for (size_t i = n > EVIDENCE_LINES ? n - EVIDENCE_LINES : 0; i < n; i++) {
		struct json_object *line = json_object_array_get_idx(g->evidence, i);
		AUTO_FREE char *clean = text_clean_line(json_object_get_string(line), 0);
		AUTO_FREE char *cut = term_cut(clean, t->width - LABEL_WIDTH - 2);

		term_pad(t, LABEL_WIDTH);
		term_put(t, TERM_DIM, "| ", 0);
		term_put(t, TERM_DIM, cut, 0);
		fputc('\n', t->out);
	}
}

static void print_hints(const struct verdict_group *g, const struct term *t)
{
	AUTO_FREE char *text = NULL;

	if (g->boot_id == DB_NO_INT)
		return;
	text = str_printf("see: sluice log %lld    sluice repro %lld",
			  (long long)g->boot_id, (long long)g->boot_id);
	term_pad(t, LABEL_WIDTH);
	term_put(t, TERM_DIM, text, 0);
	fputc('\n', t->out);
}

static void print_group(const struct report *r, const struct verdict_group *g,
			const struct term *t)
{
	AUTO_FREE char *what = what_text(r, g);

	print_label(t, g->first, what);
	print_blame(r, g->first, t);
	print_odds(g, t);
	print_passes(r, g, t);
	print_reason(g->first, t);
	print_evidence(g, t);
	print_hints(g, t);
	fputc('\n', t->out);
}

/* "1 introduced, 2 transient, 20 pass" */
static void print_counts(const struct report *r, const struct term *t)
{
	AUTO(str_done) struct str text = STR_INIT;
	size_t warnings = 0;

	for (size_t i = 0; i < r->v.nverdicts; i++)
		warnings += r->v.verdicts[i].kind == KIND_WARNING &&
			    r->v.verdicts[i].verdict != VERDICT_PASS;
	for (int w = VERDICT_WORDS - 1; w >= 0; w--) {
		size_t n = 0;

		for (size_t i = 0; i < r->v.nverdicts; i++)
			n += (int)r->v.verdicts[i].verdict == w &&
			     r->v.verdicts[i].kind != KIND_WARNING;
		if (n)
			str_addf(&text, "%s%zu %s", text.len ? ", " : "", n,
				 verdict_word_str((enum verdict_word)w));
	}
	if (warnings)
		str_addf(&text, "%s%zu with new warnings", text.len ? ", " : "",
			 warnings);
	fputs("  ", t->out);
	term_put(t, TERM_DIM, "verdicts:", LABEL_WIDTH - 2);
	term_wrap(t, TERM_PLAIN, str_get(&text), LABEL_WIDTH);
}

static void print_conclusion(const struct report *r, const struct term *t)
{
	struct verdict_sum sum = verdict_sum(r);
	bool is_head = r->v.series.patches == 0;
	const char *text;
	enum term_style style = TERM_BAD;

	if (sum.broken_at_tip) {
		text = "This series breaks something.";
	} else if (sum.broken) {
		text = "This series breaks something on its way; its last patch is good.";
	} else if (is_head && sum.failing) {
		text = "This head fails by itself: series on it are not charged with that.";
	} else if (sum.lost) {
		text = "Nothing broken was seen, but some cells were lost to sluice's own trouble. "
		       "Run the same command again: what is done is kept.";
		style = TERM_OURS;
	} else if (sum.unsure) {
		text = "Nothing is known to be broken, but not all that failed is known well enough.";
		style = TERM_WARN;
	} else if (!sum.passed) {
		text = "Nothing could be tested.";
		style = TERM_WARN;
	} else {
		text = is_head ? "This head passes all that was tested." :
				 "This series breaks nothing that was tested.";
		style = TERM_GOOD;
	}
	fputs("  ", t->out);
	term_wrap(t, style, text, 2);
}

void verdict_text_print(const struct report *r, const struct term *t)
{
	struct verdict_groups groups;

	verdict_groups_init(&groups, r);
	for (size_t i = 0; i < groups.n; i++)
		print_group(r, &groups.v[i], t);
	verdict_groups_done(&groups);
	if (!r->v.nverdicts)
		return;
	print_counts(r, t);
	print_conclusion(r, t);
}
