/* What changed between two versions: lines, patches, the page. */
#include "tests/unit/web_fixture.h"

#include "db/posting.h"
#include "db/series_patches.h"
#include "web/linediff.h"
#include "web/patchset.h"

/* ---- lines ---- */

static char *side(const struct line_edit *e, size_t n, char other)
{
	struct str out = STR_INIT;

	for (size_t i = 0; i < n; i++)
		if (e[i].op != other) {
			str_addn(&out, e[i].text, e[i].len);
			str_addc(&out, '\n');
		}
	return str_take(&out);
}

static size_t count_edits(const struct line_edit *e, size_t n)
{
	size_t edits = 0;

	for (size_t i = 0; i < n; i++)
		edits += e[i].op != ' ';
	return edits;
}

/* Lines in common, by the textbook, to hold the number of edits against. */
static size_t longest_common(const char *a, const char *b)
{
	size_t len[40][40] = { { 0 } };
	size_t na = strlen(a), nb = strlen(b);

	for (size_t i = 0; i < na; i++)
		for (size_t k = 0; k < nb; k++)
			len[i + 1][k + 1] = a[i] == b[k] ? len[i][k] + 1 :
					    len[i][k + 1] > len[i + 1][k] ?
							   len[i][k + 1] :
							   len[i + 1][k];
	return len[na][nb];
}

static char *as_lines(const char *letters)
{
	struct str out = STR_INIT;

	for (; *letters; letters++)
		str_addf(&out, "%c\n", *letters);
	return str_take(&out);
}

static void check_diff(const char *x, const char *y)
{
	AUTO_FREE char *a = as_lines(x), *b = as_lines(y);
	AUTO_FREE struct line_edit *e = NULL;
	size_t n = 0, budget = 1000000;

	assert_true(line_diff(a, b, &budget, &e, &n));
	AUTO_FREE char *old = side(e, n, '+'), *new = side(e, n, '-');
	assert_string_equal(old, a);
	assert_string_equal(new, b);
	assert_int_equal(count_edits(e, n),
			 strlen(x) + strlen(y) - 2 * longest_common(x, y));
}

static void test_diff_is_right_and_shortest(void **state)
{
	unsigned int seed = 7;

	(void)state;
	check_diff("", "");
	check_diff("", "abc");
	check_diff("abc", "");
	check_diff("abcabba", "cbabac");
	for (int i = 0; i < 3000; i++) {
		char x[33], y[33];
		size_t nx = (size_t)rand_r(&seed) % 32, ny = (size_t)rand_r(&seed) % 32;

		for (size_t k = 0; k < nx; k++)
			x[k] = (char)('a' + rand_r(&seed) % 4);
		for (size_t k = 0; k < ny; k++)
			y[k] = (char)('a' + rand_r(&seed) % 4);
		x[nx] = y[ny] = '\0';
		check_diff(x, y);
	}
}

static void test_diff_is_bounded(void **state)
{
	AUTO(str_done) struct str a = STR_INIT, b = STR_INIT;
	struct line_edit *e = NULL;
	size_t n, budget = 1000, few = 100000000;

	(void)state;
	for (int i = 0; i < LINEDIFF_EDITS; i++) {
		str_addf(&a, "a%d\n", i);
		str_addf(&b, "b%d\n", i);
	}
	assert_false(line_diff(str_get(&a), str_get(&b), &budget, &e, &n));
	assert_int_equal(budget, 0);
	assert_false(line_diff(str_get(&a), str_get(&b), &few, &e, &n));
	for (int i = 0; i < LINEDIFF_LINES; i++)
		str_add(&a, "x\n");
	assert_false(line_diff(str_get(&a), str_get(&a), &few, &e, &n));
	assert_null(e);
}

/* ---- patches ---- */

#define DIFF(at, context, line)                                                      \
	"diff --git a/mm/" at " b/mm/" at "\nindex 123..456 100644\n--- a/mm/" at    \
	"\n+++ b/mm/" at "\n@@ -7,2 +7,3 @@ int f(void)\n " context "\n+" line "\n " \
	"end\n-- \n2.40\n"

static void add_patch(struct json_object *doc, const char *subject, const char *message,
		      const char *diff)
{
	struct json_object *list = json_arr(doc, "patches");
	struct json_object *o = json_object_new_object();

	json_set_int(o, "n", (long long)json_len(list) + 1);
	json_set_str(o, "subject", subject);
	json_set_str(o, "message", message);
	json_set_str(o, "diff", diff);
	json_object_array_add(list, o);
}

static struct json_object *new_doc(void)
{
	return j("{\"patches\":[]}");
}

static struct json_object *first_version(void)
{
	struct json_object *doc = new_doc();

