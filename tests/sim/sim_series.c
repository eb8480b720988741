/*
 * sim_series CASES [SEED [FAILS FALSELY]]: how often are verdicts on a series right? Series of 1 to 30
 * patches are made up, with bugs that show at a known rate, tests that fail for nothing
 * at a known rate, images that stay the same and steps without any; then each method
 * is let loose on them. Pure and seeded: the same numbers come out everywhere.
 *
 * Every method begins with one run of each step, as "sluice test" does, and from there
 * on goes its own way where one of them failed:
 *
 *   sluice   daemon/belief.h
 *   plain    bisection between base and the failing step, one run a step
 *   syzbot   the same, 10 runs a step, 20 once it is flaky; bad with max(2, n/6)
 *            failures, good with none, else passed over
 *   greedy   the posterior of belief.h, without costs, ends or repeats: the likeliest
 *            once it reaches P
 *
 * With FAILS and FALSELY it is one cell of those rates, of any value, and each case is
 * told where sluice is not right and syzbot is, or sluice names the wrong patch; then
 * the counts by what was so, and what could be reached: "known" knows both rates and makes
 * as many runs as sluice did with the same case, "known, all" as many as there are.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/belief.h"
#include "lib/binomial.h"
#include "lib/cleanup.h"
#include "tests/sim/sim.h"

#define STEPS_MAX 31
#define SURE 0.99
#define RUNS_MAX 170

/* ---- cases ---- */

enum truth { CLEAN, PRE_EXISTING, INTRODUCED, TRANSIENT };

struct sim {
	enum truth truth;
	int nsteps, from, until;
	double fails, falsely;
	struct belief_step steps[STEPS_MAX];
	int runs; /* after the first of each */
};

static bool is_bad(const struct sim *s, int step)
{
	return s->truth != CLEAN && step >= s->from && step < s->until;
}

static bool run(struct sim *s, int step)
{
	bool failed = uniform() < s->falsely || (is_bad(s, step) && uniform() < s->fails);

	s->steps[step].runs++;
	s->steps[step].failures += failed;
	return failed;
}

/* Patches that change the image of their step. */
static int pick_patch(const struct sim *s, int from)
{
	int list[STEPS_MAX], n = 0;

	for (int k = from; k < s->nsteps; k++)
		if (s->steps[k].image < 0 || s->steps[k].image == k)
			list[n++] = k;
	return n ? list[below(n)] : -1;
}

static void make_truth(struct sim *s)
{
	double u = uniform();

	s->truth = u < 0.1  ? CLEAN :
		   u < 0.2  ? PRE_EXISTING :
		   u < 0.35 ? TRANSIENT :
			      INTRODUCED;
	s->from = 0;
	s->until = s->nsteps;
	if (s->truth == INTRODUCED || s->truth == TRANSIENT) {
		s->from = pick_patch(s, 1);
		if (s->from < 0)
			s->truth = CLEAN;
	}
	if (s->truth == TRANSIENT) {
		s->until = pick_patch(s, s->from + 1);
		if (s->until < 0) {
			s->until = s->nsteps;
			s->truth = INTRODUCED;
		}
	}
}

static struct sim make_case(double fails, double falsely, int first)
{
	struct sim s = { .nsteps = 2 + below(30), .fails = fails, .falsely = falsely };

	for (int k = 0; k < s.nsteps; k++) {
		double u = uniform();

		s.steps[k].image = k;
		if (k > 0 && u < 0.1 && s.steps[k - 1].image >= 0)
			s.steps[k].image = s.steps[k - 1].image;
		else if (k > 0 && u > 0.97)
			s.steps[k].image = -1;
	}
	make_truth(&s);
	for (int i = 0; i < first; i++)
		for (int k = 0; k < s.nsteps; k++)
			if (s.steps[k].image == k)
				run(&s, k);
	return s;
}

/* ---- what comes out ---- */

enum said {
	SAID_NOTHING,
	SAID_PASS,
	SAID_NO_PATCH, /* the base is bad, or it was chance: which is not sure */
	SAID_OLD,
	SAID_PATCH
};

struct said_of {
	enum said said;
	int first, last;
	double p;
};

static const char *const truths[] = { "clean", "pre-existing", "introduced",
				      "transient" };
static const char *const sayings[] = { "nothing", "pass", "no patch", "old", "patch" };

/* First runs beyond one of each step: they are no part of the budget. */
static int more_first(const struct sim *s)
{
	int n = 0;

	for (int k = 0; k < s->nsteps; k++)
		n += s->steps[k].runs > 1 ? s->steps[k].runs - 1 : 0;
	return n;
}

