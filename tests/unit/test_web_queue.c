/* The pages and documents of the daemon: queue, sources, postings. */
#include "tests/unit/web_fixture.h"

#include <time.h>

#include "db/mail.h"
#include "db/posting.h"
#include "db/queue.h"
#include "db/setting.h"
#include "db/source_state.h"
#include "db/tree.h"
#include "db/tree_fetch.h"
#include "db/verdict.h"
#include "lib/text.h"

static int64_t now;

static int64_t add_job(struct fixture *f, const char *sender, const char *subject,
		       enum queue_class class)
{
	struct queue_job j = { .kind = QUEUE_SERIES,
			       .class = class,
			       .posting_id = DB_NO_INT,
			       .version = 2 };
	int64_t id;

	j.list = str_dup("list.example.org");
	j.sender = str_dup(sender);
	j.subject = str_dup(subject);
	j.tree = str_dup("debian");
	j.request = json_object_new_object();
	ok(f, queue_add(f->db, &j, &f->err));
	id = j.id;
	queue_job_done(&j);
	return id;
}

static int64_t take_job(struct fixture *f, int64_t id)
{
	int64_t epoch = 0;

	assert_int_equal(queue_take(f->db, id, "owner", now + 600, &epoch, &f->err), 1);
	return epoch;
}

static int64_t add_posting(struct fixture *f, const char *name, enum posting_state state,
			   int64_t version, int64_t earlier, int64_t job)
{
	bool part = state == POSTING_WAITING;
	struct posting_row p = { .thread = 1,
				 .version = version,
				 .total = 3,
				 .have = part ? 2 : 3,
				 .posted = 1700000000 + version,
				 .seen = 1700000000,
				 .changed = 1700000000 + version,
				 .deadline = part ? 1700009000 : DB_NO_INT,
				 .state = state,
				 .earlier = earlier,
				 .job = job };
	int64_t id;

	p.message_id = str_dup(name);
	p.kind = str_dup("series");
	p.missing = str_dup(part ? "2" : "");
	p.subject = str_printf("[PATCH v%d 0/3] %s", (int)version, name);
	p.prefix = str_dup("PATCH");
	p.title = str_dup(name);
	p.sender = str_dup("a@x");
	p.author = str_dup(evil);
	p.reason = state == POSTING_IGNORED ? str_dup(evil) : NULL;
	p.source = str_dup(part ? "evil & co" : "one");
	p.lists = json_object_new_array();
	json_add_str(p.lists, part ? "a&b=\"c\".example.org" : "list.example.org");
	ok(f, posting_put(f->db, &p, &f->err));
	id = p.id;
	posting_row_done(&p);
	return id;
}

static void add_mail(struct fixture *f, const char *id, int64_t posting, int64_t number)
{
	struct mail_row m = { .thread = 1,
			      .date = 1700000000,
			      .posting = posting,
			      .number = number };

	m.message_id = str_dup(id);
	m.subject = str_dup(evil);
	m.author = str_dup("A <a@x>");
	m.sender = str_dup("a@x");
	m.lists = j("[]");
	m.sources = j("[]");
	m.what = str_dup("patch");
	ok(f, mail_put(f->db, &m, &f->err));
	mail_row_done(&m);
}

static void add_source(struct fixture *f, const char *name, const char *error)
{
	struct source_state s = { .polled = 1700000000,
				  .succeeded = error ? DB_NO_INT : 1700000000,
				  .next = now + 900,
				  .failures = error ? 3 : 0,
				  .mails = 42 };

	s.name = str_dup(name);
	s.kind = str_dup("archive");
	s.location = str_dup("https://example.org/list");
	s.error = str_dup(error);
	ok(f, source_state_put(f->db, &s, &f->err));
	source_state_done(&s);
}

