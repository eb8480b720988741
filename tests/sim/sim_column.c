/*
 * sim_column CASES [SEED]: how often are verdicts on several tests of one boot right, and
 * how many boots does it take? Columns are made up of tests that one patch breaks, each at
 * a rate of its own, of tests that fail for nothing at a known rate whatever the series
 * does, and of sound ones. A boot runs all of them. They are judged each by itself, and
 * with what they share (daemon/belief_share.h); the boots are chosen as repeats.c does, by
 * the sum of what they are worth to all tests. Pure and seeded.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/belief_share.h"
#include "lib/binomial.h"
#include "lib/cleanup.h"
#include "tests/sim/sim.h"

#define STEPS_MAX 31
#define SURE 0.99
#define BOOTS_MAX 170 /* after the first of each step */

/* ---- cases ---- */

/* How many tests of each kind there are, and how often they fail. */
struct kind {
	const char *name;
	int broken, flaky, sound;
	double fails[2]; /* of the broken ones: the first, the others */
	double falsely;  /* of the flaky ones, anywhere */
};

#define TESTS_MAX 12

static const struct kind kinds[] = {
	{ "1 broken", 1, 0, 5, { 1, 1 }, 0 },
	{ "5 broken", 5, 0, 5, { 1, 1 }, 0 },
	{ "5 broken, now and then", 5, 0, 5, { 0.5, 0.5 }, 0 },
	{ "1 broken, 4 more at times", 5, 0, 5, { 1, 0.3 }, 0 },
	{ "1 broken, 4 flaky 0.05", 1, 4, 5, { 1, 1 }, 0.05 },
	{ "1 broken, 4 flaky 0.2", 1, 4, 5, { 1, 1 }, 0.2 },
	{ "1 broken at times, 4 flaky 0.05", 1, 4, 5, { 0.3, 1 }, 0.05 },
	{ "3 broken, 3 flaky 0.05", 3, 3, 4, { 1, 0.5 }, 0.05 },
	{ "4 flaky 0.05 alone", 0, 4, 5, { 1, 1 }, 0.05 },
};

struct column {
	const struct kind *kind;
	int nsteps, ntests, from; /* the bad patch */
	struct belief_step steps[TESTS_MAX][STEPS_MAX];
	double past[TESTS_MAX]; /* failures in HISTORY runs before */
	int boots;              /* after the first of each step */
};

static bool is_flaky(const struct kind *k, int test)
{
	return test >= k->broken && test < k->broken + k->flaky;
}

static void boot(struct column *c, int step, bool alone)
{
	const struct kind *k = c->kind;

	for (int t = 0; t < c->ntests; t++) {
		struct belief_step *s = &c->steps[t][step];
		double p = is_flaky(k, t)                   ? k->falsely :
			   t < k->broken && step >= c->from ? k->fails[t > 0] :
							      0;

		s->runs++;
		s->alone += alone;
		s->failures += uniform() < p;
	}
}

static struct column make_column(const struct kind *kind)
{
	struct column c = { .kind = kind,
			    .nsteps = 2 + below(STEPS_MAX - 1),
			    .ntests = kind->broken + kind->flaky + kind->sound };

	c.from = 1 + below(c.nsteps - 1);
	for (int t = 0; t < c.ntests; t++) {
		c.past[t] = history(is_flaky(kind, t) ? kind->falsely : 0);
		for (int k = 0; k < c.nsteps; k++)
			c.steps[t][k].image = k;
	}
	for (int k = 0; k < c.nsteps; k++)
		boot(&c, k, false);
	return c;
}

/* ---- verdicts ---- */

static struct belief *believe(const struct column *c, int test, const double *patch)
{
	struct belief_prior prior = belief_prior(HISTORY, c->past[test]);

	prior.patch = patch;
	for (int k = 0; k < c->nsteps; k++)
		if (c->steps[test][k].failures)
			return belief_new(c->steps[test], c->nsteps, &prior);
	return NULL;
}

