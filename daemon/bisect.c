#include "daemon/bisect.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/bisect_images.h"
#include "daemon/bisect_posterior.h"
#include "lib/cleanup.h"
#include "lib/str.h"

/* Chances before anything ran. Someone has seen a failure at the bad end and none at
 * the good one; that they are mistaken, or that the kernel is not what made it fail, is
 * rare, but not very. */
#define GOOD_IS_BAD 0.05
#define NEVER_BAD 0.05
#define REVERSED 0.01

struct bisect_prior bisect_prior(double runs, double failures)
{
	return (struct bisect_prior){ .good_is_bad = GOOD_IS_BAD,
				      .never_bad = NEVER_BAD,
				      .reversed = REVERSED,
				      .good = rate_prior_good(runs, failures),
				      .bad = rate_prior_bad() };
}

/* ---- the posterior ---- */

struct sums {
	struct rates *good, *bad;
	int runs, failures; /* of all commits */
};

static void likelihood(const struct sums *s, struct bisect_weight *w)
{
	int runs = s->runs - w->runs, failures = s->failures - w->failures;

	w->p = rates_log(s->bad, w->runs, w->failures) +
	       rates_log(s->good, runs, failures);
	w->next_bad = rates_next(s->bad, w->runs, w->failures);
	w->next_good = rates_next(s->good, runs, failures);
}

/* Counts of what would be bad, for each commit as the culprit. */
static void count_bad(const struct bisect *b, int *runs, int *failures)
{
	for (int t = 0; t < b->n; t++) {
		const struct bisect_commit *c = &b->commits[t];
		const uint64_t *up = bisect_graph_ancestors(b->graph, t);

		if (b->first[t] != t || c->runs == 0)
			continue;
		for (int k = 0; k <= t; k++)
			if (bits_have(up, k)) {
				runs[k] += c->runs;
				failures[k] += c->failures;
			}
	}
}

static void weigh_special(struct bisect *b, const struct sums *s,
			  const struct bisect_prior *prior)
{
	const double priors[BISECT_SPECIALS] = { [BISECT_NONE] = prior->never_bad,
						 [BISECT_ALL] = prior->good_is_bad / 2,
						 [BISECT_FROM_GOOD] =
							 prior->good_is_bad / 2,
						 [BISECT_GOOD_ONLY] = prior->reversed };

	for (int k = 0; k < BISECT_SPECIALS; k++) {
		struct bisect_weight *w = &b->special[k];

		for (int t = 0; t < b->n; t++)
			if (b->first[t] == t &&
			    bisect_special_bad(b, (enum bisect_special)k, t)) {
				w->runs += b->commits[t].runs;
				w->failures += b->commits[t].failures;
			}
		likelihood(s, w);
		w->p = b->possible[k] ? w->p + log(priors[k]) : -INFINITY;
	}
}

/* Commits with the same counts become one group. prior: of each commit. */
static void make_groups(struct bisect *b, const struct sums *s, const int *runs,
			const int *failures, const uint64_t *excluded)
{
	int room = 16;

	b->groups = mem_alloc0((size_t)room * sizeof(*b->groups));
	b->members = mem_alloc0((size_t)room * sizeof(*b->members));
	b->group[0] = -1;
	for (int i = 1, g = 0; i < b->n; i++) {
		b->group[i] = -1;
		if (bits_have(excluded, i))
			continue;
		/* Neighbours mostly are of one group. */
		if (g >= b->ngroups || b->groups[g].runs != runs[i] ||
		    b->groups[g].failures != failures[i])
			for (g = 0; g < b->ngroups; g++)
				if (b->groups[g].runs == runs[i] &&
				    b->groups[g].failures == failures[i])
					break;
		if (g == b->ngroups) {
			if (b->ngroups == room) {
				room *= 2;
				b->groups = mem_realloc(b->groups, (size_t)room,
							sizeof(*b->groups));
				b->members = mem_realloc(b->members, (size_t)room,
							 sizeof(*b->members));
			}
			b->groups[g] = (struct bisect_weight){ .runs = runs[i],
							       .failures = failures[i] };
			b->members[g] = 0;
			likelihood(s, &b->groups[g]);
			b->ngroups++;
		}
		b->group[i] = g;
		b->members[g]++;
	}
}