/* The step of which a run tells most; -1: none tells anything. */
static int most_told(const struct sim *s, const struct belief *b)
{
	double gain[STEPS_MAX], best = 0;
	int step = -1;

	belief_gains(b, gain);
	for (int k = 0; k < s->nsteps; k++)
		if (s->steps[k].image == k && gain[k] > best) {
			best = gain[k];
			step = k;
		}
	return step;
}

static struct rate_prior known(double rate)
{
	double p = rate < 1e-6 ? 1e-6 : rate > 1 - 1e-6 ? 1 - 1e-6 : rate;

	return (struct rate_prior){
		.mix = { { .weight = 1, .a = 1e6 * p, .b = 1e6 * (1 - p) } },
		.n = 1
	};
}

static struct said_of do_sluice(struct sim *s, bool greedy, const int *known_runs)
{
	struct belief_prior prior = belief_prior(HISTORY, history(s->falsely));
	int runs_max = known_runs ? *known_runs : RUNS_MAX;
	struct belief_policy policy = { .sure = SURE,
					.runs_max = RUNS_MAX + more_first(s) };
	struct said_of said = { .said = SAID_NOTHING };

	if (known_runs) {
		prior.good = known(s->falsely);
		prior.bad = known(1 - (1 - s->falsely) * (1 - s->fails));
	}
	for (;;) {
		struct belief *b = belief_new(s->steps, s->nsteps, &prior);
		struct belief_call c = belief_call(b, SURE);
		int step = -1;

		if (!greedy)
			step = belief_next(b, &policy);
		else if (c.word == BELIEF_UNSURE && s->runs < runs_max)
			step = most_told(s, b);
		belief_free(b);
		if (step >= 0) {
			run(s, step);
			s->steps[step].alone++;
			s->runs++;
			continue;
		}
		said.p = c.p;
		said.first = c.first;
		said.last = c.last;
		if (c.word == BELIEF_CLEAN)
			said.said = SAID_PASS;
		else if (c.word == BELIEF_NOT_SERIES)
			said.said = SAID_NO_PATCH;
		else if (c.word == BELIEF_PRE_EXISTING)
			said.said = SAID_OLD;
		else if (c.word != BELIEF_UNSURE)
			said.said = SAID_PATCH;
		return said;
	}
}

/* 1 bad, 0 good, -1 neither */
static int look(struct sim *s, int step, bool once, bool *flaky)
{
	int n = once ? 1 : *flaky ? 20 : 10, bad = 0, need;

	if (s->steps[step].image < 0)
		return -1;
	for (int i = 0; i < n; i++) {
		bad += run(s, s->steps[step].image);
		s->runs++;
	}
	if (once)
		return bad;
	if (bad && bad < n)
		*flaky = true;
	need = n / 6 > 2 ? n / 6 : 2;
	return bad >= need ? 1 : bad ? -1 : 0;
}

/* The step next to the middle of lo..hi that was not tried; -1: none. */
static int middle(const struct sim *s, const bool *tried, int lo, int hi)
{
	int mid = -1, best = STEPS_MAX;

	for (int k = lo + 1; k < hi; k++)
		if (!tried[k] && s->steps[k].image >= 0 && abs(2 * k - lo - hi) < best) {
			best = abs(2 * k - lo - hi);
			mid = k;
		}
	return mid;
}

static struct said_of do_bisect(struct sim *s, bool once)
{
	struct said_of said = { .said = SAID_NOTHING };
	bool flaky = false, tried[STEPS_MAX] = { false };
	int lo = 0, hi = 0, r;

	for (int k = 0; k < s->nsteps; k++)
		if (s->steps[k].failures)
			hi = k;
	if (hi == 0) {
		said.said = SAID_OLD;
		return said;
	}
	if (!once && look(s, hi, once, &flaky) != 1)
		return said;
	r = once ? s->steps[0].failures > 0 : look(s, 0, once, &flaky);
	if (r != 0) {
		said.said = r == 1 ? SAID_OLD : SAID_NOTHING;
		return said;
	}
	for (;;) {
		int mid = middle(s, tried, lo, hi);

		if (mid < 0)
			break;
		tried[mid] = true;
		r = look(s, mid, once, &flaky);
		if (r == 1)
			hi = mid;
		else if (r == 0)
			lo = mid;
	}
	said.said = SAID_PATCH;
	said.first = lo + 1;
	said.last = hi;
	/* Passed over for being undecided, not for want of a kernel: no name. */
	for (int k = lo + 1; k < hi; k++)
		if (s->steps[k].image >= 0)
			said.said = SAID_NOTHING;
	return said;
}

/* ---- counts ---- */

enum outcome { RIGHT, WRONG, UNSURE, MISSED };