/* All tests that failed, with what the others say. */
static void believe_all(const struct column *c, bool share, struct belief **ret)
{
	struct belief *own[TESTS_MAX];

	for (int t = 0; t < c->ntests; t++)
		own[t] = believe(c, t, NULL);
	for (int t = 0; t < c->ntests; t++) {
		double patch[STEPS_MAX];

		ret[t] = own[t];
		if (!share || !own[t])
			continue;
		for (int k = 0; k < c->nsteps; k++)
			patch[k] = belief_prior(0, 0).per_patch;
		for (int o = 0; o < c->ntests; o++)
			if (o != t && own[o] && belief_is_witness(own[o]))
				belief_share(own[o], c->nsteps, patch);
		ret[t] = believe(c, t, patch);
	}
	for (int t = 0; share && t < c->ntests; t++)
		belief_free(own[t]);
}

/* The step that is worth most to all of them; -1: none wants any. */
static int best_step(const struct column *c, struct belief *const *b)
{
	const struct belief_policy policy = { .sure = SURE,
					      .runs_max = c->nsteps + BOOTS_MAX };
	double worth[STEPS_MAX] = { 0 };
	int best = -1;

	for (int t = 0; t < c->ntests; t++)
		if (b[t])
			belief_worth(b[t], &policy, worth);
	for (int k = 0; k < c->nsteps; k++)
		if (worth[k] > 0 && (best < 0 || worth[k] > worth[best]))
			best = k;
	return best;
}

struct count {
	uint64_t columns, broken, named, wrong, flaky, flaky_charged, flaky_chance;
	double boots;
};

static void count_test(struct count *n, const struct column *c, int test,
		       const struct belief *b)
{
	struct belief_call call = { .word = BELIEF_UNSURE };
	bool named, right;

	if (b)
		call = belief_call(b, SURE);
	named = (call.word == BELIEF_INTRODUCED || call.word == BELIEF_TRANSIENT ||
		 call.word == BELIEF_BLAMED) &&
		belief_confirmed(b, &call);
	right = call.first <= c->from && call.last >= c->from;
	if (is_flaky(c->kind, test)) {
		n->flaky++;
		n->flaky_charged += named;
		n->flaky_chance += !b || call.word == BELIEF_CLEAN ||
				   call.word == BELIEF_NOT_SERIES;
	} else if (test < c->kind->broken) {
		n->broken++;
		n->named += named && right;
		n->wrong += named && !right;
	}
}

static void judge_column(struct count *n, struct column c, bool share)
{
	struct belief *b[TESTS_MAX];
	int step;

	do {
		believe_all(&c, share, b);
		step = best_step(&c, b);
		for (int t = 0; step < 0 && t < c.ntests; t++)
			count_test(n, &c, t, b[t]);
		for (int t = 0; t < c.ntests; t++)
			belief_free(b[t]);
		if (step >= 0) {
			boot(&c, step, true);
			c.boots++;
		}
	} while (step >= 0);
	n->columns++;
	n->boots += c.boots;
}

static void show(const char *kind, const char *how, const struct count *n)
{
	printf("| %s | %s | %llu | %.1f | %.2f | %.2f (%.2f) | %.1f | %.1f |\n", kind,
	       how, (unsigned long long)n->columns, percent(n->named, n->broken),
	       percent(n->wrong, n->broken), percent(n->flaky_charged, n->flaky),
	       n->flaky ? 100 * binomial_upper(n->flaky_charged, n->flaky, 0.95) : 0,
	       percent(n->flaky_chance, n->flaky), n->boots / (double)n->columns);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	int cases = argc > 1 ? atoi(argv[1]) : 1000;

	if (cases < 1) {
		fprintf(stderr, "usage: sim_column [CASES [SEED]]\n");
		return 2;
	}
	rng_state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	puts("| tests of one boot | judged | columns | broken: named rightly % | wrongly % | "
	     "flaky: charged % (at most) | said to be chance % | boots more |\n"
	     "|---|---|---|---|---|---|---|---|");
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct count alone = { 0 }, shared = { 0 };

		for (int k = 0; k < cases; k++) {
			struct column c = make_column(&kinds[i]);
			uint64_t seed = rng_state;

			judge_column(&alone, c, false);
			rng_state = seed;
			judge_column(&shared, c, true);
		}
		show(kinds[i].name, "each by itself", &alone);
		show(kinds[i].name, "with what they share", &shared);
	}
	return 0;
}