static void add_tree(struct fixture *f, const char *name, const char *error)
{
	struct tree_fetch t = { .tried = 1700000000,
				.succeeded = error ? DB_NO_INT : 1700000000,
				.next = now + 900,
				.failures = error ? 3 : 0 };

	t.name = str_dup(name);
	t.location = str_dup("https://example.org/linux.git");
	t.head = str_dup("0123456789abcdef0123456789abcdef01234567");
	t.error = str_dup(error);
	ok(f, tree_fetch_put(f->db, &t, &f->err));
	tree_fetch_done(&t);
}

/* A head of the tree, tested: one test fails there, one passes. */
static int64_t add_head(struct fixture *f, const char *tree)
{
	struct queue_job j = { .kind = QUEUE_HEAD, .posting_id = DB_NO_INT };
	struct verdict v[2] = { VERDICT_INIT, VERDICT_INIT };
	struct series s = { .version = 1 };
	int64_t id, epoch;

	s.key = str_printf("%064d", 7);
	s.message_id = str_dup("head-0123");
	s.subject = str_printf("head of %s", tree);
	s.author = str_dup("A Developer <dev@example.org>");
	s.source = str_dup(s.subject);
	s.tree = str_dup(tree);
	s.state = SERIES_RUNNING;
	ok(f, series_put(f->db, &s, &f->err));
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		v[i].kind = KIND_BUILD;
		v[i].config = str_dup(i ? "one" : "two");
		v[i].verdict = i ? VERDICT_PASS : VERDICT_PRE_EXISTING;
	}
	ok(f, verdict_replace(f->db, s.id, v, ARRAY_SIZE(v), SERIES_DONE, &f->err));
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		free(v[i].config);
	j.list = str_dup("");
	j.sender = str_dup("sluice");
	j.subject = str_dup(s.subject);
	j.tree = str_dup(tree);
	j.request = json_object_new_object();
	ok(f, queue_add(f->db, &j, &f->err));
	epoch = take_job(f, j.id);
	ok(f, queue_set_series(f->db, j.id, epoch, s.id, &f->err));
	ok(f, queue_end(f->db, j.id, epoch, 0, NULL, &f->err));
	queue_job_done(&j);
	id = s.id;
	series_done(&s);
	return id;
}

/* Ended, set apart, running; a flood of one sender and one job of another. */
static void seed_jobs(struct site *s)
{
	struct fixture *f = &s->f;
	enum queue_state state;
	int64_t epoch, job = add_job(f, "x@x", "done", QUEUE_BACKGROUND);

	epoch = take_job(f, job);
	ok(f, queue_set_series(f->db, job, epoch, s->series, &f->err));
	ok(f, queue_end(f->db, job, epoch, 1, NULL, &f->err));
	s->run = job;
	job = add_job(f, "x@x", "poison", QUEUE_BACKGROUND);
	for (int i = 0; i < QUEUE_CRASHES_MAX; i++)
		ok(f, queue_put_back(f->db, job, take_job(f, job), QUEUE_CRASHED, evil, 0,
				     &state, &f->err));
	assert_int_equal(state, QUEUE_APART);
	job = add_job(f, evil, evil, QUEUE_INTERACTIVE);
	epoch = take_job(f, job);
	ok(f, queue_set_series(f->db, job, epoch, s->series, &f->err));
	for (int i = 0; i < 3; i++)
		add_job(f, "flood@x", i ? "flood later" : "flood first",
			QUEUE_BACKGROUND);
	add_job(f, "other@x", "[PATCH v2] of another", QUEUE_BACKGROUND);
	add_job(f, "root", "by hand", QUEUE_INTERACTIVE);
}

