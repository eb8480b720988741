/*
 * Which commit is run next, and why: ends, the middle, what is cheap, past what does not
 * build, again before it is named; and how long 10,000 commits take.
 */
#include <math.h>
#include <time.h>

#include "daemon/bisect_next.h"
#include "tests/unit/bisect_fixture.h"

#define SURE 0.99

static const struct bisect_policy plain = { .sure = SURE,
					    .runs_max = 100,
					    .ends_max = 30,
					    .run = 1 };

struct expected {
	const char *history;
	enum bisect_why why;
	int commit;
};

static const struct expected steps[] = {
	/* The bad end, the good one, both once more. */
	{ ":? 0:? 1:? 2:?", BISECT_ENDS, 3 },
	{ ":? 0:? 1:? 2:1/1", BISECT_ENDS, 0 },
	{ ":? 0:? 1:? 2:0/1", BISECT_ENDS, 0 },
	{ ":0/1 0:? 1:? 2:1/1", BISECT_ENDS, 3 },
	{ ":0/1 0:? 1:? 2:2/2", BISECT_ENDS, 0 },
	/* Until it is seen to fail; then the good one as often. */
	{ ":0/1 0:? 1:? 2:0/29", BISECT_ENDS, 3 },
	{ ":0/1 0:? 1:? 2:0/30", BISECT_NOT_SEEN, -1 },
	{ ":0/4 0:? 1:? 2:1/5", BISECT_ENDS, 0 },
	{ ":0/9 0:? 1:? 2:3/25", BISECT_ENDS, 0 },
	/* Ends that cannot be run; the user answers for them. */
	{ ":. 0:? 1:? 2:?", BISECT_NO_END, -1 },
	{ ":0/1 0:? 1:? 2:.", BISECT_NO_END, -1 },
	{ ":good 0:? 1:? 2:? 3:bad", BISECT_TELLS, 2 },
	/* Wrong ends are called, and nothing is run for it. */
	{ ":5/5 0:? 1:0/5", BISECT_CALLED, -1 },
	{ ":3/3 0:? 1:3/3", BISECT_CALLED, -1 },
	{ ":0/3 0:bad 1:good", BISECT_CALLED, -1 },
	/* By halves. */
	{ ":0/3 0:? 1:? 2:? 3:3/3", BISECT_TELLS, 2 },
	{ ":0/4 0:? 1:? 2:? 3:? 4:? 5:2/2 6:? 7:4/4", BISECT_TELLS, 3 },
	/* Of two branches the longer one. */
	{ ":0/3 0:? 0:? 2:? 3:? 4:? 1,5:3/3", BISECT_TELLS, 4 },
	/* Again, before it is named: the culprit, and each of its parents. */
	{ ":0/6 0:0/3 1:2/2 2:4/4", BISECT_CONFIRM, 2 },
	{ ":0/6 0:0/2 1:5/5 2:4/4", BISECT_CONFIRM, 1 },
	{ ":0/6 0:0/3 1:3/3 2:4/4", BISECT_CALLED, -1 },
	{ ":0/9 0:0/2 0:0/3 1,2:4/4 3:6/6", BISECT_CONFIRM, 1 },
	{ ":0/9 0:0/3 0:0/2 1,2:4/4 3:6/6", BISECT_CONFIRM, 2 },
	{ ":0/9 0:0/3 0:0/3 1,2:4/4 3:6/6", BISECT_CALLED, -1 },
	/* The parent does not build: the one before it. */
	{ ":0/9 0:0/2 1:. 2:4/4 3:6/6", BISECT_CONFIRM, 1 },
	/* The culprit does not: what comes of it. */
	{ ":0/9 0:. 1:2/2 1:4/4 2,3:6/6", BISECT_CONFIRM, 2 },
	/* What is marked is not asked. */
	{ ":0/6 0:good 1:3/3 2:4/4", BISECT_CALLED, -1 },
	/* No runs are left; too few are. */
	{ ":0/50 0:? 1:? 2:50/50", BISECT_BUDGET, -1 },
	{ ":0/49 0:? 1:? 2:5/49", BISECT_FUTILE, -1 },
};

static void test_steps(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		const struct expected *e = &steps[i];
		struct bisect_fixture f;
		struct bisect_step s;

		fixture_init(&f, e->history, 0);
		s = bisect_next(f.b, &plain);
		if (s.why != e->why || s.commit != e->commit)
			fail_msg("%s: %s (%d), commit %d", e->history,
				 bisect_why_str(s.why), (int)s.why, s.commit);
		fixture_done(&f);
	}
}

static void put(struct bisect_fixture *f, int commit, int failures, int runs)
{
	f->commits[commit].failures = failures;
	f->commits[commit].runs = runs;
}

/* One that is built lies a bit off the middle: it costs a boot, not a build. */
static void test_cached(void **state)
{
	struct bisect_fixture f;
	double build[101];
	struct bisect_policy policy = plain;

	(void)state;
	fixture_line(&f, 101);
	put(&f, 0, 0, 3);
	put(&f, 100, 3, 3);
	fixture_weigh(&f);
	for (int i = 0; i < 101; i++)
		build[i] = i == 0 || i == 30 || i == 100 ? 0 : 20;
	policy.build = build;
	assert_int_equal(bisect_next(f.b, &policy).commit, 30);
	/* Not one that tells next to nothing. */
	build[30] = 20;
	build[1] = 0;
	assert_in_range(bisect_next(f.b, &policy).commit, 45, 55);
	fixture_done(&f);
}

