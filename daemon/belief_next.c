/* What one more run would tell, and which to make next. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/belief_inside.h"
#include "lib/cleanup.h"
#include "lib/str.h"

/* It is given up where the runs that are left would have to tell more than this many
 * times what the best of them tells now. */
#define FUTILE 1.1

/* What has to run in any case is worth as much as a run that tells a full bit. */
#define NEEDED M_LN2

static double belief_entropy2(double p)
{
	if (p <= 0 || p >= 1)
		return 0;
	return -p * log(p) - (1 - p) * log1p(-p);
}

/* Classes of hypotheses that one call would cover: by the patch to blame (-1: clean),
 * those alike being one, and whether the tip is bad. What no run can tell is not missing. */
static size_t class_of(const struct belief *b, const struct hypothesis *h)
{
	int from = belief_blamed(h);

	return (size_t)((from < 0 ? from : b->alike[from]) + 1) * 2 +
	       belief_bad_at_tip(b, h);
}

static size_t nclasses(const struct belief *b)
{
	return ((size_t)b->nsteps + 1) * 2;
}

/* Adds what is so for the steps from..until-1, as differences between steps. */
static void add_steps(double *diff, int from, int until, double what)
{
	if (from < 0)
		return;
	diff[from] += what;
	diff[until] -= what;
}

/*
 * Each class has a weight, and for each step
 * P(its next run fails) times that; the information is the entropy of the outcome less
 * what is left of it once the class is known.
 */
void belief_gains(const struct belief *b, double *ret)
{
	size_t n = (size_t)b->nsteps;
	AUTO_FREE double *weight = mem_alloc0(nclasses(b) * sizeof(*weight));
	AUTO_FREE double *diff = mem_alloc0(nclasses(b) * (n + 1) * sizeof(*diff));
	AUTO_FREE double *fails = mem_alloc0(n * sizeof(*fails));
	AUTO_FREE double *known = mem_alloc0(n * sizeof(*known));

	for (size_t i = 0; i < b->nh; i++) {
		const struct hypothesis *h = &b->h[i];
		size_t c = class_of(b, h);
		double more = h->p * (h->next_bad - h->next_good);

		weight[c] += h->p;
		add_steps(&diff[c * (n + 1)], 0, b->nsteps, h->p * h->next_good);
		add_steps(&diff[c * (n + 1)], h->from, h->until, more);
		add_steps(&diff[c * (n + 1)], h->from2, h->until2, more);
	}
	for (size_t c = 0; c < nclasses(b); c++) {
		double f = 0;

		for (size_t k = 0; weight[c] > 0 && k < n; k++) {
			f += diff[c * (n + 1) + k];
			fails[k] += f;
			known[k] += weight[c] * belief_entropy2(f / weight[c]);
		}
	}
	for (int k = 0; k < b->nsteps_given; k++)
		ret[k] = 0;
	for (size_t k = 0; k < n; k++)
		ret[k] = b->steps[k].image < 0 ?
				 0 :
				 fmax(belief_entropy2(fails[k]) - known[k], 0);
}

double belief_gain(const struct belief *b, int step)
{
	AUTO_FREE double *gain = mem_alloc0((size_t)b->nsteps_given * sizeof(*gain));

	belief_gains(b, gain);
	return gain[step];
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

/* A step that tells which of several patches repaired it; -1: none can. */
static int until_next(const struct belief *b, const struct belief_call *c)
{
	for (int k = c->until_first; k >= 0 && k < c->until_last; k++)
		if (runs_of(b, k) >= 0 && !b->images[b->steps[k].image].parked)
			return k;
	return -1;
}

/* The first step that is held to be good where patch first broke it and that ran twice,
 * or can: the base, unless that cannot be run; -1: none. */
static int base_of(const struct belief *b, int parent)
{
	for (int k = 0; k < parent; k++)
		if (runs_of(b, k) >= 2 ||
		    (runs_of(b, k) >= 0 && !b->images[b->steps[k].image].parked))
			return k;
	return parent;
}

/* The step that has to run again before the patches first..last are named; -1: none. */
static int confirm_next(const struct belief *b, const struct belief_call *c)
{
	int step = c->last, parent = belief_parent(b, c->first);
	int base = base_of(b, parent);

	if (!belief_ran_again(b, step))
		return step;
	if (parent >= 0 && !belief_ran_again(b, parent))
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

static double cost_of(const struct belief *b, const struct belief_policy *policy,
		      int step)
{
	int i = b->steps[step].image;

	if (i < 0 || b->images[i].parked)
		return INFINITY;
	return policy->cost ? policy->cost[step] : 1;
}

/* Every step that was not run at all; false: there is none. */
static bool want_first(const struct belief *b, const struct belief_policy *policy,
		       double *worth)
{
	bool any = false;

	for (int k = 0; k < b->nsteps; k++)
		if (runs_of(b, k) == 0 && belief_same_before(b->steps, k) == k &&
		    isfinite(cost_of(b, policy, k))) {
			worth[k] += NEEDED / cost_of(b, policy, k);
			any = true;
		}
	return any;
}

static bool want_more(const struct belief *b, const struct belief_policy *policy,
		      int left, double *worth)
{
	AUTO_FREE double *gain = mem_alloc0((size_t)b->nsteps_given * sizeof(*gain));
	double most = 0;

	belief_gains(b, gain);
	for (int k = 0; k < b->nsteps; k++) {
		/* Of the steps with one image the first is run. */
		if (b->steps[k].image < 0 || belief_same_before(b->steps, k) < k ||
		    !isfinite(cost_of(b, policy, k)))
			gain[k] = 0;
		most = fmax(most, gain[k]);
	}
	if (most <= 0 ||
	    belief_entropy(b) - belief_entropy2(policy->sure) > most * left * FUTILE)
		return false;
	for (int k = 0; k < b->nsteps; k++)
		if (gain[k] > 0)
			worth[k] += gain[k] / cost_of(b, policy, k);
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
	if (c.word == BELIEF_UNSURE && c.p >= policy->sure && c.first >= 0)
		return false;
	if (c.word != BELIEF_INTRODUCED && c.word != BELIEF_TRANSIENT) {
		step = belief_failed_once(b);
		if (step < 0 || !isfinite(cost_of(b, policy, step)))
			return want_more(b, policy, left, worth);
		worth[step] += NEEDED / cost_of(b, policy, step);
		return true;
	}
	step = confirm_next(b, &c);
	if (step < 0)
		step = until_next(b, &c);
	if (step < 0 || !isfinite(cost_of(b, policy, step)))
		return false;
	worth[step] += NEEDED / cost_of(b, policy, step);
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
