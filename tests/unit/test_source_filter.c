#include "tests/unit/cm.h"

#include "daemon/source_filter.h"
#include "lib/str.h"

static struct json_object *words(const char *text)
{
	struct json_object *arr = json_object_new_array();
	char **v = strv_split(text, " ");

	for (size_t i = 0; v[i]; i++)
		json_add_str(arr, v[i]);
	strv_free(v);
	return arr;
}

static void test_globs(void **state)
{
	static const struct {
		const char *globs, *text;
		bool passes;
	} cases[] = {
		{ "mm/", "mm/a/b.c", true },
		{ "mm/", "kernel/mm/a.c", false },
		{ "mm/*.c include/linux/mm*.h", "include/linux/mmzone.h", true },
		{ "mm/*.c", "mm/kasan/hw.c", true },
		{ "mm/*.c", "mm/Kconfig", false },
		{ "*mm.KVACK.org", "linux-mm.kvack.org", true },
		{ "mm/ !mm/kasan/", "mm/kasan/hw.c", false },
		{ "!mm/kasan/ mm/", "mm/kasan/hw.c", false },
		{ "mm/ !mm/kasan/", "mm/rmap.c", true },
		{ "!drivers/", "mm/rmap.c", true },
		{ "!drivers/", "drivers/x.c", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char **globs = strv_split(cases[i].globs, " ");

		if (filter_passes(globs, cases[i].text) != cases[i].passes)
			fail_msg("%s: %s", cases[i].globs, cases[i].text);
		strv_free(globs);
	}
	assert_true(filter_passes(NULL, "x"));
}

/* The globs for subjects are apart by "|": they may hold spaces. */
static void test_subjects(void **state)
{
	static const struct {
		const char *globs, *subject;
		bool passes;
	} cases[] = {
		{ "PATCH*", "[PATCH v2 0/3] mm: x", true },
		{ "PATCH*", "[RFC PATCH] mm: x", false },
		{ "PATCH", "[PATCH v2 1/3] mm: x", true },
		{ "PATCH", "[PATCH bpf-next 1/3] mm: x", false },
		{ "*bpf-next", "[PATCH bpf-next v3, 1/3] mm: x", true },
		{ "mm*:*|memcg:*", "[PATCH] mm/rmap: x", true },
		{ "mm*:*|memcg:*", "[PATCH] net: x", false },
		{ "!*AUTOSEL*", "[PATCH AUTOSEL 5.4 03/13] mm: x", false },
		{ "!*AUTOSEL*", "[PATCH 03/13] mm: x", true },
		{ "mm*|!RFC*", "[RFC PATCH] mm: x", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char **globs = strv_split(cases[i].globs, "|");
		struct source_filter f = { .subject = globs };
		AUTO_FREE char *why = filter_headers(&f, NULL, cases[i].subject);

		if (!why != cases[i].passes)
			fail_msg("%s: %s: %s", cases[i].globs, cases[i].subject, why);
		strv_free(globs);
	}
}

static void test_reasons(void **state)
{
	char *const lists[] = { "linux-mm.*", NULL };
	char *const paths[] = { "mm/", NULL };
	struct source_filter f = { .lists = lists, .paths = paths };
	struct source_filter all = { .lists = NULL };
	AUTO_JSON struct json_object *two =
		words("netdev.vger.kernel.org linux-mm.kvack.org");
	AUTO_JSON struct json_object *one = words("netdev.vger.kernel.org");
	AUTO_JSON struct json_object *in = words("net/a.c mm/b.c");
	AUTO_JSON struct json_object *out = words("net/a.c b.c c.c d.c");
	AUTO_JSON struct json_object *none = json_object_new_array();
	AUTO_FREE char *by_list = filter_headers(&f, one, "x");
	AUTO_FREE char *no_list = filter_headers(&f, none, "x");
	AUTO_FREE char *by_path = filter_paths(&f, out);
	AUTO_FREE char *no_path = filter_paths(&f, none);

	(void)state;
	assert_null(filter_headers(&f, two, "x"));
	assert_null(filter_headers(&all, none, "x"));
	assert_null(filter_paths(&f, in));
	assert_null(filter_paths(&all, none));
	assert_string_equal(by_list,
			    "not by a list that is watched: netdev.vger.kernel.org");
	assert_non_null(strstr(no_list, "no List-Id"));
	assert_string_equal(by_path,
			    "touches no file that is watched: net/a.c, b.c, c.c, ...");
	assert_non_null(no_path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_globs),
		cmocka_unit_test(test_subjects),
		cmocka_unit_test(test_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
