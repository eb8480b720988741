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
 * kept silent on good kernels. That one in five of what breaks is mended later in the same
 * series is a guess; the published case is of this kind. With less, more runs after the
 * repair are needed. */
#define PER_PATCH 0.002
#define PRE_EXISTING 0.01
#define REPAIRED 0.2
#define BROKEN_AGAIN 0.02
/* Of nothing being bad, however many patches there are. */
#define CLEAN_MIN 0.5

/* Changes between outcomes of which doubles are made: 16 over 4 are 1820. */
#define CHANGES_MAX 16

/* It is given up where the runs that are left would have to tell more than this many
 * times what the best of them tells now. */
#define FUTILE 1.1

/* What has to run in any case is worth as much as a run that tells a full bit. */
#define NEEDED M_LN2

struct image {
	int steps; /* how many steps have it */
	int runs, failures, alone;
};

/* Steps from..until-1 are bad, and from2..until2-1. from -1: none is; from2 -1: no
 * others are. */
struct hypothesis {
	int from, until, from2, until2;
	double p;
	double next_bad,
		next_good; /* P(the next run fails), of a bad step, of a good one */
};

struct belief {
	int nsteps; /* without those at the end that cannot be run: nothing tells of them */
	int nsteps_given;
	struct belief_step *steps; /* image: index into images, or -1 */
	int *alike; /* [nsteps]: the last step that no run tells from this one */
	struct image *images;
	int nimages;
	struct hypothesis *h; /* h[0]: clean */
	size_t nh;
	double *from; /* [nsteps]: sums */
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

		if (s->image < 0)
			continue;
		s->image = first < k ? b->steps[first].image : b->nimages++;
		b->images[s->image].steps++;
		b->images[s->image].runs += s->runs;
		b->images[s->image].failures += s->failures;
		b->images[s->image].alone += s->alone;
	}
}

