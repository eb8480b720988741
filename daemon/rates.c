#include "daemon/rates.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "lib/str.h"

/* Without history: 1 failure in 1000 runs, and the weight of 50. */
#define GOOD_A 0.05
#define GOOD_B 49.95
/* History is of other kernels, and tests change: it weighs at most as much as this. */
#define HISTORY_MAX 1000.0

/* A bug that shows always, or nearly: 99 times of 100 on average. */
#define ALWAYS_A 30.0
#define ALWAYS_B 0.3

/* What was asked is kept: many hypotheses have the same counts. With more counts than
 * this it is worked out each time. */
#define KEPT_MAX (1 << 18)

struct kept {
	double log, next; /* 0: not asked yet */
};

struct rates {
	struct rate_prior prior;
	int max;
	struct kept *kept; /* [(max + 1) * (max + 1)], or NULL */
	/* log of the rising factorials a(a+1)...(a+i-1), and of b and a+b. */
	double *a[RATE_MIX_MAX], *b[RATE_MIX_MAX], *ab[RATE_MIX_MAX];
};

struct rate_prior rate_prior_good(double runs, double failures)
{
	double scale = runs > HISTORY_MAX ? HISTORY_MAX / runs : 1;

	return (struct rate_prior){ .mix = { { .weight = 1,
					       .a = GOOD_A + scale * failures,
					       .b = GOOD_B + scale * (runs - failures) } },
				    .n = 1 };
}

struct rate_prior rate_prior_bad(void)
{
	return (struct rate_prior){
		.mix = { { .weight = 0.35, .a = ALWAYS_A, .b = ALWAYS_B },
			 { .weight = 0.4, .a = 1, .b = 1 },
			 { .weight = 0.25, .a = 1, .b = 9 } },
		.n = 3
	};
}

static double *rising(double x, int max)
{
	double *v = mem_alloc0(((size_t)max + 1) * sizeof(*v));

	for (int i = 0; i < max; i++)
		v[i + 1] = v[i] + log(x + i);
	return v;
}

struct rates *rates_new(const struct rate_prior *prior, int runs_max)
{
	struct rates *r = mem_alloc0(sizeof(*r));

	r->prior = *prior;
	r->max = runs_max;
	if ((size_t)runs_max < 1024 && (runs_max + 1) * (runs_max + 1) <= KEPT_MAX)
		r->kept = mem_alloc0((size_t)(runs_max + 1) * (size_t)(runs_max + 1) *
				     sizeof(*r->kept));
	for (size_t i = 0; i < prior->n; i++) {
		r->a[i] = rising(prior->mix[i].a, runs_max);
		r->b[i] = rising(prior->mix[i].b, runs_max);
		r->ab[i] = rising(prior->mix[i].a + prior->mix[i].b, runs_max);
	}
	return r;
}

void rates_free(struct rates *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < RATE_MIX_MAX; i++) {
		free(r->a[i]);
		free(r->b[i]);
		free(r->ab[i]);
	}
	free(r->kept);
	free(r);
}

static struct kept *kept_at(const struct rates *r, int runs, int failures)
{
	return r->kept ?
		       &r->kept[(size_t)failures * (size_t)(r->max + 1) + (size_t)runs] :
		       NULL;
}

/* log of weight times B(a + failures, b + passes) / B(a, b) */
static double log_part(const struct rates *r, size_t i, int runs, int failures)
{
	return log(r->prior.mix[i].weight) + r->a[i][failures] +
	       r->b[i][runs - failures] - r->ab[i][runs];
}

double rates_log(const struct rates *r, int runs, int failures)
{
	double max = -INFINITY, sum = 0;
	double part[RATE_MIX_MAX];
	struct kept *kept = kept_at(r, runs, failures);

	if (kept && kept->log != 0)
		return kept->log;
	assert(failures >= 0 && failures <= runs && runs <= r->max);
	for (size_t i = 0; i < r->prior.n; i++) {
		part[i] = log_part(r, i, runs, failures);
		max = fmax(max, part[i]);
	}
	for (size_t i = 0; i < r->prior.n; i++)
		sum += exp(part[i] - max);
	assert(sum > 0); /* the largest part adds 1 */
	max += log(sum);
	if (kept)
		kept->log = max;
	return max;
}

double rates_next(const struct rates *r, int runs, int failures)
{
	struct kept *kept = kept_at(r, runs, failures);
	double all, p = 0;

	if (kept && kept->next != 0)
		return kept->next;
	all = rates_log(r, runs, failures);
	for (size_t i = 0; i < r->prior.n; i++) {
		const struct rate_beta *m = &r->prior.mix[i];

		p += exp(log_part(r, i, runs, failures) - all) * (m->a + failures) /
		     (m->a + m->b + runs);
	}
	if (kept)
		kept->next = p;
	return p;
}
