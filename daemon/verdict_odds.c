#include "daemon/verdict_odds.h"

#define LIKELY_MAX 5
/* Less likely ones are not worth a line. */
#define LIKELY_MIN 0.0005

static int first_failing(const struct assessment *a, int first, int last)
{
	for (int k = first; k <= last; k++)
		if (a->steps[k].failures)
			return k;
	return -1;
}

static void blame(const struct assessment *a, struct judgement *j)
{
	const struct belief_call *c = &a->call;

	j->from = c->last;
	j->candidate_first = c->first;
	j->candidate_last = c->last;
	j->word = VERDICT_INTRODUCED;
	/* That a later patch repaired it is said only of what is sure. */
	j->end_open = c->word == BELIEF_BLAMED;
	if (c->word == BELIEF_TRANSIENT) {
		j->word = VERDICT_TRANSIENT;
		j->until_first = c->until_first;
		j->until = c->until_last;
	}
	if (!belief_confirmed(a->belief, c))
		j->word = VERDICT_INCONCLUSIVE;
}

void odds_judge(const struct assessment *a, int nsteps, struct judgement *j)
{
	const struct belief_call *c = &a->call;

	/* What failed by chance is good: the rest is as without it. */
	if (c->word == BELIEF_CLEAN) {
		if (j->word != VERDICT_PRE_EXISTING)
			j->p = c->p;
		return;
	}
	j->p = c->p;
	j->from = j->until = j->until_first = -1;
	j->candidate_first = j->candidate_last = -1;
	switch (c->word) {
	case BELIEF_CLEAN:
	case BELIEF_NOT_SERIES:
		/* At the base or by chance: nobody is charged. */
		j->word = VERDICT_FLAKY;
		j->from = 0;
		break;
	case BELIEF_PRE_EXISTING:
		j->word = VERDICT_PRE_EXISTING;
		j->from = 0;
		j->until_first = c->until_first;
		j->until = c->until_last;
		break;
	case BELIEF_INTRODUCED:
	case BELIEF_TRANSIENT:
	case BELIEF_BLAMED:
		blame(a, j);
		break;
	case BELIEF_UNSURE:
		j->word = VERDICT_INCONCLUSIVE;
		j->from = first_failing(a, 0, nsteps - 1);
		break;
	}
}

static struct json_object *count_json(const struct assessment *a, int first, int last)
{
	struct json_object *o = json_object_new_object();
	struct assess_count n = assess_count(a, first, last);

	json_set_int(o, "runs", n.runs);
	json_set_int(o, "failures", n.failures);
	return o;
}

static void set_step(struct json_object *o, const char *key, int step, bool there)
{
	if (there)
		json_set_int(o, key, step);
	else
		json_set(o, key, NULL);
}

static struct json_object *likely_json(const struct belief *b, int nsteps)
{
	struct json_object *list = json_object_new_array();
	struct belief_likely likely[LIKELY_MAX + 1];
	size_t n = belief_likely(b, LIKELY_MIN, likely, LIKELY_MAX);

	for (size_t i = 0; i < n; i++) {
		const struct belief_likely *l = &likely[i];
		struct json_object *o = json_object_new_object();

		if (l->from < 0) {
			json_set(o, "clean", json_object_new_boolean(true));
		} else {
			json_set_int(o, "from", l->from);
			set_step(o, "until", l->until, l->until < nsteps);
		}
		if (l->from2 >= 0) {
			json_set_int(o, "again_from", l->from2);
			set_step(o, "again_until", l->until2, l->until2 < nsteps);
		}
		json_set(o, "p", json_object_new_double(l->p));
		json_object_array_add(list, o);
	}
	return list;
}

/* Where it may have been repaired: just after the last step that failed. */
static int after_failing(const struct assessment *a, int nsteps)
{
	int k = nsteps;

	while (k > 0 && !a->steps[k - 1].failures)
		k--;
	return k;
}

struct json_object *odds_json(const struct assessment *a, int nsteps,
			      const struct judgement *j, double sure)
{
	struct json_object *o = json_object_new_object();
	int until = j->until > 0 ? j->until :
		    j->end_open  ? after_failing(a, nsteps) :
				   nsteps;
	/* Where patches cannot be told apart the first that could be it is told. */
	int from = j->candidate_first >= 0 ? j->candidate_first : j->from;

	/* Of chance all runs are one count. */
	if (j->word != VERDICT_INCONCLUSIVE && j->word != VERDICT_FLAKY && from >= 0) {
		json_set(o, "before", count_json(a, 0, from - 1));
		json_set(o, "bad", count_json(a, from, until - 1));
		json_set(o, "after", count_json(a, until, nsteps - 1));
	}
	json_set(o, "sure", json_object_new_double(sure));
	json_set(o, "likely", likely_json(a->belief, nsteps));
	return o;
}
