#include "daemon/belief.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/belief_inside.h"
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

struct belief_prior belief_prior(double runs, double failures)
{
	return (struct belief_prior){ .per_patch = PER_PATCH,
				      .pre_existing = PRE_EXISTING,
				      .repaired = REPAIRED,
				      .good = rate_prior_good(runs, failures),
				      .bad = rate_prior_bad() };
}

/* ---- images ---- */

int belief_same_before(const struct belief_step *steps, int step)
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
		int first = belief_same_before(steps, k);

		if (s->image < 0)
			continue;
		s->image = first < k ? b->steps[first].image : b->nimages++;
		b->images[s->image].steps++;
		b->images[s->image].runs += s->runs;
		b->images[s->image].failures += s->failures;
		b->images[s->image].alone += s->alone;
		/* Of the steps with one image the first is run. */
		if (first == k)
			b->images[s->image].parked = s->parked;
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
	double p = h->from == 0 ? prior->pre_existing :
		   prior->patch ? prior->patch[h->from] :
				  prior->per_patch;

	p *= lasts(b, prior, h->from, h->until);
	if (h->from2 >= 0)
		p *= BROKEN_AGAIN / (b->nsteps - 1 - h->until) *
		     lasts(b, prior, h->from2, h->until2);
	return p;
}

bool belief_is_bad(const struct hypothesis *h, int step)
{
	return (step >= h->from && step < h->until) ||
	       (step >= h->from2 && step < h->until2);
}

/* What all hypotheses are weighed with. */
struct weighing {
	struct belief *b;
	const struct belief_prior *prior;
	const struct sums *sums;
	int *inside; /* [nimages], scratch */
	/* [nsteps + 1], where each image has its steps in a row: what lies before a step,
	 * and whether an image lies on both sides of it. NULL where one comes again. */
	struct before {
		int steps, runs, failures; /* steps: that can be run */
		bool within;
	} * before;
	double any; /* sum of priors so far, clean not among them */
	size_t room;
};

/* Runs and failures of the bad steps; false: an image is bad at one step and good at
 * another, which cannot be. */
static bool bad_counts(const struct weighing *w, const struct hypothesis *h,
		       int *ret_runs, int *ret_failures)
{
	const struct belief *b = w->b;
	int *inside = w->inside;

	*ret_runs = *ret_failures = 0;
	memset(inside, 0, (size_t)b->nimages * sizeof(*inside));
	for (int k = 0; k < b->nsteps; k++)
		if (b->steps[k].image >= 0)
			inside[b->steps[k].image] += belief_is_bad(h, k);
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

/* The same of images in a row, without a look at each step. */
static bool add_between(const struct weighing *w, int from, int until, int *runs,
			int *failures)
{
	const struct before *a = &w->before[from], *z = &w->before[until];

	if (a->steps == z->steps)
		return true; /* nothing but steps that cannot be run */
	*runs += z->runs - a->runs;
	*failures += z->failures - a->failures;
	return !a->within && !z->within;
}

static bool bad_counts_fast(const struct weighing *w, const struct hypothesis *h,
			    int *ret_runs, int *ret_failures)
{
	if (!w->before)
		return bad_counts(w, h, ret_runs, ret_failures);
	*ret_runs = *ret_failures = 0;
	return add_between(w, h->from, h->until, ret_runs, ret_failures) &&
	       (h->from2 < 0 ||
		add_between(w, h->from2, h->until2, ret_runs, ret_failures));
}

static void add_up_before(struct weighing *w)
{
	const struct belief *b = w->b;
	int last = -1; /* the image before */

	w->before = mem_alloc0(((size_t)b->nsteps + 1) * sizeof(*w->before));
	for (int k = 0; k < b->nsteps; k++) {
		int i = b->steps[k].image;
		struct before *next = &w->before[k + 1];

		*next = w->before[k];
		next->within = false;
		if (i < 0)
			continue;
		next->steps++;
		if (i != last && belief_same_before(b->steps, k) < k) {
			free(w->before);
			w->before = NULL;
			return;
		}
		if (i == last) {
			/* Also of the steps between that cannot be run. */
			for (int s = k; s > 0 && b->steps[s - 1].image < 0; s--)
				w->before[s - 1].within = true;
			w->before[k].within = true;
			continue;
		}
		last = i;
		next->runs += b->images[i].runs;
		next->failures += b->images[i].failures;
	}
}

/* Its p is a logarithm, and not normalised, for now. */
static void add_hypothesis(struct weighing *w, struct hypothesis h)
{
	struct belief *b = w->b;
	double p = prior_of(b, w->prior, &h);
	int runs, failures;

	if (!bad_counts_fast(w, &h, &runs, &failures))
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
		sum += b->h[i].p = exp(b->h[i].p - max);
	for (size_t i = 0; i < b->nh; i++)
		b->h[i].p /= sum;
}

int belief_blamed(const struct hypothesis *h)
{
	return h->from == 0 && h->from2 > 0 ? h->from2 : h->from;
}

bool belief_bad_at_tip(const struct belief *b, const struct hypothesis *h)
{
	return h->from >= 0 && (h->from2 >= 0 ? h->until2 : h->until) == b->nsteps;
}

static void add_from(struct belief *b, const struct hypothesis *h)
{
	int k = belief_blamed(h);

	b->from[k] += h->p;
	b->from_tip[k] += belief_bad_at_tip(b, h) ? h->p : 0;
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
	add_up_before(&w);
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
	free(w.before);
	normalise(b);
	for (size_t i = 1; i < b->nh; i++)
		add_from(b, &b->h[i]);
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
	b->from_tip = mem_alloc0((size_t)nsteps * sizeof(*b->from_tip));
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
	free(b->from_tip);
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
		p += belief_is_bad(&b->h[i], step) ? b->h[i].p : 0;
	return p;
}

int belief_until_given(const struct belief *b, int until)
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
		ret[at] = (struct belief_likely){
			.p = h->p,
			.from = h->from,
			.until = belief_until_given(b, h->until),
			.from2 = h->from2,
			.until2 = belief_until_given(b, h->until2)
		};
	}
	return n;
}
