/* Bisections as documents: by the API and by the one function that "sluice bisect --json"
 * has, too. */
#include "tests/unit/web_fixture.h"

#include "db/queue.h"
#include "db/row.h"
#include "lib/text.h"
#include "web/document_bisect.h"

#define ONE "1111111111111111111111111111111111111111"
#define TWO "2222222222222222222222222222222222222222"

static int64_t add_bisection(struct fixture *f, const char *test)
{
	const struct bisection q = { .tree = (char *)evil,
				     .good = ONE,
				     .bad = TWO,
				     .config = "mlock",
				     .arch = "x86_64",
				     .topology = "numa2",
				     .accel = "tcg",
				     .test = (char *)test };
	const struct bisection_step step = { .commit_id = TWO,
					     .why = "to verify an end",
					     .runs = 2,
					     .failures = 1,
					     .likeliest = TWO,
					     .likeliest_p = 0.5 };
	int64_t id, created;

	ok(f, bisection_open(f->db, &q, &id, &created, &f->err));
	ok(f, bisection_step_put(f->db, id, &step, &f->err));
	return id;
}

static struct json_object *commit(const char *id)
{
	struct json_object *o = json_object_new_object();

	json_set_str(o, "commit", id);
	json_set_str(o, "subject", evil);
	json_set_num(o, "p", 0.75);
	return o;
}

/* As daemon/bisect_belief.h and bisect_outcome.h say, with a hostile subject. */
static void add_end(struct fixture *f, int64_t id)
{
	struct json_object *belief = json_object_new_object(), *outcome, *range, *a;

	range = json_object_new_object();
	json_set_int(range, "commits", 12);
	json_set(range, "good", commit(ONE));
	json_set(range, "bad", commit(TWO));
	json_set(belief, "range", range);
	json_set_int(belief, "looked_at", 1);
	json_set(belief, "commits", a = json_object_new_array());
	json_object_array_add(a, commit(TWO));
	json_set(belief, "likely", a = json_object_new_array());
	json_object_array_add(a, commit(TWO));
	json_set_num(belief, "p_good_is_bad", 0.125);
	json_set_num(belief, "p_never_bad", 0.25);
	ok(f, bisection_set_belief(f->db, id, belief, &f->err));
	outcome = j("{\"word\":\"found\",\"exit\":0,\"text\":\"it is\",\"p\":0.998,"
		    "\"revert\":{\"runs\":3,\"failures\":0,\"why\":null}}");
	json_set_str(outcome, "subject", evil);
	ok(f, bisection_end(f->db, id, outcome, &f->err));
	json_object_put(belief);
	json_object_put(outcome);
}

static void add_failed_job(struct fixture *f, int64_t id)
{
	struct queue_job job = { .kind = QUEUE_BISECT,
				 .posting_id = DB_NO_INT,
				 .bisection_id = id };

	job.list = str_dup("");
	job.sender = str_dup("sluice");
	job.subject = str_dup("bisect");
	job.tree = str_dup("debian");
	job.request = json_object_new_object();
	ok(f, queue_add(f->db, &job, &f->err));
	ok(f, db_exec(f->db,
		      "UPDATE job SET state = 'failed', finished = 1, reason = '<no>'",
		      &f->err));
	queue_job_done(&job);
}

/* 1 came to its end, 2 failed before it decided anything. */
static int setup(void **state)
{
	static struct site s;

	memset(&s, 0, sizeof(s));
	fixture_init(&s.f);
	add_end(&s.f, add_bisection(&s.f, evil));
	add_failed_job(&s.f, add_bisection(&s.f, "mm/x"));
	start(&s);
	*state = &s;
	return 0;
}

static struct json_object *get(struct site *s, const char *path)
{
	AUTO(answer_done) struct answer a = ask(s, path, NULL, NULL);
	struct json_object *o = NULL;

	assert_int_equal(a.status, 200);
	assert_true(text_is_utf8(a.body.data, a.body.len));
	assert_null(memchr(a.body.data, 0x1b, a.body.len));
	ok(&s->f, json_parse(a.body.data, a.body.len, &o, &s->f.err));
	return o;
}

static void is_clean(const char *text)
{
	AUTO(str_done) struct str s = STR_INIT;

	text_clean(&s, evil, strlen(evil));
	assert_string_equal(text, str_get(&s));
}

