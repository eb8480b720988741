#include "tests/unit/db_fixture.h"

#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "db/db.h"
#include "lib/paths.h"

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

/* Names and columns, not the text: comments and white space are free. */
static char *describe(sqlite3 *sq)
{
	struct str out = STR_INIT;
	sqlite3_stmt *st;
	static const char sql[] =
		"SELECT o.type || ' ' || o.name || ' ' || coalesce(c.name || ' ' || c.type"
		" || ' ' || c.\"notnull\" || ' ' || c.pk, '') FROM sqlite_schema o"
		" LEFT JOIN pragma_table_info(o.name) c WHERE o.name NOT LIKE 'sqlite_%'"
		" ORDER BY 1";

	assert_int_equal(sqlite3_prepare_v2(sq, sql, -1, &st, NULL), SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW)
		str_addf(&out, "%s\n", (const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	return str_take(&out);
}

/* CREATE texts without comments and with one space for any white space. */
static char *squeeze(sqlite3 *sq)
{
	struct str out = STR_INIT;
	sqlite3_stmt *st;

	assert_int_equal(
		sqlite3_prepare_v2(sq,
				   "SELECT sql FROM sqlite_schema WHERE sql NOT NULL"
				   " AND name NOT LIKE 'sqlite_%' ORDER BY name",
				   -1, &st, NULL),
		SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW) {
		const char *p = (const char *)sqlite3_column_text(st, 0);
		bool space = false;

		for (; *p; p++) {
			if (p[0] == '-' && p[1] == '-')
				p += strcspn(p, "\n");
			if (*p == ' ' || *p == '\n' || *p == '\t') {
				space = true;
				continue;
			}
			if (space && !strchr(",()", *p) && out.len &&
			    !strchr(",(", out.data[out.len - 1]))
				str_addc(&out, ' ');
			space = false;
			str_addc(&out, *p);
		}
		str_addc(&out, '\n');
	}
	sqlite3_finalize(st);
	return str_take(&out);
}

static void test_schema_sql_is_what_migrations_make(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *file = path_join(paths_data(), "db/schema.sql", NULL);
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *a = NULL, *b = NULL, *c = NULL, *d = NULL;
	sqlite3 *ours, *theirs;
	size_t len;

	ok(f, file_read(file, 1 << 20, &text, &len, &f->err));
	assert_int_equal(sqlite3_open(":memory:", &theirs), SQLITE_OK);
	assert_int_equal(sqlite3_exec(theirs, text, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_open(f->path, &ours), SQLITE_OK);
	a = describe(ours);
	b = describe(theirs);
	assert_string_equal(a, b);
	c = squeeze(ours);
	d = squeeze(theirs);
	assert_string_equal(c, d);
	assert_non_null(strstr(a, "table series message_id TEXT 1"));
	sqlite3_close(ours);
	sqlite3_close(theirs);
}

/* "  name  TYPE ..." */
static bool starts_column(const char *line)
{
	size_t n = strspn(line, "abcdefghijklmnopqrstuvwxyz_0123456789");
	const char *type = line + n + strspn(line + n, " ");

	return n > 0 && (str_starts(type, "TEXT") || str_starts(type, "INTEGER") ||
			 str_starts(type, "REAL"));
}

static void test_tables_and_columns_are_commented(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *file = path_join(paths_data(), "db/schema.sql", NULL);
	AUTO_FREE char *text = NULL;
	const char *open = NULL; /* a column without a comment so far */
	char **lines;
	size_t len;
	int tables = 0;

	ok(f, file_read(file, 1 << 20, &text, &len, &f->err));
	lines = strv_split(text, "\n");
	for (char **l = lines; *l; l++) {
		if (str_starts(*l, "CREATE TABLE")) {
			tables++;
			assert_true(l > lines && str_starts(l[-1], "--"));
		}
		if (open && (starts_column(*l) || str_starts(*l, ")")))
			fail_msg("no comment: %s", open);
		if (starts_column(*l))
			open = *l;
		if (strstr(*l, "--"))
			open = NULL;
	}
	assert_int_equal(tables, 24);
	strv_free(lines);
}

static void test_open_again_keeps_rows(void **state)
{
	struct fixture *f = *state;
	struct tree t = { .name = "debian",
			  .kind = TREE_TARBALL,
			  .source = "/usr/src/x",
			  .default_ref = "refs/trees/debian/main",
			  .added = 5,
			  .updated = 6 };
	struct tree got;
	struct db *reader;

	ok(f, tree_put(f->db, &t, &f->err));
	ok(f, db_open(f->path, DB_READ, &reader, &f->err));
	assert_int_equal(tree_find(reader, "debian", &got, &f->err), 1);
	assert_string_equal(got.source, "/usr/src/x");
	assert_int_equal(got.kind, TREE_TARBALL);
	tree_done(&got);
	assert_int_equal(tree_find(reader, "nope", &got, &f->err), 0);
	assert_int_equal(tree_put(reader, &t, &f->err), -1);
	db_close(reader);
}

static void test_open_refuses(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *none = path_join(f->dir, "none.db", NULL);
	AUTO_FREE char *other = path_join(f->dir, "other.db", NULL);
	AUTO_FREE char *text = path_join(f->dir, "text.db", NULL);
	struct db *db = NULL;
	sqlite3 *sq;

	assert_int_equal(db_open(none, DB_READ, &db, &f->err), -1);
	assert_int_equal(f->err.code, ERR_MISSING);
	assert_false(path_exists(none));

	assert_int_equal(sqlite3_open(other, &sq), SQLITE_OK);
	sqlite3_exec(sq, "CREATE TABLE foreign_things (a)", NULL, NULL, NULL);
	sqlite3_close(sq);
	assert_int_equal(db_open(other, DB_WRITE, &db, &f->err), -1);
	assert_non_null(strstr(f->err.msg, "not a database of sluice"));

	ok(f, file_write_atomic(text, "hello, I am a long enough text file", 35, 0644,
				&f->err));
	assert_int_equal(db_open(text, DB_WRITE, &db, &f->err), -1);
	assert_int_equal(f->err.code, ERR_INPUT);

	assert_int_equal(sqlite3_open(f->path, &sq), SQLITE_OK);
	sqlite3_exec(sq, "PRAGMA user_version = 999", NULL, NULL, NULL);
	sqlite3_close(sq);
	assert_int_equal(db_open(f->path, DB_READ, &db, &f->err), -1);
	assert_non_null(strstr(f->err.msg, "newer sluice"));
	assert_int_equal(db_open(f->path, DB_WRITE, &db, &f->err), -1);
	assert_null(db);
}

static int begin_and_leave(struct fixture *f, const char *name)
{
	AUTO_TX struct tx tx = TX_INIT;
	struct tree t = { .name = (char *)name, .source = "s", .default_ref = "r" };

	ok(f, db_begin(f->db, &tx, &f->err));
	ok(f, tree_put(f->db, &t, &f->err));
	return -1;
}

static void test_leaving_rolls_back(void **state)
{
	struct fixture *f = *state;
	struct tree t;

	begin_and_leave(f, "gone");
	assert_int_equal(tree_find(f->db, "gone", &t, &f->err), 0);
}

static void test_inner_rollback_dooms_outer(void **state)
{
	struct fixture *f = *state;
	struct tree t;

	{
		AUTO_TX struct tx tx = TX_INIT;

		ok(f, db_begin(f->db, &tx, &f->err));
		begin_and_leave(f, "inner");
		assert_int_equal(db_commit(&tx, &f->err), -1);
		assert_non_null(strstr(f->err.msg, "rolled back"));
	}
	assert_int_equal(tree_find(f->db, "inner", &t, &f->err), 0);
	/* And the handle is good again. */
	{
		AUTO_TX struct tx tx = TX_INIT;
		struct tree put = { .name = "next", .source = "s", .default_ref = "r" };

		ok(f, db_begin(f->db, &tx, &f->err));
		ok(f, tree_put(f->db, &put, &f->err));
		ok(f, db_commit(&tx, &f->err));
	}
	assert_int_equal(tree_find(f->db, "next", &t, &f->err), 1);
	tree_done(&t);
}

static void test_reader_sees_one_state_in_a_transaction(void **state)
{
	struct fixture *f = *state;
	AUTO_TX struct tx tx = TX_INIT;
	struct db *reader;
	struct tree *list;
	size_t n;
	struct tree t = { .name = "late", .source = "s", .default_ref = "r" };

	ok(f, db_open(f->path, DB_READ, &reader, &f->err));
	ok(f, db_begin(reader, &tx, &f->err));
	ok(f, tree_list(reader, &list, &n, &f->err));
	assert_int_equal(n, 0);
	ok(f, tree_put(f->db, &t, &f->err));
	ok(f, tree_list(reader, &list, &n, &f->err));
	assert_int_equal(n, 0);
	ok(f, db_commit(&tx, &f->err));
	ok(f, tree_list(reader, &list, &n, &f->err));
	assert_int_equal(n, 1);
	tree_list_free(list, n);
	db_close(reader);
}

/* A child acknowledges each commit by a byte; what it acknowledged is there. */
static void test_kill_loses_nothing_acknowledged(void **state)
{
	struct fixture *f = *state;

	for (int round = 0; round < 8; round++) {
		int p[2], seen = 0;
		struct tree *list;
		size_t n;
		char c;
		pid_t pid;

		assert_int_equal(pipe(p), 0);
		pid = fork();
		if (pid == 0) {
			struct db *db;

			if (db_open(f->path, DB_WRITE, &db, NULL) < 0)
				_exit(1);
			for (int i = 0;; i++) {
				struct tree t = { .source = "s", .default_ref = "r" };

				t.name = str_printf("r%d-%06d", round, i);
				if (tree_put(db, &t, NULL) < 0 ||
				    write(p[1], "x", 1) != 1)
					_exit(1);
				free(t.name);
			}
		}
		close(p[1]);
		while (seen < 5 + round * 7 && read(p[0], &c, 1) == 1)
			seen++;
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		while (read(p[0], &c, 1) == 1)
			seen++;
		close(p[0]);
		ok(f, tree_list(f->db, &list, &n, &f->err));
		for (size_t i = 0; i < n; i++) {
			int r = atoi(list[i].name + 1);

			if (r == round)
				seen--;
		}
		/* One more may be in than was acknowledged, never fewer. */
		assert_true(seen == 0 || seen == -1);
		tree_list_free(list, n);
	}
}

static void test_full_disk_keeps_what_is_in(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *small = path_join(f->dir, "small", NULL);
	AUTO_FREE char *path = path_join(small, "sluice.db", NULL);
	AUTO_FREE char *big = mem_alloc0(20001);
	struct tree *list;
	struct db *db;
	size_t n, in = 0;

	assert_int_equal(mkdir(small, 0755), 0);
	if (mount("none", small, "tmpfs", 0, "size=1m") < 0)
		skip(); /* not root, or not allowed here */
	memset(big, 'x', 20000);
	ok(f, db_open(path, DB_WRITE, &db, &f->err));
	for (int i = 0; i < 200; i++) {
		AUTO_FREE char *name = str_printf("t%d", i);
		struct tree t = { .name = name, .source = big, .default_ref = "r" };

		if (tree_put(db, &t, &f->err) < 0)
			break;
		in++;
	}
	assert_in_range(in, 1, 199);
	assert_int_equal(f->err.code, ERR_SYS);
	ok(f, tree_list(db, &list, &n, &f->err));
	assert_int_equal(n, in);
	tree_list_free(list, n);
	db_close(db);
	ok(f, db_open(path, DB_READ, &db, &f->err));
	ok(f, tree_list(db, &list, &n, &f->err));
	assert_int_equal(n, in);
	tree_list_free(list, n);
	db_close(db);
	assert_int_equal(umount(small), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_schema_sql_is_what_migrations_make,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_tables_and_columns_are_commented,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_open_again_keeps_rows, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_open_refuses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_leaving_rolls_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_inner_rollback_dooms_outer, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			test_reader_sees_one_state_in_a_transaction, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full_disk_keeps_what_is_in, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_kill_loses_nothing_acknowledged,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
