#include "tests/unit/git_fixture.h"

#include <sys/stat.h>

#include "kernels/role_checkout.h"

static const char seed[] =
	"git init -q -b main src && cd src && mkdir -p a/b/c d && seq 9 > a/b/c/deep && "
	"seq 5 > a/x && seq 4 > d/only && ln -s ../a/x d/link && ln -s /etc abs && "
	"printf '#!/bin/sh\\n' > run.sh && chmod +x run.sh && : > empty && "
	"head -c 300000 /dev/zero > big && git add -A && git commit -qm 0 && git tag s0 && "
	"seq 8 > a/x && git rm -q d/only && echo n > new && git add -A && git commit -qm 1 && "
	"git tag s1 && seq 5 > a/x && git add -A && git commit -qm 2 && git tag s2 && "
	/* A folder becomes a file, a file a folder, a link a file; a mode changes. */
	"git rm -qr a && echo a > a && git rm -q new && mkdir new && echo n > new/n && "
	"rm d/link && echo l > d/link && chmod -x run.sh && git add -A && git commit -qm 3 && "
	"git tag s3";

static int setup(void **state)
{
	if (tmpdir_setup(state))
		return -1;
	sh(*state, seed);
	return 0;
}

static void checkout(const char *dir, const char *from, const char *to, const char *where)
{
	AUTO_FREE char *script = str_printf("cd src && git rev-parse %s^{tree}", to);
	AUTO_FREE char *to_tree = sh_out(dir, script);
	AUTO_JSON struct json_object *job = json_object_new_object();
	AUTO_JSON struct json_object *result = json_object_new_object();
	AUTO_FREE char *src = path_join(dir, where, NULL);
	AUTO_FREE char *git_dir = path_join(dir, "src", NULL);
	struct err err = { 0 };

	json_set_str(job, "git_dir", git_dir);
	json_set_str(job, "src", src);
	json_set_str(job, "to", to_tree);
	if (from) {
		AUTO_FREE char *from_script =
			str_printf("cd src && git rev-parse %s^{tree}", from);
		AUTO_FREE char *from_tree = sh_out(dir, from_script);

		json_set_str(job, "from", from_tree);
	}
	if (role_checkout(job, dir, result, &err))
		fail_msg("%s", err.msg);
	assert_string_equal(json_str(result, "status", ""), "ok");
}

/* Names, types, modes, contents and link targets are those of git archive. */
static void is_like(const char *dir, const char *where, const char *rev)
{
	AUTO_FREE char *script = str_printf(
		"rm -rf want && mkdir want && (cd src && git archive %s) | tar -C want -xf - && "
		"list() { (cd $1 && find . -printf '%%P %%y %%l ' -type f -perm -100 -printf x "
		"-o -printf '\\n' | sort && find . -type f -exec sha256sum {} + | sort -k2); } && "
		"list want > want.txt && list %s > got.txt && diff -u want.txt got.txt",
		rev, where);

	sh(dir, script);
}

static void test_full(void **state)
{
	static const char *const revs[] = { "s0", "s1", "s3" };

	for (size_t i = 0; i < ARRAY_SIZE(revs); i++) {
		sh(*state, "rm -rf w && mkdir w");
		checkout(*state, NULL, revs[i], "w");
		is_like(*state, "w", revs[i]);
	}
}

static void test_full_wants_empty(void **state)
{
	AUTO_JSON struct json_object *job = json_object_new_object();
	AUTO_JSON struct json_object *result = json_object_new_object();
	AUTO_FREE char *tree = sh_out(*state, "cd src && git rev-parse s0^{tree}");
	AUTO_FREE char *src = path_join(*state, "w", NULL);
	AUTO_FREE char *git_dir = path_join(*state, "src", NULL);
	struct err err = { 0 };

	/* A symlink where a folder is to come must not be walked. */
	sh(*state, "mkdir w victim && ln -s ../victim w/a");
	json_set_str(job, "git_dir", git_dir);
	json_set_str(job, "src", src);
	json_set_str(job, "to", tree);
	assert_int_equal(role_checkout(job, *state, result, &err), -1);
	assert_int_equal(sh_status(*state, "test -z \"$(ls victim)\""), 0);
}

