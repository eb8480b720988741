/* What one more run would tell, and which to make next. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/belief_inside.h"
#include "lib/cleanup.h"
#include "lib/str.h"

/*
 * It is given up where the runs that are left, times this, would not do if each told as
 * much as the best does now. What a run tells falls as rates become known, so this is
 * below 1. Where chance leads it is less: giving up charges nobody, and with more, much
 * goes into what stays inconclusive.
 */
#define FUTILE 0.65
#define FUTILE_CHANCE 0.3

/* But a failure is not given up as chance after fewer runs of the step that tells most,
 * unless chance is LIKELY: of a bug that shows in half of the runs, which was met once, so
 * many fail again with P 15/16. With a silent history chance leads after one pass. */
#define CHANCE_RUNS 5

/* Runs go on until the doubt is this part of what it may be. Nothing is said at the first
 * moment when chance has carried the odds over the line, and the model is not the world. */
#define DOUBT 0.5
/* This part, where a bug does not show in nearly every run: luck misleads more there, and
 * its boots are many anyway. */
#define DOUBT_RARE 0.3
#define NEARLY_ALWAYS 0.9

/* Whether and where it was repaired again is of less use than which patch broke it: it is
 * looked for where about so many runs will do. Else it is said what is likelier, and those
 * that can have repaired it are named together. */
#define REPAIR_RUNS 12.0

/* What is as likely as this leads. */
#define LEADS 0.5

/* What is as likely as this will probably be said in the end. */
#define LIKELY 0.8

/* What has to run in any case is worth as much as a run that tells a full bit. */
#define NEEDED M_LN2

static double belief_entropy2(double p)
{
	if (p <= 0 || p >= 1)
		return 0;
	return -p * log(p) - (1 - p) * log1p(-p);
}

/* What a run is to tell. */
enum ask {
	ASK_PATCH,  /* which patch is to blame, or none */
	ASK_TIP,    /* that, and whether the tip is bad */
	ASK_REPAIR, /* of what a call names: what repaired it */
};

/* Of ASK_PATCH: the first classes are of nothing being bad. */
#define CLASSES_CLEAN 2

/* Hypotheses that one answer would cover are a class; -1: not asked about. Patches that no
 * run can tell apart are one: what cannot be known is not missing. */
