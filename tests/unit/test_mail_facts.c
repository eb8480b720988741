#include "tests/unit/cm.h"

#include "kernels/mail_facts.h"
#include "lib/cleanup.h"

static const struct {
	const char *name, *text, *paths;
} diffs[] = {
	{ "changed",
	  "x\n---\n mm/a.c | 2 +-\n\ndiff --git a/mm/a.c b/mm/a.c\n--- a/mm/a.c\n"
	  "+++ b/mm/a.c\n@@ -1 +1 @@\n-a\n+b\n",
	  "[\"mm/a.c\"]" },
	{ "renamed as it is",
	  "diff --git a/mm/a.c b/lib/b.c\nsimilarity index 100%\nrename from mm/a.c\n"
	  "rename to lib/b.c\n",
	  "[\"mm/a.c\",\"lib/b.c\"]" },
	{ "mode alone",
	  "diff --git a/tools/x.sh b/tools/x.sh\nold mode 100644\nnew mode 100755\n",
	  "[\"tools/x.sh\"]" },
	{ "binary",
	  "diff --git a/lib/x.bin b/lib/x.bin\nnew file mode 100644\nindex "
	  "0000000000000000000000000000000000000000..257cc5642cb1a054f08cc83f2d943e56fd3ebe99\n"
	  "GIT binary patch\nliteral 4\nLc${NkU}WL~00RIF{{\n\nliteral 0\nHcmV?d00001\n\n"
	  "diff --git a/mm/a.c b/mm/a.c\n--- a/mm/a.c\n+++ b/mm/a.c\n@@ -1 +1 @@\n-a\n+b\n",
	  "[\"lib/x.bin\",\"mm/a.c\"]" },
	{ "binary, only told",
	  "diff --git a/x.png b/x.png\nindex 1234567..89abcde 100644\n"
	  "Binary files a/x.png and b/x.png differ\n",
	  "[\"x.png\"]" },
	{ "made and gone",
	  "--- /dev/null\n+++ b/mm/new.c\n@@ -0,0 +1 @@\n+a\n"
	  "--- a/mm/old.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n",
	  "[\"mm/new.c\",\"mm/old.c\"]" },
	{ "without git",
	  "--- linux/mm/a.c.orig\t2026-01-01\n+++ linux/mm/a.c\t2026-01-02\n"
	  "@@ -1 +1 @@\n-a\n+b\n",
	  "[\"mm/a.c.orig\",\"mm/a.c\"]" },
	{ "broken off, then on",
	  "diff --git a/mm/a.c b/mm/a.c\n--- a/mm/a.c\n+++ b/mm/a.c\n@@ -1,9 +1,9 @@\n-a\n"
	  "diff --git a/mm/b.c b/mm/b.c\n--- a/mm/b.c\n+++ b/mm/b.c\n@@ -1 +1 @@\n-a\n+b\n",
	  "[\"mm/a.c\",\"mm/b.c\"]" },
	{ "quoted", "> diff --git a/mm/a.c b/mm/a.c\n> --- a/mm/a.c\n> +++ b/mm/a.c\n",
	  "[]" },
	{ "a diffstat", " mm/a.c | 2 +-\n 1 file changed\n", "[]" },
};

static void test_paths(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(diffs); i++) {
		AUTO_JSON struct json_object *arr = json_object_new_array();
		const char *got;

		mail_paths(diffs[i].text, 100, arr);
		got = json_object_to_json_string_ext(
			arr, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
		if (strcmp(got, diffs[i].paths) != 0)
			fail_msg("%s: %s", diffs[i].name, got);
	}
}

static void test_wishes(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "Hi\n\nsluice: tree=mm base=v6.1 topology=a,b\n-- \nme\n",
		  "{\"tree\":\"mm\",\"base\":\"v6.1\",\"topology\":\"a,b\"}" },
		{ "sluice: config=c\nsluice: tree=x\n", "{\"config\":\"c\"}" },
		{ "sluice: suite=d\r\n", "{\"suite\":\"d\"}" },
		/* What others quote, and what a patch adds. */
		{ "> sluice: tree=mm\n| sluice: tree=mm\n", NULL },
		{ "+sluice: tree=mm\n sluice: tree=mm\n-sluice: tree=mm\n", NULL },
		{ "see sluice: tree=mm\n", NULL },
		{ "sluice: is a machine that tests\n", NULL },
		{ "sluice: tree=mm please\n", NULL },
		{ "sluice: tree= base=\n", NULL },
		{ "sluice:\n", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_JSON struct json_object *o = mail_override(cases[i].text);
		const char *got =
			o ? json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN) :
			    NULL;

		if (cases[i].want ? !got || strcmp(got, cases[i].want) != 0 : got != NULL)
			fail_msg("\"%s\": %s", cases[i].text, got ? got : "nothing");
	}
}

static void test_lines_of_b4(void **state)
{
	static const struct {
		const char *text, *base, *change;
	} cases[] = {
		{ "x\n---\nbase-commit: 0123456789abcdef0123456789abcdef01234567\n"
		  "change-id: 20260101-one-0123456789ab\n\nBest regards,\n",
		  "0123456789abcdef0123456789abcdef01234567",
		  "20260101-one-0123456789ab" },
		{ "change-id: at-the-start\r\n", NULL, "at-the-start" },
		{ "> base-commit: 0123456789ab\n> change-id: x\n", NULL, NULL },
		{ "+base-commit: 0123456789ab\n+change-id: x\n", NULL, NULL },
		{ "base-commit: v6.1\nchange-id:\n", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_FREE char *base = mail_base_commit(cases[i].text);
		AUTO_FREE char *change = mail_change_id(cases[i].text);
		const char *b = cases[i].base ? cases[i].base : "none";
		const char *c = cases[i].change ? cases[i].change : "none";

		assert_string_equal(base ? base : "none", b);
		assert_string_equal(change ? change : "none", c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_wishes),
		cmocka_unit_test(test_lines_of_b4),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
