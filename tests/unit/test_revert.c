/*
 * A commit of a history taken back on a later one: cleanly, in conflict, twice, a merge.
 */
#include "kernels/revert.h"
#include "tests/unit/git_fixture.h"

/* base - bug - later - touched - merge; "later" leaves alone what "bug" changed. */
static const char script[] =
	"git init -q -b main r; cd r\n"
	"commit() { git add -A; git commit -q -m \"$1\"; git tag \"$1\"; }\n"
	"seq 1 20 >a; echo one >b; commit base\n"
	"sed -i 's/^5$/bug/' a; commit bug; echo two >b; commit later\n"
	"sed -i 's/^bug$/more/' a; commit touched\n"
	"git checkout -q -b other later; echo three >c; commit side\n"
	"git checkout -q main; git merge -q -m merge side >/dev/null; git tag merge\n";

static char *id_of(const char *dir, const char *rev)
{
	AUTO_FREE char *command = str_printf("git -C r rev-parse %s", rev);

	return sh_out(dir, command);
}

/* The step that taking back of makes of onto; the caller puts the array of steps. */
static struct json_object *revert(const char *dir, const char *of, const char *onto)
{
	AUTO_FREE char *path = path_join(dir, "r", NULL);
	AUTO_FREE char *base = id_of(dir, "base");
	AUTO_FREE char *of_id = id_of(dir, of);
	AUTO_FREE char *onto_id = id_of(dir, onto);
	AUTO_GIT(repo) git_repository *repo = NULL;
	struct steps s = { .ref_prefix = "refs/test", .out = json_object_new_array() };
	struct err err = { .code = ERR_NONE };
	git_oid first;

	if (git_open(path, &repo, &err) < 0 || git_id(base, &first, &err) < 0)
		fail_msg("%s", err.msg);
	s.repo = repo;
	if (steps_begin(&s, &first, &err) < 0 || revert_add(&s, of_id, onto_id, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(json_len(s.out), 2);
	return s.out;
}

static const char *of_step(struct json_object *steps, const char *key)
{
	return json_str(json_object_array_get_idx(steps, 1), key, "");
}

static void test_clean(void **state)
{
	AUTO_JSON struct json_object *steps = NULL, *again = NULL;
	AUTO_FREE char *command = NULL, *diff = NULL;

	sh(*state, script);
	steps = revert(*state, "bug", "later");
	assert_string_equal(of_step(steps, "apply"), "three-way");
	assert_string_equal(of_step(steps, "subject"), "Revert \"bug\"");
	command = str_printf("git -C r diff --stat --format= %s base -- a; "
			     "git -C r show %s:b",
			     of_step(steps, "commit"), of_step(steps, "commit"));
	diff = sh_out(*state, command);
	assert_string_equal(diff, "two");
	again = revert(*state, "bug", "later");
	assert_string_equal(of_step(steps, "commit"), of_step(again, "commit"));
}

static void test_not_to_be_had(void **state)
{
	AUTO_JSON struct json_object *conflict = NULL, *merge = NULL, *root = NULL;

	sh(*state, script);
	conflict = revert(*state, "bug", "touched");
	assert_string_equal(of_step(conflict, "apply"), "conflict");
	assert_string_equal(of_step(conflict, "file"), "a");
	assert_string_equal(of_step(conflict, "commit"), "");
	merge = revert(*state, "merge", "merge");
	assert_string_equal(of_step(merge, "apply"), "refused");
	assert_non_null(strstr(of_step(merge, "reason"), "merge"));
	root = revert(*state, "base", "later");
	assert_string_equal(of_step(root, "apply"), "refused");
}

int main(void)
{
	const struct CMUnitTest tests[] = { tmpdir_test(test_clean),
					    tmpdir_test(test_not_to_be_had) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
