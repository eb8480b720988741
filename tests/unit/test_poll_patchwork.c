/*
 * The kind "patchwork" of the role "poll" against a server that answers as the
 * OpenAPI schema of Patchwork 1.3 says: events in pages, series, covers, patches.
 */
#include "tests/unit/http_fixture.h"
#include "tests/unit/poll_fixture.h"

/* What the server's counters stand for. */
enum { EVENTS, MODE, ODD, TOKENS };
enum mode {
	GOOD,
	FORBIDDEN,
	TOO_MANY,
	BROKEN,
	CUT,
	VALUES,
	FAILS_AT_SERIES_2,
	FAILS_AT_PATCH_21,
	BUSY_AT_PATCH_21,
	SLOW,
	NEXT_LEAVES,
	NEXT_IS_ITSELF,
	OLD_API,
	GONE
};
/* One more event, before the others. */
enum odd { NO_ODD, LATE, OF_THE_FUTURE, WITHOUT_A_DATE };

#define PAGE 2 /* events on one, whatever is asked for */

static void add_event_of(struct str *out, int id, const char *project, const char *date,
			 int series, int port)
{
	str_addf(out,
		 "%s{\"id\":%d,\"category\":\"series-completed\",\"project\":{\"id\":1,"
		 "\"link_name\":\"%s\"},\"date\":\"%s\","
		 "\"actor\":null,\"payload\":{\"series\":{\"id\":%d,\"url\":"
		 "\"http://127.0.0.1:%d/api/1.3/series/%d/\",\"name\":\"s\"}}}",
		 out->len > 1 ? "," : "", id, project, date, series, port, series);
}

/* Event n: series n, of two patches and, when odd, a cover letter. */
static void add_event(struct str *out, int n, bool other_project, int port)
{
	AUTO_FREE char *date = str_printf("2024-01-02T13:00:0%d.123456",
					  (n + 1) / 2 /* two of each date */);

	add_event_of(out, n, other_project ? "other" : "mm", date, n, port);
}

static void add_odd(struct str *out, enum odd odd, int port)
{
	static const char *const dates[] = { [LATE] = "2024-01-02T12:30:00",
					     [OF_THE_FUTURE] = "2100-01-02T12:30:00",
					     [WITHOUT_A_DATE] = "soon" };

	add_event_of(out, 100 + (int)odd, "mm", dates[odd], 6, port);
}

static int query_int(const char *path, const char *key, int def)
{
	const char *s = strstr(path, key);

	return s ? atoi(s + strlen(key)) : def;
}

static void serve_events(int fd, const char *path, struct http_counts *c, int port)
{
	AUTO(str_done) struct str out = STR_INIT;
	AUTO_FREE char *link = NULL;
	int page = query_int(path, "&page=", 1), shown = 0, n;
	int next = c->n[MODE] == NEXT_IS_ITSELF ? page : page + 1;
	int h = 0, m = 0, sec = 0;
	const char *since = strstr(path, "since=2024-01-02T");
	bool more = false;

	/* An inclusive bound; all are of this hour. */
	if (since)
		assert_int_equal(sscanf(since + strlen("since=2024-01-02T"),
					"%2d%%3A%2d%%3A%2d", &h, &m, &sec),
				 3);
	str_add(&out, "[");
	if (page == 1 && c->n[ODD])
		add_odd(&out, (enum odd)c->n[ODD], port);
	for (n = 1; n <= c->n[EVENTS]; n++) {
		if (h * 3600 + m * 60 + sec > 13 * 3600 + (n + 1) / 2)
			continue;
		shown++;
		if (shown > page * PAGE)
			more = true;
		else if (shown > (page - 1) * PAGE)
			add_event(&out, n, n == 4, port);
	}
	str_add(&out, "]");
	if (page > 1 && out.len == 2) {
		reply(fd, "404 Not Found", "", "{\"detail\":\"Invalid page.\"}");
		return;
	}
	link = str_printf("Link: <http://%s:%d%.*s&page=%d>; rel=\"next\"\r\n",
			  c->n[MODE] == NEXT_LEAVES ? "elsewhere" : "127.0.0.1", port,
			  (int)(strstr(path, "&page=") ? strstr(path, "&page=") - path :
							 (long)strlen(path)),
			  path, next);
	reply(fd, "200 OK", more ? link : "", str_get(&out));
}

