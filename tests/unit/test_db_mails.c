#include "tests/unit/db_fixture.h"

#include "db/mail.h"
#include "db/posting.h"

static int setup(void **state)
{
	static struct fixture f;

	fixture_init(&f);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	fixture_done(*state);
	return 0;
}

static int64_t add_mail(struct fixture *f, const char *id, int64_t thread,
			const char *loose, int64_t date, int64_t posting, int64_t number)
{
	struct mail_row m = {
		.thread = thread,
		.date = date,
		.seen = 5,
		.has_diff = true,
		.posting = posting,
		.number = number,
	};
	int64_t row;

	m.message_id = str_dup(id);
	m.subject = str_dup("[PATCH] x");
	m.author = str_dup("A <a@x>");
	m.sender = str_dup("a@x");
	m.lists = j("[\"list.x\"]");
	m.sources = j("[\"one\"]");
	m.override = j("{\"tree\":\"mm\"}");
	m.loose = str_dup(loose);
	m.what = str_dup("patch");
	ok(f, mail_put(f->db, &m, &f->err));
	ok(f, mail_link_put(f->db, id, m.thread, &f->err));
	row = m.id;
	mail_row_done(&m);
	return row;
}

static int64_t add_posting(struct fixture *f, const char *sender, const char *title,
			   int64_t version, const char *change_id, int64_t deadline)
{
	struct posting_row p = {
		.thread = 1,
		.version = version,
		.total = 2,
		.posted = 100 * version,
		.deadline = deadline,
		.earlier = DB_NO_INT,
		.job = DB_NO_INT,
		.state = deadline >= 0 ? POSTING_WAITING : POSTING_QUEUED,
	};
	int64_t id;

	p.message_id = str_printf("%s-v%d", title, (int)version);
	p.kind = str_dup("series");
	p.missing = str_dup("");
	p.subject = str_dup(title);
	p.prefix = str_dup("PATCH");
	p.title = str_dup(title);
	p.sender = str_dup(sender);
	p.author = str_dup(sender);
	p.change_id = str_dup(change_id);
	p.source = str_dup("one");
	p.lists = j("[]");
	ok(f, posting_put(f->db, &p, &f->err));
	id = p.id;
	posting_row_done(&p);
	return id;
}

static void test_mail_comes_back(void **state)
{
	struct fixture *f = *state;
	int64_t id = add_mail(f, "a", 0, NULL, 77, DB_NO_INT, 3);
	struct mail_row m;

	assert_int_equal(mail_find(f->db, "b", &m, &f->err), 0);
	assert_int_equal(mail_find(f->db, "a", &m, &f->err), 1);
	assert_int_equal(m.id, id);
	assert_int_equal(m.thread, id);
	assert_int_equal(m.date, 77);
	assert_int_equal(m.posting, DB_NO_INT);
	assert_string_equal(json_str(m.override, "tree", ""), "mm");
	assert_null(m.loose);
	json_add_str(m.sources, "two");
	ok(f, mail_set_sources(f->db, &m, &f->err));
	mail_row_done(&m);
	assert_int_equal(mail_find(f->db, "a", &m, &f->err), 1);
	assert_int_equal(json_len(m.sources), 2);
	mail_row_done(&m);
}

static void test_joining_threads(void **state)
{
	struct fixture *f = *state;
	int64_t a = add_mail(f, "a", 0, "k", 1000, DB_NO_INT, 1);
	int64_t b = add_mail(f, "b", 0, "k", 2000, DB_NO_INT, 2);
	int64_t thread = 0, n = 0;
	struct mail_line *lines;
	size_t count;

	assert_int_equal(mail_link_find(f->db, "b", &thread, &f->err), 1);
	assert_int_equal(thread, b);
	assert_int_equal(mail_find_loose(f->db, "k", 0, 1999, a, &thread, &f->err), 0);
	assert_int_equal(mail_find_loose(f->db, "k", 0, 2000, a, &thread, &f->err), 1);
	assert_int_equal(thread, b);
	ok(f, mail_join(f->db, a, b, &f->err));
	assert_int_equal(mail_link_find(f->db, "b", &thread, &f->err), 1);
	assert_int_equal(thread, a);
	ok(f, mail_count_thread(f->db, a, &n, &f->err));
	assert_int_equal(n, 2);
	ok(f, mail_list_thread(f->db, a, 10, &lines, &count, &f->err));
	assert_int_equal(count, 2);
	assert_string_equal(lines[1].message_id, "b");
	mail_line_list_free(lines, count);
	assert_int_equal(mail_link_find(f->db, "none", &thread, &f->err), 0);
}

