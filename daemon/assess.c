#include "daemon/assess.h"

#include <stdlib.h>
#include <string.h>

#include "db/history.h"
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

static bool take_steps(struct series_run *r, const struct subject *s,
		       struct belief_step *steps)
{
	AUTO_FREE const char **keys = mem_alloc0((size_t)r->ntested * sizeof(*keys));
	bool failed = false;

	for (int k = 0; k < r->ntested; k++) {
		struct cell_view v = cell_view_of(r, k, s);

		keys[k] = v.key;
		steps[k] = (struct belief_step){ .image = image_of(keys, k),
						 .runs = v.tells,
						 .failures = v.tells_bad };
		failed |= v.tells_bad > 0;
	}
	return failed;
}

int assess(struct series_run *r, const struct subject *s, struct assessment *ret,
	   struct err *err)
{
	const struct kconfig *config = r->plan->configs[s->config];
	const struct history_of of = {
		.config = config->name,
		.arch = config->arch,
		.topology = r->plan->topologies[s->topology]->name,
		.accel = accel_str(r->plan->accel),
		.test = s->test,
		.not_series = r->series.id,
	};
	struct history past;
	struct belief_prior prior;

	*ret = (struct assessment){ .steps = mem_alloc0((size_t)r->ntested *
							sizeof(*ret->steps)) };
	if (!take_steps(r, s, ret->steps) || r->ntested > BELIEF_STEPS_MAX)
		return 0;
	if (history_of_test(r->db, &of, &past, err) < 0)
		return -1;
	prior = belief_prior((double)past.runs, (double)past.failures);
	ret->belief = belief_new(ret->steps, r->ntested, &prior);
	ret->call = belief_call(ret->belief, (double)r->opts->config->verdict_sure / 100);
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
