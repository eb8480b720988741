/*
 * The kind "archive" of the role "poll" and its Atom reader where an archive is no
 * good; tests/e2e/test_poll_archive.sh has a real one.
 */
#include "tests/unit/http_fixture.h"
#include "tests/unit/poll_fixture.h"

#include <zlib.h>

#include "kernels/atom.h"
#include "kernels/poll_list.h"

/* ---- Atom ---- */

struct entries {
	struct str out;
	size_t n;
};

static int on_entry(const struct atom_entry *e, void *arg, struct err *err)
{
	struct entries *list = arg;

	(void)err;
	list->n++;
	str_addf(&list->out, "%s %lld\n", e->href, e->updated);
	return 0;
}

/* In pieces of so many bytes. */
static int read_atom(const char *text, size_t piece, struct entries *ret, struct err *err)
{
	struct atom *a = atom_new(on_entry, ret);
	size_t len = strlen(text);
	int rc = 0;

	*ret = (struct entries){ .out = STR_INIT };
	for (size_t at = 0; !rc && at < len; at += piece)
		rc = atom_feed(text + at, piece < len - at ? piece : len - at, a, err);
	if (!rc)
		rc = atom_end(a, err);
	atom_free(a);
	return rc;
}

#define HEAD "<?xml version=\"1.0\"?><feed xmlns=\"http://www.w3.org/2005/Atom\">"

static void test_atom_entries(void **state)
{
	static const char feed[] = HEAD
		"<link href=\"http://x/\"/><updated>2020-01-01T00:00:00Z</updated>"
		"<entry><link rel=\"edit\" href=\"no\"/><link href=\"http://x/a&amp;b@c/\"/>"
		"<updated>2024-01-02T13:00:00Z</updated><content type=\"xhtml\"><div "
		"xmlns=\"http://www.w3.org/1999/xhtml\"><updated>1999-01-01T00:00:00Z"
		"</updated><link href=\"inner\"/></div></content></entry>"
		"<entry><title>no link</title></entry>"
		"<entry><updated>2024-01-02T15:30:00.5+02:30</updated><link rel=\"alternate\" "
		"href=\"2\"/><link href=\"3\"/></entry>"
		"<entry xmlns=\"other\"><link href=\"4\"/></entry>"
		"<entry><updated>soon</updated><link href=\"5\"/></entry></feed>";
	struct entries e;
	struct err err = { .code = ERR_NONE };

	(void)state;
	for (size_t piece = 1; piece < sizeof(feed); piece += 7) {
		if (read_atom(feed, piece, &e, &err))
			fail_msg("%s", err.msg);
		assert_string_equal(str_get(&e.out), "http://x/a&b@c/ 1704200400\n"
						     "2 1704200400\n5 0\n");
		str_done(&e.out);
	}
}

static void test_atom_that_is_refused(void **state)
{
	AUTO(str_done) struct str deep = STR_INIT, many = STR_INIT;
	const struct {
		const char *text, *says;
	} cases[] = {
		{ HEAD "<entry><link href=\"1\"/></entry>", "no element found" },
		{ HEAD "<entry></feed>", "mismatched tag" },
		{ "", "no element found" },
		{ "<html><body>Are you a robot?</body></html>", "no Atom feed" },
		{ "<feed/>", "no Atom feed" },
		{ "<!DOCTYPE feed [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]>"
		  "<feed xmlns=\"http://www.w3.org/2005/Atom\">&b;</feed>",
		  "document type" },
		{ HEAD "<entry>\xff\xfe</entry></feed>", "not well-formed" },
		{ NULL, "nested over 100 deep" },
		{ NULL, "over 2000 entries" },
	};
	struct entries e;

	(void)state;
	str_add(&deep, HEAD);
	for (int i = 0; i < 200; i++)
		str_add(&deep, "<a>");
	str_add(&many, HEAD);
	for (int i = 0; i < 2001; i++)
		str_add(&many, "<entry><link href=\"1\"/></entry>");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *text = cases[i].text              ? cases[i].text :
				   i == ARRAY_SIZE(cases) - 1 ? str_get(&many) :
								str_get(&deep);
		struct err err = { .code = ERR_NONE };

		assert_true(read_atom(text, 100, &e, &err) < 0);
		if (!strstr(err.msg, cases[i].says))
			fail_msg("\"%s\" instead of \"%s\"", err.msg, cases[i].says);
		str_done(&e.out);
	}
}

/* ---- an archive that is no good ---- */

