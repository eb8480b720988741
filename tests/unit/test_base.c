#include "tests/unit/git_fixture.h"

#include "kernels/base.h"

/* Two branches; on main the file a counts up: v1 .. v6. */
static const char seed[] =
	"git init -q -b main src && cd src && echo keep > k && "
	"day() { export GIT_COMMITTER_DATE=\"@170000000$1 +0000\"; } && "
	"for i in 1 2 3; do day $i; echo v$i > a; git add -A; git commit -qm v$i; "
	"git tag v$i; done && "
	"git checkout -q -b stable && echo s > s && git add -A && git commit -qm stable && "
	"git checkout -q main && "
	"for i in 4 5 6; do day $i; echo v$i > a; git commit -qam v$i; git tag v$i; done && "
	"git checkout -q --orphan lost && echo l > a && git add -A && git commit -qm lost && "
	"git tag lost && git checkout -q main && git branch -qD lost";

struct fixture {
	char *dir;
	git_repository *repo;
	struct base_head heads[2], other[1];
	struct base_tree trees[2]; /* t; and other, of the tag lost alone */
	const char *where;         /* the repository that ask() takes its diff from */
};

static struct fixture fx;

static git_oid id_of(const char *rev)
{
	AUTO_FREE char *script = str_printf("cd src && git rev-parse '%s'", rev);
	AUTO_FREE char *hex = sh_out(fx.dir, script);
	git_oid id;

	assert_int_equal(git_id(hex, &id, NULL), 0);
	return id;
}

static int setup(void **state)
{
	if (tmpdir_setup(state))
		return -1;
	fx.dir = *state;
	fx.where = "src";
	sh(fx.dir, seed);
	AUTO_FREE char *src = path_join(fx.dir, "src", NULL);
	if (git_open(src, &fx.repo, NULL))
		return -1;
	fx.heads[0] = (struct base_head){ "refs/trees/t/main", id_of("main") };
	fx.heads[1] = (struct base_head){ "refs/trees/t/stable", id_of("stable") };
	fx.other[0] = (struct base_head){ "refs/trees/other/main", id_of("lost") };
	fx.trees[0] = (struct base_tree){ .name = "t", .heads = fx.heads, .nheads = 2 };
	fx.trees[1] =
		(struct base_tree){ .name = "other", .heads = fx.other, .nheads = 1 };
	return 0;
}

static int teardown(void **state)
{
	git_repository_free(fx.repo);
	return tmpdir_teardown(state);
}

static const enum base_how usual[] = { BASE_COMMIT, BASE_BLOBS, BASE_HEAD };
static const enum base_how all[] = { BASE_COMMIT, BASE_BLOBS, BASE_GOOD, BASE_HEAD };

/* Climbs until a commit is taken: the nth that comes, the others are refused. *ret is
 * what it was, how -1 for none. */
static char *climb(struct base_question *q, int nth, struct base_try *ret,
		   char **ret_tried)
{
	AUTO_JSON struct json_object *tried = json_object_new_array();
	struct base_ladder *l = base_ladder_new(q, tried);
	struct err err = { 0 };
	char hex[41] = "";
	int rc;

	while ((rc = base_ladder_next(l, ret, &err)) == 1 && --nth > 0)
		base_ladder_refuse(l, ret, "patch 1 does not apply");
	if (rc < 0)
		fail_msg("%s", err.msg);
	if (rc == 1)
		git_hex(&ret->commit, hex);
	if (ret_tried)
		*ret_tried = str_dup(json_object_to_json_string_ext(
			tried, JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE));
	base_ladder_free(l);
	return str_dup(hex);
}

/* The diff between two revisions, as a series of one patch; asks with it. */
static char *ask_nth(const char *from, const char *to, struct base_question *q, int nth,
		     struct base_try *ret, char **ret_tried)
{
	AUTO_FREE char *script =
		str_printf("cd %s && git diff %s %s", fx.where, from, to);
	AUTO_FREE char *diff = sh_out(fx.dir, script);
	AUTO_FREE char *text = str_printf("%s\n", diff);
	AUTO(filepatches_done) struct filepatches files = { 0 };
	char why[160];

	assert_true(filepatches_read(text, strlen(text), &files, why));
	q->repo = fx.repo;
	q->trees = fx.trees;
	q->ntrees = q->ntrees ? q->ntrees : 1;
	if (!q->rungs) {
		q->rungs = usual;
		q->nrungs = ARRAY_SIZE(usual);
	}
	q->patches = &files;
	q->npatches = 1;
	return climb(q, nth, ret, ret_tried);
}

static char *ask(const char *from, const char *to, struct base_question *q,
		 enum base_how *ret_how, char **ret_tried)
{
	struct base_try t;
	char *hex = ask_nth(from, to, q, 1, &t, ret_tried);

	assert_true(*hex);
	*ret_how = t.how;
	return hex;
}

static void is_commit(const char *hex, const char *rev)
{
	char want[41];
	git_oid id = id_of(rev);

	git_hex(&id, want);
	assert_string_equal(hex, want);
}

