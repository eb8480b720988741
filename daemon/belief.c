#include "daemon/belief.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/str.h"

/* Chances before anything ran, of one test on one topology. That a patch breaks a
 * given test is rare: of the series that are posted few break anything that a suite of
 * dozens of tests sees. Tests that a base fails are about as rare, since suites are
 * kept silent on good kernels. Half a dozen per cent of what breaks is mended later in
 * the same series: the one published case is of this kind. */
#define PER_PATCH 0.002
#define PRE_EXISTING 0.01
#define REPAIRED 0.06

/* It is given up where the runs that are left would have to tell more than this many
 * times what the best of them tells now. */
#define FUTILE 1.1

/* What has to run in any case is worth as much as a run that tells a full bit. */
#define NEEDED M_LN2

struct image {
	int steps; /* how many steps have it */
	int runs, failures;
};

struct hypothesis {
	double p;
	double next_bad, next_good; /* P(the next run fails), of a bad step, of a good one */
};

struct belief {
	int nsteps;
	struct belief_step *steps; /* image: index into images, or -1 */
	struct image *images;
	int nimages;
	struct hypothesis clean;
	struct hypothesis *h; /* [from * nsteps + until - 1] */
	double *from;         /* [nsteps]: sums */
};

struct belief_prior belief_prior(double runs, double failures)
{
	return (struct belief_prior){ .per_patch = PER_PATCH,
				      .pre_existing = PRE_EXISTING,
				      .repaired = REPAIRED,
				      .good = rate_prior_good(runs, failures),
				      .bad = rate_prior_bad() };
}

/* ---- images ---- */

/* The first step with its image, itself or an earlier one. */
static int same_before(const struct belief_step *steps, int step)
{
	for (int k = 0; k < step; k++)
		if (steps[k].image == steps[step].image)
			return k;
	return step;
}

/* Numbers the images from 0 and adds up what is known of each. */
static void take_images(struct belief *b, const struct belief_step *steps)
{
	b->images = mem_alloc0((size_t)b->nsteps * sizeof(*b->images));
	for (int k = 0; k < b->nsteps; k++) {
		struct belief_step *s = &b->steps[k];
		int first = same_before(steps, k);

		*s = steps[k];
		if (s->image < 0)
			continue;
		s->image = first < k ? b->steps[first].image : b->nimages++;
		b->images[s->image].steps++;
		b->images[s->image].runs += s->runs;
		b->images[s->image].failures += s->failures;
	}
}

/* ---- the posterior ---- */

struct sums {
	const struct rates *good, *bad;
	int runs, failures; /* of all images */
};

/* log likelihood, and what either kind of step would do next. */
static double likelihood(const struct sums *s, int bad_runs, int bad_failures,
			 struct hypothesis *h)
{
	int runs = s->runs - bad_runs, failures = s->failures - bad_failures;

	h->next_bad = rates_next(s->bad, bad_runs, bad_failures);
	h->next_good = rates_next(s->good, runs, failures);
	return rates_log(s->bad, bad_runs, bad_failures) +
	       rates_log(s->good, runs, failures);
}

static double prior_of(const struct belief *b, const struct belief_prior *prior, int from,
		       int until)
{
	double p = from == 0 ? prior->pre_existing : prior->per_patch;
	int later = b->nsteps - 1 - from; /* patches that may repair it */

	if (later == 0)
		return p;
	return until == b->nsteps ? p * (1 - prior->repaired) :
				    p * prior->repaired / later;
}

/* Bad steps from..until-1 for growing until: which images are bad, whole or in part. */
struct walk {
	int *inside; /* [nimages] */
	int split;   /* images that are bad in one step and good in another */
	int runs, failures;
};

static void walk_add(const struct belief *b, struct walk *w, int step)
{
	int i = b->steps[step].image;

	if (i < 0)
		return;
	w->inside[i]++;
	if (w->inside[i] == 1 && b->images[i].steps > 1)
		w->split++;
	if (w->inside[i] == b->images[i].steps) {
		if (b->images[i].steps > 1)
			w->split--;
		w->runs += b->images[i].runs;
		w->failures += b->images[i].failures;
	}
}

static struct hypothesis *at(const struct belief *b, int from, int until)
{
	return &b->h[(size_t)from * (size_t)b->nsteps + (size_t)(until - 1)];
}

