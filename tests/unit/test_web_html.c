#include "tests/unit/cm.h"

#include "web/cell.h"
#include "web/html.h"
#include "web/links.h"
#include "web/page.h"
#include "web/request.h"
#include "web/sentence.h"

#define HTML_IS(h, want)                                       \
	do {                                                   \
		assert_string_equal(str_get(&(h)->out), want); \
		assert_int_equal(html_depth(h), 0);            \
		html_done(h);                                  \
	} while (0)

static void test_text_is_escaped(void **state)
{
	struct html h;

	(void)state;
	html_init(&h);
	html_el(&h, "p", "a\"b", "<script>alert('&')</script>");
	HTML_IS(&h,
		"<p class=\"a&quot;b\">&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;"
		"</p>");
}

static void test_bad_bytes_are_cleaned(void **state)
{
	struct html h;

	(void)state;
	html_init(&h);
	html_el(&h, "p", NULL,
		"a\xff"
		"b\x1b[31mred\x1b[0m\rc\x07"
		"d\te\nf");
	HTML_IS(&h, "<p>a\xef\xbf\xbd"
		    "bredcd\te\nf</p>");
	html_init(&h);
	html_open(&h, "p");
	html_textn(&h, "x\0y", 3);
	html_close(&h);
	assert_null(strchr(str_get(&h.out), 0x1b));
	assert_int_equal(strlen(str_get(&h.out)), h.out.len); /* no NUL came through */
	html_done(&h);
}

/* An escape cut by the cleaner must not glue a tag together. */
static void test_cleaning_comes_before_escaping(void **state)
{
	struct html h;

	(void)state;
	html_init(&h);
	html_el(&h, "p", NULL, "<\x1b[0mscript\x1b[0m>");
	HTML_IS(&h, "<p>&lt;script&gt;</p>");
}

static void test_elements_nest(void **state)
{
	struct html h;

	(void)state;
	html_init(&h);
	html_open(&h, "ul");
	html_open(&h, "li");
	html_attr_id(&h, "L", 12);
	html_link(&h, NULL, url_run(17), "run");
	html_void(&h, "br");
	html_text(&h, NULL);
	html_close(&h);
	html_raw(&h, "\n");
	assert_int_equal(html_depth(&h), 1);
	html_close(&h);
	HTML_IS(&h, "<ul><li id=\"L12\"><a href=\"/run/17\">run</a><br></li>\n</ul>");
}

static void page_is_balanced(const char *html)
{
	static const char *const tags[] = { "div", "span", "p", "main", "body", "html" };

	for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
		AUTO_FREE char *open = str_printf("<%s", tags[i]);
		AUTO_FREE char *close = str_printf("</%s>", tags[i]);
		int n = 0;

		for (const char *p = html; (p = strstr(p, open)); p++)
			n += p[strlen(open)] == '>' || p[strlen(open)] == ' ';
		for (const char *p = html; (p = strstr(p, close)); p++)
			n--;
		assert_int_equal(n, 0);
	}
}

static void test_page_frame(void **state)
{
	struct html h;

	(void)state;
	html_init(&h);
	page_begin(&h, "</title><b>", 5);
	page_mark(&h, MARK_FAIL, NULL);
	page_end(&h);
	assert_int_equal(html_depth(&h), 0);
	assert_non_null(strstr(str_get(&h.out), "<title>&lt;/title&gt;&lt;b&gt; "));
	assert_non_null(strstr(str_get(&h.out), "http-equiv=\"refresh\" content=\"5\""));
	assert_null(strstr(str_get(&h.out), "<script"));
	page_is_balanced(str_get(&h.out));
	html_done(&h);
}

static void seconds_are(double s, const char *want)
{
	struct html h;

	html_init(&h);
	page_seconds(&h, s);
	HTML_IS(&h, want);
}

static void test_seconds(void **state)
{
	(void)state;
	seconds_are(9.14, "9.1 s");
	seconds_are(230, "3 min 50 s");
	seconds_are(3600 * 2 + 65, "2 h 1 min");
	seconds_are(-1, "");
}

/* What links.c makes, routes.c finds. */
static void test_links_have_routes(void **state)
{
	const struct url urls[] = { url_series_list(1),
				    url_series(7),
				    url_run(7),
				    url_run_console(7),
				    url_build(7),
				    url_build_log(7),
				    url_build_config(7),
				    url_api_series_list(1),
				    url_api_series(7),
				    url_api_run(7),
				    url_queue(),
				    url_sources(),
				    url_posting(7),
				    url_postings(NULL, 1),
				    url_changes(7, 0),
				    url_api_queue(),
				    url_api_sources(),
				    url_api_posting(7),
				    url_api_postings(NULL, 1),
				    url_api_changes(7, 0) };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
		int64_t id = 0;

		assert_non_null(route_find(urls[i].s, &id));
		if (strchr(urls[i].s, '7'))
			assert_int_equal(id, 7);
	}
	assert_string_equal(url_series_list(3).s, "/?page=3");
	assert_string_equal(url_run_test(7, 2).s, "/run/7#test2");
	assert_string_equal(url_series_step(7, 2).s, "/series/7#step2");
}

