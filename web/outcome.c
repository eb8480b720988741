#include "web/outcome.h"

#include <inttypes.h>

#include "lib/cleanup.h"
#include "lib/str.h"

static void tag(struct html *h, const char *class, const char *sign, int64_t n,
		const char *words)
{
	if (n == 0)
		return;
	html_open(h, "span");
	html_attr(h, "class", class);
	html_textf(h, "%s %" PRId64 " %s", sign, n, words);
	html_close(h);
	html_text(h, " ");
}

/* A head has no patch that could have broken anything: it passes, or it fails. */
static void head_tags(struct html *h, const struct series_line *l)
{
	const int64_t *v = l->verdicts;

	if (l->s.state == SERIES_DONE && v[VERDICT_PRE_EXISTING] == 0 &&
	    v[VERDICT_PASS] > 0)
		html_el(h, "span", "tag pass", "✓ passes");
	html_text(h, " ");
	tag(h, "tag fail", "✗", v[VERDICT_PRE_EXISTING], "failing");
}

char *outcome_ended(const struct series *s)
{
	const char *word = s->state == SERIES_CANCELLED ? "cancelled" : "given up";
	const char *colon = s->reason && str_starts(s->reason, "by ") ? "" : ":";

	if (s->state != SERIES_CANCELLED && s->state != SERIES_FAILED)
		return NULL;
	return s->reason ? str_printf("%s%s %s", word, colon, s->reason) : str_dup(word);
}

void html_outcome(struct html *h, const struct series_line *l)
{
	const int64_t *v = l->verdicts;
	int64_t bad = v[VERDICT_INTRODUCED] + v[VERDICT_TRANSIENT] + v[VERDICT_FLAKY];
	AUTO_FREE char *ended = outcome_ended(&l->s);

	if (l->s.state == SERIES_NEW || l->s.state == SERIES_RUNNING)
		html_el(h, "span", "tag run", "unfinished");
	else if (ended)
		html_el(h, "span", "tag skip", ended);
	else if (l->s.patches > 0 && bad == 0 && v[VERDICT_PASS] > 0)
		html_el(h, "span", "tag pass", "✓ breaks nothing");
	html_text(h, " ");
	if (l->s.patches == 0)
		head_tags(h, l);
	tag(h, "tag fail", "✗", v[VERDICT_INTRODUCED], "broken");
	tag(h, "tag fail", "✗", v[VERDICT_TRANSIENT], "broken, then repaired");
	tag(h, "tag flaky", "≈", v[VERDICT_FLAKY], "flaky");
	tag(h, "tag warn", "+", l->warnings, l->warnings == 1 ? "warning" : "warnings");
	if (l->s.patches > 0)
		tag(h, "tag skip", "=", v[VERDICT_PRE_EXISTING], "failing before it");
	tag(h, "tag skip", "?", v[VERDICT_INCONCLUSIVE], "unclear");
	tag(h, "tag skip", "–", v[VERDICT_NOT_TESTED], "not tested");
	tag(h, "tag infra", "!", v[VERDICT_INFRA], "lost by us");
}
