#include "tests/unit/git_fixture.h"

#include <sys/stat.h>
#include <unistd.h>

#include "daemon/source.h"
#include "db/tree.h"

static char *in(const char *dir, const char *name)
{
	return path_join(dir, name, NULL);
}

static struct db *open_db(const char *dir)
{
	AUTO_FREE char *path = in(dir, "t.db");
	struct err err = { 0 };
	struct db *db = NULL;

	assert_int_equal(db_open(path, DB_WRITE, &db, &err), 0);
	return db;
}

static void files_and_folders(void **state)
{
	AUTO_FREE char *mbox = in(*state, "a.mbox"), *maildir = in(*state, "md");
	AUTO_FREE char *cur = in(maildir, "cur"), *fresh = in(maildir, "new");
	struct db *db = open_db(*state);
	struct source s = { 0 };
	struct err err = { 0 };

	put_file(*state, "a.mbox", "From x\n");
	assert_int_equal(mkdir(maildir, 0755) | mkdir(cur, 0755) | mkdir(fresh, 0755), 0);
	assert_int_equal(source_find(mbox, NULL, db, 10, &s, &err), 0);
	assert_int_equal(s.kind, SOURCE_MBOX);
	assert_string_equal(s.text, mbox);
	source_done(&s);
	assert_int_equal(source_find(maildir, NULL, db, 10, &s, &err), 0);
	assert_int_equal(s.kind, SOURCE_MAILDIR);
	source_done(&s);
	db_close(db);
}

static void ids_and_urls(void **state)
{
	struct db *db = open_db(*state);
	struct source s = { 0 };
	struct err err = { 0 };

	assert_int_equal(source_find("20200101.1-a@localhost", NULL, db, 10, &s, &err),
			 0);
	assert_int_equal(s.kind, SOURCE_MSGID);
	assert_string_equal(s.text, "20200101.1-a@localhost");
	source_done(&s);
	assert_int_equal(source_find("https://localhost/linux-mm/x%2Fy@localhost/T/#t",
				     NULL, db, 10, &s, &err),
			 0);
	assert_string_equal(s.text, "x/y@localhost");
	source_done(&s);
	/* Two dots do not make a range of what is an id. */
	assert_int_equal(source_find("20200101..1-a@localhost", *state, db, 10, &s, &err),
			 0);
	assert_int_equal(s.kind, SOURCE_MSGID);
	source_done(&s);
	db_close(db);
}

static void ranges(void **state)
{
	AUTO_FREE char *repo = in(*state, "repo"), *sub = in(*state, "repo/mm");
	struct db *db = open_db(*state);
	struct source s = { 0 };
	struct err err = { 0 };
	struct tree tree = { .name = (char *)"mine",
			     .kind = TREE_GIT,
			     .source = repo,
			     .default_ref = (char *)"refs/trees/mine/main" };

	assert_int_equal(mkdir(repo, 0755) | mkdir(sub, 0755), 0);
	sh(repo, "git init -q . && for i in 1 2 3; do echo $i >mm/f && git add -A && "
		 "git commit -qm $i; done");
	assert_int_equal(source_find("HEAD~2..HEAD", sub, db, 10, &s, &err), 0);
	assert_int_equal(s.kind, SOURCE_RANGE);
	assert_int_equal(strlen(s.from), 40);
	assert_int_equal(strlen(s.to), 40);
	assert_string_not_equal(s.from, s.to);
	assert_null(s.tree);
	source_done(&s);
	/* Known as a tree: its name comes along, and it is found from anywhere. */
	assert_int_equal(tree_put(db, &tree, &err), 0);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(source_find("HEAD~2..HEAD", NULL, db, 10, &s, &err), 0);
	assert_string_equal(s.tree, "mine");
	source_done(&s);
	/* But not when another place was named. */
	assert_int_equal(source_find("HEAD~2..HEAD", "/", db, 10, &s, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	assert_non_null(strstr(err.msg, "/: there is no git repository"));
	assert_int_equal(source_find("HEAD~2..HEAD", repo, db, 1, &s, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	assert_int_equal(source_find("nosuch..HEAD", repo, db, 10, &s, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	db_close(db);
}

static void nonsense_says_what_it_could_have_been(void **state)
{
	struct db *db = open_db(*state);
	struct source s = { 0 };
	struct err err = { 0 };

	assert_int_equal(source_find("no-such-file.mbox", NULL, db, 10, &s, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	assert_non_null(strstr(err.msg, "no such file"));
	assert_non_null(strstr(err.msg, "A..B"));
	db_close(db);
}

static void a_folder_of_patches_is_one_mbox(void **state)
{
	AUTO_FREE char *dir = in(*state, "patches"), *dst = in(*state, "out.mbox");
	AUTO_FREE char *text = NULL;
	struct source s = { .kind = SOURCE_MBOX, .text = dir };
	struct state st = { .uid = geteuid(), .gid = getegid() };
	struct err err = { 0 };
	size_t len;

	assert_int_equal(mkdir(dir, 0755), 0);
	put_file(dir, "0002-b.patch", "From 2 Mon Sep 17 00:00:00 2001\nSubject: b\n");
	put_file(dir, "0001-a.patch", "Subject: a\n");
	put_file(dir, "README", "no mail\n");
	if (source_copy(&s, &st, 1 << 20, dst, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(file_read(dst, 1 << 20, &text, &len, &err), 0);
	assert_string_equal(text, "From mboxrd@z Thu Jan  1 00:00:00 1970\nSubject: a\n\n"
				  "From 2 Mon Sep 17 00:00:00 2001\nSubject: b\n\n");
	unlink(dst);
	assert_int_equal(source_copy(&s, &st, 20, dst, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tmpdir_test(files_and_folders),
		tmpdir_test(ids_and_urls),
		tmpdir_test(ranges),
		tmpdir_test(nonsense_says_what_it_could_have_been),
		tmpdir_test(a_folder_of_patches_is_one_mbox),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