static void test_posting_and_its_mails(void **state)
{
	struct fixture *f = *state;
	int64_t p = add_posting(f, "a@x", "t", 1, NULL, DB_NO_INT);
	int64_t two = add_mail(f, "p2", 0, NULL, 1, p, 2);
	struct mail_row *list, m;
	struct posting_row row;
	char *data = NULL;
	size_t n;

	add_mail(f, "p1", 0, NULL, 1, p, 1);
	ok(f, mail_list_posting(f->db, p, true, &list, &n, &f->err));
	assert_int_equal(n, 2);
	assert_string_equal(list[0].message_id, "p1");
	mail_row_list_free(list, n);
	ok(f, mail_raw_put(f->db, two, "by\0tes", 6, &f->err));
	assert_int_equal(mail_raw_get(f->db, two, &data, &n, &f->err), 1);
	assert_int_equal(n, 6);
	assert_memory_equal(data, "by\0tes", 6);
	free(data);
	ok(f, mail_raw_drop(f->db, p, &f->err));
	assert_int_equal(mail_raw_get(f->db, two, &data, &n, &f->err), 0);
	ok(f, posting_delete(f->db, p, &f->err));
	assert_int_equal(posting_find(f->db, p, &row, &f->err), 0);
	assert_int_equal(mail_find(f->db, "p1", &m, &f->err), 1);
	assert_int_equal(m.posting, DB_NO_INT);
	mail_row_done(&m);
}

static void test_deadlines(void **state)
{
	struct fixture *f = *state;
	struct posting_row *list;
	int64_t when = -1;
	size_t n;

	ok(f, posting_next_deadline(f->db, &when, &f->err));
	assert_int_equal(when, 0);
	add_posting(f, "a@x", "late", 1, NULL, 500);
	int64_t first = add_posting(f, "a@x", "soon", 1, NULL, 300);
	ok(f, posting_next_deadline(f->db, &when, &f->err));
	assert_int_equal(when, 300);
	ok(f, posting_list_due(f->db, 299, 10, &list, &n, &f->err));
	assert_int_equal(n, 0);
	ok(f, posting_list_due(f->db, 500, 10, &list, &n, &f->err));
	assert_int_equal(n, 2);
	assert_int_equal(list[0].id, first);
	posting_row_list_free(list, n);
	ok(f, posting_set_state(f->db, first, POSTING_INCOMPLETE, "why", 999, &f->err));
	ok(f, posting_next_deadline(f->db, &when, &f->err));
	assert_int_equal(when, 500);
}

static void test_likes(void **state)
{
	struct fixture *f = *state;
	struct posting_row p, *list;
	bool seen[20] = { false };
	size_t n;
	int64_t id = add_posting(f, "a@x", "t", 4, "change", DB_NO_INT);
	int64_t title = add_posting(f, "a@x", "t", 1, NULL, DB_NO_INT);
	int64_t change = add_posting(f, "b@x", "u", 9, "change", DB_NO_INT);
	int64_t near = add_posting(f, "a@x", "w", 5, NULL, DB_NO_INT);
	int64_t far = add_posting(f, "a@x", "w", 8, NULL, DB_NO_INT);
	int64_t other = add_posting(f, "b@x", "t", 3, NULL, DB_NO_INT);

	assert_int_equal(posting_find(f->db, id, &p, &f->err), 1);
	ok(f, posting_list_like(f->db, &p, 10, &list, &n, &f->err));
	for (size_t i = 0; i < n; i++)
		seen[list[i].id] = true;
	assert_int_equal(n, 3);
	assert_true(seen[title] && seen[change] && seen[near]);
	assert_false(seen[far] || seen[other] || seen[id]);
	posting_row_list_free(list, n);
	posting_row_done(&p);
}

