#include "tests/unit/mail_fixture.h"

#include "kernels/mail.h"
#include "kernels/mbox.h"
#include "kernels/patch.h"
#include "kernels/policy.h"

static const struct policy_limits limits = { .patch_bytes = 1 << 20, .patch_files = 3 };

#define HUNK "@@ -1 +1 @@\n-a\n+b\n"
#define NEW_HUNK "@@ -0,0 +1 @@\n+b\n"
#define GONE_HUNK "@@ -1 +0,0 @@\n-a\n"
#define SIDES(name) "--- a/" name "\n+++ b/" name "\n"
#define GIT(name) "diff --git a/" name " b/" name "\n"
#define EDIT(name) GIT(name) "index 1111111..2222222 100644\n" SIDES(name) HUNK
#define ADD_MODE(name, mode)                                              \
	GIT(name)                                                         \
	"new file mode " mode "\nindex 0000000..2222222\n--- /dev/null\n" \
	"+++ b/" name "\n" NEW_HUNK
#define ADD(name) ADD_MODE(name, "100644")
#define DEL_MODE(name, mode)                                              \
	GIT(name)                                                         \
	"deleted file mode " mode "\nindex 1111111..0000000\n--- a/" name \
	"\n+++ /dev/null\n" GONE_HUNK
#define DEL(name) DEL_MODE(name, "100644")
#define MOVE(from, to)                                                             \
	"diff --git a/" from " b/" to "\nsimilarity index 100%\nrename from " from \
	"\nrename to " to "\n"

static void accept(const char *diff)
{
	struct refusal r;

	if (!policy_check_diff(diff, strlen(diff), &limits, &r))
		fail_msg("refused (%s: %s):\n%s", r.file, r.reason, diff);
}

static void refuse_len(const char *diff, size_t len, const char *reason)
{
	struct refusal r;

	if (policy_check_diff(diff, len, &limits, &r))
		fail_msg("accepted, should be \"%s\":\n%s", reason, diff);
	if (!strstr(r.reason, reason))
		fail_msg("\"%s\", should be \"%s\":\n%s", r.reason, reason, diff);
}

static void refuse(const char *diff, const char *reason)
{
	refuse_len(diff, strlen(diff), reason);
}

static void test_harmless(void **state)
{
	(void)state;
	accept(EDIT("mm/x.c"));
	accept(EDIT("mm/x.c") EDIT("mm/y.c") "-- \n2.39.5\n\n");
	accept(ADD("mm/x.c"));
	accept(ADD_MODE("x.sh", "100755"));
	accept(DEL("mm/x.c"));
	accept(MOVE("mm/x.c", "mm/y.c"));
	accept("diff --git a/x b/y\nsimilarity index 90%\ncopy from x\ncopy to y\n"
	       "index 1111111..2222222 100644\n--- a/x\n+++ b/y\n" HUNK);
	accept(GIT("x.sh") "old mode 100644\nnew mode 100755\n");
	accept(GIT("empty") "new file mode 100644\nindex 0000000..e69de29\n");
	accept("--- a/mm/x.c\n+++ b/mm/x.c\n" HUNK);
	accept("--- a/mm/x.c\t2026-01-01\n+++ b/mm/x.c\t2026-01-02\n" HUNK);
	accept("--- /dev/null\n+++ b/mm/x.c\n" NEW_HUNK);
}

/* Names that only look bad. */
static void test_harmless_names(void **state)
{
	(void)state;
	accept(EDIT(".gitignore"));
	accept(EDIT("a/.gitattributes"));
	accept(EDIT("git/x.c"));
	accept(EDIT("a..b/...c"));
	accept(EDIT("x.git"));
	accept(EDIT(".github/x"));
	accept(EDIT("mm/with space.c"));
	accept(EDIT("dev/null"));
	accept("diff --git \"a/caf\\303\\251\" \"b/caf\\303\\251\"\n"
	       "--- \"a/caf\\303\\251\"\n+++ \"b/caf\\303\\251\"\n" HUNK);
	accept(EDIT("mm/mlock") EDIT("mm/mlock.c") EDIT("mm/mlock-x/y"));
	accept(DEL("x") ADD("x/y"));
	accept(MOVE("x", "y") ADD("x"));
}

