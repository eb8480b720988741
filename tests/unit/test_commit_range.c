/*
 * The commits between a good and a bad one, of small repositories.
 */
#include "kernels/commit_range.h"
#include "tests/unit/git_fixture.h"

/* old - good - a - merge - bad, with b between good and merge, and side from old. */
static const char script[] =
	"git init -q -b main r; cd r\n"
	"commit() { git commit -q --allow-empty -m \"$1\"; git tag \"$1\"; }\n"
	"commit old; git checkout -q -b side-line; commit side\n"
	"git checkout -q main; commit good; git checkout -q -b b-line; commit b\n"
	"git checkout -q main; commit a\n"
	"git merge -q --no-ff -m merge b side >/dev/null; git tag merge; commit bad\n"
	"git checkout -q --orphan other-line; commit other\n";

static char *id_of(const char *dir, const char *rev)
{
	AUTO_FREE char *command = str_printf("git -C r rev-parse %s^{commit}", rev);

	return sh_out(dir, command);
}

static int read_range(const char *dir, const char *good, const char *bad, size_t max,
		      struct commit_range *ret, struct err *err)
{
	AUTO_FREE char *repo = path_join(dir, "r", NULL);
	AUTO_FREE char *from = id_of(dir, good);
	AUTO_FREE char *to = id_of(dir, bad);

	return commit_range_read(repo, from, to, max, ret, err);
}

static int at(const struct commit_range *r, const char *subject)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->v[i].subject, subject) == 0)
			return (int)i;
	fail_msg("%s is not in the range", subject);
	return -1;
}

static bool has_parent(const struct commit_range *r, const char *child,
		       const char *parent)
{
	int c = at(r, child);

	for (int k = r->first[c]; k < r->first[c + 1]; k++)
		if (r->parents[k] == at(r, parent))
			return true;
	return false;
}

static void test_merges(void **state)
{
	AUTO(commit_range_done) struct commit_range r = { .n = 0 };
	struct err err = { .code = ERR_NONE };

	sh(*state, script);
	if (read_range(*state, "good", "bad", 100, &r, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(r.n, 6);
	assert_string_equal(r.v[0].subject, "good");
	assert_string_equal(r.v[5].subject, "bad");
	for (int i = 0; i < (int)r.n; i++)
		for (int k = r.first[i]; k < r.first[i + 1]; k++)
			assert_in_range(r.parents[k], 0, i - 1);
	assert_true(has_parent(&r, "a", "good"));
	assert_true(has_parent(&r, "b", "good"));
	assert_true(has_parent(&r, "merge", "a"));
	assert_true(has_parent(&r, "merge", "b"));
	assert_true(has_parent(&r, "merge", "side"));
	assert_true(has_parent(&r, "bad", "merge"));
	/* Its parent is an ancestor of the good end. */
	assert_int_equal(r.first[at(&r, "side")], r.first[at(&r, "side") + 1]);
	assert_int_equal(commit_range_find(&r, r.v[3].id), 3);
	assert_int_equal(commit_range_find(&r, "0123"), -1);
}

static void test_no_way(void **state)
{
	static const struct {
		const char *good, *bad, *says;
		size_t max;
		enum err_code code;
	} cases[] = {
		{ "bad", "good", "wrong way round", 100, ERR_INPUT },
		{ "good", "other", "no ancestor", 100, ERR_INPUT },
		{ "b", "a", "no ancestor", 100, ERR_INPUT },
		{ "bad", "bad", "same commit", 100, ERR_INPUT },
		{ "good", "bad", "over 4 commits", 5, ERR_LIMIT },
	};

	sh(*state, script);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct commit_range r = { .n = 0 };
		struct err err = { .code = ERR_NONE };

		assert_int_equal(read_range(*state, cases[i].good, cases[i].bad,
					    cases[i].max, &r, &err),
				 -1);
		assert_int_equal(err.code, cases[i].code);
		if (!strstr(err.msg, cases[i].says))
			fail_msg("%s..%s: %s", cases[i].good, cases[i].bad, err.msg);
		assert_null(r.v);
	}
}

/* Of several good ones the nearest; where none is an ancestor, where histories part. */
static void test_start(void **state)
{
	AUTO_FREE char *repo = NULL, *good = NULL, *b = NULL, *old = NULL, *bad = NULL;
	AUTO_FREE char *side = NULL, *other = NULL, *a = NULL;
	struct err err = { .code = ERR_NONE };
	char *both[] = { NULL, NULL, NULL };
	char ret[41];

	sh(*state, script);
	repo = path_join(*state, "r", NULL);
	good = id_of(*state, "good");
	b = id_of(*state, "b");
	old = id_of(*state, "old");
	bad = id_of(*state, "bad");
	side = id_of(*state, "side");
	other = id_of(*state, "other");
	a = id_of(*state, "a");
	both[0] = old;
	both[1] = b;
	both[2] = good;
	assert_int_equal(commit_range_start(repo, both, 3, bad, ret, &err), 1);
	assert_string_equal(ret, b);
	/* a and b have parted at good. */
	both[0] = a;
	assert_int_equal(commit_range_start(repo, both, 1, b, ret, &err), 1);
	assert_string_equal(ret, good);
	/* What is newer than the bad one, and what has nothing to do with it. */
	both[0] = bad;
	both[1] = other;
	assert_int_equal(commit_range_start(repo, both, 2, side, ret, &err), 0);
	both[0] = (char *)"0123456789012345678901234567890123456789";
	assert_int_equal(commit_range_start(repo, both, 1, bad, ret, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { tmpdir_test(test_merges),
					    tmpdir_test(test_no_way),
					    tmpdir_test(test_start) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
