/*
 * sim_history CASES [SEED]: how often does a bisection of a history name the right
 * commit, and what does it take? Histories of 10 to 10,000 commits with branches and
 * merges are made up, with commits that do not build, commits that change nothing, bugs
 * that show at a known rate and a test that fails for nothing at a known rate; then each
 * method is let loose on them. Pure and seeded: the same numbers come out everywhere.
 *
 * A failure at the bad end was seen, that is why it is bisected; so that one tells
 * nothing of how often it fails, and does not count. In nine cases of ten
 * a commit of the range is to blame; else the good end is bad as well, or nothing is.
 *
 *   sluice   daemon/bisect_next.h
 *   plain    git bisect: one run a commit
 *   syzbot   the same, 10 runs a commit, 20 once it is flaky; bad with max(2, n/6)
 *            failures, good with none, else skipped; both ends are looked at first
 *   greedy   the posterior of bisect.h, without costs, ends or repeats: the likeliest
 *            once it reaches P
 *
 * A run costs 1, a build 2 to 20 by the distance from what was built last.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/bisect_gain.h"
#include "daemon/bisect_next.h"
#include "lib/binomial.h"
#include "lib/cleanup.h"
#include "lib/str.h"
#include "tests/sim/sim.h"

#define SURE 0.99
#define RUNS_MAX 300
#define ENDS_MAX 30

#define BUILD_LEAST 2.0
#define BUILD_MOST 20.0
#define BUILD_FAR 500.0

/* ---- histories ---- */

#define TIPS_MAX 8

/* Side branches that are open. */
struct tips {
	int at[TIPS_MAX], n;
};

struct story {
	int n;
	struct bisect_graph *graph;
	int *image;  /* [n] what it would be; -1: does not build */
	int culprit; /* 0: the good end is bad already; -1: nothing is */
	double fails, falsely, history;
};

struct links {
	int first[BISECT_COMMITS_MAX + 1];
	int parents[BISECT_COMMITS_MAX * 3];
	int n;
};

/* A commit goes onto the main line or a side branch, opens one, or merges one. The
 * last ones merge what is open. */
static int grow(struct links *l, struct tips *t, int i, int n, int tip)
{
	double u = uniform();
	int k;

	if (t->n > 0 && (u < 0.08 || n - i <= t->n)) {
		k = below(t->n);
		l->parents[l->n++] = tip;
		l->parents[l->n++] = t->at[k];
		t->at[k] = t->at[--t->n];
		/* An octopus at times. */
		if (t->n > 0 && below(10) == 0)
			l->parents[l->n++] = t->at[--t->n];
		return i;
	}
	if (u < 0.16 && t->n < TIPS_MAX && n - i > t->n + 3) {
		/* One in five left the main line before the good end. */
		if (below(5) > 0)
			l->parents[l->n++] = below(tip + 1);
		t->at[t->n++] = i;
		return tip;
	}
	if (t->n > 0 && u < 0.6) {
		k = below(t->n);
		l->parents[l->n++] = t->at[k];
		t->at[k] = i;
		return tip;
	}
	l->parents[l->n++] = tip;
	return i;
}

static struct bisect_graph *make_graph(int n)
{
	AUTO_FREE struct links *l = mem_alloc0(sizeof(*l));
	struct tips t = { .n = 0 };
	int tip = 0;

	for (int i = 1; i < n; i++) {
		l->first[i] = l->n;
		tip = grow(l, &t, i, n, tip);
	}
	l->first[n] = l->n;
	return bisect_graph_new(l->first, l->parents, n);
}

/* What does not build stays so for some commits; one in ten changes nothing. */
static void make_images(struct story *s)
{
	AUTO_FREE bool *broken = mem_alloc0((size_t)s->n * sizeof(*broken));

	for (int i = 0; i < s->n; i++) {
		const int *up;
		int nup = bisect_graph_parents(s->graph, i, &up);

		broken[i] = i > 0 && i < s->n - 1 &&
			    ((nup > 0 && broken[up[0]] && uniform() < 0.85) ||
			     uniform() < 0.01);
		s->image[i] = broken[i] ? -1 : i;
		if (nup == 1 && !broken[i] && s->image[up[0]] >= 0 && uniform() < 0.1)
			s->image[i] = s->image[up[0]];
	}
}

static struct story make_story(int n, double fails, double falsely)
{
	struct story s = { .n = n, .fails = fails, .falsely = falsely };
	double u = uniform();