static void serve_series(int fd, int n)
{
	AUTO(str_done) struct str out = STR_INIT;

	str_addf(&out,
		 "{\"id\":%d,\"version\":1,\"total\":2,\"received_all\":true,"
		 "\"cover_letter\":",
		 n);
	if (n % 2)
		str_addf(&out, "{\"id\":%d,\"msgid\":\"<s%d-0@x>\"}", n * 10, n);
	else
		str_add(&out, "null");
	str_addf(&out,
		 ",\"patches\":[{\"id\":%d,\"msgid\":\"<s%d-1@x>\"},"
		 "{\"id\":%d,\"msgid\":\"<s%d-2@x>\"}]}",
		 n * 10 + 1, n, n * 10 + 2, n);
	reply(fd, "200 OK", "", str_get(&out));
}

static void serve_mail(int fd, int id, bool cover)
{
	AUTO_FREE char *body = str_printf(
		"{\"id\":%d,\"list_archive_url\":\"https://lore/s%d-%d@x\",\"headers\":{"
		"\"Received\":[\"from a\",\"from b\"],\"From\":\"A <a@x>\","
		"\"Content-Transfer-Encoding\":\"base64\",\"Message-Id\":\"<s%d-%d@x>\","
		"\"Date\":\"Tue, 2 Jan 2024 13:00:00 +0000\",\"Bad name:\":\"x\","
		"\"In-Reply-To\":\"<s%d-0@x>\",\"Subject\":\"[PATCH %d/2] mm:\\n x\"},"
		"\"content\":\"Text.\\n\\nbase-commit: 0123456789abcdef\",\"diff\":%s}",
		id, id / 10, id % 10, id / 10, id % 10, id / 10, id % 10,
		cover ? "null" :
			"\"diff --git a/mm/x.c b/mm/x.c\\n--- a/mm/x.c\\n+++ b/mm/x.c\\n"
			"@@ -1 +1 @@\\n-a\\n+b\\n\"");

	reply(fd, "200 OK", "", body);
}

/* Little to send, much to keep. */
static void serve_values(int fd)
{
	AUTO(str_done) struct str out = STR_INIT;

	str_add(&out, "[");
	for (int i = 0; i < 1000000; i++)
		str_add(&out, "[],");
	str_add(&out, "1]");
	reply(fd, "200 OK", "", str_get(&out));
}

static bool serve_trouble(int fd, const char *path, enum mode mode)
{
	switch (mode) {
	case FORBIDDEN:
		reply(fd, "403 Forbidden", "", "{\"detail\":\"Invalid token.\"}");
		return true;
	case TOO_MANY:
		reply(fd, "429 Too Many Requests", "Retry-After: 77\r\n", "");
		return true;
	case BROKEN:
		reply(fd, "500 Internal Server Error", "", "<html>oops</html>");
		return true;
	case CUT:
		reply(fd, "200 OK", "", "[{\"id\":1,\"category\":\"series-comp");
		return true;
	case VALUES:
		serve_values(fd);
		return true;
	case FAILS_AT_SERIES_2:
		if (!strstr(path, "/series/2/"))
			return false;
		reply(fd, "502 Bad Gateway", "", "");
		return true;
	case FAILS_AT_PATCH_21:
		if (!strstr(path, "/patches/21/"))
			return false;
		reply(fd, "500 Oops", "", "");
		return true;
	case BUSY_AT_PATCH_21:
		if (!strstr(path, "/patches/21/"))
			return false;
		reply(fd, "503 Busy", "", "");
		return true;
	case SLOW:
		if (!strstr(path, "/events/"))
			usleep(60000);
		return false;
	case OLD_API:
		if (!strstr(path, "/api/1.3/"))
			return false;
		reply(fd, "404 Not Found", "", "{\"detail\":\"Not found.\"}");
		return true;
	case GONE:
		if (!strstr(path, "/patches/12/") && !strstr(path, "/series/2/"))
			return false;
		reply(fd, "404 Not Found", "", "{\"detail\":\"Not found.\"}");
		return true;
	default:
		return false;
	}
}

static void serve(int fd, const char *path, const char *request, struct http_counts *c,
		  int port)
{
	if (strstr(request, "Authorization: Token sesame\r\n"))
		c->n[TOKENS]++;
	if (serve_trouble(fd, path, (enum mode)c->n[MODE]))
		return;
	if (strstr(path, "/events/"))
		serve_events(fd, path, c, port);
	else if (strstr(path, "/series/"))
		serve_series(fd, query_int(path, "/series/", 0));
	else if (strstr(path, "/covers/"))
		serve_mail(fd, query_int(path, "/covers/", 0), true);
	else
		serve_mail(fd, query_int(path, "/patches/", 0), false);
}