static void normalise(struct bisect *b)
{
	double max = -INFINITY, sum = 0;

	for (int g = 0; g < b->ngroups; g++)
		max = fmax(max, b->groups[g].p);
	for (int s = 0; s < BISECT_SPECIALS; s++)
		max = fmax(max, b->special[s].p);
	b->contradiction = isinf(max);
	if (b->contradiction) {
		for (int s = 0; s < BISECT_SPECIALS; s++)
			b->special[s].p = 0;
		return;
	}
	for (int g = 0; g < b->ngroups; g++)
		sum += b->members[g] * exp(b->groups[g].p - max);
	for (int s = 0; s < BISECT_SPECIALS; s++)
		sum += exp(b->special[s].p - max);
	for (int g = 0; g < b->ngroups; g++)
		b->groups[g].p = exp(b->groups[g].p - max) / sum;
	for (int s = 0; s < BISECT_SPECIALS; s++)
		b->special[s].p = exp(b->special[s].p - max) / sum;
}

static void weigh(struct bisect *b, const struct sums *s,
		  const struct bisect_prior *prior, const uint64_t *excluded)
{
	AUTO_FREE int *runs = mem_alloc0((size_t)b->n * sizeof(int));
	AUTO_FREE int *failures = mem_alloc0((size_t)b->n * sizeof(int));
	double left = 1 - prior->good_is_bad - prior->never_bad - prior->reversed;
	int eligible = 0;

	count_bad(b, runs, failures);
	make_groups(b, s, runs, failures, excluded);
	for (int g = 0; g < b->ngroups; g++)
		eligible += b->members[g];
	for (int g = 0; g < b->ngroups; g++)
		b->groups[g].p += log(left / eligible);
	weigh_special(b, s, prior);
	normalise(b);
}

/* ---- what no run can tell apart ---- */

struct print_of {
	uint64_t print;
	int commit;
};

static int by_print(const void *a, const void *b)
{
	const struct print_of *x = a, *y = b;

	if (x->print != y->print)
		return x->print < y->print ? -1 : 1;
	return x->commit < y->commit ? -1 : 1;
}

/* FNV-1a over words, of the bad commits that a run or a mark can tell of. */
static uint64_t fingerprint(const struct bisect *b, int commit, const uint64_t *told)
{
	const uint64_t *down = bisect_graph_descendants(b->graph, commit);
	uint64_t h = 0xcbf29ce484222325;

	for (int w = 0; w < bisect_graph_words(b->graph); w++) {
		h = (h ^ (down[w] & told[w])) * 0x100000001b3;
		h ^= h >> 29;
	}
	return h;
}

static void find_alike(struct bisect *b)
{
	AUTO_FREE uint64_t *told =
		mem_alloc0((size_t)bisect_graph_words(b->graph) * sizeof(*told));
	AUTO_FREE struct print_of *list = mem_alloc0((size_t)b->n * sizeof(*list));
	bool all = true;

	for (int i = 0; i < b->n; i++) {
		b->alike[i] = i;
		if (b->first[i] >= 0 || b->commits[i].mark != BISECT_OPEN)
			bits_add(told, i);
		else
			all = false;
	}
	if (!all) {
		int n = 0;

		for (int i = 1; i < b->n; i++)
			if (b->group[i] >= 0)
				list[n++] =
					(struct print_of){ fingerprint(b, i, told), i };
		qsort(list, (size_t)n, sizeof(*list), by_print);
		for (int i = 1; i < n; i++)
			if (list[i].print == list[i - 1].print)
				b->alike[list[i].commit] = b->alike[list[i - 1].commit];
	}
	for (int i = 1; i < b->n; i++)
		if (b->group[i] >= 0)
			b->call[b->alike[i]] += b->groups[b->group[i]].p;
}

