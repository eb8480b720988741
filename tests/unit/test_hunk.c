#include "tests/unit/git_fixture.h"

#include "kernels/hunk.h"

static char *apply(const char *hunks, bool reverse, const char *text)
{
	struct str out = STR_INIT;
	struct hunk_failure f = { 0 };

	if (hunks_apply(hunks, strlen(hunks), reverse, text, strlen(text), &out, NULL,
			&f))
		return str_take(&out);
	str_done(&out);
	return NULL;
}

static void becomes(const char *hunks, const char *text, const char *want)
{
	AUTO_FREE char *got = apply(hunks, false, text);
	AUTO_FREE char *back = NULL;

	if (!got)
		fail_msg("refused:\n%s", hunks);
	assert_string_equal(got, want);
	back = apply(hunks, true, want);
	assert_non_null(back);
	assert_string_equal(back, text);
}

static void refused(const char *hunks, const char *text)
{
	AUTO_FREE char *got = apply(hunks, false, text);

	if (got)
		fail_msg("accepted:\n%s", hunks);
}

static void test_plain(void **state)
{
	(void)state;
	becomes("@@ -1,3 +1,3 @@ f()\n a\n-b\n+B\n c\n", "a\nb\nc\n", "a\nB\nc\n");
	becomes("@@ -0,0 +1,2 @@\n+x\n+y\n", "", "x\ny\n");
	becomes("@@ -1,2 +0,0 @@\n-x\n-y\n", "x\ny\n", "");
	becomes("@@ -1 +1,2 @@\n a\n+b\n", "a\n", "a\nb\n");
	becomes("", "a\n", "a\n");
}

static void test_moved(void **state)
{
	const char *hunk = "@@ -2,3 +2,3 @@\n a\n-b\n+B\n c\n";
	struct str out = STR_INIT;
	struct hunk_failure f;
	bool moved = false;

	(void)state;
	becomes(hunk, "1\n2\n3\na\nb\nc\nd\n", "1\n2\n3\na\nB\nc\nd\n");
	assert_true(hunks_apply(hunk, strlen(hunk), false, "1\n2\na\nb\nc\n", 11 - 1,
				&out, &moved, &f));
	assert_true(moved);
	str_done(&out);
	/* Two places: the nearer one, and of two as near the later one. */
	becomes("@@ -3,2 +3,3 @@\n a\n+N\n b\n", "a\nb\n1\na\nb\n", "a\nb\n1\na\nN\nb\n");
	becomes("@@ -3,2 +3,3 @@\n a\n+N\n b\n", "a\nb\n1\n2\na\nb\n",
		"a\nb\n1\n2\na\nN\nb\n");
}

static void test_ends(void **state)
{
	(void)state;
	/* A hunk of line 1 matches only at the start. */
	refused("@@ -1,2 +1,3 @@\n+N\n a\n b\n", "1\na\nb\n");
	/* Without trailing context only at the end. */
	refused("@@ -5,2 +5,3 @@\n a\n b\n+N\n", "1\na\nb\n2\n");
	becomes("@@ -5,2 +5,3 @@\n a\n b\n+N\n", "1\na\nb\n", "1\na\nb\nN\n");
	refused("@@ -0,0 +1 @@\n+x\n", "a\n");
}

static void test_no_newline(void **state)
{
	(void)state;
	becomes("@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n", "a\nb",
		"a\nb\n");
	becomes("@@ -1,2 +1,2 @@\n a\n-b\n+b\n\\ No newline at end of file\n", "a\nb\n",
		"a\nb");
	becomes("@@ -1,2 +1,2 @@\n-a\n+A\n b\n\\ No newline at end of file\n", "a\nb",
		"A\nb");
	refused("@@ -1,2 +1,2 @@\n-a\n+A\n b\n", "a\nb");
}

static void test_order(void **state)
{
	/* The second hunk's numbers count the lines that the first one added. */
	const char *two = "@@ -2,2 +2,4 @@\n a\n+N\n+M\n b\n@@ -6,2 +8,1 @@\n-c\n d\n";

	(void)state;
	becomes(two, "1\na\nb\n2\n3\nc\nd\n", "1\na\nN\nM\nb\n2\n3\nd\n");
	/* What a hunk made is no ground for the next. */
	refused("@@ -2,2 +2,2 @@\n a\n-b\n+x\n@@ -3 +3 @@\n-x\n+y\n", "1\na\nb\n");
}

