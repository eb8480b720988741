/* Servers that answer well, badly, too much, too slowly, or not at all. */
#include "tests/unit/http_fixture.h"

#include <time.h>
#include <zlib.h>

#include "lib/cleanup.h"
#include "lib/gunzip.h"
#include "lib/http.h"

#define GOOD "a line of text, a line of text\n"

/* level 9, gzip; the caller frees. */
static char *gz(const char *data, size_t len, size_t *ret_len)
{
	z_stream z = { 0 };
	char *out = mem_alloc0(len + 1000);

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY),
			 Z_OK);
	z.next_in = (Bytef *)data;
	z.avail_in = (uInt)len;
	z.next_out = (Bytef *)out;
	z.avail_out = (uInt)len + 1000;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	*ret_len = z.total_out;
	deflateEnd(&z);
	return out;
}

static void reply_gz(int fd, const char *data, size_t len, size_t cut)
{
	size_t n;
	char *packed = gz(data, len, &n);

	reply_bytes(fd, "200 OK", "Content-Encoding: gzip\r\n", packed, n - cut);
	free(packed);
}

/* Ten gigabytes; what the other end does not read blocks us. */
static void send_much(int fd)
{
	static char block[1 << 20];

	memset(block, 'x', sizeof(block));
	for (int i = 0; i < 10240; i++)
		send_all(fd, block, sizeof(block));
}

/* Ten gigabytes that are ten megabytes on the wire. */
static void send_bomb(int fd)
{
	static char block[1 << 20], out[1 << 16];
	z_stream z = { 0 };

	deflateInit2(&z, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY);
	for (int i = 0; i < 10240; i++) {
		z.next_in = (Bytef *)block;
		z.avail_in = sizeof(block);
		while (z.avail_in) {
			z.next_out = (Bytef *)out;
			z.avail_out = sizeof(out);
			deflate(&z, Z_SYNC_FLUSH);
			send_all(fd, out, sizeof(out) - z.avail_out);
		}
	}
}

static void serve_redirect(int fd, const char *path, int port)
{
	AUTO_FREE char *to = NULL;

	if (str_starts(path, "/to-self"))
		to = str_dup("Location: /ok\r\n");
	else if (str_starts(path, "/to-loop"))
		to = str_dup("Location: /to-loop\r\n");
	else if (str_starts(path, "/to-file"))
		to = str_dup("Location: file:///etc/passwd\r\n");
	else if (str_starts(path, "/to-port"))
		to = str_printf("Location: http://127.0.0.1:%d/ok\r\n", port ^ 1);
	else if (str_starts(path, "/to-host"))
		to = str_printf("Location: http://localhost:%d/ok\r\n", port);
	else
		to = str_printf("Location: http://127.0.0.1@evil.example:%d/\r\n", port);
	reply(fd, "302 Found", to, "moved");
}

/* "Retry-After" as a date, so many seconds from now. */
static void reply_later(int fd, int seconds)
{
	time_t t = time(NULL) + seconds;
	struct tm tm;
	char text[100];

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "Retry-After: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm);
	reply(fd, "429 Too Many Requests", text, "slow down");
}

static void serve_plain(int fd, const char *path, const char *request)
{
	if (str_starts(path, "/etag") && strstr(request, "If-None-Match: \"v1\"\r\n"))
		send_text(fd, "HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\n"
			      "Content-Encoding: gzip\r\nConnection: close\r\n\r\n");
	else if (str_starts(path, "/etag"))
		reply(fd, "200 OK", "ETag: \"v1\"\r\n", GOOD);
	else if (str_starts(path, "/later-date"))
		reply_later(fd, 300);
	else if (str_starts(path, "/later-past"))
		reply_later(fd, -300);
	else if (str_starts(path, "/later"))
		reply(fd, "429 Too Many Requests", "Retry-After: 120\r\n", "slow down");
	else if (str_starts(path, "/page"))
		reply(fd, "500 Internal Server Error", "", "<html>a long page</html>");
	else if (str_starts(path, "/next"))
		reply(fd, "200 OK",
		      "Link: <http://x/?a>; rel=\"prev\", </ok?page=2>; rel=\"next\"\r\n",
		      "");
	else if (str_starts(path, "/away"))
		reply(fd, "200 OK", "Link: <http://elsewhere/>; rel=\"next\"\r\n", "");
	else if (str_starts(path, "/proxied"))
		reply(fd, "200 OK",
		      "Link: <https://127.0.0.1/ok?page=2>; rel=\"next\"\r\n", "");
	else if (str_starts(path, "/brotli"))
		reply(fd, "200 OK", "Content-Encoding: br\r\n", "xxxx");
	else if (str_starts(path, "/short"))
		send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this");
	else if (str_starts(path, "/garbage"))
		send_text(fd, "\x01\x02 what is this?\r\n\r\n");
	else
		reply(fd, "200 OK", "", GOOD);
}