/* Lines of a hunk that look like headers. */
static void test_hunk_lines_are_no_headers(void **state)
{
	(void)state;
	accept(GIT("x") SIDES("x") "@@ -1,2 +1,2 @@\n--- a/../../etc/passwd\n"
				   "+++ b/../../etc/passwd\n context\n");
	accept(GIT("x") SIDES(
		"x") "@@ -1,3 +1,2 @@\n a\n\n-diff --git a/.git/x b/.git/x\n");
	accept(GIT("x") SIDES("x") "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n"
				   "\\ No newline at end of file\n");
	accept(GIT("x") SIDES("x") "@@ -1 +1 @@ new file mode 120000\n-a\n+b\n");
}

static void test_outside_the_tree(void **state)
{
	(void)state;
	refuse(EDIT("../x"), "\"..\"");
	refuse(EDIT("a/../../x"), "\"..\"");
	refuse(EDIT("a/.."), "\"..\"");
	refuse(EDIT("a/./b"), "\".\"");
	refuse(EDIT("a//b"), "empty component");
	refuse(EDIT("/etc/passwd"), "absolute");
	refuse("--- /etc/passwd\n+++ /etc/passwd\n" HUNK, "absolute");
	refuse(ADD("a/"), "empty component");
	refuse(MOVE("mm/x.c", "../x.c"), "\"..\"");
	refuse(MOVE("../x.c", "mm/x.c"), "\"..\"");
	refuse("--- a/../x\n+++ b/../x\n" HUNK, "\"..\"");
	refuse("diff --git \"a/\\056./x\" \"b/\\056./x\"\n" HUNK, "without --- and +++");
	refuse("diff --git \"a/\\056\\056/x\" \"b/\\056\\056/x\"\nnew file mode 100644\n",
	       "\"..\"");
}

static void test_dot_git(void **state)
{
	(void)state;
	refuse(ADD(".git/hooks/post-checkout"), ".git");
	refuse(ADD("a/.git"), ".git");
	refuse(ADD(".GIT/config"), ".git");
	refuse(ADD(".git /config"), ".git");
	refuse(ADD(".git./config"), ".git");
	refuse(ADD("git~1/config"), ".git");
	refuse(ADD(".git::$INDEX_ALLOCATION/config"), ".git");
	refuse(ADD(".g\xe2\x80\x8cit/config"), ".git");
	refuse(ADD("\xef\xbb\xbf.git/config"), ".git");
}

static void test_odd_characters(void **state)
{
	static const char nul[] = GIT("x\0y") "new file mode 100644\n";

	(void)state;
	refuse("diff --git \"a/x\\ny\" \"b/x\\ny\"\nnew file mode 100644\n", "control");
	refuse("diff --git \"a/x\\033[2J\" \"b/x\\033[2J\"\nnew file mode 100644\n",
	       "control");
	refuse("diff --git \"a/x\\177\" \"b/x\\177\"\nnew file mode 100644\n", "control");
	refuse("diff --git \"a/x\\\\y\" \"b/x\\\\y\"\nnew file mode 100644\n",
	       "backslash");
	refuse(ADD("a\\..\\x"), "backslash");
	refuse_len(nul, sizeof(nul) - 1, "cannot tell the file names");
	refuse("diff --git \"a/x\\000y\" \"b/x\\000y\"\nnew file mode 100644\n",
	       "cannot tell the file names");
}

static void test_modes(void **state)
{
	(void)state;
	refuse(ADD_MODE("link", "120000"), "symbolic link");
	refuse(GIT("x") "old mode 100644\nnew mode 120000\n", "symbolic link");
	refuse(GIT("x") "old mode 120000\nnew mode 100644\n", "symbolic link");
	refuse(GIT("x") "index 1111111..2222222 120000\n" SIDES("x") HUNK,
	       "symbolic link");
	refuse(DEL_MODE("x", "120000") ADD("x"), "type change");
	accept(DEL_MODE("x", "120000"));
	refuse(ADD_MODE("sub", "160000"), "gitlink");
	refuse(DEL_MODE("sub", "160000"), "gitlink");
	refuse(GIT("sub") "index 1111111..2222222 160000\n" SIDES("sub") HUNK, "gitlink");
	refuse(ADD_MODE("x", "104755"), "file mode 104755");
	refuse(ADD_MODE("x", "100666"), "file mode 100666");
	refuse(ADD_MODE("x", "040000"), "file mode");
	refuse(ADD_MODE("x", "9"), "no file mode");
	refuse(GIT("x") "new file mode 100644\nnew mode 120000\n", "symbolic link");
}

