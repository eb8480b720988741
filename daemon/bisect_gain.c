#include "daemon/bisect_gain.h"

#include <math.h>
#include <stdlib.h>

#include "daemon/bisect_posterior.h"
#include "lib/cleanup.h"
#include "lib/str.h"

/* A group that weighs less than this in all changes no choice. */
#define WEIGHTLESS 1e-15

double bisect_entropy2(double p)
{
	if (p <= 0 || p >= 1)
		return 0;
	return -p * log(p) - (1 - p) * log1p(-p);
}

double bisect_entropy(const struct bisect *b)
{
	double h = 0, p = bisect_culprit(b, 0);

	for (int i = 1; i < b->n; i++)
		h -= b->call[i] > 0 ? b->call[i] * log(b->call[i]) : 0;
	h -= p > 0 ? p * log(p) : 0;
	for (int s = 0; s < BISECT_SPECIALS; s++)
		if (s != BISECT_ALL && s != BISECT_FROM_GOOD && b->special[s].p > 0)
			h -= b->special[s].p * log(b->special[s].p);
	return h;
}

/* Hypotheses of one group among the 64 of a word. */
struct part {
	int group;
	uint64_t mask;
};

/* Parts of word w are parts[at[w]] to parts[at[w + 1] - 1]. Most words have one, since
 * what was run cuts a history into few pieces: that is what makes 10,000 commits cheap. */
static struct part *cut(const struct bisect *b, int *at)
{
	struct part *parts = mem_alloc0((size_t)b->n * sizeof(*parts));
	int n = 0;

	for (int i = 0; i < b->n; i++) {
		int g = b->group[i], k;

		if (i % 64 == 0)
			at[i / 64] = n;
		if (g < 0 || b->groups[g].p * b->members[g] < WEIGHTLESS)
			continue;
		for (k = at[i / 64]; k < n && parts[k].group != g;)
			k++;
		if (k == n)
			parts[n++].group = g;
		parts[k].mask |= UINT64_C(1) << (i % 64);
	}
	at[(b->n + 63) / 64] = n;
	return parts;
}

/* P(the run fails), and what of its entropy stays when the hypothesis is known. */
struct outlook {
	double fails, known;
};

static void add_good(struct outlook *o, const struct bisect_weight *w, double n)
{
	o->fails += n * w->p * w->next_good;
	o->known += n * w->p * bisect_entropy2(w->next_good);
}

/* What it is more when the commit is bad. */
static struct outlook turned_bad(const struct bisect_weight *w)
{
	return (struct outlook){
		.fails = w->p * (w->next_bad - w->next_good),
		.known = w->p *
			 (bisect_entropy2(w->next_bad) - bisect_entropy2(w->next_good)),
	};
}

static double gain_of(const struct bisect *b, int commit, struct outlook o,
		      const struct outlook *more, const struct part *parts, const int *at)
{
	const uint64_t *up = bisect_graph_ancestors(b->graph, commit);

	for (int s = 0; s < BISECT_SPECIALS; s++) {
		struct outlook bad = turned_bad(&b->special[s]);

		if (!bisect_special_bad(b, (enum bisect_special)s, commit))
			continue;
		o.fails += bad.fails;
		o.known += bad.known;
	}
	for (int w = 0; w <= commit / 64; w++)
		for (int k = at[w]; k < at[w + 1]; k++) {
			int n = __builtin_popcountll(up[w] & parts[k].mask);

			o.fails += n * more[parts[k].group].fails;
			o.known += n * more[parts[k].group].known;
		}
	return fmax(bisect_entropy2(o.fails) - o.known, 0);
}

void bisect_gains(const struct bisect *b, double *gain)
{
	AUTO_FREE int *at =
		mem_alloc0(((size_t)bisect_graph_words(b->graph) + 1) * sizeof(*at));
	AUTO_FREE struct part *parts = cut(b, at);
	AUTO_FREE struct outlook *more =
		mem_alloc0(((size_t)b->ngroups + 1) * sizeof(*more));
	struct outlook all_good = { .fails = 0 };

	for (int g = 0; g < b->ngroups; g++) {
		add_good(&all_good, &b->groups[g], b->members[g]);
		more[g] = turned_bad(&b->groups[g]);
	}
	for (int s = 0; s < BISECT_SPECIALS; s++)
		add_good(&all_good, &b->special[s], 1);
	for (int i = 0; i < b->n; i++)
		gain[i] = b->first[i] == i && bisect_runnable(b, i) ?
				  gain_of(b, i, all_good, more, parts, at) :
				  0;
}