/* What a stranger's text is in a query, and that it is left out when too long. */
static void test_links_encode(void **state)
{
	char longest[1200];
	const struct url_filter f = { .state = "done", .list = "a b&c=d\"<\xff" },
				long_list = { .source = "s", .list = longest };

	(void)state;
	memset(longest, '&', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_string_equal(url_postings(&f, 2).s,
			    "/postings?state=done&list=a%20b%26c%3Dd%22%3C%FF&page=2");
	assert_string_equal(url_postings(&long_list, 1).s, "/postings?source=s");
	assert_string_equal(url_posting_msgid("a+b@x/y").s, "/posting?id=a%2Bb@x%2Fy");
	assert_string_equal(url_changes(7, 3).s, "/posting/7/changes?from=3");
}

static void test_links_elsewhere(void **state)
{
	static const char *const bad[] = {
		"javascript:alert(1)", "//x.org/",     "http:/x",        "ftp://x",
		"https://x/\"",        "https://x/ y", "https://x/\xc3", "",
	};
	struct url url;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(url_outside(bad[i], &url));
	assert_false(url_outside(NULL, &url));
	assert_true(url_outside("https://lore.kernel.org/linux-mm/a%2Fb@x/", &url));
	assert_string_equal(url.s, "https://lore.kernel.org/linux-mm/a%2Fb@x/");
}

static void test_routes_refuse(void **state)
{
	static const char *const bad[] = {
		"",
		"//",
		"/series/",
		"/series/0",
		"/series/07",
		"/series/-1",
		"/series/1/",
		"/series/1x",
		"/series/+1",
		"/series/99999999999999999999",
		"/run/1/console",
		"/../etc/passwd",
		"/static/../sluice.db",
		"/api/v1/",
		"/SERIES/1",
	};
	int64_t id;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (route_find(bad[i], &id))
			fail_msg("found %s", bad[i]);
}

static void sentence_is(struct verdict v, const char *want)
{
	AUTO(str_done) struct str s = STR_INIT;

	verdict_sentence(&v, false, &s);
	json_object_put(v.candidates);
	assert_string_equal(str_get(&s), want);
}

static void test_sentences(void **state)
{
	struct verdict t = VERDICT_INIT;

	(void)state;
	t.kind = KIND_TEST;
	t.config = (char *)"mlock";
	t.topology = (char *)"numa2";
	t.test = (char *)"mlock-migrate/compaction";
	t.verdict = VERDICT_PASS;
	sentence_is(t, "mlock-migrate/compaction on numa2 passes.");
	t.verdict = VERDICT_TRANSIENT;
	t.from_step = 3;
	t.until_step = 5;
	sentence_is(t,
		    "Patch 3 breaks mlock-migrate/compaction on numa2, patch 5 repairs "
		    "it.");
	t.repairs = json_tokener_parse("[4,5]");
	sentence_is(t, "Patch 3 breaks mlock-migrate/compaction on numa2, patch 4 or 5 "
		       "repairs it.");
	json_object_put(t.repairs);
	t.repairs = NULL;
	t.candidates = json_tokener_parse("[2,3,4]");
	t.verdict = VERDICT_INTRODUCED;
	sentence_is(t, "Patch 2, 3 or 4 breaks mlock-migrate/compaction on numa2.");
	t.candidates = NULL;
	t.verdict = VERDICT_FLAKY;
	t.runs = 8;
	t.failures = 1;
	sentence_is(t,
		    "mlock-migrate/compaction on numa2 fails now and then: 1 of 8 runs, "
		    "first seen at patch 3.");
	t.verdict = VERDICT_PRE_EXISTING;
	sentence_is(t, "mlock-migrate/compaction on numa2 fails as it is known to.");
	t.from_step = 0;
	sentence_is(t, "mlock-migrate/compaction on numa2 fails on the base already.");
}

static void test_sentences_of_other_kinds(void **state)
{
	struct verdict v = VERDICT_INIT;

	(void)state;
	v.kind = KIND_APPLY;
	v.verdict = VERDICT_INTRODUCED;
	v.from_step = 2;
	sentence_is(v, "Patch 2 does not apply.");
	v.kind = KIND_WARNING;
	sentence_is(v, "Patch 2 adds a new warning.");
	v.kind = KIND_BUILD;
	sentence_is(v, "Patch 2 breaks the build.");
	v.verdict = VERDICT_INFRA;
	sentence_is(v, "The build was lost to trouble of our own.");
	v.kind = KIND_BOOT;
	v.topology = (char *)"up";
	v.verdict = VERDICT_PASS;
	sentence_is(v, "Booting on up passes.");
	v.verdict = VERDICT_NOT_TESTED;
	sentence_is(v, "Booting on up was not done.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_is_escaped),
		cmocka_unit_test(test_bad_bytes_are_cleaned),
		cmocka_unit_test(test_cleaning_comes_before_escaping),
		cmocka_unit_test(test_elements_nest),
		cmocka_unit_test(test_page_frame),
		cmocka_unit_test(test_seconds),
		cmocka_unit_test(test_links_have_routes),
		cmocka_unit_test(test_links_encode),
		cmocka_unit_test(test_links_elsewhere),
		cmocka_unit_test(test_routes_refuse),
		cmocka_unit_test(test_sentences),
		cmocka_unit_test(test_sentences_of_other_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