/* The middle does not build: neither do those beside it, it is held. */
static void test_skip(void **state)
{
	struct bisect_fixture f;
	double build[101];
	struct bisect_policy policy = plain;
	int at[3];

	(void)state;
	fixture_line(&f, 101);
	put(&f, 0, 0, 3);
	put(&f, 100, 3, 3);
	for (int i = 0; i < 101; i++)
		build[i] = i == 0 || i == 100 ? 0 : 20;
	policy.build = build;
	for (int k = 0; k < 3; k++) {
		fixture_weigh(&f);
		at[k] = bisect_next(f.b, &policy).commit;
		assert_in_range(at[k], 20, 80);
		for (int i = 0; i < k; i++)
			assert_true(abs(at[k] - at[i]) >= 4);
		f.commits[at[k]].image = -1;
	}
	fixture_done(&f);
}

/* A bug that shows always, in a hundred commits: named for little more than what
 * bisecting by hand takes. */
static void test_whole(void **state)
{
	(void)state;
	for (int culprit = 1; culprit <= 100; culprit += 9) {
		struct bisect_fixture f;
		struct bisect_step s;
		struct bisect_call c;
		int runs = 0;

		fixture_line(&f, 101);
		for (;;) {
			fixture_weigh(&f);
			s = bisect_next(f.b, &plain);
			if (s.commit < 0)
				break;
			f.commits[s.commit].runs++;
			f.commits[s.commit].failures += s.commit >= culprit;
			runs++;
		}
		c = bisect_call(f.b, SURE);
		assert_int_equal(s.why, BISECT_CALLED);
		assert_int_equal(c.word, BISECT_CULPRIT);
		assert_int_equal(c.commit, culprit);
		assert_true(bisect_confirmed(f.b, &c));
		/* 7 halves, 4 of the ends, 4 to confirm */
		assert_in_range(runs, 8, 24);
		fixture_done(&f);
	}
}

/* What is said of the ends is wrong: found out before anything else is run. */
static void test_wrong_ends(void **state)
{
	static const struct {
		bool good_fails, bad_fails;
		enum bisect_word word;
	} cases[] = { { true, true, BISECT_GOOD_IS_BAD },
		      { true, false, BISECT_REVERSED } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bisect_fixture f;
		struct bisect_step s;
		int runs = 0;

		fixture_line(&f, 50);
		while (s = bisect_next(f.b, &plain), s.commit >= 0) {
			assert_true(s.commit == 0 || s.commit == 49);
			f.commits[s.commit].runs++;
			f.commits[s.commit].failures += s.commit ? cases[i].bad_fails :
								   cases[i].good_fails;
			runs++;
			fixture_weigh(&f);
		}
		assert_int_equal(s.why, BISECT_CALLED);
		assert_int_equal(bisect_call(f.b, SURE).word, cases[i].word);
		assert_in_range(runs, 4, 12);
		fixture_done(&f);
	}
}

/* 10,000 commits with a merge every ten: one decision, CPU seconds. */
static void test_speed(void **state)
{
	const int n = BISECT_COMMITS_MAX;
	AUTO_FREE int *first = mem_alloc0(((size_t)n + 1) * sizeof(*first));
	AUTO_FREE int *parents = mem_alloc0((size_t)n * 2 * sizeof(*parents));
	AUTO_FREE struct bisect_commit *c = mem_alloc0((size_t)n * sizeof(*c));
	const struct bisect_prior prior = bisect_prior(300, 0);
	struct bisect_graph *g;
	int np = 0;
	double worst = 0;

	(void)state;
	for (int i = 0; i < n; i++) {
		first[i] = np;
		if (i > 0)
			parents[np++] = i - 1;
		if (i % 10 == 0 && i >= 20)
			parents[np++] = i - 20;
		/* Many groups: what was run is all over the place. */
		c[i] = (struct bisect_commit){ .image = i % 100 == 7 ? -1 : i,
					       .runs = i % 150 == 0 ? 1 : 0 };
	}
	first[n] = np;
	c[n - 1].runs = c[n - 1].failures = 2;
	g = bisect_graph_new(first, parents, n);
	for (int k = 0; k < 3; k++) {
		clock_t from = clock();
		struct bisect *b = bisect_new(g, c, &prior);
		struct bisect_step s = bisect_next(b, &plain);

		assert_true(s.commit >= 0 || s.why == BISECT_FUTILE);
		bisect_free(b);
		worst = fmax(worst, (double)(clock() - from) / CLOCKS_PER_SEC);
	}
	print_message("10,000 commits: %.3f s a decision\n", worst);
	assert_true(worst < 1);
	bisect_graph_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),      cmocka_unit_test(test_cached),
		cmocka_unit_test(test_skip),       cmocka_unit_test(test_whole),
		cmocka_unit_test(test_wrong_ends), cmocka_unit_test(test_speed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
