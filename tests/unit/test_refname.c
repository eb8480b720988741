#include "tests/unit/cm.h"

#include "kernels/msgid.h"
#include "kernels/refname.h"
#include "lib/cleanup.h"

static void check(const char *id, const char *want)
{
	AUTO_FREE char *got = refname_encode(id);

	assert_string_equal(got, want);
}

static void test_plain_ids_stay(void **state)
{
	(void)state;
	check("20221010094842.4123037-1-x@example.org",
	      "20221010094842.4123037-1-x@example.org");
	check("a_b+c=d,e@x", "a_b+c=d,e@x");
}

static void test_what_git_forbids(void **state)
{
	(void)state;
	check("a/b@x", "a%2Fb@x");
	check("a?b*c[d]e@x", "a%3Fb%2Ac%5Bd%5De@x");
	check("a~b^c:d@x", "a%7Eb%5Ec%3Ad@x");
	check("a..b@x", "a%2E%2Eb@x");
	check(".a@x.", "%2Ea@x%2E");
	check("a@{1}", "a@%7B1%7D");
	check("a@x.lock", "a@x%2Elock");
	check("a.lock@x.locker", "a.lock@x.locker");
	check("a b\t\\\x7f@x", "a%20b%09%5C%7F@x");
	check("100%@x", "100%25@x");
	check("-a@x", "%2Da@x");
	check("\xc3\xa9@x", "%C3%A9@x");
	check("", "%empty");
}

static void test_long_ids(void **state)
{
	char id[600];
	AUTO_FREE char *a = NULL;
	AUTO_FREE char *b = NULL;

	(void)state;
	memset(id, 'a', sizeof(id));
	id[200] = '\0';
	check(id, id);
	memset(id, 'a', sizeof(id));
	id[201] = '\0';
	a = refname_encode(id);
	assert_int_equal(strlen(a), strlen("%sha256-") + 64);
	assert_memory_equal(a, "%sha256-", 8);
	id[200] = 'b';
	b = refname_encode(id);
	assert_string_not_equal(a, b);
}

static void check_id(const char *text, const char *want)
{
	AUTO_FREE char *id = NULL;
	struct err err = { .code = ERR_NONE };

	if (msgid_from_text(text, &id, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(id, want);
}

static void test_msgid_from_text(void **state)
{
	(void)state;
	check_id("a@x", "a@x");
	check_id(" <a@x>\n", "a@x");
	check_id("id:a@x", "a@x");
	check_id("https://lore.kernel.org/linux-mm/a@x/", "a@x");
	check_id("https://lore.kernel.org/all/a@x", "a@x");
	check_id("https://lore.kernel.org/r/a@x/T/#u", "a@x");
	check_id("http://127.0.0.1:8080/linux-mm/a%2Fb%25%3d%40x/t.mbox.gz", "a/b%=@x");
	check_id("https://lore.kernel.org/all/87f.fsf_-_@y.example/?q=1@2",
		 "87f.fsf_-_@y.example");
	check_id("https://patchwork.kernel.org/project/linux-mm/patch/a@x/", "a@x");
}

static void test_msgid_refused(void **state)
{
	static const char *const bad[] = { "",
					   "a",
					   "a b@x",
					   "https://lore.kernel.org/linux-mm/",
					   "https://a@x",
					   "a@x\x01",
					   "a<b@x",
					   "https://lore.kernel.org/all/a%20b@x/" };
	struct err err;
	char *id;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(msgid_from_text(bad[i], &id, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_ids_stay),
		cmocka_unit_test(test_what_git_forbids),
		cmocka_unit_test(test_long_ids),
		cmocka_unit_test(test_msgid_from_text),
		cmocka_unit_test(test_msgid_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