static enum outcome outcome_of(const struct sim *s, const struct said_of *w)
{
	bool bug = s->truth == INTRODUCED || s->truth == TRANSIENT;

	switch (w->said) {
	case SAID_PATCH:
		return bug && s->from >= w->first && s->from <= w->last ? RIGHT : WRONG;
	case SAID_PASS:
		return s->truth == CLEAN ? RIGHT : MISSED;
	case SAID_NO_PATCH:
		return bug ? MISSED : RIGHT;
	case SAID_OLD:
		return s->truth == PRE_EXISTING ? RIGHT : WRONG;
	default:
		return UNSURE;
	}
}

struct count {
	uint64_t cases, right, wrong, unsure, missed, named, named_right;
	double runs;
};

static void judge(struct count *c, const struct sim *s, const struct said_of *w)
{
	enum outcome o = outcome_of(s, w);

	c->cases++;
	c->runs += s->runs;
	c->right += o == RIGHT;
	c->wrong += o == WRONG;
	c->unsure += o == UNSURE;
	c->missed += o == MISSED;
	c->named += w->said == SAID_PATCH;
	c->named_right += w->said == SAID_PATCH && o == RIGHT;
}

static void add(struct count *to, const struct count *c)
{
	to->cases += c->cases;
	to->right += c->right;
	to->wrong += c->wrong;
	to->unsure += c->unsure;
	to->missed += c->missed;
	to->named += c->named;
	to->named_right += c->named_right;
	to->runs += c->runs;
}

/* wrong: with its upper 95 % bound (Clopper-Pearson). */
static void show(const char *cell, const char *method, const struct count *c)
{
	printf("| %s | %s | %llu | %.1f | %.2f (%.2f) | %.1f | %.1f | %llu | %.2f | %.1f |\n",
	       cell, method, (unsigned long long)c->cases, percent(c->right, c->cases),
	       percent(c->wrong, c->cases),
	       c->cases ? 100 * binomial_upper(c->wrong, c->cases, 0.95) : 0,
	       percent(c->unsure, c->cases), percent(c->missed, c->cases),
	       (unsigned long long)c->named, percent(c->named_right, c->named),
	       c->cases ? c->runs / (double)c->cases : 0);
}

enum method { SLUICE, PLAIN, SYZBOT, GREEDY, METHODS };

static const char *const names[METHODS] = { "sluice", "plain", "syzbot", "greedy" };

static struct said_of let_loose(enum method m, struct sim *s)
{
	switch (m) {
	case PLAIN:
		return do_bisect(s, true);
	case SYZBOT:
		return do_bisect(s, false);
	case GREEDY:
		return do_sluice(s, true, NULL);
	default:
		return do_sluice(s, false, NULL);
	}
}

static bool failed(const struct sim *s)
{
	for (int k = 0; k < s->nsteps; k++)
		if (s->steps[k].failures)
			return true;
	return false;
}

struct table {
	struct count all, seen[METHODS];
	struct count truth[METHODS][4]; /* of seen: by what was so */
	struct count known, known_all;
};

static void tell(const struct sim *first, const struct sim *s, const struct said_of *w)
{
	printf("%s %d until %d of %d, said %s %d..%d, P %.4f, %d runs more:",
	       truths[s->truth], s->from, s->until, s->nsteps, sayings[w->said], w->first,
	       w->last, w->p, s->runs);
	for (int k = 0; k < s->nsteps; k++)
		if (s->steps[k].image == k)
			printf(" %d%s%d/%d", k, first->steps[k].failures ? "!" : ":",
			       s->steps[k].failures, s->steps[k].runs);
		else
			printf(" %d%s", k, s->steps[k].image < 0 ? "-" : "=");
	putchar('\n');
}

static void with_known_rates(const struct sim *s, int runs, struct table *t)
{
	struct sim same = *s, all = *s;
	struct said_of said;

	said = do_sluice(&same, true, &runs);
	judge(&t->known, &same, &said);
	said = do_sluice(&all, true, &(int){ RUNS_MAX });
	judge(&t->known_all, &all, &said);
}

/* Each method draws from numbers of its own, so that what one of them does changes neither
 * what happens to the others nor the cases that follow. */