	s.graph = make_graph(n);
	s.image = mem_alloc0((size_t)n * sizeof(*s.image));
	make_images(&s);
	s.history = history(falsely);
	if (u < 0.05) {
		s.culprit = 0;
	} else if (u < 0.1 && falsely > 0) {
		s.culprit = -1;
	} else {
		do
			s.culprit = 1 + below(n - 1);
		while (s.image[s.culprit] >= 0 && s.image[s.culprit] != s.culprit);
	}
	return s;
}

static void story_done(struct story *s)
{
	bisect_graph_free(s->graph);
	free(s->image);
}

/* ---- a bisection ---- */

struct sim {
	const struct story *s;
	struct bisect_commit *c; /* [n] as far as it is known */
	bool *built;             /* [n] or tried */
	int last;                /* what was built last */
	int runs, builds;
	double cost;
};

static struct sim sim_of(const struct story *s)
{
	struct sim sim = { .s = s, .last = s->n - 1 };

	sim.c = mem_alloc0((size_t)s->n * sizeof(*sim.c));
	sim.built = mem_alloc0((size_t)s->n * sizeof(*sim.built));
	for (int i = 0; i < s->n; i++)
		sim.c[i].image = s->n + i;
	sim.c[s->n - 1].image = s->image[s->n - 1];
	sim.built[s->n - 1] = true;
	return sim;
}

static void sim_done(struct sim *sim)
{
	free(sim->c);
	free(sim->built);
}

static double build_cost(const struct sim *sim, int commit)
{
	double far = fabs((double)(commit - sim->last)) / BUILD_FAR;

	if (sim->built[commit])
		return 0;
	return BUILD_LEAST + (BUILD_MOST - BUILD_LEAST) * fmin(far, 1);
}

/* False: it does not build. */
static bool build(struct sim *sim, int commit)
{
	if (!sim->built[commit]) {
		sim->cost += build_cost(sim, commit);
		sim->builds++;
		sim->built[commit] = true;
		sim->last = commit;
		sim->c[commit].image = sim->s->image[commit];
	}
	return sim->c[commit].image >= 0;
}

static bool run(struct sim *sim, int commit)
{
	const struct story *s = sim->s;
	bool bad = s->culprit >= 0 &&
		   (s->culprit == 0 || bisect_graph_leads(s->graph, s->culprit, commit));
	bool failed = uniform() < s->falsely || (bad && uniform() < s->fails);

	sim->c[commit].runs++;
	sim->c[commit].failures += failed;
	sim->runs++;
	sim->cost++;
	return failed;
}

enum said { SAID_NOTHING, SAID_NEVER, SAID_OLD, SAID_COMMIT };

struct said_of {
	enum said said;
	int candidates;
	bool right;
};

/* Whether the culprit is among those that are named with it. */
static struct said_of named(const struct story *s, const struct bisect *b, int commit)
{
	AUTO_FREE int *list = mem_alloc0((size_t)s->n * sizeof(*list));
	struct said_of w = { .said = SAID_COMMIT };

	w.candidates = bisect_candidates(b, commit, list, s->n);
	for (int i = 0; i < w.candidates; i++)
		w.right |= list[i] == s->culprit;
	return w;
}

static struct said_of said_of_call(const struct story *s, const struct bisect *b,
				   const struct bisect_call *c)
{
	switch (c->word) {
	case BISECT_CULPRIT:
		return named(s, b, c->commit);
	case BISECT_GOOD_IS_BAD:
		return (struct said_of){ .said = SAID_OLD, .right = s->culprit == 0 };
	case BISECT_NEVER_BAD:
		return (struct said_of){ .said = SAID_NEVER, .right = s->culprit < 0 };
	default:
		return (struct said_of){ .said = SAID_NOTHING };
	}
}

static int most_told(const struct bisect *b, int n)
{
	AUTO_FREE double *gain = mem_alloc0((size_t)n * sizeof(*gain));
	int best = -1;

	bisect_gains(b, gain);
	for (int i = 0; i < n; i++)
		if (gain[i] > (best < 0 ? 0 : gain[best]))
			best = i;
	return best;
}

static struct said_of do_sluice(struct sim *sim, bool greedy)
{
	const struct story *s = sim->s;
	const struct bisect_prior prior = bisect_prior(HISTORY, s->history);
	AUTO_FREE double *costs = mem_alloc0((size_t)s->n * sizeof(*costs));
	const struct bisect_policy policy = { .sure = SURE,
					      .runs_max = RUNS_MAX,
					      .ends_max = ENDS_MAX,
					      .run = 1,
					      .build = costs };

