#include "tests/unit/cm.h"

#include <sqlite3.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/context.h"
#include "db/migrations.h"
#include "db/state_lock.h"
#include "db/tree.h"
#include "lib/file.h"

/* A state folder as the sluice before the last migration left it. */
static void make_older(const char *dir, struct cmd_common *common)
{
	AUTO_FREE char *path = path_join(dir, "sluice.db", NULL);
	AUTO_FREE char *config = path_join(dir, "config.ini", NULL);
	struct context cx = CONTEXT_INIT;
	AUTO_FREE char *set = NULL;
	sqlite3_int64 id = 0;
	sqlite3_stmt *st;
	sqlite3 *sq;

	assert_int_equal(file_write_atomic(config, "[sluice]\n", 9, 0644, NULL), 0);
	*common = (struct cmd_common){ .config_file = str_dup(config), .state_dir = dir };
	assert_int_equal(context_write(&cx, common, "a test"), EXIT_OK);
	context_done(&cx);
	assert_int_equal(sqlite3_open(path, &sq), SQLITE_OK);
	sqlite3_prepare_v2(sq, "PRAGMA application_id", -1, &st, NULL);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	id = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(sq);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(sqlite3_open(path, &sq), SQLITE_OK);
	for (size_t i = 0; i + 1 < db_migrations_n; i++)
		assert_int_equal(sqlite3_exec(sq, db_migrations[i], NULL, NULL, NULL),
				 SQLITE_OK);
	set = str_printf("PRAGMA application_id = %lld; PRAGMA user_version = %zu",
			 (long long)id, db_migrations_n - 1);
	assert_int_equal(sqlite3_exec(sq, set, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(sq);
}

static void reading_converts_an_older_database(void **state)
{
	struct cmd_common common;
	struct context cx = CONTEXT_INIT;

	make_older(*state, &common);
	assert_int_equal(context_read(&cx, &common), EXIT_OK);
	assert_non_null(cx.db);
	assert_false(cx.locked);
	context_done(&cx);
	free((char *)common.config_file);
}

static void but_not_while_another_writes(void **state)
{
	struct cmd_common common;
	struct context cx = CONTEXT_INIT;
	struct err err = { 0 };
	int lock = -1;

	make_older(*state, &common);
	assert_int_equal(state_lock(*state, "another", &lock, &err), 0);
	assert_int_equal(context_read(&cx, &common), EXIT_INFRA);
	context_done(&cx);
	close(lock);
	assert_int_equal(context_read(&cx, &common), EXIT_OK);
	context_done(&cx);
	free((char *)common.config_file);
}

static void reading_where_nothing_was_written_yet(void **state)
{
	AUTO_FREE char *dir = path_join(*state, "nowhere", NULL);
	AUTO_FREE char *config = path_join(*state, "config.ini", NULL);
	const struct cmd_common common = { .config_file = config, .state_dir = dir };
	struct context cx = CONTEXT_INIT;
	struct tree *list = NULL, one = { .name = (char *)"x" };
	size_t n = 1;

	assert_int_equal(file_write_atomic(config, "[sluice]\n", 9, 0644, NULL), 0);
	assert_int_equal(context_read(&cx, &common), EXIT_OK);
	assert_int_equal(tree_list(cx.db, &list, &n, NULL), 0);
	assert_int_equal(n, 0);
	tree_list_free(list, n);
	one.source = one.default_ref = one.name;
	assert_int_equal(tree_put(cx.db, &one, NULL), -1);
	context_done(&cx);
	assert_int_equal(access(dir, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tmpdir_test(reading_converts_an_older_database),
		tmpdir_test(but_not_while_another_writes),
		tmpdir_test(reading_where_nothing_was_written_yet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