/* Every hypothesis' log posterior, not normalised, into its p; the largest. */
static double weigh(struct belief *b, const struct belief_prior *prior,
		    const struct sums *sums)
{
	int *inside = mem_alloc0(((size_t)b->nimages + 1) * sizeof(*inside));
	double any = 0, max = -INFINITY;

	for (int from = 0; from < b->nsteps; from++) {
		struct walk w = { .inside = inside };

		memset(inside, 0, (size_t)b->nimages * sizeof(*inside));
		for (int until = from + 1; until <= b->nsteps; until++) {
			struct hypothesis *h = at(b, from, until);
			double p = prior_of(b, prior, from, until);

			walk_add(b, &w, until - 1);
			h->p = -INFINITY;
			if (w.split)
				continue;
			any += p;
			h->p = log(p) + likelihood(sums, w.runs, w.failures, h);
			max = fmax(max, h->p);
		}
	}
	free(inside);
	b->clean.p = log(fmax(1 - any, 0.5)) + likelihood(sums, 0, 0, &b->clean);
	return fmax(max, b->clean.p);
}

static void normalise(struct belief *b, double max)
{
	double sum = exp(b->clean.p - max);

	for (int from = 0; from < b->nsteps; from++)
		for (int until = from + 1; until <= b->nsteps; until++)
			sum += exp(at(b, from, until)->p - max);
	b->clean.p = exp(b->clean.p - max) / sum;
	for (int from = 0; from < b->nsteps; from++)
		for (int until = from + 1; until <= b->nsteps; until++) {
			struct hypothesis *h = at(b, from, until);

			h->p = exp(h->p - max) / sum;
			b->from[from] += h->p;
		}
}

struct belief *belief_new(const struct belief_step *steps, int nsteps,
			  const struct belief_prior *prior)
{
	struct belief *b = mem_alloc0(sizeof(*b));
	struct sums sums = { .runs = 0 };
	struct rates *good, *bad;

	assert(nsteps >= 1 && nsteps <= BELIEF_STEPS_MAX);
	b->nsteps = nsteps;
	b->steps = mem_alloc0((size_t)nsteps * sizeof(*b->steps));
	b->h = mem_alloc0((size_t)nsteps * (size_t)nsteps * sizeof(*b->h));
	b->from = mem_alloc0((size_t)nsteps * sizeof(*b->from));
	take_images(b, steps);
	for (int i = 0; i < b->nimages; i++) {
		sums.runs += b->images[i].runs;
		sums.failures += b->images[i].failures;
	}
	sums.good = good = rates_new(&prior->good, sums.runs);
	sums.bad = bad = rates_new(&prior->bad, sums.runs);
	normalise(b, weigh(b, prior, &sums));
	rates_free(good);
	rates_free(bad);
	return b;
}

void belief_free(struct belief *b)
{
	if (!b)
		return;
	free(b->steps);
	free(b->images);
	free(b->h);
	free(b->from);
	free(b);
}

double belief_clean(const struct belief *b)
{
	return b->clean.p;
}

double belief_from(const struct belief *b, int from)
{
	return b->from[from];
}

double belief_interval(const struct belief *b, int from, int until)
{
	return at(b, from, until)->p;
}

double belief_bad(const struct belief *b, int step)
{
	double p = 0;

	for (int from = 0; from <= step; from++)
		for (int until = step + 1; until <= b->nsteps; until++)
			p += at(b, from, until)->p;
	return p;
}

/* ---- calls ---- */

/* Beginnings that no run can tell apart: all that lies between cannot be run. */
static int alike_first(const struct belief *b, int from)
{
	while (from > 0 && b->steps[from - 1].image < 0)
		from--;
	return from;
}

static int alike_last(const struct belief *b, int from)
{
	while (from < b->nsteps - 1 && b->steps[from].image < 0)
		from++;
	return from;
}

/* P(it began in first..last), and of it that which is bad at the tip. */
static double began(const struct belief *b, int first, int last, double *ret_tip)
{
	double p = 0;

	*ret_tip = 0;
	for (int from = first; from <= last; from++) {
		p += b->from[from];
		*ret_tip += at(b, from, b->nsteps)->p;
	}
	return p;
}