static void one_case(const struct sim *s, struct table *t, bool verbose)
{
	struct sim after[METHODS];
	struct said_of said[METHODS];
	bool seen = failed(s);
	uint64_t next[METHODS + 1];

	for (int m = 0; m <= METHODS; m++)
		next[m] = rng();

	for (int m = 0; m < METHODS; m++) {
		if (m != SLUICE && !seen)
			continue;
		after[m] = *s;
		rng_state = next[m];
		said[m] = let_loose((enum method)m, &after[m]);
		if (m == SLUICE)
			judge(&t->all, &after[m], &said[m]);
		if (!seen)
			continue;
		judge(&t->seen[m], &after[m], &said[m]);
		judge(&t->truth[m][s->truth], &after[m], &said[m]);
	}
	if (verbose && seen)
		with_known_rates(s, after[SLUICE].runs, t);
	rng_state = next[METHODS];
	if (verbose && seen &&
	    (outcome_of(&after[SLUICE], &said[SLUICE]) == WRONG ||
	     (outcome_of(&after[SLUICE], &said[SLUICE]) != RIGHT &&
	      outcome_of(&after[SYZBOT], &said[SYZBOT]) == RIGHT)))
		tell(s, &after[SLUICE], &said[SLUICE]);
}

static void one_cell(int cases, double fails, double falsely, struct table *t,
		     bool verbose)
{
	for (int k = 0; k < cases; k++) {
		const struct sim s = make_case(fails, falsely, 1);

		one_case(&s, t, verbose);
	}
}

static void show_cell(double fails, double falsely, const struct table *t)
{
	char cell[32];

	snprintf(cell, sizeof(cell), "%g, %g", fails, falsely);
	show(cell, "sluice, all cases", &t->all);
	for (int m = 0; m < METHODS; m++)
		show(cell, names[m], &t->seen[m]);
	fflush(stdout);
}

static const double rates[] = { 1, 0.5, 0.2, 0.1, 0.05 };
static const double falsely[] = { 0, 0.01, 0.05 };

static void show_truths(const struct table *t)
{
	for (int i = 0; i < 4; i++) {
		show(truths[i], names[SLUICE], &t->truth[SLUICE][i]);
		show(truths[i], names[SYZBOT], &t->truth[SYZBOT][i]);
	}
}

static void show_head(void)
{
	puts("| fails, falsely | method | cases | right % | wrong % (at most) | unsure % | "
	     "missed % | named | of them rightly % | runs |\n"
	     "|---|---|---|---|---|---|---|---|---|---|");
}

static void methods(int cases)
{
	struct table sum = { 0 };

	show_head();
	for (size_t q = 0; q < ARRAY_SIZE(falsely); q++)
		for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
			struct table t = { 0 };

			one_cell(cases, rates[i], falsely[q], &t, false);
			show_cell(rates[i], falsely[q], &t);
			add(&sum.all, &t.all);
			for (int m = 0; m < METHODS; m++)
				add(&sum.seen[m], &t.seen[m]);
		}
	show("together", "sluice, all cases", &sum.all);
	for (int m = 0; m < METHODS; m++)
		show("together", names[m], &sum.seen[m]);
}

/* What more first runs of each step would bring, and cost. */
static void detection(int cases)
{
	static const int firsts[] = { 1, 2, 3, 5, 10 };

	puts("\n| fails | first runs of a step | bugs named % | wrong % | runs more |\n"
	     "|---|---|---|---|---|");
	for (size_t i = 0; i < ARRAY_SIZE(rates); i++)
		for (size_t f = 0; f < ARRAY_SIZE(firsts); f++) {
			uint64_t bugs = 0, named = 0, wrong = 0;
			double runs = 0;

			for (int k = 0; k < cases; k++) {
				struct sim s = make_case(rates[i], 0, firsts[f]);
				struct said_of w = do_sluice(&s, false, NULL);
				bool bug = s.truth == INTRODUCED || s.truth == TRANSIENT;
				bool ok = bug && w.said == SAID_PATCH &&
					  s.from >= w.first && s.from <= w.last;

				bugs += bug;
				named += ok;
				wrong += w.said == SAID_PATCH && !ok;
				runs += s.runs;
			}
			printf("| %g | %d | %.1f | %.2f | %.1f |\n", rates[i], firsts[f],
			       percent(named, bugs), percent(wrong, (uint64_t)cases),
			       runs / cases);
			fflush(stdout);
		}
}

int main(int argc, char **argv)
{
	int cases = argc > 1 ? atoi(argv[1]) : 1000;

	if (cases < 1 || argc == 4 || argc > 5) {
		fprintf(stderr, "usage: sim_series [CASES [SEED [FAILS FALSELY]]]\n");
		return 2;
	}
	rng_state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	if (argc == 5) {
		double fails = strtod(argv[3], NULL), false_rate = strtod(argv[4], NULL);
		struct table t = { 0 };

		one_cell(cases, fails, false_rate, &t, true);
		show_head();
		show_cell(fails, false_rate, &t);
		show_truths(&t);
		show("of all seen", "known", &t.known);
		show("of all seen", "known, all", &t.known_all);
		return 0;
	}
	methods(cases);
	detection(cases);
	return 0;
}