static int setup(void **state)
{
	static struct site s;
	int64_t first;

	memset(&s, 0, sizeof(s));
	now = (int64_t)time(NULL);
	fixture_init(&s.f);
	s.series = add_series(&s.f, "v1@x", 1, "a series");
	add_steps(&s.f, s.series, 4, "step");
	add_build(&s.f, 1, s.series, 0, BUILD_OK);
	add_build(&s.f, 2, s.series, 1, BUILD_FAIL);
	ok(&s.f, tree_put(s.f.db,
			  &(struct tree){ .name = (char *)"debian",
					  .source = (char *)"s",
					  .default_ref = (char *)"r" },
			  &s.f.err));
	seed_jobs(&s);
	first = add_posting(&s.f, "v1@x", POSTING_DONE, 1, DB_NO_INT, s.run);
	s.build = add_posting(&s.f, "v2@x", POSTING_IGNORED, 2, first, DB_NO_INT);
	add_posting(&s.f, "part@x", POSTING_WAITING, 1, DB_NO_INT, DB_NO_INT);
	add_mail(&s.f, "p1@x", s.build, 1);
	add_source(&s.f, "one", NULL);
	add_source(&s.f, "two", evil);
	add_tree(&s.f, "bad", evil);
	add_tree(&s.f, "good", NULL);
	start(&s);
	*state = &s;
	return 0;
}

/* Where in the page each text is, in this order. */
static void in_order(const struct answer *a, const char *const *texts, size_t n)
{
	const char *at = str_get(&a->body);

	for (size_t i = 0; i < n; i++) {
		const char *next = strstr(at, texts[i]);

		if (!next)
			fail_msg("%s does not follow in %s", texts[i], str_get(&a->body));
		at = next;
	}
}

static void test_queue_is_in_order(void **state)
{
	static const char *const texts[] = {
		"<h2>Running</h2>",
		"<li>base<",
		"</b>built</span>",
		"</b>build fails</span>",
		"<li>2<",
		"</b>not run</span>",
		"2 of 4 steps built, 0 boots so far",
		"Waiting: 5",
		"by hand",
		"flood first",
		"of another",
		"flood later",
		"Set apart: 1",
		"poison",
		"3 times its worker died",
		"Ended last",
		"sluice rerun 1",
	};
	struct site *s = *state;

	GET(s, "/queue");
	assert_int_equal(a.status, 200);
	in_order(&a, texts, ARRAY_SIZE(texts));
	assert_false(has(&a, "are paused"));
	assert_true(has(&a, "by hand v2"));
	assert_false(has(&a, "of another v2"));
	ok(&s->f, setting_put(s->f.db, "paused", "all", &s->f.err));
	AUTO(answer_done) struct answer b = ask(s, "/queue", NULL, NULL);
	assert_true(has(&b, "All jobs are paused"));
	assert_false(has(&b, "starts about"));
	assert_false(has(&b, "not there yet"));
	ok(&s->f, tree_delete(s->f.db, "debian", &s->f.err));
	AUTO(answer_done) struct answer c = ask(s, "/queue", NULL, NULL);
	assert_true(has(&c, "waits for the tree debian, which is not there yet"));
}

static void test_pages_escape(void **state)
{
	static const char *const paths[] = { "/queue", "/sources", "/postings",
					     "/posting/2", "/posting/3" };
	struct site *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		GET(s, paths[i]);
		assert_int_equal(a.status, 200);
		assert_false(has(&a, "<script"));
		assert_true(has(&a, "&lt;script&gt;"));
		assert_null(strchr(str_get(&a.body), 0x1b));
		assert_true(text_is_utf8(str_get(&a.body), a.body.len));
	}
}

static void test_sources(void **state)
{
	struct site *s = *state;

	GET(s, "/sources");
	assert_true(has(&a, "42 mails"));
	assert_true(has(&a, "3 failures since the beginning"));
	assert_true(has(&a, "href=\"/postings?source=two\""));
}