/* The likeliest ends of an interval that began in first..last, together at least sure
 * of what those make up: a range around the likeliest one. */
static void find_until(const struct belief *b, double sure, struct belief_call *c)
{
	double *p = mem_alloc0((size_t)b->nsteps * sizeof(*p));
	double all = 0, have;
	int best = -1, lo, hi;

	for (int from = c->first; from <= c->last; from++)
		for (int until = from + 1; until < b->nsteps; until++) {
			p[until] += at(b, from, until)->p;
			all += at(b, from, until)->p;
		}
	for (int until = 1; until < b->nsteps; until++)
		if (best < 0 || p[until] > p[best])
			best = until;
	lo = hi = best;
	have = best < 0 ? 0 : p[best];
	while (best >= 0 && have < sure * all) {
		double below = lo > 1 ? p[lo - 1] : -1;
		double above = hi < b->nsteps - 1 ? p[hi + 1] : -1;

		if (below < 0 && above < 0)
			break;
		have += below > above ? p[--lo] : p[++hi];
	}
	c->until_first = lo;
	c->until_last = hi;
	free(p);
}

static struct belief_call call_of(const struct belief *b, double sure, int from)
{
	struct belief_call c = { .first = alike_first(b, from),
				 .last = alike_last(b, from),
				 .until_first = -1,
				 .until_last = -1 };
	double tip, p = began(b, c.first, c.last, &tip);

	c.p = p;
	if (c.first == 0) {
		/* If the base cannot be run, patches after it cannot be told from it. */
		c.word = c.last == 0 ? BELIEF_PRE_EXISTING : BELIEF_UNSURE;
		if (tip < p / 2)
			find_until(b, sure, &c);
		return c;
	}
	if (tip >= sure) {
		c.word = BELIEF_INTRODUCED;
		c.p = tip;
	} else if (p - tip >= sure) {
		c.word = BELIEF_TRANSIENT;
		c.p = p - tip;
		find_until(b, sure, &c);
	} else {
		c.word = BELIEF_BLAMED;
		find_until(b, sure, &c);
	}
	return c;
}

struct belief_call belief_call(const struct belief *b, double sure)
{
	const struct belief_call none = { .word = BELIEF_UNSURE,
					  .first = -1,
					  .last = -1,
					  .until_first = -1,
					  .until_last = -1 };
	struct belief_call best = none, c;

	best.p = b->clean.p;
	if (b->clean.p >= sure)
		best.word = BELIEF_CLEAN;
	for (int from = 0; from < b->nsteps; from++) {
		c = call_of(b, sure, from);
		if (c.p > best.p)
			best = c;
	}
	if (best.p >= sure)
		return best;
	if (b->clean.p + b->from[0] >= sure) {
		c = none;
		c.word = BELIEF_NOT_SERIES;
		c.p = b->clean.p + b->from[0];
		return c;
	}
	best.word = BELIEF_UNSURE;
	return best;
}

/* ---- what to run next ---- */

static double entropy2(double p)
{
	if (p <= 0 || p >= 1)
		return 0;
	return -p * log(p) - (1 - p) * log1p(-p);
}

/* Adds what a class of hypotheses makes of a run: its weight, P(fails) times that. */
static void add_class(double weight, double fails, double *p, double *known)
{
	if (weight <= 0)
		return;
	*p += fails;
	*known += weight * entropy2(fails / weight);
}

double belief_gain(const struct belief *b, int step)
{
	double p = 0, known = 0;

	if (b->steps[step].image < 0)
		return 0;
	add_class(b->clean.p, b->clean.p * b->clean.next_good, &p, &known);
	for (int from = 0; from < b->nsteps; from++) {
		double weight = 0, fails = 0;

		for (int until = from + 1; until <= b->nsteps; until++) {
			const struct hypothesis *h = at(b, from, until);
			double next = step >= from && step < until ? h->next_bad :
								     h->next_good;

			if (until < b->nsteps) {
				weight += h->p;
				fails += h->p * next;
			} else {
				add_class(h->p, h->p * next, &p, &known);
			}
		}
		add_class(weight, fails, &p, &known);
	}
	return fmax(entropy2(p) - known, 0);
}