static void test_corrupt(void **state)
{
	static const char *const bad[] = {
		"@@ -1,3 +1,3 @@\n a\n-b\n",
		"@@ -1,1 +1,1 @@\n a\n@@ -x\n",
		"@@ -1,2 +1,1 @@\n a\n+b\n",
		"@@ -1 +1 @@\n*a\n",
		"@@ -99999999999,1 +1,1 @@\n a\n",
		"@@ -1,\n a\n",
		"@@ -1,1 +1,1",
		"@@ -1,1 +1,1 @@",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		refused(bad[i], "a\n");
	/* A blank that mail ate. */
	becomes("@@ -1,3 +1,3 @@\n-a\n+A\n\n b\n", "a\n\nb\n", "A\n\nb\n");
}

static void test_reason(void **state)
{
	const char *hunks = "@@ -1,2 +1,2 @@\n-a\n+A\n b\n@@ -4,2 +4,2 @@\n c\n-d\n+D\n";
	const char *text = "a\nb\n\nc\nx\x1b[31m\n";
	struct hunk_failure f = { 0 };
	struct str out = STR_INIT;

	(void)state;
	assert_false(hunks_apply(hunks, strlen(hunks), false, text, strlen(text), &out,
				 NULL, &f));
	assert_int_equal(f.hunk, 2);
	assert_string_equal(f.reason, "line 5 is not \"d\"");
	str_done(&out);
}

/* ---- against git apply: random texts of few different lines, random edits ---- */

static unsigned seed = 12345;

static unsigned rnd(unsigned n)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 16) % n;
}

static char *random_text(unsigned lines)
{
	struct str s = STR_INIT;

	for (unsigned i = 0; i < lines; i++)
		str_addf(&s, "%c%s", 'a' + (int)rnd(4),
			 i + 1 == lines && !rnd(4) ? "" : "\n");
	return str_take(&s);
}

/* The text with some lines put in, taken out or changed. */
static char *edit(const char *text, unsigned one_in)
{
	struct str s = STR_INIT;

	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "\n");

		n += p[n] == '\n';
		if (rnd(one_in)) {
			str_addn(&s, p, n);
		} else {
			unsigned what = rnd(3);

			if (what != 0)
				str_addf(&s, "%c\n", 'x' + (int)rnd(2));
			if (what == 1)
				str_addn(&s, p, n);
		}
		p += n;
	}
	return str_take(&s);
}

static void compare_with_git(const char *dir)
{
	AUTO_FREE char *old = random_text(8 + rnd(24));
	AUTO_FREE char *new = edit(old, 6);
	AUTO_FREE char *target = edit(old, 12);
	AUTO_FREE char *diff = NULL;
	AUTO_FREE char *got = NULL;
	AUTO_FREE char *want = NULL;
	char *hunks;

	put_file(dir, "old", old);
	put_file(dir, "new", new);
	put_file(dir, "f", target);
	diff = sh_out(dir, "git diff --no-index -U$((RANDOM_U)) old new > d || true; "
			   "sed -i 's,a/old,a/f,;s,b/new,b/f,' d; cat d; echo .");
	hunks = strstr(diff, "@@ -");
	if (!hunks)
		return;
	*strrchr(diff, '.') = '\0';
	want = sh_status(dir, "git apply -p1 d 2>err.txt") ? NULL :
							     sh_out(dir, "cat f; echo .");
	if (want)
		*strrchr(want, '.') = '\0';
	got = apply(hunks, false, target);
	if (!got != !want || (got && strcmp(got, want)))
		fail_msg("git: %s\nours: %s\ntarget:\n%s\ndiff:\n%s",
			 want ? want : "refused", got ? got : "refused", target, diff);
}

static void test_like_git(void **state)
{
	for (int i = 0; i < 100; i++) {
		setenv("RANDOM_U", (const char *[]){ "1", "2", "3" }[rnd(3)], 1);
		compare_with_git(*state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),  cmocka_unit_test(test_moved),
		cmocka_unit_test(test_ends),   cmocka_unit_test(test_no_newline),
		cmocka_unit_test(test_order),  cmocka_unit_test(test_corrupt),
		cmocka_unit_test(test_reason), tmpdir_test(test_like_git),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
