/* Which commits are known to be good, how fetches of trees are kept, and what a
 * database of before keeps. */
#include "tests/unit/db_fixture.h"

#include <sqlite3.h>

#include "db/good.h"
#include "db/migrations.h"
#include "db/tree_fetch.h"
#include "db/verdict.h"

static int setup(void **state)
{
	static struct fixture f;

	fixture_init(&f);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	fixture_done(*state);
	return 0;
}

static const char wants[] =
	"{\"configs\":[\"mlock\"],\"topologies\":[\"smp4\",\"numa2\"],"
	"\"suites\":[\"toy\"]}";

/* A finished series on a commit whose base built and passed on both topologies. */
static int64_t add_tested(struct fixture *f, const char *commit, unsigned int key,
			  const char *wanted)
{
	struct series s = { .version = 1, .patches = 0 };
	struct step step = { .apply = APPLY_BASE };
	char hash[SHA256_HEX];
	int64_t id;

	series_key(commit, key, wanted, "mm", "", hash);
	s.key = str_dup(hash);
	s.message_id = str_printf("git-%s-%u", commit, key);
	s.subject = str_dup("head");
	s.author = str_dup("");
	s.source = str_dup("head");
	s.tree = str_dup("mm");
	s.wanted = j(wanted);
	s.state = SERIES_RUNNING;
	ok(f, series_put(f->db, &s, &f->err));
	id = s.id;
	s.base_commit = str_dup(commit);
	s.base_how = str_dup("good");
	step.subject = str_dup("base");
	step.tree = str_dup("tree");
	step.commit_id = str_dup(commit);
	ok(f, series_set_steps(f->db, &s, &step, 1, &f->err));
	step_done(&step);
	add_build(f, key, id, 0, BUILD_OK);
	add_boot(f, key + 1, id, 0, "smp4", "toy/alpha", RESULT_PASS, NULL);
	add_boot(f, key + 2, id, 0, "numa2", "toy/alpha", RESULT_SKIP, "no node");
	ok(f, series_set_state(f->db, id, SERIES_DONE, NULL, &f->err));
	series_done(&s);
	return id;
}

/* The good ones of the tree, as "a b". */
static void good_are(struct fixture *f, const char *wanted, const char *want)
{
	AUTO_JSON struct json_object *o = j(wanted);
	AUTO(str_done) struct str text = STR_INIT;
	char **v = NULL;

	ok(f, good_commits(f->db, "mm", o, 3, &v, &f->err));
	for (size_t i = 0; v[i]; i++)
		str_addf(&text, "%s%s", i ? " " : "", v[i]);
	strv_free(v);
	assert_string_equal(str_get(&text), want);
}

static void test_good_is_what_passed(void **state)
{
	struct fixture *f = *state;

	good_are(f, wants, "");
	add_tested(f, "c1", 100, wants);
	good_are(f, wants, "c1");
	add_tested(f, "c2", 200, wants);
	good_are(f, wants, "c2 c1");
	/* Tested again: still one commit, now the last. */
	add_tested(f, "c1", 300, wants);
	good_are(f, wants, "c1 c2");
	add_tested(f, "c3", 400, wants);
	add_tested(f, "c4", 500, wants);
	good_are(f, wants, "c4 c3 c1");
}

static int64_t counted_as_failing(struct fixture *f, int64_t series_id)
{
	struct series_line l;
	int64_t n;

	assert_int_equal(series_line_find(f->db, series_id, &l, &f->err), 1);
	n = l.verdicts[VERDICT_PRE_EXISTING];
	series_done(&l.s);
	return n;
}

