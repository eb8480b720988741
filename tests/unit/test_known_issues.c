#include "tests/unit/cm.h"

#include "lib/cleanup.h"
#include "lib/paths.h"
#include "runners/known_issues.h"
#include "runners/suite.h"

#define ENTRY                                                                       \
	"[mm/one]\nkernel = 6.1..6.5\ntopology = numa2, numa4\nmatch = status -2\n" \
	"reason = hinted pages are not found; fixed in 6.6\nexpires = 2027-05-01\n"

static struct known_issues *parse(const char *text)
{
	struct known_issues *k = NULL;
	struct err err = { .msg = "" };

	if (known_issues_parse("k.ini", text, &k, &err) < 0)
		fail_msg("%s", err.msg);
	return k;
}

static void expect_error(const char *text, const char *want)
{
	struct known_issues *k = NULL;
	struct err err = { .msg = "" };

	assert_int_equal(known_issues_parse("k.ini", text, &k, &err), -1);
	assert_null(k);
	if (!strstr(err.msg, want))
		fail_msg("\"%s\" is not in \"%s\"", want, err.msg);
}

static void finds_what_matches_in_all(void **state)
{
	struct known_issues *k = parse(ENTRY);
	const struct known_issue *found;

	(void)state;
	found = known_issues_find(k, "mm/one", "numa2", "6.1.192",
				  "expected status 0, saw status -2");
	assert_non_null(found);
	assert_string_equal(found->reason, "hinted pages are not found; fixed in 6.6");
	assert_string_equal(found->expires, "2027-05-01");
	assert_non_null(known_issues_find(k, "mm/one", "numa4", "6.5", "status -2"));
	assert_null(known_issues_find(k, "mm/two", "numa2", "6.1", "status -2"));
	assert_null(known_issues_find(k, "mm/one", "smp4", "6.1", "status -2"));
	assert_null(known_issues_find(k, "mm/one", "numa2", "6.6", "status -2"));
	assert_null(known_issues_find(k, "mm/one", "numa2", NULL, "status -2"));
	assert_null(known_issues_find(k, "mm/one", "numa2", "6.1", "status -3"));
	assert_null(known_issues_find(k, "mm/one", "numa2", "6.1", NULL));
	/* A pass has no reason; where it should have failed is told. */
	assert_non_null(known_issues_missed(k, "mm/one", "numa2", "6.5"));
	assert_null(known_issues_missed(k, "mm/one", "numa2", "6.6"));
	assert_null(known_issues_missed(k, "mm/one", "smp4", "6.5"));
	assert_null(known_issues_missed(k, "mm/two", "numa2", "6.5"));
	assert_null(known_issues_missed(k, "mm/one", "numa2", NULL));
	assert_null(known_issues_missed(NULL, "mm/one", "numa2", "6.5"));
	known_issues_free(k);
	assert_null(known_issues_find(NULL, "mm/one", "numa2", "6.1", "status -2"));
}

static void two_entries_of_a_test(void **state)
{
	struct known_issues *k =
		parse(ENTRY "[mm/one on a newer kernel]\nkernel = 6.9\n"
			    "match = lost\nreason = r\nexpires = 2027-01-31\n");

	(void)state;
	assert_int_equal(k->n, 2);
	assert_non_null(known_issues_find(k, "mm/one", "up", "6.9.1", "a page was lost"));
	assert_null(known_issues_find(k, "mm/one", "up", "6.9.1", "status -2"));
	known_issues_free(k);
}

static void expiry(void **state)
{
	struct known_issues *k = parse(
		"[mm/old]\nkernel = 6.1\nmatch = x\nreason = r\nexpires = 2026-11-24\n" ENTRY);
	char **lines = known_issues_expire(k, "2026-11-25");

	(void)state;
	assert_string_equal(
		lines[0],
		"known-issues.ini:1: [mm/old] expired on 2026-11-24 and no longer counts");
	assert_null(lines[1]);
	strv_free(lines);
	assert_int_equal(k->n, 1);
	assert_null(known_issues_find(k, "mm/old", "up", "6.1", "x"));
	assert_non_null(known_issues_find(k, "mm/one", "numa2", "6.1", "status -2"));
	/* The last day counts, the one after it does not. */
	lines = known_issues_expire(k, "2027-05-01");
	assert_null(lines[0]);
	strv_free(lines);
	lines = known_issues_expire(k, "2027-05-02");
	assert_non_null(lines[0]);
	strv_free(lines);
	assert_int_equal(k->n, 0);
	known_issues_free(k);
}