static void test_binary(void **state)
{
	(void)state;
	refuse(GIT("x") "index 1111111..2222222 100644\nGIT binary patch\nliteral 1\nIc\n",
	       "binary");
	refuse(GIT("x") "Binary files a/x and b/x differ\n", "binary");
	refuse("GIT binary patch\nliteral 1\n", "binary");
	accept(GIT("x") SIDES("x") "@@ -1 +1 @@\n-GIT binary patch\n+GIT binary patch\n");
}

static void test_headers_disagree(void **state)
{
	(void)state;
	refuse(GIT("x") "--- a/y\n+++ b/x\n" HUNK, "disagree");
	refuse(GIT("x") "--- a/x\n+++ b/y\n" HUNK, "disagree");
	refuse(GIT("x") "--- /dev/null\n+++ b/x\n" NEW_HUNK, "disagree");
	refuse(GIT("x") "new file mode 100644\n--- a/x\n+++ b/x\n" HUNK, "disagree");
	refuse(GIT("x") "deleted file mode 100644\n--- a/x\n+++ b/x\n" HUNK, "disagree");
	refuse("diff --git a/x b/y\n" SIDES("x") HUNK, "disagree");
	refuse("diff --git a/x b/y\nrename from x\n", "disagree");
	refuse("diff --git a/x b/y\nrename from x\nrename to z\n", "disagree");
	refuse("diff --git a/x b/y\nrename from x\ncopy to y\n", "disagree");
	refuse("--- a/x\n+++ b/y\n" HUNK, "disagree");
	refuse(GIT("x") "--- a/x\n@@ -1 +1 @@\n-a\n+b\n", "without --- and +++");
	refuse("diff --git a/x\nnew file mode 100644\n", "cannot tell");
}

static void test_same_file_twice(void **state)
{
	(void)state;
	refuse(ADD("x") ADD("x"), "twice");
	refuse(EDIT("x") EDIT("x"), "twice");
	refuse(DEL("x") DEL("x"), "twice");
	refuse(ADD("x") ADD("x/y"), "a file and a folder");
	refuse(ADD("x/y/z") EDIT("x-a") ADD("x"), "a file and a folder");
	accept(ADD("x/y") ADD("x.y") ADD("x-y"));
}

static void test_corrupt(void **state)
{
	(void)state;
	refuse("", "changes no file");
	refuse("nothing here\n", "changes no file");
	refuse(HUNK, "without a file header");
	refuse(GIT("x") SIDES("x") "@@ -1,3 +1,3 @@\n a\n", "ends inside a hunk");
	refuse(GIT("x") SIDES("x") "@@ -1,3 +1,3 @@\n a\nwrapped line\n", "other lines");
	refuse(GIT("x") SIDES("x") "@@ -1 +1 @@\n-a\n-b\n+b\n", "other lines");
	refuse(GIT("x") SIDES("x") "@@ -1,9999999999 +1 @@\n-a\n", "broken hunk header");
	refuse(GIT("x") SIDES("x") "@@ -1 1 @@\n-a\n", "broken hunk header");
	refuse(EDIT("x") "--\n" HUNK, "without a file header");
}

static void test_limits(void **state)
{
	const struct policy_limits none = { .patch_bytes = 0 };
	const struct policy_limits small = { .patch_bytes = 10 };
	struct refusal r;

	(void)state;
	accept(ADD("a") ADD("b") ADD("c"));
	refuse(ADD("a") ADD("b") ADD("c") ADD("d"), "more than 3 files");
	assert_true(policy_check_diff(ADD("a") ADD("b") ADD("c") ADD("d"),
				      strlen(ADD("a") ADD("b") ADD("c") ADD("d")), &none,
				      &r));
	assert_false(policy_check_diff(EDIT("x"), strlen(EDIT("x")), &small, &r));
	assert_non_null(strstr(r.reason, "the limit is 10"));
}

