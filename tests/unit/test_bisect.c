/*
 * The posterior over the commits of small histories: hand-checked calls, Bayes' rule by
 * hand, and every number against a model that is written down as its definition, on
 * random histories of up to 8 commits.
 */
#include <math.h>

#include "daemon/bisect.h"
#include "daemon/bisect_gain.h"
#include "tests/unit/bisect_fixture.h"

#define SURE 0.99

struct expected {
	const char *history;
	enum bisect_word word;
	int commit;
	const char *candidates;
};

static const struct expected calls[] = {
	/* A line. */
	{ ":0/3 0:0/3 1:3/3 2:2/2", BISECT_CULPRIT, 2, "2" },
	{ ":0/3 0:0/1 1:? 2:2/2", BISECT_UNSURE, 3, NULL },
	{ ":0/3 0:0/1", BISECT_UNSURE, -1, NULL },
	/* One merge: a branch is to blame, or the merge itself. */
	{ ":0/3 0:0/3 0:3/3 1,2:3/3 3:2/2", BISECT_CULPRIT, 2, "2" },
	{ ":0/3 0:0/3 0:0/3 1,2:3/3 3:2/2", BISECT_CULPRIT, 3, "3" },
	/* A branch that left before the good end: good does not say it is good. */
	{ ":0/3 :3/3 0,1:3/3", BISECT_CULPRIT, 1, "1" },
	/* An octopus. */
	{ ":0/3 0:0/2 0:0/2 0:3/3 1,2,3:3/3 4:2/2", BISECT_CULPRIT, 3, "3" },
	{ ":0/3 0:0/4 0:0/4 0:0/4 1,2,3:3/3 4:3/3", BISECT_CULPRIT, 4, "4" },
	/* What cannot be run cannot be told from what comes next. */
	{ ":0/3 0:. 1:3/3 2:2/2", BISECT_CULPRIT, 2, "1 2" },
	{ ":0/3 0:. 1:. 2:. 3:3/3", BISECT_CULPRIT, 4, "1 2 3 4" },
	/* On a branch it can: both children of 1 are bad. */
	{ ":0/3 0:. 1:3/3 1:3/3 2,3:2/2", BISECT_CULPRIT, 1, "1" },
	/* And an unbuilt commit on the good side is no candidate. */
	{ ":0/3 0:. 1:0/3 2:3/3 3:2/2", BISECT_CULPRIT, 3, "3" },
	/* An image that did not change is not to blame. */
	{ ":0/3 0:0/3 1:=1 2:3/3 3:2/2", BISECT_CULPRIT, 3, "3" },
	{ ":0/3 0:0/3 1:4/4 2:=2", BISECT_CULPRIT, 2, "2" },
	/* Ends that are not what they were said to be. */
	{ ":3/3 0:? 1:3/3", BISECT_GOOD_IS_BAD, -1, NULL },
	{ ":5/5 0:? 1:0/5", BISECT_REVERSED, -1, NULL },
	{ ":0/3 0:? 1:0/3", BISECT_UNSURE, -1, NULL },
	/* Shows in about one run of two. */
	{ ":0/12 0:0/12 1:5/12 2:6/12", BISECT_CULPRIT, 2, "2" },
	/* The user knows better. */
	{ ":good 0:good 1:bad", BISECT_CULPRIT, 2, "2" },
	{ ":0/3 0:0/3 1:good 2:3/3 3:3/3", BISECT_CULPRIT, 3, "3" },
	{ ":0/3 0:0/3 1:bad 2:3/3 3:3/3", BISECT_CULPRIT, 2, "2" },
	{ ":0/3 0:bad 1:good", BISECT_CONTRADICTION, -1, NULL },
	{ ":good 0:good 1:=0 2:bad 3:=0", BISECT_CONTRADICTION, -1, NULL },
};