/* Of what calls differ by, nats. */
static double belief_entropy(const struct belief *b)
{
	double h = -b->clean.p * log(fmax(b->clean.p, 1e-300));

	for (int from = 0; from < b->nsteps; from++) {
		double tip = at(b, from, b->nsteps)->p, rest = b->from[from] - tip;

		h -= tip * log(fmax(tip, 1e-300)) + rest * log(fmax(rest, 1e-300));
	}
	return h;
}

static int runs_of(const struct belief *b, int step)
{
	int i = b->steps[step].image;

	return i < 0 ? -1 : b->images[i].runs;
}

/* The last step before it that can be run and has another image; -1: none. */
static int parent_of(const struct belief *b, int step)
{
	for (int k = step - 1; k >= 0; k--)
		if (b->steps[k].image >= 0 && b->steps[k].image != b->steps[step].image)
			return k;
	return -1;
}

/* The step that has to run again before the patches first..last are named; -1: none. */
static int confirm_next(const struct belief *b, const struct belief_call *c)
{
	int step = c->last, parent = parent_of(b, step);
	int base = runs_of(b, 0) < 0 ? parent : 0;

	if (runs_of(b, step) >= 0 && runs_of(b, step) < 2)
		return step;
	if (parent >= 0 && runs_of(b, parent) < 2)
		return parent;
	if (base >= 0 && runs_of(b, base) < runs_of(b, step))
		return base;
	return -1;
}

bool belief_confirmed(const struct belief *b, const struct belief_call *c)
{
	return confirm_next(b, c) < 0;
}

static int runs_all(const struct belief *b)
{
	int n = 0;

	for (int i = 0; i < b->nimages; i++)
		n += b->images[i].runs;
	return n;
}

static double cost_of(const struct belief_policy *policy, int step)
{
	return policy->cost ? policy->cost[step] : 1;
}

/* Every step that was not run at all; false: there is none. */
static bool want_first(const struct belief *b, const struct belief_policy *policy,
		       double *worth)
{
	bool any = false;

	for (int k = 0; k < b->nsteps; k++)
		if (runs_of(b, k) == 0 && same_before(b->steps, k) == k &&
		    isfinite(cost_of(policy, k))) {
			worth[k] += NEEDED / cost_of(policy, k);
			any = true;
		}
	return any;
}

static bool want_more(const struct belief *b, const struct belief_policy *policy, int left,
		      double *worth)
{
	AUTO_FREE double *gain = mem_alloc0((size_t)b->nsteps * sizeof(*gain));
	double most = 0;

	for (int k = 0; k < b->nsteps; k++) {
		/* Of the steps with one image the first is run. */
		if (b->steps[k].image < 0 || same_before(b->steps, k) < k ||
		    !isfinite(cost_of(policy, k)))
			continue;
		gain[k] = belief_gain(b, k);
		most = fmax(most, gain[k]);
	}
	if (most <= 0 || belief_entropy(b) - entropy2(policy->sure) > most * left * FUTILE)
		return false;
	for (int k = 0; k < b->nsteps; k++)
		worth[k] += gain[k] / cost_of(policy, k);
	return true;
}

bool belief_worth(const struct belief *b, const struct belief_policy *policy,
		  double *worth)
{
	int left = policy->runs_max - runs_all(b), step;
	struct belief_call c;

	if (want_first(b, policy, worth))
		return true;
	if (left <= 0)
		return false;
	c = belief_call(b, policy->sure);
	if (c.word == BELIEF_CLEAN || c.word == BELIEF_PRE_EXISTING)
		return false;
	if (c.word != BELIEF_INTRODUCED && c.word != BELIEF_TRANSIENT)
		return want_more(b, policy, left, worth);
	step = confirm_next(b, &c);
	if (step < 0 || !isfinite(cost_of(policy, step)))
		return false;
	worth[step] += NEEDED / cost_of(policy, step);
	return true;
}

int belief_next(const struct belief *b, const struct belief_policy *policy)
{
	AUTO_FREE double *worth = mem_alloc0((size_t)b->nsteps * sizeof(*worth));
	int best = -1;

	if (!belief_worth(b, policy, worth))
		return -1;
	for (int k = 0; k < b->nsteps; k++)
		if (worth[k] > 0 && (best < 0 || worth[k] > worth[best]))
			best = k;
	return best;
}