/* A test that fails for what is wrong in the kernel, by the list, makes no base bad. */
static void test_good_but_for_what_is_known(void **state)
{
	struct fixture *f = *state;
	struct verdict v = VERDICT_INIT;
	int64_t id = add_tested(f, "c1", 100, wants);

	add_boot(f, 150, id, 0, "smp4", "toy/beta", RESULT_FAIL, "saw 0");
	good_are(f, wants, "");
	v.kind = KIND_TEST;
	v.config = (char *)"mlock";
	v.topology = (char *)"smp4";
	v.test = (char *)"toy/beta";
	v.verdict = VERDICT_PRE_EXISTING;
	v.reason = (char *)"toy/beta: saw 0";
	ok(f, verdict_replace(f->db, id, &v, 1, SERIES_DONE, &f->err));
	good_are(f, wants, "");
	assert_true(verdict_is_failing(&v));
	assert_int_equal(counted_as_failing(f, id), 1);
	v.reason = (char *)VERDICT_KNOWN_ISSUE " (until 2199-01-01): r (toy/beta: saw 0)";
	ok(f, verdict_replace(f->db, id, &v, 1, SERIES_DONE, &f->err));
	good_are(f, wants, "c1");
	assert_false(verdict_is_failing(&v));
	assert_int_equal(counted_as_failing(f, id), 0);
	/* On that topology only. */
	v.topology = (char *)"numa2";
	ok(f, verdict_replace(f->db, id, &v, 1, SERIES_DONE, &f->err));
	good_are(f, wants, "");
}

static void test_good_needs_all_that_is_wanted(void **state)
{
	struct fixture *f = *state;
	static const char less[] = "{\"configs\":[\"mlock\"],\"topologies\":[\"smp4\"],"
				   "\"suites\":[]}";
	static const char more[] = "{\"configs\":[\"mlock\",\"debug\"],"
				   "\"topologies\":[\"smp4\"],\"suites\":[\"toy\"]}";

	add_tested(f, "c1", 100, less);
	good_are(f, wants, "");
	good_are(f, more, "");
	good_are(f, less, "c1");
	/* It was asked for, and is not there. */
	add_tested(f, "c2", 200, more);
	good_are(f, more, "");
}

static void test_bad_bases(void **state)
{
	struct fixture *f = *state;
	int64_t id;

	id = add_tested(f, "c1", 100, wants);
	add_boot(f, 110, id, 0, "smp4", "toy/beta", RESULT_FAIL, "no");
	id = add_tested(f, "c2", 200, wants);
	add_build(f, 210, id, 0, BUILD_FAIL);
	id = add_tested(f, "c3", 300, wants);
	ok(f, series_set_state(f->db, id, SERIES_RUNNING, NULL, &f->err));
	good_are(f, wants, "");
	/* Another test of it, or a test of a patch, says nothing against it. */
	id = add_tested(f, "c4", 400, wants);
	add_boot(f, 410, id, 0, "smp4", "other/beta", RESULT_FAIL, "no");
	add_boot(f, 411, id, 0, "big", "toy/beta", RESULT_FAIL, "no");
	good_are(f, wants, "c4");
	/* But another series on it that saw it fail does. */
	id = add_tested(f, "c4", 500, wants);
	add_boot(f, 510, id, 0, "numa2", "toy/alpha", RESULT_CRASH, "oops");
	good_are(f, wants, "");
}

static void test_boots_that_died_or_were_lost(void **state)
{
	struct fixture *f = *state;
	struct step_boot c = { .step = 0 };
	struct boot b;

	for (int i = 0; i < 3; i++) {
		AUTO_FREE char *commit = str_printf("c%d", i);
		unsigned int key = 100 * (unsigned int)(i + 1);

		c.series_id = add_tested(f, commit, key, wants);
		boot_fill(f, &b, key + 50, "smp4");
		c.config = (char *)"mlock";
		c.arch = (char *)"x86_64";
		c.topology = (char *)"smp4";
		b.status = i == 0 ? BOOT_PANIC : i == 1 ? BOOT_INFRA : BOOT_OK;
		b.infra = i == 1;
		b.splats = i == 2 ? j("[{\"title\":\"WARNING\"}]") : NULL;
		ok(f, boot_put(f->db, &b, NULL, 0, &c, &f->err));
		boot_done(&b);
	}
	good_are(f, wants, "");
	/* What was lost to our trouble is no failure: another run makes it good. */
	add_tested(f, "c0", 1000, wants);
	add_tested(f, "c1", 1100, wants);
	add_tested(f, "c2", 1200, wants);
	good_are(f, wants, "c1");
}