	for (;;) {
		struct bisect *b = bisect_new(s->graph, sim->c, &prior);
		struct bisect_call c = bisect_call(b, SURE);
		struct bisect_step step = { .commit = -1, .why = BISECT_CALLED };
		struct said_of w = { .said = SAID_NOTHING };

		for (int i = 0; i < s->n && !greedy; i++)
			costs[i] = build_cost(sim, i);
		if (!greedy)
			step = bisect_next(b, &policy);
		else if (c.word == BISECT_UNSURE && sim->runs < RUNS_MAX)
			step.commit = most_told(b, s->n);
		if (step.commit < 0 && step.why == BISECT_CALLED)
			w = said_of_call(s, b, &c);
		bisect_free(b);
		if (step.commit < 0)
			return w;
		if (build(sim, step.commit))
			run(sim, step.commit);
	}
}

/* 1 bad, 0 good, -1 neither */
static int look(struct sim *sim, int commit, bool once, bool *flaky)
{
	int n = once ? 1 : *flaky ? 20 : 10, bad = 0, need;

	if (!build(sim, commit))
		return -1;
	for (int i = 0; i < n; i++)
		bad += run(sim, commit);
	if (once)
		return bad;
	if (bad && bad < n)
		*flaky = true;
	need = n / 6 > 2 ? n / 6 : 2;
	return bad >= need ? 1 : bad ? -1 : 0;
}

/* The suspect that halves them best; -1: all were tried. Counts them. */
static int middle(const struct story *s, const uint64_t *suspects, const bool *tried,
		  int *ret_n)
{
	int words = bisect_graph_words(s->graph), best = -1, most = -1, all = 0;

	for (int w = 0; w < words; w++)
		all += __builtin_popcountll(suspects[w]);
	for (int i = 1; i < s->n; i++) {
		const uint64_t *up = bisect_graph_ancestors(s->graph, i);
		int n = 0;

		if (!bits_have(suspects, i) || tried[i])
			continue;
		for (int w = 0; w <= i / 64; w++)
			n += __builtin_popcountll(up[w] & suspects[w]);
		if (n > all - n)
			n = all - n;
		if (n > most) {
			most = n;
			best = i;
		}
	}
	*ret_n = all;
	return best;
}

static struct said_of do_bisect(struct sim *sim, bool once)
{
	const struct story *s = sim->s;
	int words = bisect_graph_words(s->graph), at, r, n;
	AUTO_FREE uint64_t *suspects = mem_alloc0((size_t)words * sizeof(*suspects));
	AUTO_FREE bool *tried = mem_alloc0((size_t)s->n * sizeof(*tried));
	struct said_of w = { .said = SAID_NOTHING };
	bool flaky = false;

	for (int i = 1; i < s->n; i++)
		bits_add(suspects, i);
	tried[s->n - 1] = true;
	if (!once) {
		if (look(sim, s->n - 1, once, &flaky) != 1)
			return w;
		r = look(sim, 0, once, &flaky);
		if (r != 0) {
			w.said = r == 1 ? SAID_OLD : SAID_NOTHING;
			w.right = r == 1 && s->culprit == 0;
			return w;
		}
	}
	while ((at = middle(s, suspects, tried, &n)) >= 0) {
		const uint64_t *up = bisect_graph_ancestors(s->graph, at);

		tried[at] = true;
		r = look(sim, at, once, &flaky);
		for (int k = 0; k < words && r >= 0; k++)
			suspects[k] &= r ? up[k] : ~up[k];
	}
	w.candidates = n;
	/* Skipped for being undecided, not for want of a kernel: no name. The one that
	 * was found bad is always among them. */
	for (int i = 1, open = 0; i < s->n; i++)
		if (bits_have(suspects, i) && s->image[i] >= 0 && ++open > 1)
			return w;
	w.said = SAID_COMMIT;
	w.right = s->culprit > 0 && bits_have(suspects, s->culprit);
	return w;
}

/* ---- counts ---- */

struct count {
	uint64_t cases, right, wrong, unsure, named, named_right;
	double runs, builds, cost;
};