static void complaints(void **state)
{
	(void)state;
	expect_error("[mm/one]\nkernel = 6.1\nmatch = x\nexpires = 2027-05-01\n",
		     "k.ini:1: [mm/one]: no reason");
	expect_error("[mm/one]\nkernel = 6.1\nmatch = x\nreason = r\n",
		     "k.ini:1: [mm/one]: no expires");
	expect_error(
		"[mm/one]\nkernel = 6.1\nmatch = x\nreason =\nexpires = 2027-05-01\n",
		"no reason");
	expect_error("[mm/one]\nkernel = 6.1\nreason = r\nexpires = 2027-05-01\n",
		     "no match");
	expect_error("[mm/one]\nmatch = x\nreason = r\nexpires = 2027-05-01\n",
		     "no kernel");
	expect_error(
		"[mm/one]\nkernel = new\nmatch = x\nreason = r\nexpires = 2027-05-01\n",
		"k.ini:2: kernel: \"new\"");
	expect_error("[mm/one]\nkernel = 6.1\nmatch = x\nreason = r\nexpires = never\n",
		     "k.ini:5: expires: \"never\"");
	expect_error(
		"[mm/one]\nkernel = 6.1\nmatch = x\nreason = r\nexpires = 2027-13-01\n",
		"expires");
	expect_error(
		"[mm/one]\nkernel = 6.1\nmatch = x\nreason = r\nexpires = 2027-04-31\n",
		"expires");
	expect_error("[one]\nkernel = 6.1\nmatch = x\nreason = r\nexpires = 2027-05-01\n",
		     "k.ini:1: [one] is no test");
	expect_error(
		"[mm/one]\nkernel = 6.1\nmatch = x\nreason = r\nexpires = 2027-05-01\n"
		"until = 2028\n",
		"k.ini:6: unknown key \"until\"");
	/* All of them, not only the first. */
	expect_error("[mm/one]\nkernel = 6.1\nmatch = x\n[mm/two]\nreason = r\n",
		     "[mm/two]: no expires");
}

static bool test_is_shipped(const char *id)
{
	AUTO_FREE char *dir = path_join(paths_data(), "runners/suites", NULL);
	AUTO_FREE char *name = str_ndup(id, strcspn(id, "/"));
	struct suite *s = NULL;
	struct err err = { .msg = "" };
	bool found = false;

	if (suite_load(dir, name, &s, &err) < 0)
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < s->ntests; i++)
		found |= strcmp(s->tests[i].id, id) == 0;
	suite_free(s);
	return found;
}

/* An entry for a test that is no more would never be looked at. */
static void shipped_one_is_fine(void **state)
{
	AUTO_FREE char *path =
		path_join(paths_data(), "runners", KNOWN_ISSUES_FILE, NULL);
	struct known_issues *k = NULL;
	struct err err = { .msg = "" };

	(void)state;
	assert_true(path_exists(path));
	if (known_issues_load(path, &k, &err) < 0)
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < k->n; i++)
		if (!test_is_shipped(k->v[i].test))
			fail_msg("there is no test %s", k->v[i].test);
	known_issues_free(k);
}

static void no_file_is_none(void **state)
{
	AUTO_FREE char *path = path_join(*state, KNOWN_ISSUES_FILE, NULL);
	struct known_issues *k = NULL;
	struct err err = { .msg = "" };

	assert_int_equal(known_issues_load(path, &k, &err), 0);
	assert_int_equal(k->n, 0);
	known_issues_free(k);
	if (file_write_atomic(path, ENTRY, strlen(ENTRY), 0644, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(known_issues_load(path, &k, &err), 0);
	assert_int_equal(k->n, 1);
	known_issues_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_matches_in_all),
		cmocka_unit_test(two_entries_of_a_test),
		cmocka_unit_test(expiry),
		cmocka_unit_test(complaints),
		cmocka_unit_test(shipped_one_is_fine),
		tmpdir_test(no_file_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