	add_patch(doc, "same", "m", DIFF("a.c", "c", "one"));
	add_patch(doc, "rebased", "m", DIFF("b.c", "c", "two"));
	add_patch(doc, "message", "m", DIFF("c.c", "c", "three"));
	add_patch(doc, "Changed  twice", "m", DIFF("d.c", "c", "four"));
	add_patch(doc, "old name", "m", DIFF("e.c", "c", "five"));
	add_patch(doc, "like", "m", DIFF("f.c", "c", "six\n+seven\n+eight"));
	add_patch(doc, "dropped", "m", DIFF("g.c", "c", "nine"));
	return doc;
}

static struct json_object *second_version(void)
{
	struct json_object *doc = new_doc();

	add_patch(doc, "added", "m", DIFF("n.c", "c", "new"));
	add_patch(doc, "rebased", "m", DIFF("b.c", "other", "two"));
	add_patch(doc, "same", "m", DIFF("a.c", "c", "one"));
	add_patch(doc, "message", "m\n\nReviewed-by: R <r@x>", DIFF("c.c", "c", "three"));
	add_patch(doc, "changed twice", "m", DIFF("d.c", "c", "4"));
	add_patch(doc, "new name", "m", DIFF("e.c", "c", "five"));
	add_patch(doc, "quite like", "m", DIFF("f.c", "c", "six\n+seven\n+8"));
	return doc;
}

static void test_patches_find_each_other(void **state)
{
	static const struct {
		int64_t new, old;
		enum patch_change change;
	} want[] = {
		{ 1, 0, PATCH_ADDED },   { 2, 2, PATCH_REBASED }, { 3, 1, PATCH_SAME },
		{ 4, 3, PATCH_MESSAGE }, { 5, 4, PATCH_CHANGED }, { 6, 5, PATCH_SAME },
		{ 7, 6, PATCH_CHANGED }, { 0, 7, PATCH_DROPPED },
	};
	AUTO_JSON struct json_object *a = first_version(), *b = second_version();
	AUTO(patch_set_done) struct patch_set old = { .n = 0 }, new = { .n = 0 };
	AUTO_FREE struct patch_pair *p = NULL;
	size_t n, moved = 0;

	(void)state;
	patch_set_read(&old, a);
	patch_set_read(&new, b);
	p = patch_set_match(&old, &new, &n);
	assert_int_equal(n, ARRAY_SIZE(want));
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(p[i].new ? p[i].new->n : 0, want[i].new);
		assert_int_equal(p[i].old ? p[i].old->n : 0, want[i].old);
		assert_int_equal(p[i].change, want[i].change);
		moved += p[i].moved;
	}
	/* 2 and 1 changed places: one of them was moved. */
	assert_int_equal(moved, 1);
	assert_true(p[1].moved || p[2].moved);
}

static void test_what_moves_by_itself_is_left_out(void **state)
{
	AUTO_JSON struct json_object *a = new_doc();
	AUTO(patch_set_done) struct patch_set s = { .n = 0 };

	(void)state;
	add_patch(a, "x", "m", DIFF("a.c", "c", "-- one"));
	patch_set_read(&s, a);
	assert_string_equal(s.v[0].diff, "diff --git a/mm/a.c b/mm/a.c\n--- a/mm/a.c\n"
					 "+++ b/mm/a.c\n@@ int f(void)\n c\n+-- one\n"
					 " end\n");
	assert_string_equal(s.v[0].changes, "diff --git a/mm/a.c b/mm/a.c\n--- a/mm/a.c\n"
					    "+++ b/mm/a.c\n+-- one\n");
}

static void test_odd_documents(void **state)
{
	static const char *const docs[] = {
		"{}",
		"{\"patches\":7}",
		"{\"patches\":[null,3,\"x\",[]]}",
		"{\"patches\":[{\"n\":\"x\",\"subject\":null,\"message\":1,\"diff\":2}]}",
		"{\"patches\":[{\"message\":\"\",\"diff\":\"@@ -9999999999999999999,3 "
		"+1,-5 @@\\n@@ -\\n\\\\ no\\n\"}]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(docs); i++) {
		AUTO_JSON struct json_object *a = j(docs[i]);
		AUTO(patch_set_done) struct patch_set s = { .n = 0 };
		AUTO_FREE struct patch_pair *p = NULL;
		size_t n;

		patch_set_read(&s, a);
		p = patch_set_match(&s, &s, &n);
		assert_true(n <= 2 * s.n);
	}
}

/* ---- the page ---- */