struct fixture {
	struct http_server server;
	struct json_object *job;
	char *dir;
};

static int setup(void **state)
{
	struct fixture *f = mem_alloc0(sizeof(*f));
	AUTO_FREE char *url = NULL;

	tmpdir_setup((void **)&f->dir);
	f->server = http_serve(serve);
	url = http_url(&f->server, "/pw/");
	f->job = json_object_new_object();
	json_set_str(f->job, "kind", "patchwork");
	json_set_str(f->job, "url", url);
	json_set_str(f->job, "project", "mm");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	http_stop(&f->server);
	json_object_put(f->job);
	tmpdir_teardown((void **)&f->dir);
	free(f);
	return 0;
}

static const char *error_of(const struct polled *p)
{
	return json_str(p->result, "error", "(none)");
}

static void test_pages_in_order_and_each_once(void **state)
{
	struct fixture *f = *state;

	f->server.counts->n[EVENTS] = 3;
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);

		assert_string_equal(error_of(&p), "(none)");
		assert_ids(&p, "s1-0@x s1-1@x s1-2@x s2-1@x s2-2@x s3-0@x s3-1@x s3-2@x");
	}
	/* Event 4 has the date of event 3, but is another project's. */
	f->server.counts->n[EVENTS] = 5;
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);

		assert_ids(&p, "s5-0@x s5-1@x s5-2@x");
	}
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);

		assert_ids(&p, "");
		assert_false(json_flag(p.result, "more", true));
	}
}

static void test_a_patch_reads_as_its_mail(void **state)
{
	struct fixture *f = *state;
	AUTO_POLLED struct polled p = { NULL };
	struct json_object *l;

	f->server.counts->n[EVENTS] = 1;
	p = poll_once(f->dir, f->job);
	l = line_at(&p, 0);
	assert_false(json_flag(l, "has_diff", true));
	l = line_at(&p, 2);
	assert_string_equal(json_str(l, "message_id", ""), "s1-2@x");
	assert_string_equal(json_str(l, "parent", ""), "s1-0@x");
	assert_string_equal(json_str(l, "subject", ""), "[PATCH 2/2] mm: x");
	assert_string_equal(json_str(l, "sender", ""), "a@x");
	assert_int_equal(json_int(l, "date", 0), 1704200400);
	assert_true(json_flag(l, "has_diff", false));
	assert_string_equal(json_object_to_json_string_ext(
				    json_arr(l, "paths"), JSON_C_TO_STRING_NOSLASHESCAPE),
			    "[\"mm/x.c\"]");
	assert_string_equal(json_str(l, "base_commit", ""), "0123456789abcdef");
	assert_string_equal(json_str(l, "archive_url", ""), "https://lore/s1-2@x");
	assert_null(json_arr(l, "raw"));
}

static void test_in_pieces(void **state)
{
	struct fixture *f = *state;

	f->server.counts->n[EVENTS] = 3;
	json_set(f->job, "limits", json_of("{\"mails\":1}"));
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);

		assert_ids(&p, "s1-0@x s1-1@x s1-2@x");
		assert_true(json_flag(p.result, "more", false));
	}
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);

		assert_ids(&p, "s2-1@x s2-2@x");
	}
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);

		assert_ids(&p, "s3-0@x s3-1@x s3-2@x");
		assert_false(json_flag(p.result, "more", true));
	}
}

/* What came before the trouble stays, what did not come will, and the rest comes. */
static void test_trouble_in_the_middle(void **state)
{
	static const struct {
		enum mode mode;
		const char *first, *note, *error, *then;
	} cases[] = {
		{ FAILS_AT_SERIES_2, "s1-0@x s1-1@x s1-2@x s3-0@x s3-1@x s3-2@x",
		  "/series/2/: HTTP status 502 (it is tried again)", "(none)",
		  "s2-1@x s2-2@x" },
		{ FAILS_AT_PATCH_21, "s1-0@x s1-1@x s1-2@x s2-2@x s3-0@x s3-1@x s3-2@x",
		  "/patches/21/: HTTP status 500 (it is tried again)", "(none)",
		  "s2-1@x" },
		{ BUSY_AT_PATCH_21, "s1-0@x s1-1@x s1-2@x", "",
		  "/patches/21/: HTTP status 503", "s2-2@x s3-0@x s3-1@x s3-2@x s2-1@x" },
	};
	struct fixture *f = *state;

	f->server.counts->n[EVENTS] = 3;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_POLLED struct polled p = { NULL }, then = { NULL };

		json_object_object_del(f->job, "cursor");
		f->server.counts->n[MODE] = cases[i].mode;
		p = poll_once(f->dir, f->job);
		assert_ids(&p, cases[i].first);
		assert_non_null(strstr(error_of(&p), cases[i].error));
		assert_non_null(strstr(
			json_object_to_json_string_ext(json_arr(p.result, "notes"),
						       JSON_C_TO_STRING_NOSLASHESCAPE),
			cases[i].note));
		f->server.counts->n[MODE] = GOOD;
		then = poll_once(f->dir, f->job);
		assert_ids(&then, cases[i].then);
		assert_string_equal(error_of(&then), "(none)");
	}
}