enum { MODE, MAILS, UNCHANGED };
enum mode {
	GOOD,
	RAW_FAILS,
	RAW_BAD,  /* that of m2 */
	RAW_DOWN, /* all of them */
	RAW_GONE,
	RAW_HUGE,
	MANIFEST_BROKEN,
	FEED_CUT,
	FEED_BEHIND,
	PAGED,   /* 25 on a page; the newest has no date */
	NUMBERS, /* a search index; of all numbers above 2 the first 5000 are free */
	ALL_FAIL,
	NOTHING
};

static void serve_manifest(int fd, const char *request, struct http_counts *c)
{
	AUTO_FREE char *tag = str_printf("ETag: \"%d\"\r\n", c->n[MAILS]);
	AUTO_FREE char *none_match = str_printf("If-None-Match: \"%d\"\r\n", c->n[MAILS]);
	AUTO_FREE char *text = str_printf("{\"n\":%d}", c->n[MAILS]);
	unsigned char out[200];
	z_stream z = { 0 };

	if (c->n[MODE] == MANIFEST_BROKEN) {
		reply(fd, "200 OK", "", "this is no gzip");
		return;
	}
	if (strstr(request, none_match)) {
		c->n[UNCHANGED]++;
		send_text(fd, "HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n");
		return;
	}
	deflateInit2(&z, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY);
	z.next_in = (Bytef *)text;
	z.avail_in = (uInt)strlen(text);
	z.next_out = out;
	z.avail_out = sizeof(out);
	deflate(&z, Z_FINISH);
	reply_bytes(fd, "200 OK", tag, out, z.total_out);
}

static void serve_feed(int fd, struct http_counts *c)
{
	AUTO(str_done) struct str out = STR_INIT;

	str_add(&out, HEAD);
	for (int i = c->n[MAILS] - (c->n[MODE] == FEED_BEHIND); i > 0; i--)
		str_addf(&out,
			 "<entry><link href=\"http://elsewhere/list/m%d@x/\"/>"
			 "<updated>2024-01-02T13:00:%02dZ</updated></entry>",
			 i, i);
	if (c->n[MODE] != FEED_CUT)
		str_add(&out, "</feed>");
	reply(fd, "200 OK", "", str_get(&out));
}

/* Mail n came so many seconds after 13 o'clock. */
#define PAGED_TIME(n) (1704200400 + (n))

static void add_paged(struct str *out, int n, bool dated)
{
	time_t t = PAGED_TIME(n);
	struct tm tm;
	char text[32];

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	str_addf(out,
		 "<entry><link href=\"http://elsewhere/list/m%d@x/\"/>"
		 "<updated>%s</updated></entry>",
		 n, dated ? text : "99999-01-01T00:00:00Z");
}

/* As public-inbox does: the newest first, or from a time on the oldest first. */
static void serve_paged(int fd, const char *path, struct http_counts *c)
{
	AUTO(str_done) struct str out = STR_INIT;
	const char *at = strstr(path, "?t=20240102");
	int max = c->n[MAILS], h = 0, m = 0, s = 0, shown = 0;

	str_add(&out, HEAD);
	if (at) {
		assert_int_equal(
			sscanf(at + strlen("?t=20240102"), "%2d%2d%2d", &h, &m, &s), 3);
		for (int n = 1; n <= max && shown < 25; n++)
			if (PAGED_TIME(n) >= 1704153600 + h * 3600 + m * 60 + s) {
				add_paged(&out, n, true);
				shown++;
			}
	} else {
		for (int n = max; n > 0 && shown < 25; n--, shown++)
			add_paged(&out, n, n < max);
	}
	str_add(&out, "</feed>");
	reply(fd, "200 OK", "", str_get(&out));
}

static void serve_raw(int fd, const char *path, struct http_counts *c)
{
	static char huge[3 << 20];
	int n = atoi(path + strlen("/list/m"));
	AUTO_FREE char *mail = str_printf(
		"From mboxrd@z Thu Jan  1 00:00:00 1970\nFrom: a@x\nSubject: s\n"
		"Message-ID: <m%d@x>\n\n>From here on\n\n",
		n);

	if (n == 2 && c->n[MODE] == RAW_FAILS)
		reply(fd, "503 Busy", "Retry-After: 9\r\n", "busy");
	else if ((n == 2 && c->n[MODE] == RAW_BAD) || c->n[MODE] == RAW_DOWN)
		reply(fd, "500 Internal Server Error", "Retry-After: 9999\r\n", "oops");
	else if (n == 2 && c->n[MODE] == RAW_GONE)
		reply(fd, "404 Not Found", "", "gone");
	else if (n == 2 && c->n[MODE] == RAW_HUGE)
		reply_bytes(fd, "200 OK", "", huge, sizeof(huge));
	else
		reply(fd, "200 OK", "", mail);
}