static void test_steps(void **state)
{
	static const char *const walk[] = { "s0", "s1", "s2", "s3", "s0", "s3", "s1" };

	sh(*state, "mkdir w");
	checkout(*state, NULL, "s0", "w");
	for (size_t i = 1; i < ARRAY_SIZE(walk); i++) {
		checkout(*state, walk[i - 1], walk[i], "w");
		is_like(*state, "w", walk[i]);
	}
}

/* What make goes by, and what a hard link must not lose. */
static void test_untouched(void **state)
{
	static const char list[] = "find w -type f -printf '%P %i %T@\\n' | sort";

	sh(*state, "mkdir base");
	checkout(*state, NULL, "s0", "base");
	sh(*state, "find base -exec touch -h -d 2020-01-01 {} + && cp -al base w");
	AUTO_FREE char *before = sh_out(*state, list);
	checkout(*state, "s0", "s1", "w");
	checkout(*state, "s1", "s2", "w");
	AUTO_FREE char *after = sh_out(*state, list);
	put_file(*state, "before", before);
	put_file(*state, "after", after);
	/* a/x has its old text again, but is a new file of now; the base has the old. */
	sh(*state,
	   "diff before after | grep '^[<>]' | cut -d' ' -f2 | sort -u > changed || true\n"
	   "printf 'a/x\\nd/only\\nnew\\n' | diff - changed");
	sh(*state, "test $(find w/a/x -newermt '1 minute ago' | wc -l) = 1");
	is_like(*state, "base", "s0");
	is_like(*state, "w", "s2");
}

static void test_again_after_a_crash(void **state)
{
	sh(*state, "mkdir w");
	checkout(*state, NULL, "s0", "w");
	/* As if it had died in the middle. */
	sh(*state, "rm -r w/a && echo half > w/a && rm w/d/only");
	checkout(*state, "s0", "s3", "w");
	is_like(*state, "w", "s3");
}

static void test_no_symlink_followed(void **state)
{
	AUTO_JSON struct json_object *job = json_object_new_object();
	AUTO_JSON struct json_object *result = json_object_new_object();
	AUTO_FREE char *from = sh_out(*state, "cd src && git rev-parse s0^{tree}");
	AUTO_FREE char *to = sh_out(*state, "cd src && git rev-parse s1^{tree}");
	AUTO_FREE char *src = path_join(*state, "w", NULL);
	AUTO_FREE char *git_dir = path_join(*state, "src", NULL);
	struct err err = { 0 };

	sh(*state, "mkdir w victim && seq 3 > victim/x");
	checkout(*state, NULL, "s0", "w");
	sh(*state, "rm -r w/a && ln -s ../victim w/a");
	json_set_str(job, "git_dir", git_dir);
	json_set_str(job, "src", src);
	json_set_str(job, "from", from);
	json_set_str(job, "to", to);
	assert_int_equal(role_checkout(job, *state, result, &err), -1);
	assert_int_equal(sh_status(*state, "seq 3 | cmp - victim/x && test -L w/a"), 0);
}

/* Trees that git itself would not write. */
static void test_bad_trees(void **state)
{
	static const char *const names[] = { "..", ".", ".git", ".GIT" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		AUTO_FREE char *script = str_printf(
			"cd src && B=$(echo evil | git hash-object -w --stdin) && "
			"{ printf '100644 %s\\0'; echo $B | "
			"perl -ne 'chomp; print pack(\"H*\", $_)'; } | "
			"git hash-object -w -t tree --literally --stdin",
			names[i]);
		AUTO_FREE char *tree = sh_out(*state, script);
		AUTO_JSON struct json_object *job = json_object_new_object();
		AUTO_JSON struct json_object *result = json_object_new_object();
		AUTO_FREE char *src = path_join(*state, "w", NULL);
		AUTO_FREE char *git_dir = path_join(*state, "src", NULL);
		struct err err = { 0 };

		sh(*state, "rm -rf w && mkdir w");
		json_set_str(job, "git_dir", git_dir);
		json_set_str(job, "src", src);
		json_set_str(job, "to", tree);
		assert_int_equal(role_checkout(job, *state, result, &err), -1);
		assert_int_equal(sh_status(*state, "test -z \"$(ls -A w)\""), 0);
	}
}

#define repo_test(fn) cmocka_unit_test_setup_teardown(fn, setup, tmpdir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		repo_test(test_full),
		repo_test(test_full_wants_empty),
		repo_test(test_steps),
		repo_test(test_untouched),
		repo_test(test_again_after_a_crash),
		repo_test(test_no_symlink_followed),
		repo_test(test_bad_trees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