static void judge(struct count *c, const struct sim *sim, const struct said_of *w)
{
	c->cases++;
	c->runs += sim->runs;
	c->builds += sim->builds;
	c->cost += sim->cost;
	c->right += w->right;
	c->unsure += w->said == SAID_NOTHING;
	c->wrong += !w->right && w->said != SAID_NOTHING;
	c->named += w->said == SAID_COMMIT;
	c->named_right += w->said == SAID_COMMIT && w->right;
}

static void add(struct count *to, const struct count *c)
{
	to->cases += c->cases;
	to->right += c->right;
	to->wrong += c->wrong;
	to->unsure += c->unsure;
	to->named += c->named;
	to->named_right += c->named_right;
	to->runs += c->runs;
	to->builds += c->builds;
	to->cost += c->cost;
}

/* wrong: with its upper 95 % bound (Clopper-Pearson). */
static void show(const char *cell, const char *method, const struct count *c)
{
	double n = c->cases ? (double)c->cases : 1;

	printf("| %s | %s | %llu | %.1f | %.2f (%.2f) | %.1f | %llu | %.2f | %.1f | %.1f | "
	       "%.1f |\n",
	       cell, method, (unsigned long long)c->cases, percent(c->right, c->cases),
	       percent(c->wrong, c->cases),
	       c->cases ? 100 * binomial_upper(c->wrong, c->cases, 0.95) : 0,
	       percent(c->unsure, c->cases), (unsigned long long)c->named,
	       percent(c->named_right, c->named), c->runs / n, c->builds / n,
	       c->cost / n);
}

enum method { SLUICE, PLAIN, SYZBOT, GREEDY, METHODS };

static const char *const names[METHODS] = { "sluice", "plain", "syzbot", "greedy" };

static struct said_of let_loose(enum method m, struct sim *sim)
{
	switch (m) {
	case PLAIN:
		return do_bisect(sim, true);
	case SYZBOT:
		return do_bisect(sim, false);
	case GREEDY:
		return do_sluice(sim, true);
	default:
		return do_sluice(sim, false);
	}
}

/* Of a hundred cases; a history of 10,000 takes seconds. */
static const struct {
	int commits, share;
} sizes[] = { { 10, 40 }, { 100, 37 }, { 1000, 20 }, { 10000, 3 } };

static size_t pick_size(void)
{
	int u = below(100);
	size_t i = 0;

	while (u >= sizes[i].share)
		u -= sizes[i++].share;
	return i;
}

static const double rates[] = { 1, 0.5, 0.2, 0.1, 0.05 };
static const double falsely[] = { 0, 0.01, 0.05 };

static struct count by_size[ARRAY_SIZE(sizes)][METHODS];

static void one_cell(int cases, double fails, double false_fails, struct count *counts)
{
	for (int k = 0; k < cases; k++) {
		size_t size = pick_size();
		struct story s = make_story(sizes[size].commits, fails, false_fails);

		for (int m = 0; m < METHODS; m++) {
			struct sim sim = sim_of(&s);
			struct said_of w = let_loose((enum method)m, &sim);

			judge(&counts[m], &sim, &w);
			judge(&by_size[size][m], &sim, &w);
			sim_done(&sim);
		}
		story_done(&s);
	}
}

int main(int argc, char **argv)
{
	int cases = argc > 1 ? atoi(argv[1]) : 1000;
	struct count sum[METHODS] = { 0 };

	if (cases < 1) {
		fprintf(stderr, "usage: sim_history [CASES [SEED]]\n");
		return 2;
	}
	rng_state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	puts("| fails, falsely | method | cases | right % | wrong % (at most) | unsure % | "
	     "named | of them rightly % | runs | builds | cost |\n"
	     "|---|---|---|---|---|---|---|---|---|---|---|");
	for (size_t q = 0; q < ARRAY_SIZE(falsely); q++)
		for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
			struct count counts[METHODS] = { 0 };
			char cell[32];

			snprintf(cell, sizeof(cell), "%g, %g", rates[i], falsely[q]);
			one_cell(cases, rates[i], falsely[q], counts);
			for (int m = 0; m < METHODS; m++) {
				show(cell, names[m], &counts[m]);
				add(&sum[m], &counts[m]);
			}
			fflush(stdout);
		}
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		for (int m = 0; m < METHODS; m++) {
			char cell[32];

			snprintf(cell, sizeof(cell), "%d commits", sizes[i].commits);
			show(cell, names[m], &by_size[i][m]);
		}
	for (int m = 0; m < METHODS; m++)
		show("together", names[m], &sum[m]);
	return 0;
}