static void test_one(void **state)
{
	struct site *s = *state;
	AUTO_JSON struct json_object *o = get(s, "/api/v1/bisection/1");
	struct json_object *k = json_obj(o, "bisection");

	assert_string_equal(json_str(o, "schema", ""), "sluice/bisection/1");
	is_clean(json_str(k, "test", ""));
	is_clean(json_str(k, "tree", ""));
	assert_string_equal(json_str(k, "state", ""), "found");
	k = json_obj(k, "outcome");
	assert_string_equal(json_str(k, "text", ""), "it is");
	is_clean(json_str(k, "subject", ""));
	k = json_obj(o, "range");
	assert_int_equal(json_int(k, "commits", 0), 12);
	is_clean(json_str(json_obj(k, "bad"), "subject", ""));
	assert_int_equal(json_int(o, "looked_at", 0), 1);
	k = json_object_array_get_idx(json_arr(o, "commits"), 0);
	assert_string_equal(json_str(k, "commit", ""), TWO);
	is_clean(json_str(k, "subject", ""));
	k = json_object_array_get_idx(json_arr(o, "likely"), 0);
	assert_true(json_num(k, "p", 0) == 0.75);
	assert_true(json_num(o, "p_good_is_bad", 0) == 0.125);
	assert_true(json_num(o, "p_never_bad", 0) == 0.25);
	k = json_object_array_get_idx(json_arr(o, "steps"), 0);
	assert_string_equal(json_str(k, "why", ""), "to verify an end");
	assert_int_equal(json_int(k, "failures", 0), 1);
}

/* Keys are there whatever is known: null, or an empty list. */
static void test_nothing_decided(void **state)
{
	static const char *const nulls[] = { "range", "looked_at", "p_good_is_bad",
					     "p_never_bad" };
	static const char *const lists[] = { "commits", "likely" };
	struct site *s = *state;
	AUTO_JSON struct json_object *o = get(s, "/api/v1/bisection/2");
	struct json_object *k;

	for (size_t i = 0; i < ARRAY_SIZE(nulls); i++) {
		assert_true(json_object_object_get_ex(o, nulls[i], &k));
		assert_null(k);
	}
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		assert_non_null(json_arr(o, lists[i]));
		assert_int_equal(json_len(json_arr(o, lists[i])), 0);
	}
	k = json_obj(o, "bisection");
	assert_string_equal(json_str(k, "state", ""), "failed");
	assert_string_equal(json_str(k, "reason", ""), "<no>");
	assert_int_equal(json_len(json_arr(o, "steps")), 1);
}

/* The command and the API give the same. */
static void test_the_same(void **state)
{
	struct site *s = *state;
	AUTO_JSON struct json_object *one = get(s, "/api/v1/bisection/1"), *list = NULL;
	AUTO_JSON struct json_object *all = get(s, "/api/v1/bisections"), *own = NULL;

	assert_int_equal(document_bisection(s->f.db, 1, &own, &s->f.err), 1);
	assert_true(json_object_equal(own, one));
	assert_int_equal(document_bisections(s->f.db, &list, &s->f.err), 1);
	assert_true(json_object_equal(list, all));
	assert_int_equal(json_len(json_arr(all, "bisections")), 2);
	assert_string_equal(json_str(all, "schema", ""), "sluice/bisections/1");
}

static void test_no_such(void **state)
{
	struct site *s = *state;
	AUTO_JSON struct json_object *o = NULL;
	AUTO(answer_done)
	struct answer a = ask(s, "/api/v1/bisection/3", NULL, NULL);

	assert_int_equal(a.status, 404);
	assert_int_equal(document_bisection(s->f.db, 3, &o, &s->f.err), 0);
	assert_null(o);
}

/* Begun again, or with a word of the user, nothing old is told for what is known. */
static void test_begun_again(void **state)
{
	struct site *s = *state;
	struct json_object *k = NULL;

	ok(&s->f, bisection_mark_put(s->f.db, 1, ONE, true, &s->f.err));
	AUTO_JSON struct json_object *o = get(s, "/api/v1/bisection/1");
	assert_null(json_obj(json_obj(o, "bisection"), "outcome"));
	assert_true(json_object_object_get_ex(o, "range", &k));
	assert_null(k);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_one),     TEST(test_nothing_decided), TEST(test_the_same),
		TEST(test_no_such), TEST(test_begun_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