/* What begins at a step that cannot be run looks like what begins at the next that can. */
static void find_alike(struct belief *b)
{
	b->alike = mem_alloc0((size_t)b->nsteps * sizeof(*b->alike));
	for (int k = b->nsteps - 1; k >= 0; k--)
		b->alike[k] =
			b->steps[k].image < 0 && k < b->nsteps - 1 ? b->alike[k + 1] : k;
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

/* Of the badness that begins with from: that it ends with until. */
static double lasts(const struct belief *b, const struct belief_prior *prior, int from,
		    int until)
{
	int later = b->nsteps - 1 - from; /* patches that may repair it */

	if (later == 0)
		return 1;
	return until == b->nsteps ? 1 - prior->repaired : prior->repaired / later;
}

static double prior_of(const struct belief *b, const struct belief_prior *prior,
		       const struct hypothesis *h)
{
	double p = h->from == 0 ? prior->pre_existing : prior->per_patch;

	p *= lasts(b, prior, h->from, h->until);
	if (h->from2 >= 0)
		p *= BROKEN_AGAIN / (b->nsteps - 1 - h->until) *
		     lasts(b, prior, h->from2, h->until2);
	return p;
}

static bool is_bad(const struct hypothesis *h, int step)
{
	return (step >= h->from && step < h->until) ||
	       (step >= h->from2 && step < h->until2);
}

/* Runs and failures of the bad steps; false: an image is bad at one step and good at
 * another, which cannot be. */
static bool bad_counts(const struct belief *b, const struct hypothesis *h, int *inside,
		       int *ret_runs, int *ret_failures)
{
	*ret_runs = *ret_failures = 0;
	memset(inside, 0, (size_t)b->nimages * sizeof(*inside));
	for (int k = 0; k < b->nsteps; k++)
		if (b->steps[k].image >= 0)
			inside[b->steps[k].image] += is_bad(h, k);
	for (int i = 0; i < b->nimages; i++) {
		if (inside[i] == 0)
			continue;
		if (inside[i] < b->images[i].steps)
			return false;
		*ret_runs += b->images[i].runs;
		*ret_failures += b->images[i].failures;
	}
	return true;
}

/* What all hypotheses are weighed with. */
struct weighing {
	struct belief *b;
	const struct belief_prior *prior;
	const struct sums *sums;
	int *inside; /* [nimages], scratch */
	double any;  /* sum of priors so far, clean not among them */
	size_t room;
};

/* Its p is a logarithm, and not normalised, for now. */
static void add_hypothesis(struct weighing *w, struct hypothesis h)
{
	struct belief *b = w->b;
	double p = prior_of(b, w->prior, &h);
	int runs, failures;

	if (!bad_counts(b, &h, w->inside, &runs, &failures))
		return;
	w->any += p;
	h.p = log(p) + likelihood(w->sums, runs, failures, &h);
	if (b->nh == w->room) {
		w->room *= 2;
		b->h = mem_realloc(b->h, w->room, sizeof(*b->h));
	}
	b->h[b->nh++] = h;
}

/* How much the rates of failure seen at a step and before it differ; -1 where nothing
 * can be told. */
static double change_at(const struct belief *b, int step)
{
	const struct image *here, *before = NULL;

	if (b->steps[step].image < 0)
		return -1;
	here = &b->images[b->steps[step].image];
	for (int k = step - 1; k >= 0 && !before; k--)
		if (b->steps[k].image >= 0)
			before = &b->images[b->steps[k].image];
	if (!before || before == here || !before->runs || !here->runs)
		return -1;
	return fabs((double)here->failures / here->runs -
		    (double)before->failures / before->runs);
}

/* The steps where outcomes change most, in order; at most CHANGES_MAX. */
static int find_changes(const struct belief *b, int *ret)
{
	double least = 0;
	int n;

	/* Drops the smallest ones until they are few enough. */
	do {
		double smallest = INFINITY;

		n = 0;
		for (int k = 1; k < b->nsteps; k++) {
			double d = change_at(b, k);

			if (d <= least)
				continue;
			smallest = fmin(smallest, d);
			if (n < CHANGES_MAX)
				ret[n] = k;
			n++;
		}
		least = smallest;
	} while (n > CHANGES_MAX);
	return n;
}

/*
 * What is broken, mended, and broken again. There are too many of these to weigh all:
 * only those are that begin and end where outcomes changed. Without them such a test
 * would be held for one that fails by chance.
 */
static void add_doubles(struct weighing *w)
{
	int at[CHANGES_MAX + 2], n = find_changes(w->b, at + 1) + 1;

	at[0] = 0;
	at[n] = w->b->nsteps;
	for (int i = 0; i < n; i++)
		for (int j = i + 1; j < n; j++)
			for (int k = j + 1; k < n; k++)
				for (int l = k + 1; l <= n; l++)
					add_hypothesis(w, (struct hypothesis){
								  .from = at[i],
								  .until = at[j],
								  .from2 = at[k],
								  .until2 = at[l] });
}

static void normalise(struct belief *b)
{
	double max = -INFINITY, sum = 0;

	for (size_t i = 0; i < b->nh; i++)
		max = fmax(max, b->h[i].p);
	for (size_t i = 0; i < b->nh; i++)
		sum += exp(b->h[i].p - max);
	for (size_t i = 0; i < b->nh; i++)
		b->h[i].p = exp(b->h[i].p - max) / sum;
}

/* The first patch that breaks it; 0: the base is bad, and no patch breaks it again;
 * -1: clean. */
static int blamed(const struct hypothesis *h)
{
	return h->from == 0 && h->from2 > 0 ? h->from2 : h->from;
}

static bool bad_at_tip(const struct belief *b, const struct hypothesis *h)
{
	return h->from >= 0 && (h->from2 >= 0 ? h->until2 : h->until) == b->nsteps;
}

static void weigh(struct belief *b, const struct belief_prior *prior,
		  const struct sums *sums)
{
	struct weighing w = { .b = b, .prior = prior, .sums = sums };
	const struct hypothesis none = { .from = -1,
					 .until = -1,
					 .from2 = -1,
					 .until2 = -1 };

	w.inside = mem_alloc0(((size_t)b->nimages + 1) * sizeof(*w.inside));
	w.room = (size_t)b->nsteps * (size_t)b->nsteps + 1;
	b->h = mem_alloc0(w.room * sizeof(*b->h));
	b->h[b->nh++] = none;
	for (int from = 0; from < b->nsteps; from++)
		for (int until = from + 1; until <= b->nsteps; until++)
			add_hypothesis(&w, (struct hypothesis){ .from = from,
								.until = until,
								.from2 = -1,
								.until2 = -1 });
	add_doubles(&w);
	b->h[0].p = log(fmax(1 - w.any, CLEAN_MIN)) + likelihood(sums, 0, 0, &b->h[0]);
	free(w.inside);
	normalise(b);
	for (size_t i = 1; i < b->nh; i++)
		b->from[blamed(&b->h[i])] += b->h[i].p;
}

struct belief *belief_new(const struct belief_step *steps, int nsteps,
			  const struct belief_prior *prior)
{
	struct belief *b = mem_alloc0(sizeof(*b));
	struct sums sums = { .runs = 0 };
	struct rates *good, *bad;

	assert(nsteps >= 1 && nsteps <= BELIEF_STEPS_MAX);
	b->nsteps_given = b->nsteps = nsteps;
	while (b->nsteps > 1 && steps[b->nsteps - 1].image < 0)
		b->nsteps--;
	b->steps = mem_alloc0((size_t)nsteps * sizeof(*b->steps));
	b->from = mem_alloc0((size_t)nsteps * sizeof(*b->from));
	memcpy(b->steps, steps, (size_t)nsteps * sizeof(*steps));
	take_images(b, steps);
	find_alike(b);
	for (int i = 0; i < b->nimages; i++) {
		sums.runs += b->images[i].runs;
		sums.failures += b->images[i].failures;
	}
	sums.good = good = rates_new(&prior->good, sums.runs);
	sums.bad = bad = rates_new(&prior->bad, sums.runs);
	weigh(b, prior, &sums);
	rates_free(good);
	rates_free(bad);
	return b;
}

void belief_free(struct belief *b)
{
	if (!b)
		return;
	free(b->steps);
	free(b->alike);
	free(b->images);
	free(b->h);
	free(b->from);
	free(b);
}

double belief_clean(const struct belief *b)
{
	return b->h[0].p;
}

double belief_from(const struct belief *b, int from)
{
	return b->from[from];
}

double belief_bad(const struct belief *b, int step)
{
	double p = 0;

	for (size_t i = 1; i < b->nh; i++)
		p += is_bad(&b->h[i], step) ? b->h[i].p : 0;
	return p;
}

/* As the caller counts: what lasts to the last step that can be run lasts to the end. */
static int until_given(const struct belief *b, int until)
{
	return until == b->nsteps ? b->nsteps_given : until;
}

size_t belief_likely(const struct belief *b, double least, struct belief_likely *ret,
		     size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < b->nh; i++) {
		const struct hypothesis *h = &b->h[i];
		size_t at = n;

		if (h->p < least)
			continue;
		while (at > 0 && ret[at - 1].p < h->p)
			at--;
		if (at == max)
			continue;
		n += n < max;
		memmove(&ret[at + 1], &ret[at], (n - 1 - at) * sizeof(*ret));
		ret[at] = (struct belief_likely){ .p = h->p,
						  .from = h->from,
						  .until = until_given(b, h->until),
						  .from2 = h->from2,
						  .until2 = until_given(b, h->until2) };
	}
	return n;
}