static void serve_numbers(int fd, const char *path, struct http_counts *c)
{
	AUTO(str_done) struct str out = STR_INIT;
	long long from = 0, to = 1LL << 50;
	int limit = 200, offset = 0, found = 0, shown = 0;

	if (sscanf(path, "/list/?q=uid%%3A%lld..%lld", &from, &to) < 1) {
		reply(fd, "404 Not Found", "", "nothing");
		return;
	}
	assert_int_equal(sscanf(strstr(path, "&o="), "&o=%d&l=%d", &offset, &limit), 2);
	str_add(&out, HEAD);
	for (int n = 1; n <= c->n[MAILS] && shown < limit; n++) {
		long long uid = n > 2 ? n + 5000 : n;

		if (uid < from || uid > to || found++ < offset)
			continue;
		shown++;
		str_addf(&out, "<entry><link href=\"http://x/list/m%d@x/\"/></entry>", n);
	}
	str_add(&out, "</feed>");
	reply(fd, shown ? "200 OK" : "404 Not Found", "", str_get(&out));
}

static void serve(int fd, const char *path, const char *request, struct http_counts *c,
		  int port)
{
	(void)port;
	if (c->n[MODE] == ALL_FAIL)
		reply(fd, "500 Internal Server Error", "", "oops");
	else if (c->n[MODE] == NUMBERS && strstr(path, "?q="))
		serve_numbers(fd, path, c);
	else if (c->n[MODE] == NUMBERS && strstr(path, "new.atom"))
		reply(fd, "404 Not Found", "", "no feed");
	else if (c->n[MODE] == NOTHING || strstr(path, "?q="))
		reply(fd, "404 Not Found", "", "nothing");
	else if (!strcmp(path, "/list/manifest.js.gz"))
		serve_manifest(fd, request, c);
	else if (str_starts(path, "/list/new.atom") && c->n[MODE] == PAGED)
		serve_paged(fd, path, c);
	else if (str_starts(path, "/list/new.atom"))
		serve_feed(fd, c);
	else if (str_starts(path, "/list/m") && str_ends(path, "%40x/raw"))
		serve_raw(fd, path, c);
	else
		reply(fd, "400 Bad Request", "", path);
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
	f->server.counts->n[MAILS] = 3;
	url = http_url(&f->server, "/list");
	f->job = json_of("{\"kind\":\"archive\",\"limits\":{\"mail_bytes\":1048576}}");
	json_set_str(f->job, "url", url);
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

static void test_oldest_first_and_once(void **state)
{
	struct fixture *f = *state;

	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);
		assert_string_equal(error_of(&p), "(none)");
		assert_ids(&p, "m1@x m2@x m3@x");
	}
	f->server.counts->n[MAILS] = 4;
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);
		assert_ids(&p, "m4@x");
	}
}

/* What came before the trouble is kept, the rest comes when it is over. */
static void test_trouble_in_the_middle(void **state)
{
	struct fixture *f = *state;

	f->server.counts->n[MODE] = RAW_FAILS;
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);

		assert_ids(&p, "m1@x");
		assert_non_null(
			strstr(error_of(&p), "/m2%40x/raw: HTTP status 503: busy"));
		assert_int_equal(json_int(p.result, "retry_after", 0), 9);
		assert_false(json_flag(p.result, "more", true));
	}
	f->server.counts->n[MODE] = GOOD;
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);

		assert_string_equal(error_of(&p), "(none)");
		assert_ids(&p, "m3@x");
		assert_true(json_flag(p.result, "more", false));
	}
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);

		assert_string_equal(error_of(&p), "(none)");
		assert_ids(&p, "m2@x");
	}
}

