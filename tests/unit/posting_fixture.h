/*
 * Postings as text, to compare them, and small threads from a line for each mail:
 * "id parent sender minute [+]subject", "-" for no parent, "+" where it has a diff.
 */
#ifndef SLUICE_TESTS_UNIT_POSTING_FIXTURE_H
#define SLUICE_TESTS_UNIT_POSTING_FIXTURE_H

#include "tests/unit/mail_fixture.h"

#include "kernels/posting.h"

#ifndef FIXTURE_FN
#define FIXTURE_FN __attribute__((unused)) static
#endif

FIXTURE_FN struct mail *mail_of_line(const char *line)
{
	char id[64], parent[64], sender[64];
	int minute, used = 0;

	if (sscanf(line, "%63s %63s %63s %d %n", id, parent, sender, &minute, &used) < 4)
		fail_msg("not a mail: %s", line);
	return mail_known(id, strcmp(parent, "-") != 0 ? parent : NULL,
			  line + used + (line[used] == '+'), sender,
			  1700000000 + 60LL * minute, line[used] == '+');
}

FIXTURE_FN void add_ids(struct str *out, const struct posting *p)
{
	str_addf(out, " %s :", p->s.cover ? p->s.cover->message_id : "-");
	for (int k = 0; k < p->s.total && p->s.patches; k++)
		str_addf(out, " %s", p->s.patches[k] ? p->s.patches[k]->message_id : "-");
}

/* "series rfc v2 2/3 cover : p1 - p3 (missing 2)" */
FIXTURE_FN char *posting_text(const struct posting *p)
{
	struct str out = STR_INIT;

	str_addf(&out, "%s%s%s v%d%s", posting_kind_str(p->kind), p->rfc ? " rfc" : "",
		 p->resend ? " resend" : "", p->s.version, p->minor ? ".x" : "");
	if (p->kind != POSTING_PULL) {
		str_addf(&out, " %d/%d", p->have, p->s.total);
		add_ids(&out, p);
	} else {
		str_addf(&out, " %s", p->m->message_id);
	}
	if (*p->missing)
		str_addf(&out, " (missing %s)", p->missing);
	if (p->broken)
		str_addf(&out, " (%s)", p->s.reason);
	if (p->s.refilled)
		str_addf(&out, " (refilled of v%d)", p->s.refilled);
	if (p->mixed)
		str_add(&out, " mixed");
	if (p->complete)
		str_add(&out, " complete");
	return str_take(&out);
}

/* Each posting on a line, sorted: the same for every order of mails. */
FIXTURE_FN int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

FIXTURE_FN char *postings_text(const struct recognised *all)
{
	char **lines = mem_alloc0((all->n + 1) * sizeof(*lines));
	struct str out = STR_INIT;

	for (size_t i = 0; i < all->n; i++)
		lines[i] = posting_text(&all->list[i]);
	qsort(lines, all->n, sizeof(*lines), by_text);
	for (size_t i = 0; i < all->n; i++)
		str_addf(&out, "%s%s", i ? "\n" : "", lines[i]);
	strv_free(lines);
	return str_take(&out);
}

/* Fisher and Yates, by a linear congruence (Knuth's MMIX) for repeatable orders. */
FIXTURE_FN void shuffle(size_t *order, size_t n, unsigned long long seed)
{
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (size_t i = n; i > 1; i--) {
		size_t k, swap = order[i - 1];

		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		k = (size_t)(seed >> 33) % i;
		order[i - 1] = order[k];
		order[k] = swap;
	}
}

#endif
