#include "daemon/assess.h"

#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/str.h"

/* The same key, the same image: the number of the first step that has it. */
static int image_of(const char *const *keys, int step)
{
	if (!keys[step])
		return -1;
	for (int k = 0; k < step; k++)
		if (keys[k] && strcmp(keys[k], keys[step]) == 0)
			return k;
	return step;
}

static void take_steps(struct series_run *r, const struct subject *s,
		       struct assessment *a)
{
	AUTO_FREE const char **keys = mem_alloc0((size_t)r->ntested * sizeof(*keys));

	for (int k = 0; k < r->ntested; k++) {
		struct cell_view v = cell_view_of(r, k, s);

		keys[k] = v.key;
		a->steps[k] =
			(struct belief_step){ .image = image_of(keys, k),
					      .runs = v.tells,
					      .failures = v.tells_bad,
					      .alone = v.tells_alone,
					      .parked = v.silent >= CELL_SILENT_MAX };
		a->failed |= v.ran_bad > 0;
	}
}

bool assess_by_odds(const struct series_run *r)
{
	return strcmp(r->opts->config->verdict_repeats, "sure") == 0;
}

/* Asked once in a run: what others do meanwhile must not change what is said of it. */
static int take_past(struct series_run *r, const struct subject *s, struct history *ret,
		     struct err *err)
{
	const struct kconfig *config = r->plan->configs[s->config];
	const struct history_of of = {
		.config = config->name,
		.arch = config->arch,
		.topology = r->plan->topologies[s->topology]->name,
		.accel = accel_str(r->plan->accel),
		.not_series = r->series.id,
	};
	struct history_list **past;

	if (!r->past)
		r->past = mem_alloc0(r->plan->nconfigs * r->plan->ntopologies *
				     sizeof(*r->past));
	past = &r->past[s->config * r->plan->ntopologies + s->topology];
	if (!*past && history_of_column(r->db, &of, past, err) < 0)
		return -1;
	*ret = history_find(*past, s->test);
	return 0;
}

int assess_evidence(struct series_run *r, const struct subject *s, struct assessment *ret,
		    struct err *err)
{
	size_t n = (size_t)r->ntested;

	*ret = (struct assessment){ .steps = mem_alloc0(n * sizeof(*ret->steps)) };
	take_steps(r, s, ret);
	if (r->ntested > BELIEF_STEPS_MAX || !assess_by_odds(r))
		ret->failed = false;
	return ret->failed ? take_past(r, s, &ret->past, err) : 0;
}

static bool steps_alike(const struct belief_step *a, const struct belief_step *b)
{
	return a->image == b->image && a->runs == b->runs && a->failures == b->failures &&
	       a->alone == b->alone && a->parked == b->parked;
}

bool assess_alike(const struct series_run *r, const struct assessment *a,
		  const struct assessment *b)
{
	if (a->failed != b->failed || a->past.runs != b->past.runs ||
	    a->past.failures != b->past.failures)
		return false;
	for (int k = 0; k < r->ntested; k++)
		if (!steps_alike(&a->steps[k], &b->steps[k]))
			return false;
	return true;
}

void assess_believe(const struct series_run *r, struct assessment *a, const double *patch)
{
	struct belief_prior prior;

	if (!a->failed)
		return;
	prior = belief_prior((double)a->past.runs, (double)a->past.failures);
	prior.patch = patch;
	a->belief = belief_new(a->steps, r->ntested, &prior);
	a->call = belief_call(a->belief, (double)r->opts->config->verdict_sure / 100);
}

int assess(struct series_run *r, const struct subject *s, const struct witnesses *w,
	   struct assessment *ret, struct err *err)
{
	AUTO_FREE double *patch = NULL;

	if (assess_evidence(r, s, ret, err) < 0)
		return -1;
	if (ret->failed)
		patch = witnesses_tell(r, w, s);
	assess_believe(r, ret, patch);
	return 0;
}

void assessment_done(struct assessment *a)
{
	free(a->steps);
	belief_free(a->belief);
	*a = (struct assessment){ .belief = NULL };
}

struct assess_count assess_count(const struct assessment *a, int first, int last)
{
	struct assess_count n = { 0, 0 };

	for (int k = first; k <= last; k++) {
		n.runs += a->steps[k].runs;
		n.failures += a->steps[k].failures;
	}
	return n;
}

bool assess_names(const struct belief *b, const struct belief_call *c)
{
	return (c->word == BELIEF_INTRODUCED || c->word == BELIEF_TRANSIENT ||
		c->word == BELIEF_BLAMED) &&
	       c->first == c->last && belief_confirmed(b, c);
}

bool assess_is_beside(const struct series_run *r, const struct assessment *a,
		      const bool *named)
{
	double p = belief_clean(a->belief) + belief_from(a->belief, 0);
	bool any = false;

	if (a->call.word != BELIEF_UNSURE)
		return false;
	for (int k = 1; k < r->ntested; k++) {
		if (!named[k])
			continue;
		p += belief_from(a->belief, k);
		any = true;
	}
	return any && p >= (double)r->opts->config->verdict_sure / 100;
}
