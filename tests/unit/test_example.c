#include "tests/unit/git_fixture.h"

#include "kernels/example.h"
#include "kernels/example_load.h"
#include "lib/paths.h"

static struct example_edit *parsed(const char *text)
{
	struct example_edit *e = NULL;
	struct err err = { 0 };

	if (example_edit_parse("t.edit", text, &e, &err) < 0)
		fail_msg("%s", err.msg);
	return e;
}

static void refused(const char *text, const char *why)
{
	struct example_edit *e = NULL;
	struct err err = { 0 };

	assert_int_equal(example_edit_parse("t.edit", text, &e, &err), -1);
	assert_null(e);
	assert_int_equal(err.code, ERR_INPUT);
	assert_string_equal(err.msg, why);
}

static void test_parse(void **state)
{
	struct example_edit *e = parsed("# a remark\nSubject: never\n");

	(void)state;
	assert_string_equal(e->subject, "never");
	assert_string_equal(e->body, "");
	assert_int_equal(e->nhunks, 0);
	example_edit_free(e);

	e = parsed("# one\n# two\nSubject:  mm: x \n\nText.\n\nMore.\n\n"
		   "@@ a.c in int f(\n one\n-two\n+2\n\n@@ b.c\n-x\n");
	assert_string_equal(e->subject, "mm: x");
	assert_string_equal(e->body, "Text.\n\nMore.\n");
	assert_int_equal(e->nhunks, 2);
	assert_string_equal(e->hunks[0].path, "a.c");
	assert_string_equal(e->hunks[0].in, "int f(");
	assert_string_equal(e->hunks[0].old_text, "one\ntwo\n\n");
	assert_string_equal(e->hunks[0].new_text, "one\n2\n\n");
	assert_int_equal(e->hunks[0].line, 9);
	assert_string_equal(e->hunks[1].path, "b.c");
	assert_null(e->hunks[1].in);
	assert_string_equal(e->hunks[1].new_text, "");
	example_edit_free(e);
}

static void test_refused(void **state)
{
	(void)state;
	refused("", "t.edit:0: expected \"Subject: ...\"");
	refused("# only\nText\n", "t.edit:2: expected \"Subject: ...\"");
	refused("Subject: \n", "t.edit:1: the subject is empty");
	refused("Subject: x\n\nFrom here on\n",
		"t.edit:3: this line would end the mail or its message");
	refused("Subject: x\n\n---\n",
		"t.edit:3: this line would end the mail or its message");
	refused("Subject: \xc3\xbc\n",
		"t.edit:1: only plain ASCII can be mailed as it is");
	refused("Subject: x\n@@ a.c\n*y\n",
		"t.edit:3: expected a line that starts with ' ', '-' or '+'");
	refused("Subject: x\n@@ a.c\n+y\n",
		"t.edit:3: this change has no path, no anchor or no effect");
	refused("Subject: x\n@@ a.c\n y\n",
		"t.edit:3: this change has no path, no anchor or no effect");
}

static void applies(const char *edit, const char *text, const char *want)
{
	struct example_edit *e = parsed(edit);
	AUTO_FREE char *got = NULL;
	struct err err = { 0 };
	int ret = example_edit_apply(e, 0, text, &got, &err);

	assert_string_equal(ret < 0 ? err.msg : got, want);
	example_edit_free(e);
}

#define EDIT "Subject: x\n@@ a.c in int g(\n-\tone();\n+\ttwo();\n"

static void test_apply(void **state)
{
	(void)state;
	applies(EDIT, "int f(\n\tone();\n}\nint g(\n\tone();\n}\nint h(\n\tone();\n}\n",
		"int f(\n\tone();\n}\nint g(\n\ttwo();\n}\nint h(\n\tone();\n}\n");
	applies(EDIT, "int g(\n\tone();\n\tone();\n}\n",
		"t.edit:2: the text to be changed is 2 times in a.c, not once");
	applies(EDIT, "int g(\n}\n\tone();\n",
		"t.edit:2: the text to be changed is not in a.c");
	applies(EDIT, "int f(\n\tone();\n",
		"t.edit:2: the line after \"in\" is not in a.c");
	applies(EDIT, "int g(\nint g(\n",
		"t.edit:2: the line after \"in\" is 2 times in a.c, not once");
	/* Whole lines only. */
	applies("Subject: x\n@@ a.c\n-one\n+two\n", "xone\none x\none\nx\n",
		"xone\none x\ntwo\nx\n");
	applies("Subject: x\n@@ a.c\n-one\n+two\n", "xone\n",
		"t.edit:2: the text to be changed is not in a.c");
}