struct bisect *bisect_new(const struct bisect_graph *g,
			  const struct bisect_commit *commits,
			  const struct bisect_prior *prior)
{
	struct bisect *b = mem_alloc0(sizeof(*b));
	size_t n = (size_t)bisect_graph_commits(g);
	AUTO_FREE uint64_t *excluded =
		mem_alloc0((size_t)bisect_graph_words(g) * sizeof(*excluded));
	struct sums sums = { .runs = 0 };

	b->graph = g;
	b->n = (int)n;
	b->commits = mem_alloc0(n * sizeof(*b->commits));
	memcpy(b->commits, commits, n * sizeof(*b->commits));
	b->first = mem_alloc0(n * sizeof(*b->first));
	b->group = mem_alloc0(n * sizeof(*b->group));
	b->alike = mem_alloc0(n * sizeof(*b->alike));
	b->call = mem_alloc0(n * sizeof(*b->call));
	for (int s = 0; s < BISECT_SPECIALS; s++)
		b->possible[s] = true;
	bisect_take_images(b, excluded);
	bisect_take_marks(b, excluded);
	for (int i = 0; i < b->n; i++) {
		if (b->first[i] != i)
			continue;
		sums.runs += b->commits[i].runs;
		sums.failures += b->commits[i].failures;
	}
	sums.good = rates_new(&prior->good, sums.runs);
	sums.bad = rates_new(&prior->bad, sums.runs);
	weigh(b, &sums, prior, excluded);
	find_alike(b);
	rates_free(sums.good);
	rates_free(sums.bad);
	return b;
}

void bisect_free(struct bisect *b)
{
	if (!b)
		return;
	free(b->commits);
	free(b->first);
	free(b->group);
	free(b->groups);
	free(b->members);
	free(b->alike);
	free(b->call);
	free(b);
}

/* ---- what it says ---- */

static double good_is_bad(const struct bisect *b)
{
	return b->special[BISECT_ALL].p + b->special[BISECT_FROM_GOOD].p;
}

double bisect_culprit(const struct bisect *b, int commit)
{
	if (commit == 0)
		return good_is_bad(b);
	return b->group[commit] < 0 ? 0 : b->groups[b->group[commit]].p;
}

double bisect_bad(const struct bisect *b, int commit)
{
	const uint64_t *up = bisect_graph_ancestors(b->graph, commit);
	double p = 0;

	for (int i = 1; i <= commit; i++)
		if (b->group[i] >= 0 && bits_have(up, i))
			p += b->groups[b->group[i]].p;
	for (int s = 0; s < BISECT_SPECIALS; s++)
		if (bisect_special_bad(b, (enum bisect_special)s, commit))
			p += b->special[s].p;
	return p;
}

double bisect_never_bad(const struct bisect *b)
{
	return b->special[BISECT_NONE].p;
}

int bisect_runs(const struct bisect *b, int commit)
{
	return b->first[commit] < 0 ? 0 : b->commits[b->first[commit]].runs;
}

int bisect_failures(const struct bisect *b, int commit)
{
	return b->first[commit] < 0 ? 0 : b->commits[b->first[commit]].failures;
}

int bisect_first(const struct bisect *b, int commit)
{
	return b->first[commit];
}

bool bisect_marked(const struct bisect *b, int commit)
{
	return b->commits[commit].mark != BISECT_OPEN;
}

bool bisect_runnable(const struct bisect *b, int commit)
{
	return b->first[commit] >= 0 && !bisect_marked(b, commit);
}

const struct bisect_graph *bisect_graph_of(const struct bisect *b)
{
	return b->graph;
}

int bisect_candidates(const struct bisect *b, int commit, int *ret, int max)
{
	int n = 0;

	for (int i = 1; i < b->n; i++) {
		if (b->group[i] < 0 || b->alike[i] != b->alike[commit])
			continue;
		if (n < max)
			ret[n] = i;
		n++;
	}
	return n;
}

struct bisect_call bisect_call(const struct bisect *b, double sure)
{
	struct bisect_call c = { .word = BISECT_NEVER_BAD,
				 .p = b->special[BISECT_NONE].p,
				 .commit = -1 };
	int best = -1;

	if (b->contradiction) {
		c.word = BISECT_CONTRADICTION;
		return c;
	}
	if (good_is_bad(b) > c.p) {
		c.word = BISECT_GOOD_IS_BAD;
		c.p = good_is_bad(b);
	}
	if (b->special[BISECT_GOOD_ONLY].p > c.p) {
		c.word = BISECT_REVERSED;
		c.p = b->special[BISECT_GOOD_ONLY].p;
	}
	for (int i = 1; i < b->n; i++)
		if (b->call[i] > c.p) {
			c.word = BISECT_CULPRIT;
			c.p = b->call[i];
			best = i;
		}
	for (int i = best; best > 0 && i < b->n; i++) {
		if (b->group[i] < 0 || b->alike[i] != best)
			continue;
		if (c.candidates++ == 0 || bisect_runnable(b, i))
			c.commit = i;
	}
	if (c.p < sure)
		c.word = BISECT_UNSURE;
	return c;
}
