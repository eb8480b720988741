/* What a bisection writes down at a decision, for who reads it as data. */
#include "daemon/bisect_belief.h"

#include "tests/unit/bisect_fixture.h"

/* The case of a fixture's range: ids are numbers, and what is not "?" was looked at. */
static void case_init(struct bisect_case *c, struct bisect_fixture *f)
{
	*c = (struct bisect_case){ .graph = f->graph, .commits = f->commits };
	c->range.n = (size_t)f->n;
	c->range.v = mem_alloc0((size_t)f->n * sizeof(*c->range.v));
	c->looks = mem_alloc0((size_t)f->n * sizeof(*c->looks));
	for (int i = 0; i < f->n; i++) {
		snprintf(c->range.v[i].id, sizeof(c->range.v[i].id), "%040d", i);
		c->range.v[i].subject = str_printf("commit %d", i);
		if (f->commits[i].image < 0)
			c->looks[i].seen = CASE_NO_BUILD;
		else if (f->commits[i].runs > 0 || f->commits[i].image != i)
			c->looks[i] = (struct case_look){ CASE_RAN, f->commits[i].runs };
	}
}

static void case_done(struct bisect_case *c)
{
	for (size_t i = 0; i < c->range.n; i++)
		free(c->range.v[i].subject);
	free(c->range.v);
	free(c->looks);
}

static struct json_object *at(struct json_object *o, const char *key, size_t i)
{
	return json_object_array_get_idx(json_arr(o, key), i);
}

static void is_commit(struct json_object *o, int commit)
{
	AUTO_FREE char *id = str_printf("%040d", commit);
	AUTO_FREE char *subject = str_printf("commit %d", commit);

	assert_string_equal(json_str(o, "commit", ""), id);
	assert_string_equal(json_str(o, "subject", ""), subject);
}

/* 0 good, 1 not built, 2 does not build, 3 has the image of 0, 4 marked, 5 and 6 bad. */
static void test_says_what_is_known(void **state)
{
	struct bisect_fixture f;
	struct bisect_case c;
	struct json_object *o, *k;

	(void)state;
	fixture_init(&f, ":0/6 0:? 1:. 2:=0 3:good 4:5/5 5:6/6", 0);
	case_init(&c, &f);
	c.looks[1] = (struct case_look){ CASE_SKIPPED, 2 };
	o = bisect_belief(&c, f.b);
	k = json_obj(o, "range");
	assert_int_equal(json_int(k, "commits", 0), 6);
	is_commit(json_obj(k, "good"), 0);
	is_commit(json_obj(k, "bad"), 6);
	assert_int_equal(json_int(o, "looked_at", 0), 7);
	assert_int_equal(json_len(json_arr(o, "commits")), 7);
	k = at(o, "commits", 1);
	assert_string_equal(json_str(k, "result", ""), "skipped");
	assert_int_equal(json_int(k, "boots", 0), 2);
	k = at(o, "commits", 2);
	assert_string_equal(json_str(k, "result", ""), "no-build");
	assert_null(json_str(k, "same_as", NULL));
	/* Runs of one image are one evidence. */
	k = at(o, "commits", 3);
	is_commit(k, 3);
	assert_int_equal(json_int(k, "at", 0), 3);
	assert_string_equal(json_str(k, "result", ""), "ran");
	assert_int_equal(json_int(k, "runs", 0), 6);
	assert_string_equal(json_str(k, "same_as", ""), c.range.v[0].id);
	k = at(o, "commits", 4);
	assert_string_equal(json_str(k, "result", ""), "not-run");
	assert_string_equal(json_str(k, "mark", ""), "good");
	k = at(o, "commits", 5);
	assert_null(json_str(k, "mark", NULL));
	assert_int_equal(json_int(k, "failures", 0), 5);
	assert_true(json_num(k, "p", 0) > 0.99);
	assert_true(json_num(k, "p_bad", 0) > 0.99);
	assert_true(json_num(at(o, "commits", 4), "p_bad", 1) < 0.01);
	is_commit(at(o, "likely", 0), 5);
	assert_true(json_num(at(o, "likely", 0), "p", 0) > 0.99);
	assert_true(json_num(o, "p_good_is_bad", 1) < 0.01);
	assert_true(json_num(o, "p_never_bad", 1) < 0.01);
	json_object_put(o);
	case_done(&c);
	fixture_done(&f);
}

/* Those that are as likely come in the order of the history. */
static void test_likely_are_in_order(void **state)
{
	struct bisect_fixture f;
	struct bisect_case c;
	struct json_object *o;
	double sum = 0;

	(void)state;
	fixture_init(&f, ":0/9 0:0/9 1:? 2:? 3:? 4:9/9", 0);
	case_init(&c, &f);
	o = bisect_belief(&c, f.b);
	assert_int_equal(json_int(o, "looked_at", 0), 3);
	/* Commit 1 is good: not worth a word. */
	assert_int_equal(json_len(json_arr(o, "likely")), 4);
	for (int i = 0; i < 4; i++) {
		is_commit(at(o, "likely", (size_t)i), 2 + i);
		sum += json_num(at(o, "likely", (size_t)i), "p", 0);
	}
	assert_true(sum > 0.9 && sum < 1.01);
	json_object_put(o);
	case_done(&c);
	fixture_done(&f);
}

/* However many there are. */
static void test_is_bounded(void **state)
{
	int n = BISECT_BELIEF_COMMITS + 100;
	int *first = mem_alloc0((size_t)(n + 1) * sizeof(*first));
	int *parents = mem_alloc0((size_t)n * sizeof(*parents));
	struct bisect_commit *commits = mem_alloc0((size_t)n * sizeof(*commits));
	const struct bisect_prior prior = bisect_prior(300, 0);
	struct bisect_case c = { .commits = commits };
	struct json_object *o;
	struct bisect *b;

	(void)state;
	c.range.n = (size_t)n;
	c.range.v = mem_alloc0((size_t)n * sizeof(*c.range.v));
	c.looks = mem_alloc0((size_t)n * sizeof(*c.looks));
	for (int i = 0; i < n; i++) {
		snprintf(c.range.v[i].id, sizeof(c.range.v[i].id), "%040d", i);
		first[i + 1] = i;
		parents[i] = i;
		commits[i].image = -1;
		c.looks[i].seen = CASE_NO_BUILD;
	}
	c.graph = bisect_graph_new(first, parents, n);
	b = bisect_new(c.graph, commits, &prior);
	o = bisect_belief(&c, b);
	assert_int_equal(json_int(o, "looked_at", 0), n);
	assert_int_equal(json_len(json_arr(o, "commits")), BISECT_BELIEF_COMMITS);
	assert_int_equal(json_len(json_arr(o, "likely")), BISECT_BELIEF_LIKELY);
	json_object_put(o);
	bisect_free(b);
	bisect_graph_free(c.graph);
	case_done(&c);
	free(first);
	free(parents);
	free(commits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_says_what_is_known),
		cmocka_unit_test(test_likely_are_in_order),
		cmocka_unit_test(test_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