static void test_file_is_named_clean(void **state)
{
	const char *diff =
		"diff --git \"a/x\\033[2Jy\" \"b/x\\033[2Jy\"\nnew file mode 100644\n";
	struct refusal r;

	(void)state;
	assert_false(policy_check_diff(diff, strlen(diff), &limits, &r));
	assert_null(strchr(r.file, '\033'));
	assert_false(
		policy_check_diff(ADD("a/../b"), strlen(ADD("a/../b")), &limits, &r));
	assert_string_equal(r.file, "a/../b");
}

static void test_one_path(void **state)
{
	struct refusal r;

	(void)state;
	assert_true(policy_check_path("mm/x.c", 0100644, &r));
	assert_true(policy_check_path("mm/x.c", 0, &r));
	assert_false(policy_check_path("mm/x.c", 0120000, &r));
	assert_false(policy_check_path("mm/x.c", 0160000, &r));
	assert_false(policy_check_path("mm/../x.c", 0100644, &r));
	assert_false(policy_check_path("", 0100644, &r));
}

static int check_real(const char *raw, size_t len, void *arg, struct err *err)
{
	const struct policy_limits none = { .patch_bytes = 0 };
	int *checked = arg;
	struct refusal r;
	struct patch *p;
	struct mail *m;

	(void)err;
	if (mail_parse(raw, len, &m, NULL) < 0)
		return 0;
	if (tags_in_series(&m->tags) && m->has_diff &&
	    patch_parse(raw, len, &p, NULL) == 0) {
		/* format=flowed breaks a diff for git too */
		if (!policy_check_diff(p->diff, p->diff_len, &none, &r) &&
		    !strstr(m->raw, "format=flowed") && !strstr(m->raw, "=3Dflowed"))
			fail_msg("%s: %s: %s", m->message_id, r.file, r.reason);
		++*checked;
		patch_free(p);
	}
	mail_free(m);
	return 0;
}

static void test_real_patches_pass(void **state)
{
	static const char *const names[] = {
		"20241102050219.GA2450028@ZenIV.v3.mbox",
		"20221025151344.3784230-1-chao.p.peng@linux.intel.com.v9.mbox",
		"20241127025728.3689245-1-yuanchu@google.com.v4.mbox",
		"20241204134410.1161769-1-dev@lankhorst.se.v2.mbox",
		"20221212185347.1286824-1-Jason@zx2c4.com.v12.mbox",
		"20241116175922.3265872-1-pasha.tatashin@soleen.com.mbox",
	};
	int checked = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		AUTO_FREE char *path = real_mail_path(names[i]);
		AUTO_FREE char *mbox = NULL;
		size_t len;

		if (path && file_read(path, 64 << 20, &mbox, &len, NULL) == 0)
			mbox_each(mbox, len, check_real, &checked, NULL);
	}
	if (!checked)
		skip();
	assert_true(checked > 50);
}

#define NAME_50 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define NAME_250 NAME_50 NAME_50 NAME_50 NAME_50 NAME_50
#define FOLDERS_1004 NAME_250 "/" NAME_250 "/" NAME_250 "/" NAME_250 "/"

/* What no file system can hold would be our own failure at the checkout. */
static void test_long_names(void **state)
{
	(void)state;
	accept(ADD("mm/" NAME_250 "123.c"));
	refuse(ADD("mm/" NAME_250 "1234.c"), "over 255 bytes");
	refuse(ADD(NAME_250 "123456/x.c"), "over 255 bytes");
	accept(ADD(FOLDERS_1004 FOLDERS_1004 "x.c"));
	refuse(ADD(FOLDERS_1004 FOLDERS_1004 NAME_50 "x.c"), "path over");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_harmless),
		cmocka_unit_test(test_harmless_names),
		cmocka_unit_test(test_hunk_lines_are_no_headers),
		cmocka_unit_test(test_outside_the_tree),
		cmocka_unit_test(test_dot_git),
		cmocka_unit_test(test_odd_characters),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_binary),
		cmocka_unit_test(test_headers_disagree),
		cmocka_unit_test(test_same_file_twice),
		cmocka_unit_test(test_corrupt),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_file_is_named_clean),
		cmocka_unit_test(test_one_path),
		cmocka_unit_test(test_real_patches_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