static long class_of(const struct belief *b, enum ask ask,
		     const struct belief_call *named, const struct hypothesis *h)
{
	int from = belief_blamed(h);
	bool tip = belief_bad_at_tip(b, h);

	if (ask != ASK_REPAIR)
		return (long)((from < 0 ? from : b->alike[from]) + 1) * 2 +
		       (ask == ASK_TIP && tip);
	if (from < named->first || from > named->last || tip)
		return -1;
	return b->alike[h->from2 >= 0 ? h->until2 : h->until];
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

/* Of each class what it weighs, and P(the next run of a step fails) times that. */
struct tally {
	size_t classes, steps;
	double all, *weight; /* [classes] */
	double *fails;       /* [classes * (steps + 1)] */
};

static void tally_done(struct tally *t)
{
	free(t->weight);
	free(t->fails);
}

static struct tally tally_of(const struct belief *b, enum ask ask,
			     const struct belief_call *named)
{
	struct tally t = { .classes = nclasses(b), .steps = (size_t)b->nsteps };
	size_t row = t.steps + 1;

	t.weight = mem_alloc0(t.classes * sizeof(*t.weight));
	t.fails = mem_alloc0(t.classes * row * sizeof(*t.fails));
	for (size_t i = 0; i < b->nh; i++) {
		const struct hypothesis *h = &b->h[i];
		double more = h->p * (h->next_bad - h->next_good);
		long c = class_of(b, ask, named, h);
		double *d = &t.fails[(size_t)(c < 0 ? 0 : c) * row];

		if (c < 0)
			continue;
		t.all += h->p;
		t.weight[c] += h->p;
		add_steps(d, 0, b->nsteps, h->p * h->next_good);
		add_steps(d, h->from, h->until, more);
		add_steps(d, h->from2, h->until2, more);
	}
	for (size_t c = 0; c < t.classes; c++)
		for (size_t k = 1; k < t.steps; k++)
			t.fails[c * row + k] += t.fails[c * row + k - 1];
	return t;
}

/*
 * The information in one more run of each step, nats: the entropy of its outcome less
 * what is left of that once the class is known. Returns the entropy of the classes now.
 */
static double information(const struct tally *t, double *ret)
{
	double entropy = 0;

	for (size_t k = 0; k < t->steps; k++)
		ret[k] = 0;
	for (size_t c = 0; c < t->classes; c++)
		entropy += t->weight[c] > 0 ?
				   -t->weight[c] / t->all * log(t->weight[c] / t->all) :
				   0;
	for (size_t k = 0; k < t->steps; k++) {
		double fails = 0, known = 0;

		for (size_t c = 0; c < t->classes; c++) {
			double f = t->fails[c * (t->steps + 1) + k];

			if (t->weight[c] <= 0)
				continue;
			fails += f;
			known += t->weight[c] * belief_entropy2(f / t->weight[c]);
		}
		if (t->all > 0)
			ret[k] =
				fmax(belief_entropy2(fails / t->all) - known / t->all, 0);
	}
	return entropy;
}

/* Of an outcome with P p, for one that said q. */
static double surprise(double p, double q)
{
	return p > 0 ? p * log(p / fmax(q, 1e-12)) : 0;
}

/*
 * How much one more run of each step is expected to add to the log odds of the leading
 * class, if that is the truth: the divergence of what it foretells from what all others
 * do together (Chernoff, "Sequential Design of Experiments", 1959). Once one class leads,
 * this is what ends the search soonest; information alone would go on asking whether the
 * step before it is good, run after run, where a few more runs of a bad step would say how
 * much each of those is worth. Returns the log odds that it has now.
 */
static double drift(const struct tally *t, size_t lead, double *ret)
{
	double others = t->all - t->weight[lead];

	for (size_t k = 0; k < t->steps; k++) {
		double rest = 0, p, q;

		for (size_t c = 0; c < t->classes; c++)
			rest += c != lead ? t->fails[c * (t->steps + 1) + k] : 0;
		p = t->fails[lead * (t->steps + 1) + k] / t->weight[lead];
		q = others > 0 ? rest / others : p;
		ret[k] = fmax(surprise(p, q) + surprise(1 - p, 1 - q), 0);
	}
	return log(t->weight[lead] / fmax(others, 1e-300));
}

static size_t leader(const struct tally *t)
{
	size_t best = 0;

	for (size_t c = 1; c < t->classes; c++)
		if (t->weight[c] > t->weight[best])
			best = c;
	return best;
}

void belief_gains(const struct belief *b, double *ret)
{
	AUTO(tally_done) struct tally t = tally_of(b, ASK_TIP, NULL);

	information(&t, ret);
	for (int k = 0; k < b->nsteps_given; k++)
		if (k >= b->nsteps || b->steps[k].image < 0)
			ret[k] = 0;
}

double belief_gain(const struct belief *b, int step)
{
	AUTO_FREE double *gain = mem_alloc0((size_t)b->nsteps_given * sizeof(*gain));

	belief_gains(b, gain);
	return gain[step];
}

static int runs_of(const struct belief *b, int step)
{
	int i = b->steps[step].image;

	return i < 0 ? -1 : b->images[i].runs;
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

/* What is missing, nats, what a run of each step adds to it, and what part of it may be
 * reckoned with. */
static double missing_of(const struct tally *t, double sure, double *gain,
			 double *ret_futile)
{
	size_t lead = leader(t);

	*ret_futile = FUTILE;
	if (t->weight[lead] < LEADS * t->all)
		return information(t, gain) - belief_entropy2(sure);
	if (lead < CLASSES_CLEAN)
		*ret_futile = FUTILE_CHANCE;
	return log(sure / (1 - sure)) - drift(t, lead, gain);
}

/* Chance leads, but not by much, and the step that tells most ran but a few times. */
static bool is_early_chance(const struct belief *b, const struct tally *t, int best)
{
	size_t lead = leader(t);

	return lead < CLASSES_CLEAN && t->weight[lead] < LIKELY * t->all &&
	       runs_of(b, best) < CHANCE_RUNS;
}

/* What a run of each step tells. False: it is known, or so many runs more would not be
 * enough. named: for ASK_REPAIR. */
static bool want_more(const struct belief *b, const struct belief_policy *policy,
		      enum ask ask, const struct belief_call *named, double runs,
		      double *worth)
{
	AUTO(tally_done) struct tally t = tally_of(b, ask, named);
	AUTO_FREE double *gain = mem_alloc0((size_t)b->nsteps * sizeof(*gain));
	double futile, missing = missing_of(&t, policy->sure, gain, &futile);
	int best = 0;

	for (int k = 0; k < b->nsteps; k++) {
		/* Of the steps with one image the first is run. */
		if (b->steps[k].image < 0 || belief_same_before(b->steps, k) < k ||
		    !isfinite(cost_of(b, policy, k)))
			gain[k] = 0;
		if (gain[k] > gain[best])
			best = k;
	}
	if (gain[best] <= 0)
		return false;
	/* Which patch is asked for beyond sure, see DOUBT. What repaired it is not: where the
	 * rest cannot be told apart, runs would add to what is known. */
	if (ask != ASK_PATCH && missing <= 0)
		return false;
	if (missing > gain[best] * runs * futile &&
	    (ask != ASK_PATCH || !is_early_chance(b, &t, best)))
		return false;
	for (int k = 0; k < b->nsteps; k++)
		if (gain[k] > 0)
			worth[k] += gain[k] / cost_of(b, policy, k);
	return true;
}

static bool want_step(const struct belief *b, const struct belief_policy *policy,
		      int step, double *worth)
{
	if (step < 0 || !isfinite(cost_of(b, policy, step)))
		return false;
	worth[step] += NEEDED / cost_of(b, policy, step);
	return true;
}

/* A base that failed once hides what patches do, and that may have been chance: its
 * history says how seldom, but not for sure. */
static int base_next(const struct belief *b)
{
	int i = b->steps[0].image;

	return i >= 0 && b->images[i].failures == 1 ? 0 : -1;
}

/* A patch is to blame, whether or not the tip is bad. */
static bool is_named(const struct belief_call *c)
{
	return c->word == BELIEF_INTRODUCED || c->word == BELIEF_TRANSIENT ||
	       c->word == BELIEF_BLAMED;
}

/* What a patch that is named still wants: to be confirmed, then whether and where it was
 * repaired. */
static bool want_named(const struct belief *b, const struct belief_policy *policy,
		       const struct belief_call *c, int left, double *worth)
{
	double runs = fmin(left, REPAIR_RUNS);

	if (!belief_confirmed(b, c))
		return want_step(b, policy, confirm_next(b, c), worth);
	if (c->word == BELIEF_BLAMED)
		return want_more(b, policy, ASK_TIP, c, runs, worth);
	return c->word == BELIEF_TRANSIENT && c->until_first < c->until_last &&
	       want_more(b, policy, ASK_REPAIR, c, runs, worth);
}

/*
 * What will have to run in any case, as things are: to confirm what is likely to be
 * named, and a failure in a single run before it is put down to chance. A run that is
 * needed later costs nothing now, whatever it tells. -1: nothing.
 */
static int soon_next(const struct belief *b)
{
	struct belief_call c = belief_call(b, LIKELY);

	if (c.word == BELIEF_UNSURE && c.first < 0 && c.p >= LIKELY)
		return belief_failed_once(b);
	return is_named(&c) ? confirm_next(b, &c) : -1;
}

/* It is sure enough, and what would confirm it cannot be run. */
static bool is_unconfirmable(const struct belief *b, const struct belief_policy *policy)
{
	struct belief_call c = belief_call(b, policy->sure);
	int step = is_named(&c) ? confirm_next(b, &c) : -1;

	return step >= 0 && !isfinite(cost_of(b, policy, step));
}

/* P(the next run of the step fails). */
static double shows(const struct belief *b, int step)
{
	double p = 0;

	for (size_t i = 0; i < b->nh; i++)
		p += b->h[i].p * (belief_is_bad(&b->h[i], step) ? b->h[i].next_bad :
								  b->h[i].next_good);
	return p;
}

/* A patch is named, but see DOUBT_RARE. */
static bool is_doubtful(const struct belief *b, const struct belief_policy *policy,
			const struct belief_call *named)
{
	struct belief_call c;

	if (shows(b, named->last) >= NEARLY_ALWAYS)
		return false;
	c = belief_call(b, 1 - (1 - policy->sure) * DOUBT_RARE);
	return !is_named(&c);
}

bool belief_worth(const struct belief *b, const struct belief_policy *policy,
		  double *worth)
{
	int left = policy->runs_max - runs_all(b);
	double surer = 1 - (1 - policy->sure) * DOUBT;
	struct belief_call c;

	if (want_first(b, policy, worth))
		return true;
	if (left <= 0)
		return false;
	c = belief_call(b, surer);
	if (c.word == BELIEF_CLEAN)
		return false;
	if (c.word == BELIEF_PRE_EXISTING)
		return want_step(b, policy, base_next(b), worth);
	/* It is known as well as can be, without a base to hold it against. */
	if (c.word == BELIEF_UNSURE && c.p >= surer && c.first >= 0)
		return false;
	if (!is_named(&c) || is_doubtful(b, policy, &c)) {
		if (is_unconfirmable(b, policy))
			return false;
		if (want_step(b, policy, soon_next(b), worth) ||
		    want_more(b, policy, ASK_PATCH, NULL, left, worth))
			return true;
		/* It will not be surer than that. */
		c = belief_call(b, policy->sure);
	}
	return is_named(&c) && want_named(b, policy, &c, left, worth);
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