/* ---- calls ---- */

/* Beginnings that no run can tell apart: all that lies between cannot be run. */
static int alike_first(const struct belief *b, int from)
{
	while (from > 0 && b->steps[from - 1].image < 0)
		from--;
	return from;
}

/* P(it began in first..last), and of it that which is bad at the tip. */
static double began(const struct belief *b, int first, int last, double *ret_tip)
{
	double p = 0;

	*ret_tip = 0;
	for (size_t i = 1; i < b->nh; i++) {
		int from = blamed(&b->h[i]);

		if (from < first || from > last)
			continue;
		p += b->h[i].p;
		*ret_tip += bad_at_tip(b, &b->h[i]) ? b->h[i].p : 0;
	}
	return p;
}

/* The likeliest ends of what began in first..last and is not bad at the tip, together
 * at least sure of what those make up: a range around the likeliest one. */
static void find_until(const struct belief *b, double sure, struct belief_call *c)
{
	double *p = mem_alloc0((size_t)b->nsteps * sizeof(*p));
	double all = 0, have;
	int best = -1, lo, hi;

	for (size_t i = 1; i < b->nh; i++) {
		const struct hypothesis *h = &b->h[i];

		if (blamed(h) < c->first || blamed(h) > c->last || bad_at_tip(b, h))
			continue;
		p[h->from2 >= 0 ? h->until2 : h->until] += h->p;
		all += h->p;
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
				 .last = b->alike[from],
				 .until_first = -1,
				 .until_last = -1 };
	double tip, p = began(b, c.first, c.last, &tip);

	c.p = p;
	c.likely_at_tip = tip >= p / 2;
	if (c.first == 0) {
		/* If the base cannot be run, patches after it cannot be told from it. */
		c.word = c.last == 0 ? BELIEF_PRE_EXISTING : BELIEF_UNSURE;
		if (!c.likely_at_tip)
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

	best.p = b->h[0].p;
	if (b->h[0].p >= sure)
		best.word = BELIEF_CLEAN;
	for (int from = 0; from < b->nsteps; from++) {
		c = call_of(b, sure, from);
		if (c.p > best.p)
			best = c;
	}
	if (best.p >= sure)
		return best;
	if (b->h[0].p + b->from[0] >= sure) {
		c = none;
		c.word = BELIEF_NOT_SERIES;
		c.p = b->h[0].p + b->from[0];
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

/* Classes of hypotheses that one call would cover: by the patch to blame (-1: clean),
 * those alike being one, and whether the tip is bad. What no run can tell is not missing. */
static size_t class_of(const struct belief *b, const struct hypothesis *h)
{
	int from = blamed(h);

	return (size_t)((from < 0 ? from : b->alike[from]) + 1) * 2 + bad_at_tip(b, h);
}

static size_t nclasses(const struct belief *b)
{
	return ((size_t)b->nsteps + 1) * 2;
}

double belief_gain(const struct belief *b, int step)
{
	AUTO_FREE double *weight = mem_alloc0(nclasses(b) * sizeof(*weight));
	AUTO_FREE double *fails = mem_alloc0(nclasses(b) * sizeof(*fails));
	double p = 0, known = 0;

	if (b->steps[step].image < 0)
		return 0;
	for (size_t i = 0; i < b->nh; i++) {
		const struct hypothesis *h = &b->h[i];
		size_t c = class_of(b, h);

		weight[c] += h->p;
		fails[c] += h->p * (is_bad(h, step) ? h->next_bad : h->next_good);
	}
	for (size_t c = 0; c < nclasses(b); c++)
		add_class(weight[c], fails[c], &p, &known);
	return fmax(entropy2(p) - known, 0);
}

/* Of the classes, nats. */
static double belief_entropy(const struct belief *b)
{
	AUTO_FREE double *weight = mem_alloc0(nclasses(b) * sizeof(*weight));
	double h = 0;

	for (size_t i = 0; i < b->nh; i++)
		weight[class_of(b, &b->h[i])] += b->h[i].p;
	for (size_t c = 0; c < nclasses(b); c++)
		h -= weight[c] > 0 ? weight[c] * log(weight[c]) : 0;
	return h;
}

static int runs_of(const struct belief *b, int step)
{
	int i = b->steps[step].image;

	return i < 0 ? -1 : b->images[i].runs;
}

/* It ran at least twice, and once with nothing beside it that could disturb it. */
static bool ran_again(const struct belief *b, int step)
{
	int i = b->steps[step].image;

	return i < 0 || (b->images[i].runs >= 2 && b->images[i].alone >= 1);
}

/* The last step before it that can be run and has another image; -1: none. */
static int parent_of(const struct belief *b, int step)
{
	for (int k = step - 1; k >= 0; k--)
		if (b->steps[k].image >= 0 && b->steps[k].image != b->steps[step].image)
			return k;
	return -1;
}

/* A step that tells which of several patches repaired it; -1: none can. */
static int until_next(const struct belief *b, const struct belief_call *c)
{
	for (int k = c->until_first; k >= 0 && k < c->until_last; k++)
		if (runs_of(b, k) >= 0)
			return k;
	return -1;
}

/* The step that has to run again before the patches first..last are named; -1: none. */
static int confirm_next(const struct belief *b, const struct belief_call *c)
{
	int step = c->last, parent = parent_of(b, step);
	int base = runs_of(b, 0) < 0 ? parent : 0;

	if (!ran_again(b, step))
		return step;
	if (parent >= 0 && !ran_again(b, parent))
		return parent;
	if (base >= 0 && runs_of(b, base) < 2)
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

static bool want_more(const struct belief *b, const struct belief_policy *policy,
		      int left, double *worth)
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
	if (most <= 0 ||
	    belief_entropy(b) - entropy2(policy->sure) > most * left * FUTILE)
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
	/* It is known as well as can be, without a base to hold it against. */
	if (c.word == BELIEF_UNSURE && c.p >= policy->sure)
		return false;
	if (c.word != BELIEF_INTRODUCED && c.word != BELIEF_TRANSIENT)
		return want_more(b, policy, left, worth);
	step = confirm_next(b, &c);
	if (step < 0)
		step = until_next(b, &c);
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