/* As much of mm/ as the shipped series touches. */
static const char mini_mm[] =
	"git init -q r; cd r; mkdir mm\n"
	"cat > mm/compaction.c <<'E'\n"
	"static bool too_many_isolated(struct compact_control *cc)\n{\n"
	"\ttoo_many = isolated > (inactive + active) / 2;\n\treturn too_many;\n}\nE\n"
	"cat > mm/mlock.c <<'E'\n"
	"#include <linux/secretmem.h>\n"
	"bool can_do_mlock(void)\n{\n\tif (rlimit(RLIMIT_MEMLOCK) != 0)\n\t\treturn true;\n"
	"\tif (capable(CAP_IPC_LOCK))\n\t\treturn true;\n"
	"\treturn false;\n}\n\nstatic void f(void)\n{\n"
	"\t/* There is nothing more we can do while it's off LRU */\n\treturn;\n}\n\n"
	"SYSCALL_DEFINE2(mlock, unsigned long, start, size_t, len)\n{\n"
	"\treturn do_mlock(start, len, VM_LOCKED);\n}\nE\n"
	"cat > mm/rmap.c <<'E'\n"
	"static struct kmem_cache *anon_vma_chain_cachep;\n\n"
	"static bool try_to_unmap_one(void)\n{\n\t\tif (vma->vm_flags & VM_LOCKED)\n"
	"\t\t\tmlock_drain_local();\n}\n\n"
	"static bool try_to_migrate_one(void)\n{\n\t\tif (vma->vm_flags & VM_LOCKED)\n"
	"\t\t\tmlock_drain_local();\n}\nE\n"
	"cat > mm/memory-failure.c <<'E'\n"
	"int unmap_poisoned_folio(void)\n{\n"
	"\tenum ttu_flags ttu = TTU_IGNORE_MLOCK | TTU_SYNC | TTU_HWPOISON;\n}\n\n"
	"static int soft_offline_in_use_page(struct page *page)\n{\n"
	"\tif (PageHWPoison(page)) {\n\t}\n}\nE\n"
	"git add .; git commit -qm base\n";

static char *shipped(const char *name)
{
	return path_join(paths_data(), "kernels/examples", name, NULL);
}

static void write_series(const char *dir, const char *series, const char *out)
{
	AUTO_FREE char *repo = path_join(dir, "r", NULL);
	AUTO_FREE char *edits = shipped(series);
	AUTO_FREE char *mbox = path_join(dir, out, NULL);
	AUTO_FREE char *base = sh_out(dir, "git -C r rev-parse HEAD");
	struct err err = { 0 };

	if (example_write(repo, base, edits, mbox, &err) < 0)
		fail_msg("%s", err.msg);
}

static void test_git_am(void **state)
{
	const char *dir = *state;
	AUTO_FREE char *before = NULL, *after = NULL, *log = NULL, *drains = NULL;

	sh(dir, mini_mm);
	before = sh_out(dir, "git -C r count-objects");
	write_series(dir, "mlock", "a.mbox");
	after = sh_out(dir, "git -C r count-objects");
	assert_string_equal(before, after);
	sh(dir,
	   "cd r; git am -q --empty=drop ../a.mbox; cd ..\n"
	   "git -C r show HEAD~2:mm/rmap.c | grep -q 'VM_LOCKED) && folio_test_large'\n"
	   "git -C r show HEAD~1:mm/mlock.c | grep -q 'mm = current->mm'\n"
	   "! grep -q folio_test_large r/mm/rmap.c\n"
	   "grep -q '2 \\* isolated' r/mm/compaction.c");
	log = sh_out(dir, "git -C r log --format='%an <%ae> %at %s' -1");
	assert_string_equal(log,
			    "sluice example <example@localhost> 1767607500 "
			    "mm/rmap: empty the mlock batch before the folio is moved");
	/* Only the function that was named. */
	drains = sh_out(dir,
			"git -C r diff HEAD~5 --stat --format= -- mm/rmap.c | tail -1");
	assert_non_null(strstr(drains, "4 insertions(+)"));
}

/* One patch has the dice, and uses them where pages are migrated alone. */
static void test_flaky(void **state)
{
	const char *dir = *state;
	AUTO_FREE char *uses = NULL;

	sh(dir, mini_mm);
	write_series(dir, "flaky", "f.mbox");
	sh(dir, "cd r; git am -q --empty=drop ../f.mbox\n"
		"test $(git rev-list --count HEAD~4..HEAD) = 4\n"
		"git diff --quiet HEAD~4 HEAD~2 -- mm/rmap.c\n"
		"git diff --quiet HEAD~1 HEAD -- mm/rmap.c");
	uses = sh_out(dir, "git -C r diff -U0 HEAD~2 HEAD~1 | grep -c '^+.*on_trial()'");
	assert_string_equal(uses, "1");
	sh(dir, "sed -n '/^static bool try_to_migrate_one/,/^}/p' r/mm/rmap.c |"
		" grep -q '!mlock_batch_on_trial()'");
}