static void test_list_by_state(void **state)
{
	struct fixture *f = *state;
	enum posting_state waiting = POSTING_WAITING;
	struct posting_row *list;
	int64_t total;
	size_t n;

	add_posting(f, "a@x", "t", 1, NULL, DB_NO_INT);
	add_posting(f, "a@x", "t", 2, NULL, 5);
	ok(f, posting_list(f->db, NULL, 1, 0, &list, &n, &total, &f->err));
	assert_int_equal(n, 1);
	assert_int_equal(total, 2);
	posting_row_list_free(list, n);
	ok(f, posting_list(f->db, &waiting, 10, 0, &list, &n, &total, &f->err));
	assert_int_equal(n, 1);
	assert_int_equal(total, 1);
	assert_int_equal(list[0].version, 2);
	posting_row_list_free(list, n);
}

static void set_lists(struct fixture *f, int64_t id, const char *source,
		      const char *lists)
{
	struct posting_row p;

	assert_int_equal(posting_find(f->db, id, &p, &f->err), 1);
	free(p.source);
	p.source = str_dup(source);
	json_object_put(p.lists);
	p.lists = j(lists);
	ok(f, posting_put(f->db, &p, &f->err));
	posting_row_done(&p);
}

static void test_search(void **state)
{
	struct fixture *f = *state;
	enum posting_state waiting = POSTING_WAITING;
	int64_t counts[POSTING_IGNORED + 1], total = 0, quoted;
	struct posting_filter which = { .list = "a/\"b\".org" };
	struct posting_row *list;
	size_t n;

	add_posting(f, "a@x", "t", 1, NULL, DB_NO_INT);
	quoted = add_posting(f, "a@x", "t", 2, NULL, 5);
	set_lists(f, quoted, "two", "[\"x.org\",\"a/\\\"b\\\".org\"]");
	ok(f, posting_search(f->db, &which, 10, 0, &list, &n, &total, &f->err));
	assert_int_equal(n, 1);
	assert_int_equal(total, 1);
	assert_int_equal(list[0].id, quoted);
	posting_row_list_free(list, n);
	ok(f, posting_count(f->db, &which, counts, &f->err));
	assert_int_equal(counts[POSTING_WAITING], 1);
	assert_int_equal(counts[POSTING_QUEUED], 0);
	which = (struct posting_filter){ .list = ".org" }; /* a part is none */
	ok(f, posting_search(f->db, &which, 10, 0, &list, &n, &total, &f->err));
	assert_int_equal(n, 0);
	which = (struct posting_filter){ .state = &waiting, .source = "one" };
	ok(f, posting_search(f->db, &which, 10, 0, &list, &n, NULL, &f->err));
	assert_int_equal(n, 0);
	ok(f, posting_count(f->db, &which, counts, &f->err));
	assert_int_equal(counts[POSTING_QUEUED], 1); /* of any state */
	assert_int_equal(counts[POSTING_WAITING], 0);
}

static void test_later_versions(void **state)
{
	struct fixture *f = *state;
	int64_t first = add_posting(f, "a@x", "t", 1, NULL, DB_NO_INT);
	int64_t second = add_posting(f, "a@x", "t", 2, NULL, DB_NO_INT);
	struct posting_row *list;
	size_t n;

	ok(f, posting_set_earlier(f->db, second, first, &f->err));
	ok(f, posting_list_later(f->db, first, 10, &list, &n, &f->err));
	assert_int_equal(n, 1);
	assert_int_equal(list[0].id, second);
	posting_row_list_free(list, n);
	ok(f, posting_list_later(f->db, second, 10, &list, &n, &f->err));
	assert_int_equal(n, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_mail_comes_back),
		TEST(test_joining_threads),
		TEST(test_posting_and_its_mails),
		TEST(test_deadlines),
		TEST(test_likes),
		TEST(test_list_by_state),
		TEST(test_search),
		TEST(test_later_versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