/* A series that takes longer than a poll may take. */
static void test_a_series_in_pieces(void **state)
{
	struct fixture *f = *state;
	AUTO(str_done) struct str all = STR_INIT;
	int polls = 0;

	f->server.counts->n[EVENTS] = 1;
	f->server.counts->n[MODE] = SLOW;
	json_set(f->job, "limits", json_of("{\"ms\":20,\"request_ms\":5000}"));
	for (bool more = true; more && polls < 10; polls++) {
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);
		AUTO_FREE char *ids = ids_in(&p);

		assert_string_equal(error_of(&p), "(none)");
		str_addf(&all, "%s ", ids);
		more = json_flag(p.result, "more", false);
	}
	assert_int_equal(polls, 3);
	assert_string_equal(str_get(&all), "s1-0@x s1-1@x s1-2@x ");
}

/* Of two mails that came at once the one with the earlier date may show last. */
static void test_an_event_that_comes_late(void **state)
{
	struct fixture *f = *state;

	f->server.counts->n[EVENTS] = 2;
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);
		assert_ids(&p, "s1-0@x s1-1@x s1-2@x s2-1@x s2-2@x");
	}
	f->server.counts->n[ODD] = LATE;
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);
		assert_ids(&p, "s6-1@x s6-2@x");
	}
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);
		assert_ids(&p, "");
	}
}

static void test_odd_dates_hide_no_other(void **state)
{
	struct fixture *f = *state;

	f->server.counts->n[EVENTS] = 1;
	f->server.counts->n[ODD] = OF_THE_FUTURE;
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);
		assert_ids(&p, "s6-1@x s6-2@x s1-0@x s1-1@x s1-2@x");
	}
	f->server.counts->n[EVENTS] = 2;
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);
		assert_ids(&p, "s2-1@x s2-2@x");
	}
	f->server.counts->n[EVENTS] = 3;
	f->server.counts->n[ODD] = WITHOUT_A_DATE;
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);

		assert_ids(&p, "s3-0@x s3-1@x s3-2@x");
		assert_string_equal(error_of(&p), "(none)");
		assert_int_equal(json_len(json_arr(p.result, "notes")), 1);
	}
}

/* What is not wanted is done, too: it need not be asked for for ever. */
static void test_events_of_others_move_the_cursor(void **state)
{
	struct fixture *f = *state;
	AUTO_POLLED struct polled p = { NULL };

	f->server.counts->n[EVENTS] = 3;
	json_set_str(f->job, "project", "third");
	p = poll_once(f->dir, f->job);
	assert_ids(&p, "");
	assert_int_equal(json_int(json_obj(f->job, "cursor"), "time", 0), 1704200402);
}

static void test_next_pages_that_lead_nowhere(void **state)
{
	struct fixture *f = *state;

	f->server.counts->n[EVENTS] = 5;
	f->server.counts->n[MODE] = NEXT_LEAVES;
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);

		assert_ids(&p, "s1-0@x s1-1@x s1-2@x s2-1@x s2-2@x");
		assert_non_null(strstr(error_of(&p), "is on another server"));
	}
	f->server.counts->n[MODE] = NEXT_IS_ITSELF;
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);

		assert_ids(&p, "");
		assert_non_null(strstr(error_of(&p), "a page that follows itself"));
	}
}

/* A later poll goes on where the first one began, though that brought nothing. */
static void test_a_first_poll_without_events(void **state)
{
	struct fixture *f = *state;

	json_set_int(f->job, "since", 1704200400); /* 13:00:00 */
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);
		assert_ids(&p, "");
	}
	json_set_int(f->job, "since", 1704200460); /* when the next poll begins */
	f->server.counts->n[EVENTS] = 1;
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);
		assert_ids(&p, "s1-0@x s1-1@x s1-2@x");
	}
}