/* Each patch takes away what the one before it did. */
static void test_detectors(void **state)
{
	const char *dir = *state;
	AUTO_FREE char *cases = NULL;

	sh(dir, mini_mm);
	write_series(dir, "detectors", "d.mbox");
	sh(dir, "cd r; git am -q --empty=drop ../d.mbox");
	cases = sh_out(
		dir, "for k in 8 7 6 5 4 3 2 1 0; do git -C r show HEAD~$k:mm/mlock.c | "
		     "sed -n 's/^\tcase \\([0-9]*\\):$/\\1/p'; done | tr '\\n' ' '");
	assert_string_equal(cases, "1 2 3 4 5 6 7 ");
	sh(dir, "git -C r diff --quiet HEAD~9 HEAD -- mm/mlock.c\n"
		"git -C r show HEAD~1:mm/memory-failure.c | grep -q 'ttu = TTU_SYNC |'\n"
		"grep -q TTU_IGNORE_MLOCK r/mm/memory-failure.c\n"
		"grep -q folio_test_mlocked r/mm/memory-failure.c");
}

/* Each patch adds to what the one before it did. */
static void test_detectors_debug(void **state)
{
	const char *dir = *state;
	AUTO_FREE char *cases = NULL;

	sh(dir, mini_mm);
	write_series(dir, "detectors-debug", "d.mbox");
	sh(dir, "cd r; git am -q --empty=drop ../d.mbox");
	cases = sh_out(dir, "for k in 3 2 1 0; do git -C r show HEAD~$k:mm/mlock.c | "
			    "grep -c '^\tcase'; done | tr '\n' ' '");
	assert_string_equal(cases, "1 2 3 4 ");
	sh(dir, "test $(git -C r diff --numstat HEAD~4 | cut -f 2) = 0");
}

static void test_mails(void **state)
{
	const char *dir = *state;
	AUTO_FREE char *base = NULL, *line = NULL;

	sh(dir, mini_mm);
	write_series(dir, "mlock", "a.mbox");
	write_series(dir, "mlock", "b.mbox");
	sh(dir, "cmp a.mbox b.mbox");
	write_series(dir, "clean", "c.mbox");
	sh(dir,
	   "grep -q '^Subject: .PATCH 0/2. ' c.mbox\n"
	   "test $(grep -c '^Message-ID: <sluice-example-.*@localhost>$' a.mbox) = 6\n"
	   "test $(grep '^Message-ID: ' a.mbox c.mbox | cut -d: -f2- | sort -u | wc -l) = 9\n"
	   "id=$(sed -n 's/^Message-ID: //p' a.mbox | head -1)\n"
	   "test $(grep -c \"^In-Reply-To: $id\" a.mbox) = 5\n"
	   "test $(grep -c '^index [0-9a-f]\\{40\\}\\.\\.[0-9a-f]\\{40\\} 100644' a.mbox) = 5\n"
	   "test $(grep -c '^-- $' a.mbox) = 6");
	base = sh_out(dir, "git -C r rev-parse HEAD");
	line = sh_out(dir, "sed -n 's/^base-commit: //p' a.mbox");
	assert_string_equal(line, base);
}

static void test_unfit(void **state)
{
	const char *dir = *state;
	AUTO_FREE char *repo = path_join(dir, "r", NULL);
	AUTO_FREE char *edits = path_join(dir, "e", NULL);
	AUTO_FREE char *out = path_join(dir, "x.mbox", NULL);
	AUTO_FREE char *base = NULL;
	struct err err = { 0 };

	sh(dir, mini_mm);
	base = sh_out(dir, "git -C r rev-parse HEAD");
	sh(dir, "mkdir e; printf 'Subject: c\\n' > e/0.edit");
	assert_int_equal(example_write(repo, base, edits, out, &err), -1);
	assert_non_null(strstr(err.msg, "expected a cover letter and patches"));
	sh(dir, "printf 'Subject: p\\n\\n@@ mm/none.c\\n-x\\n' > e/1.edit");
	assert_int_equal(example_write(repo, base, edits, out, &err), -1);
	assert_non_null(strstr(err.msg, "e/1.edit:3: the tree has no file mm/none.c"));
	sh(dir, "printf 'Subject: p\\n\\n@@ mm/rmap.c\\n-x\\n' > e/1.edit");
	assert_int_equal(example_write(repo, base, edits, out, &err), -1);
	assert_non_null(strstr(err.msg,
			       "e/1.edit:3: the text to be changed is not in mm/rmap.c"));
	assert_int_equal(example_write(repo, "main", edits, out, &err), -1);
	assert_false(path_exists(out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),      cmocka_unit_test(test_refused),
		cmocka_unit_test(test_apply),      tmpdir_test(test_git_am),
		tmpdir_test(test_flaky),           tmpdir_test(test_detectors),
		tmpdir_test(test_detectors_debug), tmpdir_test(test_mails),
		tmpdir_test(test_unfit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