static void test_trees(void **state)
{
	AUTO_JSON struct json_object *doc = NULL;
	struct site *s = *state;
	int64_t head = add_head(&s->f, "good");
	AUTO_FREE char *path = str_printf("/series/%lld", (long long)head);
	AUTO_FREE char *link = str_printf("href=\"%s\">results", path);
	struct json_object *o;
	GET(s, "/sources");
	AUTO(answer_done) struct answer b = ask(s, "/api/v1/sources", NULL, NULL);
	AUTO(answer_done) struct answer c = ask(s, path, NULL, NULL);

	assert_true(has(&a, "https://example.org/linux.git"));
	assert_true(has(&a, link));
	/* A head that fails broke nothing, and is not well. */
	assert_true(has(&a, "✗ 1 failing"));
	assert_true(has(&c, "This head fails 1 check by itself."));
	ok(&s->f, json_parse(b.body.data, b.body.len, &doc, &s->f.err));
	assert_int_equal(json_len(json_arr(doc, "trees")), 2);
	o = json_object_array_get_idx(json_arr(doc, "trees"), 0);
	assert_string_equal(json_str(o, "name", ""), "bad");
	assert_int_equal(json_int(o, "failures", 0), 3);
	assert_null(json_str(o, "job_state", NULL));
	o = json_object_array_get_idx(json_arr(doc, "trees"), 1);
	assert_string_equal(json_str(o, "job_state", ""), "done");
	assert_int_equal(json_int(o, "series", 0), head);
}

static void test_postings_are_narrowed(void **state)
{
	static const struct {
		const char *query;
		int status;
		bool v1, v2, part;
	} asks[] = {
		{ "", 200, true, true, true },
		{ "?state=waiting", 200, false, false, true },
		{ "?source=one", 200, true, true, false },
		{ "?source=one&state=done", 200, true, false, false },
		{ "?source=evil%20%26%20co", 200, false, false, true },
		{ "?list=list.example.org", 200, true, true, false },
		{ "?list=example.org", 200, false, false, false },
		{ "?list=a%26b%3D%22c%22.example.org", 200, false, false, true },
		{ "?page=2", 200, false, false, false },
		{ "?state=nonsense", 404, false, false, false },
	};
	struct site *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(asks); i++) {
		AUTO_FREE char *path = str_printf("/postings%s", asks[i].query);
		GET(s, path);

		assert_int_equal(a.status, asks[i].status);
		assert_int_equal(has(&a, "0/3] v1@x"), asks[i].v1);
		assert_int_equal(has(&a, "0/3] v2@x"), asks[i].v2);
		assert_int_equal(has(&a, "0/3] part@x"), asks[i].part);
	}
}

static void test_postings_link_by_what_they_are(void **state)
{
	struct site *s = *state;

	GET(s, "/postings");
	assert_true(has(&a, "2 of 3 patches have come; missing: 2, waited for until"));
	assert_true(has(&a, "?list=a%26b%3D%22c%22.example.org\""));
	assert_true(has(&a, "href=\"/series/1\""));
	assert_true(has(&a, "ignored 1</a>"));
	AUTO(answer_done)
	struct answer b = ask(s, "/postings?list=list.example.org", NULL, NULL);
	assert_true(has(&b, "waiting 0</a>"));
}

static size_t count_of(const struct answer *a, const char *text)
{
	size_t n = 0;

	for (const char *p = str_get(&a->body); (p = strstr(p, text)); p++)
		n++;
	return n;
}

/* Why it was superseded is why its job was cancelled. */
static void test_a_reason_is_said_once(void **state)
{
	struct site *s = *state;
	struct fixture *f = &s->f;
	enum queue_state was;
	int64_t job = add_job(f, "a@x", "[PATCH] old", QUEUE_BACKGROUND);
	int64_t id = add_posting(f, "old@x", POSTING_SUPERSEDED, 1, DB_NO_INT, job);
	struct posting_row p;

	assert_int_equal(posting_find(f->db, id, &p, &f->err), 1);
	p.reason = str_dup("v2 is newer");
	ok(f, posting_put(f->db, &p, &f->err));
	posting_row_done(&p);
	assert_int_equal(queue_cancel(f->db, job, "v2 is newer", &was, &f->err), 1);
	{
		GET(s, "/postings?state=superseded");
		assert_int_equal(count_of(&a, "v2 is newer"), 1);
	}
}