static void test_calls(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		const struct expected *e = &calls[i];
		AUTO(str_done) struct str got = STR_INIT;
		struct bisect_fixture f;
		struct bisect_call c;
		int list[FIXTURE_MAX], n = 0;

		fixture_init(&f, e->history, 0);
		c = bisect_call(f.b, SURE);
		if (e->candidates)
			n = bisect_candidates(f.b, c.commit, list, FIXTURE_MAX);
		for (int k = 0; k < n; k++)
			str_addf(&got, "%s%d", k ? " " : "", list[k]);
		if (c.word != e->word ||
		    (e->word == BISECT_CULPRIT &&
		     (c.commit != e->commit || c.p < SURE || c.candidates != n)) ||
		    strcmp(str_get(&got), e->candidates ? e->candidates : "") != 0)
			fail_msg("%s: word %d, P %.4f, commit %d, candidates %s (%d)",
				 e->history, c.word, c.p, c.commit, str_get(&got),
				 c.candidates);
		fixture_done(&f);
	}
}

/* Two ends, one run of the bad one, which failed. */
static void test_by_hand(void **state)
{
	struct bisect_fixture f;
	/* Rates of 3/4 where it is bad, 1/10 where it is good. */
	const double culprit = 0.7 * 0.75, ends = 0.1 * 0.75, never = 0.15 * 0.1,
		     reversed = 0.05 * 0.1;
	const double sum = culprit + ends + never + reversed;

	(void)state;
	fixture_init(&f, ":? 0:1/1", 0);
	f.prior = (struct bisect_prior){
		.good_is_bad = 0.1,
		.never_bad = 0.15,
		.reversed = 0.05,
		.good = { .mix = { { .weight = 1, .a = 1, .b = 9 } }, .n = 1 },
		.bad = { .mix = { { .weight = 1, .a = 3, .b = 1 } }, .n = 1 },
	};
	fixture_weigh(&f);
	assert_true(fabs(bisect_culprit(f.b, 1) - culprit / sum) < 1e-12);
	assert_true(fabs(bisect_culprit(f.b, 0) - ends / sum) < 1e-12);
	assert_true(fabs(bisect_never_bad(f.b) - never / sum) < 1e-12);
	assert_true(fabs(bisect_bad(f.b, 1) - (culprit + ends) / sum) < 1e-12);
	assert_true(fabs(bisect_bad(f.b, 0) - (ends + reversed) / sum) < 1e-12);
	fixture_done(&f);
}

/* A test that fails in three of ten runs on good kernels is no news when it does. */
static void test_never_bad(void **state)
{
	struct bisect_fixture f;
	struct bisect_call c;

	(void)state;
	fixture_init(&f, ":300/1000 0:? 1:? 2:300/1000", 90);
	c = bisect_call(f.b, 0.5);
	assert_int_equal(c.word, BISECT_NEVER_BAD);
	assert_int_equal(c.commit, -1);
	assert_true(c.p == bisect_never_bad(f.b));
	assert_int_equal(bisect_call(f.b, SURE).word, BISECT_UNSURE);
	fixture_done(&f);
}

/* ---- the definition ---- */

#define SMALL 8
#define SPECIAL 4

struct model {
	const struct bisect_fixture *f;
	bool leads[SMALL][SMALL];
	bool bad[SMALL + SPECIAL][SMALL]; /* hypotheses 0..n-2: culprit 1..n-1; then
					   * none, all, from the good end, it alone */
	double p[SMALL + SPECIAL];
	double fails[SMALL + SPECIAL][SMALL];
	int nh;
};

static uint64_t rng_state = 7;

static int below(int n)
{
	rng_state = rng_state * 6364136223846793005u + 1442695040888963407u;
	return (int)((rng_state >> 33) % (uint64_t)n);
}

/* log B(a, b) */
static double log_beta(double a, double b)
{
	return lgamma(a) + lgamma(b) - lgamma(a + b);
}

static double log_mix(const struct rate_prior *prior, int runs, int failures)
{
	double sum = 0;

	for (size_t i = 0; i < prior->n; i++) {
		const struct rate_beta *m = &prior->mix[i];

		sum += m->weight * exp(log_beta(m->a + failures, m->b + runs - failures) -
				       log_beta(m->a, m->b));
	}
	return log(sum);
}