static void expect(const char *from, const char *to, size_t candidates, const char *base,
		   enum base_how want)
{
	struct base_question q = { .candidates = candidates };
	enum base_how how;
	AUTO_FREE char *hex = ask(from, to, &q, &how, NULL);

	is_commit(hex, base);
	assert_string_equal(base_how_str(how), base_how_str(want));
}

static void test_blobs(void **state)
{
	(void)state;
	expect("main", "v5", 100, "main", BASE_BLOBS);
	expect("stable", "v4", 100, "stable", BASE_BLOBS);
	expect("v5", "v1", 100, "v5", BASE_BLOBS);
	/* v3 and stable have it: a head goes before history. */
	expect("v3", "v1", 100, "stable", BASE_BLOBS);
	expect("v1", "v2", 100, "v1", BASE_BLOBS);
	/* Out of reach. */
	expect("v1", "v2", 3, "main", BASE_HEAD);
	expect("v1", "v2", 0, "main", BASE_HEAD);
}

static void test_tried(void **state)
{
	struct base_question q = { .candidates = 3 };
	enum base_how how;
	AUTO_FREE char *tried = NULL;
	AUTO_FREE char *hex = ask("v1", "v2", &q, &how, &tried);

	(void)state;
	assert_non_null(strstr(tried, "refs/trees/t/main"));
	assert_non_null(strstr(tried, "refs/trees/t/stable"));
	assert_non_null(
		strstr(tried, "0 of 1 files are as the index lines say, a is not"));
	assert_non_null(strstr(tried, "3 commits of history looked at"));
}

static void test_unknown_blob(void **state)
{
	struct base_question q = { .candidates = 100 };
	enum base_how how;
	AUTO_FREE char *tried = NULL;

	(void)state;
	sh(fx.dir,
	   "cp -r src src2 && cd src2 && echo else > a && git commit -qam else && "
	   "git tag else");
	fx.where = "src2";
	AUTO_FREE char *hex = ask("else", "v5", &q, &how, &tried);
	assert_int_equal(how, BASE_HEAD);
	is_commit(hex, "main");
	assert_non_null(strstr(tried, "no commit has the a"));
}

static void test_base_commit(void **state)
{
	AUTO_FREE char *v2 = sh_out(fx.dir, "cd src && git rev-parse v2");
	AUTO_FREE char *lost = sh_out(fx.dir, "cd src && git rev-parse lost");
	struct base_question q = { .candidates = 100, .base_commit = v2 };
	enum base_how how;
	AUTO_FREE char *hex = ask("main", "v5", &q, &how, NULL);
	AUTO_FREE char *tried = NULL;

	(void)state;
	assert_int_equal(how, BASE_COMMIT);
	is_commit(hex, "v2");
	free(TAKE_PTR(hex));
	/* There, but on no branch of the tree; and not there at all. */
	q.base_commit = lost;
	hex = ask("main", "v5", &q, &how, &tried);
	assert_int_equal(how, BASE_BLOBS);
	assert_non_null(strstr(tried, "on no branch of this tree"));
	free(TAKE_PTR(hex));
	free(TAKE_PTR(tried));
	q.base_commit = "1111111111111111111111111111111111111111";
	hex = ask("main", "v5", &q, &how, &tried);
	assert_non_null(strstr(tried, "not in this tree"));
	free(TAKE_PTR(hex));
	/* What was asked for wins over all. */
	q.option = lost;
	q.base_commit = v2;
	hex = ask("main", "v5", &q, &how, NULL);
	assert_int_equal(how, BASE_OPTION);
	is_commit(hex, "lost");
}

static void test_new_file_only(void **state)
{
	(void)state;
	/* "s" is new in stable: that it is not there says nothing of a blob. */
	expect("v3", "stable", 100, "main", BASE_HEAD);
}

/* Which of the commits that the ladder gives, in which tree, by which rung. */
static void is_try(const struct base_try *t, const char *hex, const char *rev,
		   enum base_how how, const char *tree)
{
	is_commit(hex, rev);
	assert_string_equal(base_how_str(t->how), base_how_str(how));
	assert_string_equal(t->tree->name, tree);
}

static void test_several_trees(void **state)
{
	AUTO_FREE char *lost = sh_out(fx.dir, "cd src && git rev-parse lost");
	struct base_question q = { .candidates = 100, .ntrees = 2, .base_commit = lost };
	AUTO_FREE char *tried = NULL;
	struct base_try t;
	AUTO_FREE char *hex = ask_nth("main", "v5", &q, 1, &t, &tried);

	(void)state;
	is_try(&t, hex, "lost", BASE_COMMIT, "other");
	assert_non_null(strstr(tried, "\"rung\": \"base-commit\", \"tree\": \"t\""));
	free(TAKE_PTR(hex));
	/* A head of the second tree goes before the history of the first. */
	q.base_commit = NULL;
	hex = ask_nth("lost", "v5", &q, 1, &t, NULL);
	is_try(&t, hex, "lost", BASE_BLOBS, "other");
	free(TAKE_PTR(hex));
	hex = ask_nth("v2", "v5", &q, 1, &t, NULL);
	is_try(&t, hex, "v2", BASE_BLOBS, "t");
	free(TAKE_PTR(hex));
	/* Where both have it, the first one is it. */
	fx.other[0].commit = fx.heads[0].commit;
	hex = ask_nth("main", "v5", &q, 1, &t, NULL);
	is_try(&t, hex, "main", BASE_BLOBS, "t");
}