/* A mail that fails and fails holds up none, and is lost only after a day of it. */
static void test_one_mail_that_always_fails(void **state)
{
	struct fixture *f = *state;
	struct json_object *item;

	f->server.counts->n[MODE] = RAW_BAD;
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);

		assert_string_equal(error_of(&p), "(none)");
		assert_ids(&p, "m1@x m3@x");
		assert_int_equal(json_int(p.result, "retry_after", -1), 0);
		assert_int_equal(json_int(p.result, "skipped", -1), 0);
		assert_non_null(strstr(
			json_object_get_string(json_arr(p.result, "notes")), "m2%40x"));
	}
	for (int i = 0; i < 10; i++) {
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);

		assert_string_equal(error_of(&p), "(none)");
		assert_ids(&p, "");
	}
	item = json_object_array_get_idx(json_arr(json_obj(f->job, "cursor"), "later"),
					 0);
	assert_string_equal(json_str(item, "key", ""), "m2@x");
	json_set_int(item, "since", json_int(item, "since", 0) - 24 * 3600);
	/* While nothing at all comes, it need not be the mail's fault. */
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);
		assert_int_equal(json_int(p.result, "skipped", -1), 0);
	}
	f->server.counts->n[MAILS] = 4;
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);

		assert_ids(&p, "m4@x");
		assert_int_equal(json_int(p.result, "skipped", -1), 1);
		assert_non_null(
			strstr(json_object_get_string(json_arr(p.result, "notes")),
			       "given up after 13 tries: "));
	}
	f->server.counts->n[MODE] = GOOD;
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);
		assert_ids(&p, "");
	}
}

/* When no mail can be had, the source fails; all come when it is mended. */
static void test_no_mail_can_be_had(void **state)
{
	struct fixture *f = *state;
	size_t got = 0;

	f->server.counts->n[MAILS] = 12;
	f->server.counts->n[MODE] = RAW_DOWN;
	for (int i = 0; i < 3; i++) {
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);

		assert_ids(&p, "");
		assert_non_null(strstr(error_of(&p), "/raw: HTTP status 500"));
	}
	f->server.counts->n[MODE] = GOOD;
	for (int i = 0; i < 2; i++) {
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);

		assert_string_equal(error_of(&p), "(none)");
		got += json_len(p.lines);
	}
	assert_int_equal(got, 12);
}

static void test_one_mail_that_cannot_be_had(void **state)
{
	static const enum mode modes[] = { RAW_GONE, RAW_HUGE };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		AUTO_POLLED struct polled p = { NULL };

		json_object_object_del(f->job, "cursor");
		f->server.counts->n[MODE] = modes[i];
		p = poll_once(f->dir, f->job);
		assert_string_equal(error_of(&p), "(none)");
		assert_ids(&p, "m1@x m3@x");
		assert_int_equal(json_int(p.result, "skipped", 0), 1);
		assert_non_null(strstr(
			json_object_get_string(json_arr(p.result, "notes")), "m2%40x"));
	}
}

static void test_answers_that_are_errors(void **state)
{
	static const struct {
		enum mode mode;
		const char *says;
	} cases[] = {
		{ MANIFEST_BROKEN, "manifest.js.gz: broken gzip" },
		{ FEED_CUT, "new.atom: Atom: no element found" },
		{ ALL_FAIL, "manifest.js.gz: HTTP status 500: oops" },
		{ NOTHING, "there is no public-inbox here" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_POLLED struct polled p = { NULL };

		f->server.counts->n[MODE] = cases[i].mode;
		p = poll_once(f->dir, f->job);
		if (!strstr(error_of(&p), cases[i].says))
			fail_msg("\"%s\" instead of \"%s\"", error_of(&p), cases[i].says);
		assert_ids(&p, "");
		assert_null(json_obj(f->job, "cursor"));
	}
	f->server.counts->n[MODE] = GOOD;
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);
		assert_ids(&p, "m1@x m2@x m3@x");
	}
}

/* With the manifest as it was for a quarter of an hour, one request is enough. */
static void test_nothing_new_is_cheap(void **state)
{
	struct fixture *f = *state;
	int before;

	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);
		assert_ids(&p, "m1@x m2@x m3@x");
	}
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);
		assert_ids(&p, "");
	}
	json_set_int(json_obj(f->job, "cursor"), "changed",
		     json_int(json_obj(f->job, "cursor"), "read", 0) - 901);
	before = f->server.counts->requests;
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);
		assert_ids(&p, "");
	}
	assert_int_equal(f->server.counts->requests, before + 1);
	assert_int_equal(f->server.counts->n[UNCHANGED], 2);
	/* But an hour later the feeds are read whatever it says. */
	json_set_int(json_obj(f->job, "cursor"), "changed",
		     json_int(json_obj(f->job, "cursor"), "changed", 0) - 3600);
	json_set_int(json_obj(f->job, "cursor"), "read",
		     json_int(json_obj(f->job, "cursor"), "read", 0) - 3600);
	before = f->server.counts->requests;
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);
		assert_ids(&p, "");
	}
	assert_true(f->server.counts->requests > before + 1);
	f->server.counts->n[MAILS] = 4;
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);
		assert_ids(&p, "m4@x");
	}
}