static void test_tree_fetch_rows(void **state)
{
	struct fixture *f = *state;
	struct tree_fetch a = { .name = (char *)"mm",
				.location = (char *)"https://x/mm",
				.tried = DB_NO_INT,
				.succeeded = DB_NO_INT,
				.next = 7 };
	struct tree_fetch *list, got;
	size_t n;

	assert_int_equal(tree_fetch_find(f->db, "mm", &got, &f->err), 0);
	ok(f, tree_fetch_put(f->db, &a, &f->err));
	a.failures = 2;
	a.error = (char *)"cannot";
	a.head = (char *)"c1";
	ok(f, tree_fetch_put(f->db, &a, &f->err));
	assert_int_equal(tree_fetch_find(f->db, "mm", &got, &f->err), 1);
	assert_int_equal(got.tried, DB_NO_INT);
	assert_int_equal(got.failures, 2);
	assert_string_equal(got.error, "cannot");
	assert_string_equal(got.head, "c1");
	tree_fetch_done(&got);
	ok(f, tree_fetch_list(f->db, &list, &n, &f->err));
	assert_int_equal(n, 1);
	tree_fetch_list_free(list, n);
	ok(f, tree_fetch_delete(f->db, "mm", &f->err));
	assert_int_equal(tree_fetch_find(f->db, "mm", &got, &f->err), 0);
}

static void exec(sqlite3 *sq, const char *sql)
{
	if (sqlite3_exec(sq, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(sq));
}

static int number(sqlite3 *sq, const char *sql)
{
	sqlite3_stmt *st;
	int n;

	assert_int_equal(sqlite3_prepare_v2(sq, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	n = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	return n;
}

/* A sluice of before stopped there: rows and their steps stay. */
static void test_series_of_before_keep_their_base(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *path = path_join(f->dir, "old.db", NULL);
	AUTO_FREE char *version = NULL;
	struct series s = { 0 };
	struct step *steps;
	struct db *db = NULL;
	size_t n, before = 0;
	sqlite3 *sq;
	int id;

	assert_int_equal(sqlite3_open(f->path, &sq), SQLITE_OK);
	id = number(sq, "PRAGMA application_id");
	sqlite3_close(sq);
	assert_int_equal(sqlite3_open(path, &sq), SQLITE_OK);
	for (; !strstr(db_migrations[before], "base_was"); before++)
		exec(sq, db_migrations[before]);
	version = str_printf("PRAGMA user_version = %zu; PRAGMA application_id = %d",
			     before, id);
	exec(sq, version);
	exec(sq,
	     "INSERT INTO series (id, key, message_id, version, subject, author, date,"
	     " patches, source, tree, base_how, state, error, created, updated) VALUES"
	     " (4, '0000000000000000000000000000000000000000000000000000000000000000',"
	     " 'a@b', 1, 's', 'a', 1, 1, 'x', 'mm', 'blobs', 'done', NULL, 1, 1),"
	     " (5, '1000000000000000000000000000000000000000000000000000000000000000',"
	     " 'a@b', 2, 's', 'a', 1, 1, 'x', 'mm', 'blobs', 'error', 'by me', 1, 1);"
	     "INSERT INTO step (series_id, step, subject, apply) VALUES"
	     " (4, 0, 'base', 'base')");
	sqlite3_close(sq);
	ok(f, db_open(path, DB_WRITE, &db, &f->err));
	assert_int_equal(series_find(db, 4, &s, &f->err), 1);
	assert_string_equal(s.base_how, "blobs");
	assert_int_equal(s.state, SERIES_DONE);
	ok(f, step_list(db, 4, &steps, &n, &f->err));
	assert_int_equal(n, 1);
	step_list_free(steps, n);
	free(s.base_how);
	s.base_how = str_dup("author");
	ok(f, series_set_base(db, &s, &f->err));
	series_done(&s);
	/* Whose state was "error" had been cancelled. */
	assert_int_equal(series_find(db, 5, &s, &f->err), 1);
	assert_int_equal(s.state, SERIES_CANCELLED);
	assert_string_equal(s.reason, "by me");
	series_done(&s);
	db_close(db);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_good_is_what_passed),
		T(test_good_but_for_what_is_known),
		T(test_good_needs_all_that_is_wanted),
		T(test_bad_bases),
		T(test_boots_that_died_or_were_lost),
		T(test_tree_fetch_rows),
		T(test_series_of_before_keep_their_base),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