static void test_good(void **state)
{
	git_oid good[] = { id_of("v2"), id_of("v5"), id_of("v4"), id_of("lost") };
	struct base_question q = { .rungs = all, .nrungs = ARRAY_SIZE(all) };
	AUTO_FREE char *tried = NULL;
	struct base_try t;
	AUTO_FREE char *hex = NULL;

	(void)state;
	fx.trees[0].good = good;
	fx.trees[0].ngood = ARRAY_SIZE(good);
	hex = ask_nth("v1", "v2", &q, 1, &t, NULL);
	is_try(&t, hex, "v5", BASE_GOOD, "t");
	free(TAKE_PTR(hex));
	hex = ask_nth("v1", "v2", &q, 2, &t, &tried);
	is_try(&t, hex, "main", BASE_HEAD, "t");
	assert_non_null(strstr(tried, "\"rung\": \"good\""));
	assert_non_null(strstr(tried, "patch 1 does not apply"));
	free(TAKE_PTR(hex));
	free(TAKE_PTR(tried));
	/* The branch was made anew: what was good is not in it. */
	good[0] = id_of("lost");
	fx.trees[0].ngood = 1;
	hex = ask_nth("v1", "v2", &q, 1, &t, &tried);
	is_try(&t, hex, "main", BASE_HEAD, "t");
	assert_non_null(strstr(tried, "the 1 commit that passed all tests is on no"));
	free(TAKE_PTR(hex));
	free(TAKE_PTR(tried));
	fx.trees[0].ngood = 0;
	hex = ask_nth("v1", "v2", &q, 1, &t, &tried);
	assert_non_null(strstr(tried, "no commit of this tree has passed all"));
}

static void test_policy(void **state)
{
	static const enum base_how turned[] = { BASE_HEAD, BASE_BLOBS };
	struct base_question q = { .rungs = turned, .nrungs = 2, .candidates = 100 };
	AUTO_FREE char *tried = NULL;
	struct base_try t;
	AUTO_FREE char *hex = ask_nth("v2", "v5", &q, 1, &t, NULL);

	(void)state;
	is_try(&t, hex, "main", BASE_HEAD, "t");
	free(TAKE_PTR(hex));
	hex = ask_nth("v2", "v5", &q, 2, &t, NULL);
	is_try(&t, hex, "v2", BASE_BLOBS, "t");
	free(TAKE_PTR(hex));
	/* What was refused does not come again; then there is none left. */
	hex = ask_nth("main", "v5", &q, 2, &t, &tried);
	assert_string_equal(hex, "");
	assert_non_null(strstr(tried, "the same commit as before"));
}

static void test_wish(void **state)
{
	AUTO_FREE char *v3 = sh_out(fx.dir, "cd src && git rev-parse v3");
	AUTO_FREE char *lost = sh_out(fx.dir, "cd src && git rev-parse lost");
	struct base_question q = { .wish = "v3", .wish_commit = v3, .candidates = 100 };
	AUTO_FREE char *tried = NULL;
	struct base_try t;
	AUTO_FREE char *hex = ask_nth("main", "v5", &q, 1, &t, NULL);

	(void)state;
	is_try(&t, hex, "v3", BASE_WISH, "t");
	free(TAKE_PTR(hex));
	/* A commit that no tree shows is none, whatever the store has. */
	q.wish_commit = lost;
	hex = ask_nth("main", "v5", &q, 1, &t, &tried);
	is_try(&t, hex, "main", BASE_BLOBS, "t");
	assert_non_null(strstr(tried, "on no branch of this tree"));
	free(TAKE_PTR(hex));
	free(TAKE_PTR(tried));
	q = (struct base_question){ .wish = "v99", .candidates = 100 };
	hex = ask_nth("main", "v5", &q, 1, &t, &tried);
	is_try(&t, hex, "main", BASE_BLOBS, "t");
	assert_non_null(strstr(tried, "\"rung\": \"author\""));
	assert_non_null(strstr(tried, "v99"));
}

static void test_no_tree(void **state)
{
	struct base_question q = { .repo = fx.repo, .rungs = all, .nrungs = 4 };
	struct base_try t;
	AUTO_FREE char *hex = climb(&q, 1, &t, NULL);

	(void)state;
	assert_string_equal(hex, "");
}

#define repo_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		repo_test(test_blobs),         repo_test(test_tried),
		repo_test(test_unknown_blob),  repo_test(test_base_commit),
		repo_test(test_new_file_only), repo_test(test_several_trees),
		repo_test(test_good),          repo_test(test_policy),
		repo_test(test_wish),          repo_test(test_no_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