static void test_posting(void **state)
{
	struct site *s = *state;

	{
		GET(s, "/posting/2");
		assert_true(has(&a, "<h2>Versions</h2>"));
		assert_true(has(&a, "href=\"/posting/1\""));
		assert_true(has(&a, "href=\"/series/1\""));
		assert_true(has(&a, "p1@x"));
	}
	{
		GET(s, "/posting?id=v1@x");
		assert_true(has(&a, "sluice rerun 1"));
		assert_true(has(&a, "href=\"/posting/2\"")); /* the later one */
	}
	GET(s, "/posting?id=p1@x"); /* any mail of it */
	assert_true(has(&a, "0/3] v2@x"));
	AUTO(answer_done) struct answer none = ask(s, "/posting?id=no@x", NULL, NULL);
	assert_int_equal(none.status, 404);
	AUTO(answer_done) struct answer bare = ask(s, "/posting", NULL, NULL);
	assert_int_equal(bare.status, 404);
}

/* A chain of versions that closes on itself ends all the same. */
static void test_versions_in_a_circle(void **state)
{
	struct site *s = *state;

	ok(&s->f, posting_set_earlier(s->f.db, 1, 2, &s->f.err));
	GET(s, "/posting/1");
	assert_int_equal(a.status, 200);
	assert_true(has(&a, "href=\"/posting/2\""));
}

static void test_documents(void **state)
{
	static const struct {
		const char *path, *schema;
	} asks[] = {
		{ "/api/v1/queue", "sluice/jobs/1" },
		{ "/api/v1/sources", "sluice/sources/1" },
		{ "/api/v1/postings?state=done", "sluice/postings/1" },
		{ "/api/v1/posting/2", "sluice/posting/1" },
		{ "/api/v1/posting?id=p1@x", "sluice/posting/1" },
	};
	struct site *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(asks); i++) {
		AUTO_JSON struct json_object *o = NULL;
		AUTO_FREE char *tag = NULL;
		GET(s, asks[i].path);
		const char *p = strcasestr(str_get(&a.headers), "etag: ");

		assert_int_equal(a.status, 200);
		ok(&s->f, json_parse(a.body.data, a.body.len, &o, &s->f.err));
		assert_string_equal(json_str(o, "schema", ""), asks[i].schema);
		tag = str_printf("If-None-Match: %.*s", (int)strcspn(p + 6, "\r\n"),
				 p + 6);
		AUTO(answer_done) struct answer b = ask(s, asks[i].path, NULL, tag);
		/* Of the queue, a minute may have passed. */
		if (i > 0)
			assert_int_equal(b.status, 304);
	}
}

static void test_documents_say_what_is(void **state)
{
	AUTO_JSON struct json_object *queue = NULL, *postings = NULL;
	struct site *s = *state;
	struct json_object *o;
	GET(s, "/api/v1/queue");
	AUTO(answer_done)
	struct answer b = ask(s, "/api/v1/postings?state=done", NULL, NULL);

	ok(&s->f, json_parse(a.body.data, a.body.len, &queue, &s->f.err));
	assert_int_equal(json_int(json_obj(queue, "counts"), "queued", 0), 5);
	o = json_object_array_get_idx(json_arr(queue, "running"), 0);
	assert_int_equal(json_int(o, "built", 0), 2);
	assert_int_equal(json_int(o, "steps", 0), 4);
	o = json_object_array_get_idx(json_arr(queue, "queued"), 0);
	assert_string_equal(json_str(o, "subject", ""), "by hand");
	assert_int_equal(json_len(json_arr(queue, "apart")), 1);
	ok(&s->f, json_parse(b.body.data, b.body.len, &postings, &s->f.err));
	assert_int_equal(json_int(postings, "total", 0), 1);
	o = json_object_array_get_idx(json_arr(postings, "postings"), 0);
	assert_int_equal(json_int(o, "series", 0), s->series);
	assert_string_equal(json_str(o, "job_state", ""), "done");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_queue_is_in_order),
		TEST(test_pages_escape),
		TEST(test_sources),
		TEST(test_trees),
		TEST(test_postings_are_narrowed),
		TEST(test_postings_link_by_what_they_are),
		TEST(test_a_reason_is_said_once),
		TEST(test_posting),
		TEST(test_versions_in_a_circle),
		TEST(test_documents),
		TEST(test_documents_say_what_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
