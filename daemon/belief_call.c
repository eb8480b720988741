/* What a posterior comes to: the calls. */
#include <math.h>
#include <stdlib.h>

#include "daemon/belief_inside.h"
#include "lib/cleanup.h"
#include "lib/str.h"

/* A failure is put down to chance only when that is as good as certain, however little
 * the naming of a patch may need. */
#define DISMISSED 0.99

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
	for (int k = first; k <= last; k++) {
		p += b->from[k];
		*ret_tip += b->from_tip[k];
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

		if (belief_blamed(h) < c->first || belief_blamed(h) > c->last ||
		    belief_bad_at_tip(b, h))
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

bool belief_ran_again(const struct belief *b, int step)
{
	int i = b->steps[step].image;

	return i < 0 || (b->images[i].runs >= 2 && b->images[i].alone >= 1);
}

bool belief_can_confirm(const struct belief *b, int step)
{
	int i = b->steps[step].image;

	return i >= 0 && (belief_ran_again(b, step) || !b->images[i].parked);
}

int belief_parent(const struct belief *b, int step)
{
	for (int k = step - 1; k >= 0; k--)
		if (b->steps[k].image >= 0 && b->steps[k].image != b->steps[step].image)
			return k;
	return -1;
}

/*
 * What cannot be run again to confirm a name is passed over. Its one run may have been
 * disturbed, so it does not tell the patches on both sides of it apart: the name is
 * widened to just after the next step before that can be confirmed as good, and to the
 * next one after that can be as bad. Where there is none such the name stays as it is,
 * and unconfirmed. A step with the image of one that can tell is told by that one.
 */
static void widen(const struct belief *b, double sure, struct belief_call *c)
{
	int good = c->first - 1, bad = c->last;

	while (good >= 0 && !belief_can_confirm(b, good))
		good--;
	while (bad < b->nsteps && !belief_can_confirm(b, bad))
		bad++;
	if (good == c->first - 1 && bad == c->last)
		return;
	if (good < 0 || bad == b->nsteps || belief_bad(b, good) > 1 - sure ||
	    belief_bad(b, bad) < sure)
		return;
	c->first = good + 1;
	c->last = bad;
}

static struct belief_call call_of(const struct belief *b, double sure, int from)
{
	struct belief_call c = { .first = alike_first(b, from),
				 .last = b->alike[from],
				 .until_first = -1,
				 .until_last = -1 };
	double tip, p;

	/* To say that the base is bad charges nobody, and is not confirmed. */
	if (c.first > 0)
		widen(b, sure, &c);
	p = began(b, c.first, c.last, &tip);
	c.p = p;
	c.likely_at_tip = tip >= p / 2;
	if (c.first == 0) {
		/* If the base cannot be run, patches after it cannot be told from it. */
		c.word = c.last == 0 ? BELIEF_PRE_EXISTING : BELIEF_UNSURE;
		return c;
	}
	if (tip >= sure) {
		c.word = BELIEF_INTRODUCED;
		c.p = tip;
	} else if (p - tip >= sure) {
		c.word = BELIEF_TRANSIENT;
		c.p = p - tip;
	} else {
		c.word = BELIEF_BLAMED;
	}
	return c;
}

int belief_failed_once(const struct belief *b)
{
	for (int k = 0; k < b->nsteps; k++) {
		int i = b->steps[k].image;

		if (i >= 0 && b->images[i].failures && b->images[i].runs < 2 &&
		    belief_same_before(b->steps, k) == k)
			return k;
	}
	return -1;
}

struct belief_call belief_call(const struct belief *b, double sure)
{
	double dismissed = fmax(sure, DISMISSED);
	bool failed_once = belief_failed_once(b) >= 0;
	const struct belief_call none = { .word = BELIEF_UNSURE,
					  .first = -1,
					  .last = -1,
					  .until_first = -1,
					  .until_last = -1 };
	struct belief_call best = none, c;

	if (b->h[0].p >= dismissed && !failed_once) {
		best.word = BELIEF_CLEAN;
		best.p = b->h[0].p;
		return best;
	}
	for (int from = 0; from < b->nsteps; from++) {
		c = call_of(b, sure, from);
		if (c.p > best.p)
			best = c;
	}
	if (best.p >= sure) {
		if (best.first == 0 ? !best.likely_at_tip :
				      best.word != BELIEF_INTRODUCED)
			find_until(b, sure, &best);
		return best;
	}
	if (b->h[0].p + b->from[0] >= dismissed && !failed_once) {
		c = none;
		c.word = BELIEF_NOT_SERIES;
		c.p = b->h[0].p + b->from[0];
		return c;
	}
	if (b->h[0].p > best.p) {
		best = none;
		best.p = b->h[0].p;
	}
	best.word = BELIEF_UNSURE;
	return best;
}