/* An entry without a date on the first page does not hide those behind that page. */
static void test_a_feed_with_a_bad_date(void **state)
{
	struct fixture *f = *state;
	size_t got = 0;

	f->server.counts->n[MODE] = PAGED;
	for (int mails = 3; mails <= 63; mails += 60) {
		f->server.counts->n[MAILS] = mails;
		for (bool more = true; more;) {
			AUTO_POLLED struct polled p = poll_once(f->dir, f->job);

			assert_string_equal(error_of(&p), "(none)");
			got += json_len(p.lines);
			more = json_flag(p.result, "more", false);
		}
		assert_int_equal(got, mails);
	}
}

/* More in the overlap than one poll reads: what is new behind it is found all the same. */
static void test_a_feed_with_very_many(void **state)
{
	struct fixture *f = *state;
	struct json_object *cursor = json_of("{\"history\":false,\"uid\":0}");
	struct seen *seen = seen_new(NULL);
	AUTO_POLLED struct polled p = { NULL };

	for (int n = 1; n <= 2600; n++) {
		AUTO_FREE char *id = str_printf("m%d@x", n);

		seen_add(seen, id);
	}
	json_set(cursor, "seen", seen_json(seen));
	json_set_int(cursor, "time", PAGED_TIME(2600));
	json_set(f->job, "cursor", cursor);
	seen_free(seen);
	f->server.counts->n[MODE] = PAGED;
	f->server.counts->n[MAILS] = 2640;
	p = poll_once(f->dir, f->job);
	assert_string_equal(error_of(&p), "(none)");
	assert_int_equal(json_len(p.lines), 40);
}

/* The manifest tells of a mail that no feed shows yet: not a whole interval is waited. */
static void test_a_feed_that_is_behind(void **state)
{
	struct fixture *f = *state;

	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);
		assert_ids(&p, "m1@x m2@x m3@x");
		assert_int_equal(json_int(p.result, "again", -1), 0);
	}
	f->server.counts->n[MAILS] = 4;
	f->server.counts->n[MODE] = FEED_BEHIND;
	for (int i = 0; i < 2; i++) {
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);
		assert_ids(&p, "");
		assert_int_equal(json_int(p.result, "again", -1), 10);
	}
	f->server.counts->n[MODE] = GOOD;
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);
		assert_ids(&p, "m4@x");
		assert_int_equal(json_int(p.result, "again", -1), 0);
	}
	/* But not for ever. */
	f->server.counts->n[MAILS] = 5;
	f->server.counts->n[MODE] = FEED_BEHIND;
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);
		assert_int_equal(json_int(p.result, "again", -1), 10);
	}
	json_set_int(json_obj(f->job, "cursor"), "changed",
		     json_int(json_obj(f->job, "cursor"), "changed", 0) - 91);
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);
		assert_int_equal(json_int(p.result, "again", -1), 0);
	}
}

/* Mails that no feed shows are found by their numbers, behind those that are free, too. */
static void test_by_number(void **state)
{
	struct fixture *f = *state;
	size_t got = 0;

	f->server.counts->n[MAILS] = 1;
	f->server.counts->n[MODE] = NUMBERS;
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);

		assert_string_equal(error_of(&p), "(none)");
		assert_ids(&p, ""); /* those of before the first poll go by time */
		assert_int_equal(json_int(json_obj(f->job, "cursor"), "uid", -1), 1);
	}
	f->server.counts->n[MAILS] = 2;
	{
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);

		assert_ids(&p, "m2@x");
		assert_int_equal(json_int(json_obj(f->job, "cursor"), "uid", -1), 2);
	}
	f->server.counts->n[MAILS] = 500;
	for (bool more = true; more;) {
		AUTO_POLLED struct polled p = poll_once(f->dir, f->job);

		assert_string_equal(error_of(&p), "(none)");
		got += json_len(p.lines);
		more = json_flag(p.result, "more", false);
	}
	assert_int_equal(got, 498);
}

int main(void)
{
#define t(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_atom_entries),
		cmocka_unit_test(test_atom_that_is_refused),
		t(test_oldest_first_and_once),
		t(test_trouble_in_the_middle),
		t(test_one_mail_that_cannot_be_had),
		t(test_one_mail_that_always_fails),
		t(test_no_mail_can_be_had),
		t(test_answers_that_are_errors),
		t(test_nothing_new_is_cheap),
		t(test_a_feed_with_a_bad_date),
		t(test_a_feed_with_very_many),
		t(test_by_number),
		t(test_a_feed_that_is_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
