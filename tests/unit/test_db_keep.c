#include "tests/unit/db_fixture.h"

#include <time.h>

#include "db/keep.h"
#include "db/row.h"

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

/* What the list says of one artifact; all -1 when it is not in it. */
static struct keep_artifact look(struct fixture *f, const char *sha)
{
	struct keep_artifact found = { NULL, -1, -1, -1, false }, *list;
	size_t n;

	ok(f, keep_artifact_list(f->db, &list, &n, &f->err));
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].sha256, sha) == 0)
			found = list[i];
	found.sha256 = NULL;
	keep_artifact_list_free(list, n);
	return found;
}

static void put(struct fixture *f, const char *text, char ret[SHA256_HEX])
{
	ok(f,
	   artifact_put_bytes(f->store, text, strlen(text), ARTIFACT_RAW, ret, &f->err));
}

static void do_sql(struct fixture *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void do_sql(struct fixture *f, const char *fmt, ...)
{
	AUTO_FREE char *sql = NULL;
	va_list ap;

	va_start(ap, fmt);
	assert_true(vasprintf(&sql, fmt, ap) > 0);
	va_end(ap);
	ok(f, db_exec(f->db, sql, &f->err));
}

static const char job_sql[] =
	"INSERT INTO job (kind, class, list, sender, subject, tree, request, version, posted,"
	" state, epoch, crashes, interrupted, retries, not_before, created, finished)"
	" VALUES ('series', 'interactive', '', 'ann', 's', 'debian', '{}', 1, 0, 'done', 1,"
	" 0, 0, 0, 0, 0, 7)";
static const char selftests_sql[] =
	"INSERT INTO selftests (key, tree, programs, seconds, cpu_seconds, toolchain,"
	" finished) VALUES (printf('%064d', 3), 'tree0', '[]', 1, 1, 'gcc', 8)";

/* One row of each table that names artifacts. */
static int64_t fill(struct fixture *f)
{
	int64_t s = add_series(f, "a@x", 1, "one");
	char texts[SHA256_HEX];

	put(f, "texts of patches", texts);
	do_sql(f, "INSERT INTO series_patches (series_id, texts) VALUES (%lld, '%s')",
	       (long long)s, texts);
	add_steps(f, s, 2, "p");
	add_build(f, 1, s, 1, BUILD_OK);
	add_boot(f, 2, s, 1, "smp4", "t/a", RESULT_PASS, NULL);
	ok(f, db_exec(f->db, job_sql, &f->err));
	ok(f, db_exec(f->db, selftests_sql, &f->err));
	return s;
}

static void each_column_that_names_one_counts(void **state)
{
	static const char sql[] =
		"SELECT m.name, k.\"from\" FROM sqlite_schema m,"
		" pragma_foreign_key_list(m.name) k WHERE k.\"table\" = 'artifact'";
	struct fixture *f = *state;
	AUTO_STMT sqlite3_stmt *st = stmt_get(f->db, sql, &f->err);
	int columns = 0;

	fill(f);
	assert_non_null(st);
	while (stmt_step(f->db, st, &f->err) > 0) {
		const char *table = (const char *)sqlite3_column_text(st, 0);
		const char *column = (const char *)sqlite3_column_text(st, 1);
		AUTO_FREE char *text = str_printf("%s.%s", table, column);
		char sha[SHA256_HEX];

		put(f, text, sha);
		assert_int_equal(look(f, sha).use, KEEP_FOR_NOTHING);
		do_sql(f, "UPDATE %s SET %s = '%s'", table, column, sha);
		if (look(f, sha).use == KEEP_FOR_NOTHING)
			fail_msg("db/keep.c does not know %s (or the test has no row of "
				 "it)",
				 text);
		columns++;
	}
	assert_true(columns >= 9);
}

static void those_without_a_foreign_key(void **state)
{
	struct fixture *f = *state;
	char sha[SHA256_HEX];

	fill(f);
	put(f, "initramfs", sha);
	do_sql(f, "UPDATE boot SET initramfs = '%s'", sha);
	assert_int_equal(look(f, sha).use, KEEP_FOR_BOOTS);
	put(f, "selftest", sha);
	do_sql(f,
	       "UPDATE selftests SET programs = '[{\"name\":\"a\",\"sha256\":\"%s\"}]'",
	       sha);
	assert_int_equal(look(f, sha).use, KEEP_FOR_BOOTS);
	/* For several things: the last of them. */
	do_sql(f, "UPDATE boot SET console = '%s'", sha);
	assert_int_equal(look(f, sha).use, KEEP_FOR_READERS);
}

static void used_is_when_its_series_ran_last(void **state)
{
	struct fixture *f = *state;
	int64_t later = (int64_t)time(NULL) + 500;

	fill(f);
	do_sql(f, "UPDATE artifact SET used = 5");
	do_sql(f, "UPDATE series SET updated = %lld", (long long)later);
	assert_int_equal(look(f, f->image).used, later);
	do_sql(f, "UPDATE artifact SET used = %lld", (long long)later + 9);
	assert_int_equal(look(f, f->image).used, later + 9);
	do_sql(f, "UPDATE artifact SET present = 0");
	assert_int_equal(look(f, f->image).used, -1);
}

static void last_good_bases_are_pinned(void **state)
{
	struct fixture *f = *state;
	int64_t s = add_series(f, "old@x", 1, "old"),
		t = add_series(f, "new@x", 1, "new");
	char old[SHA256_HEX], new[SHA256_HEX], patch[SHA256_HEX];

	put(f, "old base", old);
	put(f, "new base", new);
	put(f, "a patch's", patch);
	add_steps(f, s, 2, "p");
	add_steps(f, t, 2, "p");
	do_sql(f, "UPDATE build SET image = '%s' WHERE id = %lld", old,
	       (long long)add_build(f, 1, s, 0, BUILD_OK));
	do_sql(f, "UPDATE build SET image = '%s' WHERE id = %lld", new,
	       (long long)add_build(f, 2, t, 0, BUILD_OK));
	do_sql(f, "UPDATE build SET image = '%s' WHERE id = %lld", patch,
	       (long long)add_build(f, 3, t, 1, BUILD_OK));
	do_sql(f, "UPDATE series SET updated = id");
	assert_false(look(f, old).pinned);
	assert_true(look(f, new).pinned);
	assert_false(look(f, patch).pinned);
	/* Of each tree. */
	do_sql(f, "UPDATE series SET tree = 'other' WHERE id = %lld", (long long)s);
	assert_true(look(f, old).pinned);
}

static void what_a_job_needs_is_pinned(void **state)
{
	struct fixture *f = *state;
	int64_t s = fill(f), long_ago = 5;
	char mails[SHA256_HEX];

	put(f, "mails", mails);
	do_sql(f, "UPDATE job SET series_id = %lld, mbox = '%s'", (long long)s, mails);
	assert_false(look(f, f->image).pinned);
	assert_false(look(f, mails).pinned);
	do_sql(f, "UPDATE job SET state = 'queued', finished = NULL");
	assert_true(look(f, f->image).pinned);
	assert_true(look(f, mails).pinned);
	/* Queued again after it was chosen. */
	do_sql(f, "UPDATE artifact SET used = %lld", (long long)long_ago);
	assert_int_equal(artifact_drop(f->store, mails, long_ago, &f->err), 0);
	do_sql(f, "UPDATE job SET state = 'done', finished = 9");
	assert_int_equal(artifact_drop(f->store, mails, long_ago, &f->err), 1);
}

static void sizes_are_remembered(void **state)
{
	struct fixture *f = *state;
	int64_t bytes = -1;

	assert_int_equal(keep_size_get(f->db, "out/base-1", &bytes, &f->err), 0);
	ok(f, keep_size_put(f->db, "out/base-1", 12345678901, &f->err));
	assert_int_equal(keep_size_get(f->db, "out/base-1", &bytes, &f->err), 1);
	assert_int_equal(bytes, 12345678901);
	ok(f, keep_size_forget(f->db, "out/base-1", &f->err));
	assert_int_equal(keep_size_get(f->db, "out/base-1", &bytes, &f->err), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_column_that_names_one_counts), T(those_without_a_foreign_key),
		T(used_is_when_its_series_ran_last),  T(last_good_bases_are_pinned),
		T(what_a_job_needs_is_pinned),        T(sizes_are_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
