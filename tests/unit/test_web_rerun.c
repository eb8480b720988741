/* "Run again": who may ask for it, and who may not. */
#include "tests/unit/web_fixture.h"

#include "db/queue.h"
#include "web/rerun.h"

#define TOKEN "0123456789abcdef0123456789abcdef"

static void test_who_may_ask(void **state)
{
	static const struct {
		const char *host, *origin, *site, *body;
		bool fine;
	} asks[] = {
		{ "localhost:8", "null", "same-origin", "job=7&token=" TOKEN, true },
		{ "localhost:8", NULL, "same-origin", "token=" TOKEN "&job=7", true },
		{ "localhost:8", "http://localhost:8", NULL, "job=7&token=" TOKEN, true },
		{ "localhost:8", NULL, NULL, "job=7&token=" TOKEN, true },
		{ NULL, NULL, NULL, "job=7&token=" TOKEN, false },
		{ "localhost:8", NULL, "cross-site", "job=7&token=" TOKEN, false },
		{ "localhost:8", NULL, "same-site", "job=7&token=" TOKEN, false },
		{ "localhost:8", NULL, "none", "job=7&token=" TOKEN, false },
		{ "localhost:8", "http://localhost:8", "cross-site", "job=7&token=" TOKEN,
		  false },
		{ "localhost:8", "null", NULL, "job=7&token=" TOKEN, false },
		{ "localhost:8", "http://localhost:9", NULL, "job=7&token=" TOKEN,
		  false },
		{ "localhost:8", "http://localhost:8.evil", NULL, "job=7&token=" TOKEN,
		  false },
		{ "localhost:8", NULL, "same-origin", "job=7", false },
		{ "localhost:8", NULL, "same-origin", "job=7&token=", false },
		{ "localhost:8", NULL, "same-origin", "job=7&token=" TOKEN "0", false },
		{ "localhost:8", NULL, "same-origin",
		  "job=7&token=0123456789abcdef0123456789abcdee", false },
		{ "localhost:8", NULL, "same-origin", "job=7&xtoken=" TOKEN, false },
		{ "localhost:8", NULL, "same-origin", "job=0&token=" TOKEN, false },
		{ "localhost:8", NULL, "same-origin", "job=7x&token=" TOKEN, false },
		{ "localhost:8", NULL, "same-origin", "token=" TOKEN, false },
		{ "localhost:8", NULL, "same-origin", "", false },
		{ "localhost:8", NULL, "same-origin", "&&&", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(asks); i++) {
		const struct rerun_ask ask = { .host = asks[i].host,
					       .origin = asks[i].origin,
					       .fetch_site = asks[i].site,
					       .body = asks[i].body,
					       .token = TOKEN };
		int64_t job = 0;

		assert_int_equal(rerun_check(&ask, &job) == NULL, asks[i].fine);
		assert_int_equal(job, asks[i].fine ? 7 : 0);
	}
}

static void test_tokens_differ(void **state)
{
	char a[RERUN_TOKEN], b[RERUN_TOKEN];
	struct err err = { .code = ERR_NONE };

	(void)state;
	assert_int_equal(rerun_token(a, &err), 0);
	assert_int_equal(rerun_token(b, &err), 0);
	assert_int_equal(strlen(a), RERUN_TOKEN - 1);
	assert_string_not_equal(a, b);
}

/* A job that ended. */
static void add_job(struct fixture *f)
{
	struct queue_job j = { .class = QUEUE_BACKGROUND, .posting_id = DB_NO_INT };
	int64_t epoch = 0;

	j.list = str_dup("");
	j.sender = str_dup("a@x");
	j.subject = str_dup("x");
	j.tree = str_dup("t");
	j.request = json_object_new_object();
	ok(f, queue_add(f->db, &j, &f->err));
	assert_int_equal(queue_take(f->db, j.id, "o", 5, &epoch, &f->err), 1);
	ok(f, queue_end(f->db, j.id, epoch, 0, NULL, &f->err));
	queue_job_done(&j);
}

static int setup_with(void **state, bool can_rerun)
{
	static struct site s;

	memset(&s, 0, sizeof(s));
	s.can_rerun = can_rerun;
	fixture_init(&s.f);
	add_job(&s.f);
	start(&s);
	*state = &s;
	return 0;
}

static int setup(void **state)
{
	return setup_with(state, true);
}

static int setup_off(void **state)
{
	return setup_with(state, false);
}

static char *token_of(const struct answer *a)
{
	static const char before[] = "name=\"token\" value=\"";
	const char *p = strstr(str_get(&a->body), before);

	assert_non_null(p);
	return str_ndup(p + strlen(before), RERUN_TOKEN - 1);
}

static void post_gives(struct site *s, const char *headers, const char *body, long status,
		       const char *text)
{
	AUTO(answer_done)
	struct answer a = ask_with(s, "/rerun", "POST", headers, body);

	assert_int_equal(a.status, status);
	if (text)
		assert_true(has(&a, text));
	if (status == 303)
		assert_true(has_header(&a, "location: /queue\r\n"));
}

static void test_a_form_is_taken(void **state)
{
	struct site *s = *state;
	GET(s, "/queue");
	AUTO_FREE char *token = token_of(&a);
	AUTO_FREE char *fine = str_printf("job=1&token=%s", token);
	AUTO_FREE char *refused = str_printf("job=4711&token=%s", token);
	AUTO_FREE char *missed = str_printf("job=4712&token=%s", token);
	AUTO_FREE char *long_one = str_printf("%s&x=%0300d", fine, 0);

	assert_true(has(&a, "<form method=\"post\" action=\"/rerun\">"));
	assert_true(has_header(&a, "form-action 'self'"));
	post_gives(s, "Sec-Fetch-Site: same-origin\nOrigin: null", fine, 303, NULL);
	post_gives(s, NULL, fine, 303, NULL);
	post_gives(s, "Sec-Fetch-Site: cross-site", fine, 403, NULL);
	post_gives(s, "Origin: http://evil.example", fine, 403, NULL);
	post_gives(s, NULL, "job=1&token=" TOKEN, 403, "older than the server");
	post_gives(s, "Host: evil.example", fine, 421, NULL);
	post_gives(s, NULL, refused, 409, "job 4711 is &lt;unknown&gt;");
	post_gives(s, NULL, missed, 503, "no daemon");
	post_gives(s, NULL, long_one, 0, NULL); /* hung up on */
	post_gives(s, NULL, fine, 303, NULL);
	AUTO(answer_done)
	struct answer other = ask_with(s, "/queue", "POST", NULL, fine);
	assert_int_not_equal(other.status, 200);
	AUTO(answer_done) struct answer get = ask(s, "/rerun", NULL, NULL);
	assert_int_equal(get.status, 404);
}

static void test_off_is_off(void **state)
{
	struct site *s = *state;
	GET(s, "/queue");
	AUTO(answer_done)
	struct answer b = ask_with(s, "/rerun", "POST", NULL, "job=1&token=");

	assert_false(has(&a, "<form"));
	assert_true(has(&a, "<code>sluice rerun 1</code>"));
	assert_int_not_equal(b.status, 303);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_may_ask),
		cmocka_unit_test(test_tokens_differ),
		cmocka_unit_test_setup_teardown(test_a_form_is_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(test_off_is_off, setup_off, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