static void serve(int fd, const char *path, const char *request,
		  struct http_counts *counts, int port)
{
	static char zeros[1 << 20];

	(void)counts;
	if (str_starts(path, "/to-")) {
		serve_redirect(fd, path, port);
	} else if (str_starts(path, "/gzip-cut")) {
		reply_gz(fd, GOOD GOOD GOOD, strlen(GOOD) * 3, 12);
	} else if (str_starts(path, "/gzip-zeros")) {
		reply_gz(fd, zeros, sizeof(zeros), 0);
	} else if (str_starts(path, "/gzip-not")) {
		reply(fd, "200 OK", "Content-Encoding: gzip\r\n", GOOD);
	} else if (str_starts(path, "/gzip")) {
		reply_gz(fd, GOOD, strlen(GOOD), 0);
	} else if (str_starts(path, "/much")) {
		send_text(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
		send_much(fd);
	} else if (str_starts(path, "/announced")) {
		send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n");
		send_much(fd);
	} else if (str_starts(path, "/error-much")) {
		send_text(fd, "HTTP/1.1 500 No\r\nConnection: close\r\n\r\n");
		send_much(fd);
	} else if (str_starts(path, "/bomb")) {
		send_text(fd, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n");
		send_bomb(fd);
	} else if (str_starts(path, "/headers")) {
		send_text(fd, "HTTP/1.1 200 OK\r\n");
		for (;;)
			send_text(fd, "X-More: and more, and more, and more\r\n");
	} else if (str_starts(path, "/drip")) {
		send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
		for (;;) {
			send_text(fd, "x");
			sleep(1);
		}
	} else if (str_starts(path, "/silent")) {
		pause();
	} else {
		serve_plain(fd, path, request);
	}
}

struct fixture {
	struct http_server server;
	struct http *http;
	struct http_answer answer;
	struct err err;
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int setup(void **state)
{
	struct fixture *f = mem_alloc0(sizeof(*f));
	AUTO_FREE char *url = NULL;
	struct http_opts o = { .connect_ms = 5000,
			       .request_ms = 20000,
			       .stall_bytes = 100,
			       .stall_s = 2 };

	f->server = http_serve(serve);
	url = http_url(&f->server, "/");
	o.base = url;
	assert_int_equal(http_new(&o, &f->http, &f->err), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	http_answer_done(&f->answer);
	http_free(f->http);
	http_stop(&f->server);
	free(f);
	return 0;
}

static int get(struct fixture *f, const char *path)
{
	AUTO_FREE char *url = http_url(&f->server, path);
	struct http_ask ask = { .url = url, .max = 1 << 20 };

	http_answer_done(&f->answer);
	f->err = (struct err){ .code = ERR_NONE };
	return http_get(f->http, &ask, &f->answer, &f->err);
}

static void test_good_answers(void **state)
{
	struct fixture *f = *state;
	static const char *const paths[] = { "/ok", "/gzip", "/to-self" };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		if (get(f, paths[i]))
			fail_msg("%s", f->err.msg);
		assert_int_equal(f->answer.status, 200);
		assert_string_equal(str_get(&f->answer.body), GOOD);
	}
	assert_non_null(strstr(f->server.counts->last, "User-Agent: sluice\r\n"));
}

static void test_only_if_it_changed(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *url = http_url(&f->server, "/etag");
	struct http_ask ask = { .url = url, .max = 1000, .etag = "\"v1\"" };

	assert_int_equal(get(f, "/etag"), 0);
	assert_string_equal(f->answer.etag, "\"v1\"");
	http_answer_done(&f->answer);
	assert_int_equal(http_get(f->http, &ask, &f->answer, &f->err), 0);
	assert_int_equal(f->answer.status, 304);
	assert_int_equal(f->answer.body.len, 0);
}

static void test_an_error_says_what_the_page_says(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(get(f, "/later"), 0);
	assert_int_equal(f->answer.status, 429);
	assert_int_equal(f->answer.retry_after, 120);
	http_status_err("http://x/", &f->answer, &f->err);
	assert_string_equal(f->err.msg, "http://x/: HTTP status 429: slow down");
	assert_int_equal(get(f, "/later-date"), 0);
	assert_in_range(f->answer.retry_after, 270, 300);
	assert_int_equal(get(f, "/later-past"), 0);
	assert_int_equal(f->answer.retry_after, 0);
	assert_int_equal(get(f, "/page"), 0);
	http_status_err("http://x/", &f->answer, &f->err);
	assert_string_equal(f->err.msg, "http://x/: HTTP status 500");
}

static void test_next_page(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *want = http_url(&f->server, "/ok?page=2");

	assert_int_equal(get(f, "/next"), 0);
	assert_string_equal(f->answer.next, want);
	assert_false(f->answer.next_left);
	assert_int_equal(get(f, "/proxied"), 0);
	assert_string_equal(f->answer.next, want);
	assert_int_equal(get(f, "/away"), 0);
	assert_null(f->answer.next);
	assert_true(f->answer.next_left);
	assert_int_equal(get(f, "/ok"), 0);
	assert_false(f->answer.next_left);
}

static void test_answers_that_are_refused(void **state)
{
	static const struct {
		const char *path, *says;
		enum err_code code;
	} cases[] = {
		{ "/to-port", "redirected elsewhere, to http://127.0.0.1:", ERR_INPUT },
		{ "/to-host", "redirected elsewhere, to http://localhost:", ERR_INPUT },
		{ "/to-evil", "evil.example", ERR_INPUT },
		{ "/to-file", "redirected elsewhere, to file:///etc/passwd", ERR_INPUT },
		{ "/to-loop", "over 5 redirects", ERR_INPUT },
		{ "/gzip-cut", "cut short", ERR_INPUT },
		{ "/gzip-not", "broken gzip", ERR_INPUT },
		{ "/gzip-zeros", "over 250 times its size", ERR_LIMIT },
		{ "/bomb", "over 250 times its size", ERR_LIMIT },
		{ "/much", "an answer of over 1048576 bytes", ERR_LIMIT },
		{ "/announced", "an answer of over 1048576 bytes", ERR_LIMIT },
		{ "/error-much", "an answer of over 1048576 bytes", ERR_LIMIT },
		{ "/brotli", "in the encoding \"br\"", ERR_INPUT },
		{ "/short", "/short: ", ERR_SYS },
		{ "/garbage", "/garbage: ", ERR_SYS },
		{ "/headers", "/headers: ", ERR_SYS },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t begin = now_ms();

		if (get(f, cases[i].path) == 0)
			fail_msg("%s was taken", cases[i].path);
		if (!strstr(f->err.msg, cases[i].says) || f->err.code != cases[i].code ||
		    !strstr(f->err.msg, cases[i].path))
			fail_msg("%s: code %d, \"%s\"", cases[i].path, f->err.code,
				 f->err.msg);
		assert_true(now_ms() - begin < 15000);
	}
	/* And it still works. */
	assert_int_equal(get(f, "/ok"), 0);
}

static void test_no_other_server_is_asked(void **state)
{
	static const char *const urls[] = { "file:///etc/passwd",
					    "ftp://127.0.0.1/",
					    "http://127.0.0.1:1/",
					    "http://localhost/",
					    "/ok",
					    "" };
	struct fixture *f = *state;
	struct http *h;

	for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
		struct http_ask ask = { .url = urls[i], .max = 1000 };

		assert_int_equal(http_get(f->http, &ask, &f->answer, &f->err), -1);
		assert_int_equal(f->err.code, ERR_INPUT);
	}
	assert_int_equal(f->server.counts->requests, 0);
	assert_int_equal(
		http_new(&(struct http_opts){ .base = "file:///etc" }, &h, &f->err), -1);
}

static void test_where_a_secret_may_go(void **state)
{
	static const char *const yes[] = { "https://lore.kernel.org/",
					   "http://127.0.0.1/", "http://127.9.9.9:80/x",
					   "http://[::1]:8/", "http://LocalHost/" };
	static const char *const no[] = {
		"http://lore.kernel.org/",   "http://127.0.0.1.example/",
		"http://127.evil.example/",  "http://127.0.0.1@evil.example/",
		"http://localhost.example/", "http://10.0.0.1/",
		"ftp://localhost/",          ""
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		assert_true(http_is_private(yes[i]));
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		assert_false(http_is_private(no[i]));
}

/* One byte a second, and none at all: given up after the two seconds agreed on. */
static void test_slow_ones(void **state)
{
	static const char *const paths[] = { "/drip", "/silent" };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		uint64_t begin = now_ms();

		assert_int_equal(get(f, paths[i]), -1);
		assert_int_equal(f->err.code, ERR_SYS);
		assert_non_null(strstr(f->err.msg, "too slow"));
		assert_true(now_ms() - begin < 12000);
	}
}

static void test_ends_of_time_and_bytes_for_all(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *url = http_url(&f->server, "/ok");
	struct http_opts o = { .base = url,
			       .connect_ms = 5000,
			       .request_ms = 20000,
			       .bytes = strlen(GOOD) };
	struct http_ask ask = { .url = url, .max = 1000 };

	http_free(f->http);
	assert_int_equal(http_new(&o, &f->http, &f->err), 0);
	assert_int_equal(get(f, "/ok"), 0);
	assert_int_equal(get(f, "/ok"), -1);
	assert_non_null(strstr(f->err.msg, "answers of over 31 bytes"));
	assert_int_equal(f->err.code, ERR_SYS);
	http_free(f->http);
	o.end_ms = now_ms();
	assert_int_equal(http_new(&o, &f->http, &f->err), 0);
	assert_int_equal(http_get(f->http, &ask, &f->answer, &f->err), -1);
	assert_non_null(strstr(f->err.msg, "no time is left"));
}

static void test_nobody_listens(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *url = http_url(&f->server, "/ok");
	struct http_ask ask = { .url = url, .max = 1000 };

	kill(f->server.pid, SIGKILL);
	waitpid(f->server.pid, NULL, 0);
	assert_int_equal(http_get(f->http, &ask, &f->answer, &f->err), -1);
	assert_non_null(strstr(f->err.msg, "/ok: "));
}

static void test_gunzip_members_and_sizes(void **state)
{
	AUTO(str_done) struct str packed = STR_INIT, out = STR_INIT;
	struct err err = { .code = ERR_NONE };
	AUTO_FREE char *one = NULL;
	size_t n;

	(void)state;
	one = gz(GOOD, strlen(GOOD), &n);
	str_addn(&packed, one, n);
	str_addn(&packed, one, n);
	assert_int_equal(gunzip_all(packed.data, packed.len, 1000, &out, &err), 0);
	assert_string_equal(str_get(&out), GOOD GOOD);
	str_clear(&out);
	assert_int_equal(gunzip_all(packed.data, packed.len, 40, &out, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	for (size_t cut = 1; cut < n; cut++) {
		str_clear(&out);
		assert_int_equal(gunzip_all(one, n - cut, 1000, &out, &err), -1);
	}
	assert_int_equal(gunzip_all("", 0, 1000, &out, &err), -1);
}

static void test_escape(void **state)
{
	AUTO(str_done) struct str s = STR_INIT;

	(void)state;
	http_escape(&s, "a/b%2B+x=y!&#?$@x-._~\xc3\xa4");
	assert_string_equal(str_get(&s),
			    "a%2Fb%252B%2Bx%3Dy%21%26%23%3F%24%40x-._~%C3%A4");
}

int main(void)
{
#define t(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		t(test_good_answers),
		t(test_only_if_it_changed),
		t(test_an_error_says_what_the_page_says),
		t(test_next_page),
		t(test_answers_that_are_refused),
		t(test_no_other_server_is_asked),
		t(test_slow_ones),
		t(test_ends_of_time_and_bytes_for_all),
		t(test_nobody_listens),
		cmocka_unit_test(test_gunzip_members_and_sizes),
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_where_a_secret_may_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