/* The cursor of before this was kept as a number goes on. */
static void test_an_old_cursor(void **state)
{
	struct fixture *f = *state;

	f->server.counts->n[EVENTS] = 3;
	json_set(f->job, "cursor",
		 json_of("{\"since\":\"2024-01-02T13:00:01.123456\",\"ids\":[1]}"));
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);
		assert_ids(&p, "s2-1@x s2-2@x s3-0@x s3-1@x s3-2@x");
	}
}

static void test_answers_that_are_errors(void **state)
{
	static const struct {
		enum mode mode;
		const char *says;
		long long retry_after;
	} cases[] = {
		{ FORBIDDEN, "HTTP status 403: {\"detail\":\"Invalid token.\"}", 0 },
		{ TOO_MANY, "HTTP status 429", 77 },
		{ BROKEN, "HTTP status 500", 0 },
		{ CUT, "JSON: ", 0 },
		{ VALUES, "JSON: over 200000 values", 0 },
	};
	struct fixture *f = *state;

	f->server.counts->n[EVENTS] = 1;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_POLLED struct polled p = { NULL };

		f->server.counts->n[MODE] = cases[i].mode;
		p = poll_once(f->dir, f->job);
		if (!strstr(error_of(&p), cases[i].says))
			fail_msg("\"%s\" instead of \"%s\"", error_of(&p), cases[i].says);
		assert_int_equal(json_int(p.result, "retry_after", -1),
				 cases[i].retry_after);
		assert_null(json_obj(p.result, "cursor"));
		assert_int_equal(json_len(p.lines), 0);
	}
}

static void test_token_of_a_file(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *path = path_join(f->dir, "token", NULL);

	json_set_str(f->job, "token_file", path);
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);
		assert_non_null(strstr(error_of(&p), "token: No such file"));
	}
	put_file(f->dir, "token", "two words\n");
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);
		assert_non_null(strstr(error_of(&p), "more than one word"));
	}
	assert_int_equal(f->server.counts->requests, 0);
	put_file(f->dir, "token", "sesame\n");
	{
		AUTO_JSON struct json_object *other = NULL;
		AUTO_POLLED struct polled p = { NULL };

		json_object_deep_copy(f->job, &other, NULL);
		json_set_str(other, "url", "http://patchwork.example/");
		p = poll_once(f->dir, other);
		assert_non_null(strstr(error_of(&p), "https only"));
	}
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);
		assert_string_equal(error_of(&p), "(none)");
	}
	assert_int_equal(f->server.counts->n[TOKENS], 1);
}

static void test_what_is_gone_is_passed_over(void **state)
{
	struct fixture *f = *state;

	f->server.counts->n[EVENTS] = 7;
	f->server.counts->n[MODE] = GONE;
	json_set_str(f->job, "project", "");
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);

		assert_ids(&p, "s1-0@x s1-1@x s3-0@x s3-1@x s3-2@x s4-1@x s4-2@x s5-0@x "
			       "s5-1@x s5-2@x s6-1@x s6-2@x s7-0@x s7-1@x s7-2@x");
		assert_string_equal(error_of(&p), "(none)");
		assert_int_equal(json_len(json_arr(p.result, "notes")), 2);
	}
}

static void test_an_older_api(void **state)
{
	struct fixture *f = *state;
	AUTO_POLLED struct polled p = { NULL };

	f->server.counts->n[EVENTS] = 1;
	f->server.counts->n[MODE] = OLD_API;
	p = poll_once(f->dir, f->job);
	assert_ids(&p, "s1-0@x s1-1@x s1-2@x");
}

int main(void)
{
#define t(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		t(test_pages_in_order_and_each_once),
		t(test_a_patch_reads_as_its_mail),
		t(test_in_pieces),
		t(test_trouble_in_the_middle),
		t(test_a_series_in_pieces),
		t(test_an_event_that_comes_late),
		t(test_odd_dates_hide_no_other),
		t(test_events_of_others_move_the_cursor),
		t(test_next_pages_that_lead_nowhere),
		t(test_a_first_poll_without_events),
		t(test_an_old_cursor),
		t(test_answers_that_are_errors),
		t(test_token_of_a_file),
		t(test_what_is_gone_is_passed_over),
		t(test_an_older_api),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