static double next_of(const struct rate_prior *prior, int runs, int failures)
{
	return exp(log_mix(prior, runs + 1, failures + 1) -
		   log_mix(prior, runs, failures));
}

static bool marked(const struct model *m, int commit)
{
	for (int i = 0; i < m->f->n; i++)
		if (m->f->commits[i].mark != BISECT_OPEN &&
		    (i == commit ||
		     (m->f->commits[i].image >= 0 &&
		      m->f->commits[i].image == m->f->commits[commit].image)))
			return true;
	return false;
}

/* Whether marks and images allow a hypothesis. */
static bool allowed(const struct model *m, const bool *bad)
{
	const struct bisect_commit *c = m->f->commits;

	for (int i = 0; i < m->f->n; i++) {
		if (c[i].mark != BISECT_OPEN && bad[i] != (c[i].mark == BISECT_BAD))
			return false;
		for (int k = 0; k < i; k++)
			if (c[i].image >= 0 && c[i].image == c[k].image &&
			    bad[i] != bad[k])
				return false;
	}
	return true;
}

static void model_weigh(struct model *m, int h, double prior)
{
	const struct bisect_fixture *f = m->f;
	int runs[2] = { 0, 0 }, failures[2] = { 0, 0 };

	for (int i = 0; i < f->n; i++) {
		if (f->commits[i].image < 0 || marked(m, i))
			continue;
		runs[m->bad[h][i]] += f->commits[i].runs;
		failures[m->bad[h][i]] += f->commits[i].failures;
	}
	m->p[h] = allowed(m, m->bad[h]) ?
			  prior * exp(log_mix(&f->prior.bad, runs[1], failures[1]) +
				      log_mix(&f->prior.good, runs[0], failures[0])) :
			  0;
	for (int i = 0; i < f->n; i++)
		m->fails[h][i] = m->bad[h][i] ?
					 next_of(&f->prior.bad, runs[1], failures[1]) :
					 next_of(&f->prior.good, runs[0], failures[0]);
}

static void model_init(struct model *m, const struct bisect_fixture *f)
{
	int n = f->n, eligible = 0;
	double sum = 0;

	memset(m, 0, sizeof(*m));
	m->f = f;
	m->nh = n - 1 + SPECIAL;
	for (int i = 0; i < n; i++) {
		m->leads[i][i] = true;
		for (int k = f->first[i]; k < f->first[i + 1]; k++)
			for (int a = 0; a < n; a++)
				m->leads[a][i] |= m->leads[a][f->parents[k]];
	}
	for (int i = 0; i < n; i++) {
		for (int h = 0; h < n - 1; h++)
			m->bad[h][i] = m->leads[h + 1][i];
		m->bad[n][i] = true;
		m->bad[n + 1][i] = m->leads[0][i];
		m->bad[n + 2][i] = i == 0;
	}
	for (int h = 0; h < n - 1; h++)
		eligible += allowed(m, m->bad[h]);
	for (int h = 0; h < n - 1; h++)
		model_weigh(m, h,
			    (1 - f->prior.good_is_bad - f->prior.never_bad -
			     f->prior.reversed) /
				    (eligible ? eligible : 1));
	model_weigh(m, n - 1, f->prior.never_bad);
	model_weigh(m, n, f->prior.good_is_bad / 2);
	model_weigh(m, n + 1, f->prior.good_is_bad / 2);
	model_weigh(m, n + 2, f->prior.reversed);
	for (int h = 0; h < m->nh; h++)
		sum += m->p[h];
	for (int h = 0; h < m->nh && sum > 0; h++)
		m->p[h] /= sum;
}

static double h2(double p)
{
	return p <= 0 || p >= 1 ? 0 : -p * log(p) - (1 - p) * log(1 - p);
}