static int64_t add_version(struct fixture *f, const char *name, int64_t version,
			   int64_t earlier)
{
	struct posting_row p = { .thread = 1,
				 .version = version,
				 .total = 7,
				 .have = 7,
				 .posted = 1700000000 + version,
				 .deadline = DB_NO_INT,
				 .state = POSTING_DONE,
				 .earlier = earlier,
				 .job = DB_NO_INT };
	int64_t id;

	p.message_id = str_dup(name);
	p.kind = str_dup("series");
	p.missing = str_dup("");
	p.subject = str_dup(evil);
	p.prefix = str_dup("");
	p.title = str_dup("");
	p.sender = str_dup("a@x");
	p.author = str_dup(evil);
	p.source = str_dup("one");
	p.lists = j("[]");
	ok(f, posting_put(f->db, &p, &f->err));
	id = p.id;
	posting_row_done(&p);
	return id;
}

static void keep_texts(struct fixture *f, int64_t series, struct json_object *doc)
{
	const char *text = json_object_to_json_string(doc);
	char sha[SHA256_HEX];

	ok(f,
	   artifact_put_bytes(f->store, text, strlen(text), ARTIFACT_ZSTD, sha, &f->err));
	ok(f, series_patches_put(f->db, series, sha, &f->err));
}

static int setup(void **state)
{
	AUTO_JSON struct json_object *a = first_version(), *b = second_version();
	static struct site s;

	memset(&s, 0, sizeof(s));
	fixture_init(&s.f);
	add_patch(b, evil, evil, evil);
	keep_texts(&s.f, add_series(&s.f, "one@x", 1, "x"), a);
	s.series = add_series(&s.f, "two@x", 2, "x");
	keep_texts(&s.f, s.series, b);
	add_version(&s.f, "one@x", 1, DB_NO_INT);
	add_version(&s.f, "two@x", 2, 1);
	add_version(&s.f, "three@x", 3, 2); /* never tested, its mails are not known */
	start(&s);
	*state = &s;
	return 0;
}

static void test_page(void **state)
{
	struct site *s = *state;

	GET(s, "/posting/2/changes");
	assert_int_equal(a.status, 200);
	assert_true(has(&a, "2 unchanged, 1 with other surroundings, 1 with another"
			    " message, 2 changed, 2 added, 1 dropped"));
	assert_true(has(&a, "<span class=\"del\">-+four\n</span>"));
	assert_true(has(&a, "<span class=\"add\">++4\n</span>"));
	assert_true(has(&a, "<span class=\"add\">+Reviewed-by: R &lt;r@x&gt;\n</span>"));
	assert_true(has(&a, "was: old name"));
	assert_false(has(&a, "from v3"));
	assert_false(has(&a, "<script"));
	AUTO(answer_done) struct answer same = ask(s, "/posting/2/changes?from=1", 0, 0);
	assert_int_equal(same.status, 200);
	AUTO(answer_done) struct answer first = ask(s, "/posting/1/changes", 0, 0);
	assert_int_equal(first.status, 404);
	AUTO(answer_done) struct answer self = ask(s, "/posting/2/changes?from=2", 0, 0);
	assert_int_equal(self.status, 404);
}

static void test_page_without_texts(void **state)
{
	struct site *s = *state;

	GET(s, "/posting/3/changes");
	assert_int_equal(a.status, 200);
	assert_true(has(&a, "The patches of v3 are not stored here"));
	assert_true(has(&a, "Nothing can be compared."));
	assert_false(has(&a, "dropped"));
	assert_true(has(&a, "/posting/3/changes?from=1\">from v1</a>"));
}

static void test_links(void **state)
{
	struct site *s = *state;
	AUTO_FREE char *path = str_printf("/series/%d", (int)s->series);

	GET(s, path);
	assert_true(has(&a, "<h2>Versions</h2>"));
	assert_true(has(&a, "<a href=\"/posting/2/changes\">what changed since v1</a>"));
	assert_true(has(&a, "<a href=\"/posting/3/changes\">what changed since v2</a>"));
}

static void test_document(void **state)
{
	AUTO_JSON struct json_object *o = NULL;
	struct site *s = *state;
	struct json_object *one;
	GET(s, "/api/v1/posting/2/changes");

	ok(&s->f, json_parse(a.body.data, a.body.len, &o, &s->f.err));
	assert_int_equal(json_int(json_obj(o, "old"), "posting", 0), 1);
	one = json_object_array_get_idx(json_arr(o, "patches"), 4);
	assert_string_equal(json_str(one, "change", ""), "changed");
	assert_int_equal(json_int(one, "old", 0), 4);
	assert_int_equal(json_int(one, "new", 0), 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_diff_is_right_and_shortest),
		cmocka_unit_test(test_diff_is_bounded),
		cmocka_unit_test(test_patches_find_each_other),
		cmocka_unit_test(test_what_moves_by_itself_is_left_out),
		cmocka_unit_test(test_odd_documents),
		TEST(test_page),
		TEST(test_page_without_texts),
		TEST(test_links),
		TEST(test_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
