#include "daemon/witness.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/assess.h"
#include "lib/str.h"

void witnesses_done(struct witnesses *w)
{
	for (size_t i = 0; i < w->n; i++)
		belief_free(w->v[i].own);
	free(w->v);
	*w = (struct witnesses){ .v = NULL };
}

/* What is gone through of one column. */
struct hearing {
	struct series_run *r;
	struct witnesses *w;
	struct assessment last; /* of the last subject that failed */
	bool last_speaks;       /* it is the last witness */
};

/* Tests that one patch breaks have the same counts: one belief does for all of them. */
static int hear(struct hearing *h, const struct subject *s, struct err *err)
{
	AUTO(assessment_done) struct assessment a = { .belief = NULL };
	struct witnesses *w = h->w;
	struct assessment swap;

	if (assess_evidence(h->r, s, &a, err) < 0)
		return -1;
	if (!a.failed)
		return 0;
	if (h->last.failed && assess_alike(h->r, &h->last, &a)) {
		if (h->last_speaks)
			w->v[w->n - 1].many = true;
		return 0;
	}
	assess_believe(h->r, &a, NULL);
	h->last_speaks = belief_is_witness(a.belief);
	if (h->last_speaks) {
		w->v = mem_realloc(w->v, w->n + 1, sizeof(*w->v));
		w->v[w->n++] = (struct witness){ .s = *s, .own = TAKE_PTR(a.belief) };
	}
	swap = h->last;
	h->last = a;
	a = swap;
	return 0;
}

static int hear_column(struct hearing *h, struct subject s, struct err *err)
{
	const struct plan_cell column = { .config = s.config,
					  .topology = s.topology,
					  .deep = s.deep };
	struct json_object *tests = plan_tests(h->r->plan, &column);
	int rc = hear(h, &s, err);

	for (size_t i = 0; rc == 0 && i < json_len(tests); i++) {
		s.test = json_str(json_object_array_get_idx(tests, i), "test", "");
		rc = hear(h, &s, err);
	}
	assessment_done(&h->last);
	return rc;
}

int witnesses_of(struct series_run *r, size_t config, struct witnesses *ret,
		 struct err *err)
{
	struct subject s = { .config = config };

	*ret = (struct witnesses){ .v = NULL };
	if (!assess_by_odds(r))
		return 0;
	for (s.topology = 0; s.topology < r->plan->ntopologies; s.topology++)
		for (int deep = 0; deep < 2; deep++) {
			struct hearing h = { .r = r, .w = ret };

			s.deep = deep;
			if (hear_column(&h, s, err) < 0) {
				witnesses_done(ret);
				return -1;
			}
		}
	return 0;
}

static bool is_self(const struct witness *w, const struct subject *s)
{
	if (w->s.topology != s->topology || w->s.deep != s->deep)
		return false;
	return w->s.test && s->test ? strcmp(w->s.test, s->test) == 0 :
				      w->s.test == s->test;
}

double *witnesses_tell(const struct series_run *r, const struct witnesses *w,
		       const struct subject *s)
{
	double *patch = NULL;

	for (size_t i = 0; i < w->n; i++) {
		if (is_self(&w->v[i], s) && !w->v[i].many)
			continue;
		if (!patch) {
			patch = mem_alloc0((size_t)r->ntested * sizeof(*patch));
			for (int k = 0; k < r->ntested; k++)
				patch[k] = belief_prior(0, 0).per_patch;
		}
		belief_share(w->v[i].own, r->ntested, patch);
	}
	return patch;
}
