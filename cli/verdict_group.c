#include "cli/verdict_group.h"

#include <stdlib.h>
#include <string.h>

#include "web/sentence.h"

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Different warnings of one patch stay apart: their text is in the reason. */
static bool same_group(const struct verdict *a, const struct verdict *b)
{
	return a->kind == b->kind && a->verdict == b->verdict &&
	       same_text(a->test, b->test) && a->from_step == b->from_step &&
	       a->until_step == b->until_step &&
	       json_len(a->candidates) == json_len(b->candidates) &&
	       json_len(a->repairs) == json_len(b->repairs) &&
	       ((a->kind != KIND_WARNING && a->verdict != VERDICT_NOT_TESTED &&
		 a->verdict != VERDICT_PASS) ||
		same_text(a->reason, b->reason));
}

/* Smaller is shown earlier; 0 is not shown. A pass with a reason is a note, shown last. */
static int group_rank(const struct verdict *v)
{
	static const int ranks[] = {
		[VERDICT_PASS] = 0,         [VERDICT_INTRODUCED] = 1,
		[VERDICT_TRANSIENT] = 2,    [VERDICT_FLAKY] = 3,
		[VERDICT_INFRA] = 5,        [VERDICT_INCONCLUSIVE] = 6,
		[VERDICT_PRE_EXISTING] = 7, [VERDICT_NOT_TESTED] = 8,
	};

	if (v->kind == KIND_WARNING && ranks[v->verdict] > 0 && ranks[v->verdict] < 4)
		return 4;
	if (v->verdict == VERDICT_PASS && v->reason)
		return 9;
	return ranks[v->verdict];
}

/* Not run at the tip for want of a kernel that boots, and that is told already. */
static bool is_told(const struct report *r, const struct verdict *v)
{
	if (v->verdict != VERDICT_INCONCLUSIVE || v->from_step != DB_NO_INT)
		return false;
	for (size_t i = 0; i < r->v.nverdicts; i++) {
		const struct verdict *w = &r->v.verdicts[i];

		if (w->verdict == VERDICT_INTRODUCED && same_text(w->config, v->config) &&
		    (w->kind == KIND_BUILD ||
		     (w->kind == KIND_BOOT && same_text(w->topology, v->topology))))
			return true;
	}
	return false;
}

static int group_compare(const void *a, const void *b)
{
	const struct verdict *x = ((const struct verdict_group *)a)->first;
	const struct verdict *y = ((const struct verdict_group *)b)->first;
	int by_rank = group_rank(x) - group_rank(y);

	return by_rank ? by_rank : x->seq < y->seq ? -1 : 1;
}

static void group_add(struct verdict_group *g, const struct verdict *v)
{
	g->all = mem_realloc(g->all, g->n + 1, sizeof(*g->all));
	g->all[g->n++] = v;
	if (!g->evidence && json_len(v->evidence))
		g->evidence = v->evidence;
	if (g->boot_id == DB_NO_INT)
		g->boot_id = v->boot_id;
}

void verdict_groups_init(struct verdict_groups *groups, const struct report *r)
{
	*groups = (struct verdict_groups){ 0 };
	groups->v = mem_alloc0((r->v.nverdicts + 1) * sizeof(*groups->v));
	for (size_t i = 0; i < r->v.nverdicts; i++) {
		const struct verdict *v = &r->v.verdicts[i];
		size_t at = 0;

		if (group_rank(v) == 0 || is_told(r, v))
			continue;
		while (at < groups->n && !same_group(groups->v[at].first, v))
			at++;
		if (at == groups->n)
			groups->v[groups->n++] =
				(struct verdict_group){ .first = v,
							.boot_id = DB_NO_INT };
		group_add(&groups->v[at], v);
	}
	qsort(groups->v, groups->n, sizeof(*groups->v), group_compare);
}

void verdict_groups_done(struct verdict_groups *groups)
{
	for (size_t i = 0; i < groups->n; i++)
		free(groups->v[i].all);
	free(groups->v);
	*groups = (struct verdict_groups){ 0 };
}

static bool many_configs(const struct report *r)
{
	for (size_t i = 1; i < r->ncolumns; i++)
		if (strcmp(r->columns[i].config, r->columns[0].config) != 0)
			return true;
	return false;
}

void verdict_group_places(const struct report *r, const struct verdict_group *g,
			  struct str *out)
{
	bool configs = many_configs(r), any = false;

	for (size_t i = 0; i < g->n; i++) {
		const char *config = configs ? g->all[i]->config : NULL;
		const char *topology = g->all[i]->topology;

		if (!config && !topology)
			continue;
		str_addf(out, "%s%s%s%s", any ? ", " : " on ", config ? config : "",
			 config && topology ? "/" : "", topology ? topology : "");
		any = true;
	}
}

void verdict_group_passes(const struct report *r, const struct verdict_group *g,
			  struct str *out)
{
	verdict_passes_text(g->first, r->v.verdicts, r->v.nverdicts, many_configs(r),
			    out);
}

struct verdict_sum verdict_sum(const struct report *r)
{
	struct verdict_sum sum = { 0 };

	for (size_t i = 0; i < r->v.nverdicts; i++) {
		const struct verdict *v = &r->v.verdicts[i];
		bool broken = v->verdict == VERDICT_INTRODUCED ||
			      v->verdict == VERDICT_TRANSIENT ||
			      (v->verdict == VERDICT_FLAKY && v->from_step > 0);

		if (v->verdict == VERDICT_INFRA)
			sum.lost = true;
		if (v->verdict == VERDICT_INCONCLUSIVE && v->from_step != DB_NO_INT)
			sum.unsure = true;
		if (v->kind == KIND_WARNING)
			continue;
		sum.broken = sum.broken || broken;
		sum.broken_at_tip = sum.broken_at_tip ||
				    (broken && v->verdict != VERDICT_TRANSIENT);
		sum.failing = sum.failing || verdict_is_failing(v);
		if (v->verdict == VERDICT_PASS && v->kind != KIND_APPLY)
			sum.passed = true;
	}
	return sum;
}