static double model_gain(const struct model *m, int commit)
{
	double fails = 0, known = 0;

	for (int h = 0; h < m->nh; h++) {
		fails += m->p[h] * m->fails[h][commit];
		known += m->p[h] * h2(m->fails[h][commit]);
	}
	return h2(fails) - known;
}

/* Whether any run could tell one culprit from the other. */
static bool model_alike(const struct model *m, int a, int b)
{
	for (int i = 0; i < m->f->n; i++)
		if ((m->f->commits[i].image >= 0 || marked(m, i)) &&
		    m->bad[a - 1][i] != m->bad[b - 1][i])
			return false;
	return true;
}

static void random_history(struct bisect_fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->n = 2 + below(SMALL - 1);
	for (int i = 0; i < f->n; i++) {
		struct bisect_commit *c = &f->commits[i];

		f->first[i] = f->nparents;
		/* A side branch has no parent in the range. */
		for (int k = 0; k < i; k++)
			if (k == i - 1 ? below(8) > 0 : below(4) == 0)
				f->parents[f->nparents++] = k;
		*c = (struct bisect_commit){ .image = i };
		if (below(6) == 0)
			c->image = -1;
		else if (i > 0 && below(6) == 0)
			c->image = f->commits[below(i)].image;
		if (below(10) == 0)
			c->mark = below(2) ? BISECT_GOOD : BISECT_BAD;
		c->runs = below(3) ? below(4) : 0;
		c->failures = below(c->runs + 1);
	}
	f->first[f->n] = f->nparents;
	f->prior = bisect_prior(300, below(10));
	f->graph = bisect_graph_new(f->first, f->parents, f->n);
	fixture_weigh(f);
}

static void compare_alike(const struct model *m, const struct bisect_fixture *f,
			  int round)
{
	for (int i = 1; i < f->n; i++) {
		int list[SMALL], n, k = 0;

		if (m->p[i - 1] <= 0)
			continue;
		n = bisect_candidates(f->b, i, list, SMALL);
		for (int j = 1; j < f->n; j++)
			if (m->p[j - 1] > 0 && model_alike(m, i, j) &&
			    (k == n || list[k++] != j))
				fail_msg("round %d: %d and %d are alike", round, i, j);
		if (k != n)
			fail_msg("round %d: %d candidates, not %d", round, n, k);
	}
}

static void compare(const struct model *m, const struct bisect_fixture *f, int round)
{
	double gain[SMALL];

	bisect_gains(f->b, gain);
	for (int i = 0; i < f->n; i++) {
		double bad = 0,
		       culprit = i > 0 ? m->p[i - 1] : m->p[f->n] + m->p[f->n + 1];
		double want = model_gain(m, i);

		for (int h = 0; h < m->nh; h++)
			bad += m->bad[h][i] ? m->p[h] : 0;
		if (fabs(culprit - bisect_culprit(f->b, i)) > 1e-9)
			fail_msg("round %d: P(culprit %d) %g, not %g", round, i,
				 bisect_culprit(f->b, i), culprit);
		if (fabs(bad - bisect_bad(f->b, i)) > 1e-9)
			fail_msg("round %d: P(bad %d) %g, not %g", round, i,
				 bisect_bad(f->b, i), bad);
		if (!bisect_runnable(f->b, i) || bisect_first(f->b, i) != i)
			want = 0;
		if (fabs(want - gain[i]) > 1e-9)
			fail_msg("round %d: a run of %d tells %g, not %g", round, i,
				 gain[i], want);
	}
	compare_alike(m, f, round);
}

static void test_definition(void **state)
{
	int impossible = 0;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct bisect_fixture f;
		struct model m;
		double sum = 0;

		random_history(&f);
		model_init(&m, &f);
		for (int h = 0; h < m.nh; h++)
			sum += m.p[h];
		if (sum > 0)
			compare(&m, &f, round);
		else
			assert_int_equal(bisect_call(f.b, SURE).word,
					 BISECT_CONTRADICTION);
		impossible += sum <= 0;
		fixture_done(&f);
	}
	assert_in_range(impossible, 1, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_never_bad),
		cmocka_unit_test(test_definition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
