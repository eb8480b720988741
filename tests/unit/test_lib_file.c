#include "tests/unit/cm.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/file.h"

/* A file below the scratch folder. */
static char *make_file(const char *dir, const char *name, const char *text)
{
	char *path = path_join(dir, name, NULL);
	struct err err = { 0 };

	assert_int_equal(file_write_atomic(path, text, strlen(text), 0644, &err), 0);
	return path;
}

static char *make_dir(const char *dir, const char *name)
{
	char *path = path_join(dir, name, NULL);
	struct err err = { 0 };

	assert_int_equal(dir_make(path, 0755, &err), 0);
	return path;
}

static void joins(void **state)
{
	static const struct {
		const char *a, *b, *c, *want;
	} rows[] = {
		{ "a", "b", "c", "a/b/c" },     { "a/", "/b/", "c", "a/b/c" },
		{ "/", "b", NULL, "/b" },       { "a", "", "c", "a/c" },
		{ "a", "/etc", NULL, "a/etc" }, { "", "b", NULL, "b" },
		{ "a", "///", NULL, "a" },      { "/a", "b c", "..", "/a/b c/.." },
		{ "", "/b", NULL, "/b" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_FREE char *p = path_join(rows[i].a, rows[i].b, rows[i].c, NULL);

		assert_string_equal(p, rows[i].want);
	}
}

static void reads_with_a_limit(void **state)
{
	AUTO_FREE char *path = make_file(*state, "f", "12345");
	AUTO_FREE char *data = NULL;
	struct err err = { 0 };
	size_t len = 0;

	assert_int_equal(file_read(path, 5, &data, &len, &err), 0);
	assert_int_equal(len, 5);
	assert_string_equal(data, "12345");
	free(TAKE_PTR(data));
	assert_int_equal(file_read(path, 4, &data, &len, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_non_null(strstr(err.msg, path));
	assert_null(data);
	/* No size, but content. */
	assert_int_equal(file_read("/proc/self/status", 65536, &data, NULL, &err), 0);
	assert_true(str_starts(data, "Name:"));
}

static void reading_fails_by_name(void **state)
{
	AUTO_FREE char *path = path_join(*state, "none", NULL);
	char *data = NULL;
	struct err err = { 0 };

	assert_int_equal(file_read(path, 5, &data, NULL, &err), -1);
	assert_int_equal(err.code, ERR_MISSING);
	assert_non_null(strstr(err.msg, path));
	assert_int_equal(file_read(*state, 5, &data, NULL, &err), -1);
	assert_int_equal(err.code, ERR_SYS);
	assert_null(data);
}

static size_t count_entries(const char *path)
{
	AUTO_DIR DIR *dir = opendir(path);
	size_t n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	return n - 2;
}

static void writes_by_rename(void **state)
{
	AUTO_FREE char *path = path_join(*state, "f", NULL);
	AUTO_FREE char *below = path_join(*state, "f", "g", NULL);
	AUTO_FREE char *data = NULL;
	struct err err = { 0 };
	struct stat before, after;
	mode_t mask = umask(077);
	size_t len;

	assert_int_equal(file_write_atomic(path, "old", 3, 0644, &err), 0);
	umask(mask);
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(before.st_mode & 07777, 0644);
	assert_int_equal(file_write_atomic(path, "n\0w", 3, 0600, &err), 0);
	assert_int_equal(stat(path, &after), 0);
	assert_true(before.st_ino != after.st_ino);
	assert_int_equal(after.st_mode & 07777, 0600);
	assert_int_equal(file_read(path, 10, &data, &len, &err), 0);
	assert_int_equal(len, 3);
	assert_memory_equal(data, "n\0w", 4);
	assert_int_equal(file_write_atomic(below, "x", 1, 0644, &err), -1);
	assert_int_equal(err.code, ERR_MISSING);
	assert_int_equal(count_entries(*state), 1);
}

static void failed_write_leaves_nothing(void **state)
{
	AUTO_FREE char *dir = make_dir(*state, "d/full");
	AUTO_FREE char *path = path_join(*state, "d", NULL);
	struct err err = { 0 };

	(void)dir;
	/* A folder that is not empty cannot be renamed over. */
	assert_int_equal(file_write_atomic(path, "x", 1, 0644, &err), -1);
	assert_non_null(strstr(err.msg, path));
	assert_int_equal(count_entries(*state), 1);
}

static void copies(void **state)
{
	AUTO_FREE char *from = path_join(*state, "from", NULL);
	AUTO_FREE char *to = path_join(*state, "to", NULL);
	AUTO_FREE char *big = mem_alloc0(200000);
	AUTO_FREE char *data = NULL;
	struct err err = { 0 };
	struct stat st;
	size_t len;

	memset(big, 'x', 200000);
	assert_int_equal(file_copy(from, to, 0644, &err), -1);
	assert_int_equal(err.code, ERR_MISSING);
	assert_int_equal(file_write_atomic(from, big, 200000, 0600, &err), 0);
	assert_int_equal(file_copy(from, to, 0755, &err), 0);
	assert_int_equal(stat(to, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(file_read(to, 1 << 20, &data, &len, &err), 0);
	assert_int_equal(len, 200000);
	assert_memory_equal(data, big, len);
	/* What is there is somebody's. */
	assert_int_equal(file_copy(from, to, 0644, &err), -1);
	assert_non_null(strstr(err.msg, to));
	assert_int_equal(unlink(to), 0);
	/* A folder opens, and cannot be read. */
	assert_int_equal(file_copy(*state, to, 0644, &err), -1);
	assert_false(path_exists(to));
}

static void makes_folders(void **state)
{
	AUTO_FREE char *deep = path_join(*state, "a//b/./c/", NULL);
	AUTO_FREE char *b = path_join(*state, "a/b", NULL);
	AUTO_FREE char *file = make_file(*state, "f", "");
	AUTO_FREE char *below = path_join(file, "x", NULL);
	AUTO_FREE char *link = path_join(*state, "link", NULL);
	AUTO_FREE char *by_link = path_join(link, "y", NULL);
	struct err err = { 0 };
	struct stat st;
	mode_t mask = umask(077);

	assert_int_equal(dir_make(deep, 0755, &err), 0);
	umask(mask);
	assert_int_equal(stat(b, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	/* What is there keeps its mode. */
	assert_int_equal(dir_make(deep, 0700, &err), 0);
	assert_int_equal(stat(b, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(dir_make("/", 0755, &err), 0);
	assert_int_equal(dir_make(file, 0755, &err), -1);
	assert_int_equal(dir_make(below, 0755, &err), -1);
	assert_non_null(strstr(err.msg, "/f"));
	assert_int_equal(symlink("a", link), 0);
	assert_int_equal(dir_make(by_link, 0755, &err), 0);
}

static void removes_trees(void **state)
{
	AUTO_FREE char *top = make_dir(*state, "t/a/b/c");
	AUTO_FREE char *t = path_join(*state, "t", NULL);
	AUTO_FREE char *slashes = path_join(*state, "t2//", NULL);
	AUTO_FREE char *t2 = make_dir(*state, "t2/x");
	AUTO_FREE char *file = make_file(top, ".hidden", "x");
	AUTO_FREE char *odd = make_file(top, "-rf *\n\xff", "x");
	AUTO_FREE char *fifo = path_join(top, "fifo", NULL);
	struct err err = { 0 };

	(void)t2;
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(tree_remove(t, &err), 0);
	assert_false(path_exists(t));
	assert_int_equal(tree_remove(slashes, &err), 0);
	assert_false(path_exists(slashes));
	/* Not there, nor its folder. */
	assert_int_equal(tree_remove(t, &err), 0);
	assert_int_equal(tree_remove(file, &err), 0);
	assert_int_equal(err.code, ERR_NONE);
	assert_int_equal(count_entries(*state), 0);
}

static void removal_follows_no_symlink(void **state)
{
	AUTO_FREE char *victim = make_dir(*state, "victim");
	AUTO_FREE char *kept = make_file(victim, "kept", "x");
	AUTO_FREE char *t = make_dir(*state, "t");
	AUTO_FREE char *in = path_join(t, "to-dir", NULL);
	AUTO_FREE char *up = path_join(t, "to-parent", NULL);
	AUTO_FREE char *link = path_join(*state, "link", NULL);
	AUTO_FREE char *slash = path_join(*state, "link/", NULL);
	struct err err = { 0 };

	assert_int_equal(symlink(victim, in), 0);
	assert_int_equal(symlink("..", up), 0);
	assert_int_equal(tree_remove(t, &err), 0);
	assert_true(path_exists(kept));
	/* The path itself being one, with and without a slash behind it. */
	assert_int_equal(symlink("victim", link), 0);
	assert_int_equal(tree_remove(link, &err), 0);
	assert_int_equal(symlink("victim", link), 0);
	assert_int_equal(tree_remove(slash, &err), 0);
	assert_true(path_exists(kept));
	assert_int_equal(count_entries(*state), 1);
}

static void dangerous_paths_are_refused(void **state)
{
	static const char *const paths[] = { "", "/", "//", ".", "..", "/..", "/tmp/." };
	struct err err = { 0 };

	assert_int_equal(chdir(*state), 0); /* in case it does not refuse */
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		assert_int_equal(tree_remove(paths[i], &err), -1);
		assert_int_equal(err.code, ERR_INTERNAL);
	}
	assert_int_equal(chdir("/"), 0);
}

#define NOBODY 65534

/* Runs fn in a child, as nobody when we are root. Its result. */
static int as_nobody(int (*fn)(const char *path), const char *path)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (geteuid() == 0 && (setgid(NOBODY) < 0 || setuid(NOBODY) < 0))
			_exit(99);
		_exit(fn(path));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int make_locked_and_remove(const char *base)
{
	AUTO_FREE char *inner = path_join(base, "locked", "inner", NULL);
	AUTO_FREE char *file = path_join(inner, "f", NULL);
	AUTO_FREE char *locked = path_join(base, "locked", NULL);
	struct err err = { 0 };

	if (dir_make(inner, 0755, &err) < 0 ||
	    file_write_atomic(file, "x", 1, 0400, &err) < 0 || chmod(inner, 0500) < 0 ||
	    chmod(locked, 0) < 0)
		return 2;
	if (tree_remove(locked, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		return 3;
	}
	return path_exists(locked) ? 4 : 0;
}

static void locked_folders_are_opened(void **state)
{
	assert_int_equal(chmod(*state, 0777), 0);
	assert_int_equal(as_nobody(make_locked_and_remove, *state), 0);
}

static int remove_fails(const char *path)
{
	struct err err = { 0 };

	if (tree_remove(path, &err) == 0)
		return 2;
	return strstr(err.msg, path) ? 0 : 3;
}

static void failure_to_remove_is_told(void **state)
{
	AUTO_FREE char *t = make_dir(*state, "t/sub");
	AUTO_FREE char *file = make_file(t, "f", "x");

	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(*state, 0755), 0);
	assert_int_equal(as_nobody(remove_fails, t), 0);
	assert_true(path_exists(file));
}

/* Deeper than there are descriptors, and than a path may be long. */
static int make_deep_and_remove(const char *base)
{
	AUTO_FREE char *top = path_join(base, "deep", NULL);
	struct err err = { 0 };
	int dir = open(base, O_RDONLY | O_DIRECTORY);

	if (mkdirat(dir, "deep", 0755) < 0)
		return 2;
	for (int i = 0, fd; i < 3000; i++) {
		const char *name = i ? "aaaaaaaa" : "deep";

		if (i && mkdirat(dir, name, 0755) < 0)
			return 3;
		fd = openat(dir, name, O_RDONLY | O_DIRECTORY);
		/* Moving a folder changes its "..": it must be writable for that. */
		if (fd < 0 || (i % 7 == 0 && i && fchmodat(dir, ".", 0500, 0) < 0))
			return 4;
		close(dir);
		dir = fd;
	}
	close(dir);
	if (tree_size(top) < 0)
		return 5;
	if (tree_remove(top, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		return 6;
	}
	return path_exists(top) ? 7 : 0;
}

static void any_depth_is_removed(void **state)
{
	assert_int_equal(chmod(*state, 0777), 0);
	assert_int_equal(as_nobody(make_deep_and_remove, *state), 0);
	assert_int_equal(count_entries(*state), 0);
}

/* In a mount namespace of our own: 0, or 77 when we may not have one. */
static int remove_with_mount(const char *base)
{
	AUTO_FREE char *victim = path_join(base, "victim", NULL);
	AUTO_FREE char *kept = path_join(victim, "kept", NULL);
	AUTO_FREE char *t = path_join(base, "t", NULL);
	AUTO_FREE char *point = path_join(t, "mnt", NULL);
	struct err err = { 0 };

	if (unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(victim, point, NULL, MS_BIND, NULL) < 0)
		return 77;
	if (tree_remove(t, &err) == 0)
		return 2;
	return path_exists(kept) ? 0 : 3;
}

static void removal_enters_no_mount(void **state)
{
	AUTO_FREE char *victim = make_dir(*state, "victim");
	AUTO_FREE char *kept = make_file(victim, "kept", "x");
	AUTO_FREE char *point = make_dir(*state, "t/mnt");
	int status, pid;

	(void)kept;
	(void)point;
	if (geteuid() != 0)
		skip();
	pid = fork();
	if (pid == 0)
		_exit(remove_with_mount(*state));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

static void measures(void **state)
{
	AUTO_FREE char *d = make_dir(*state, "d/e");
	AUTO_FREE char *path = path_join(d, "big", NULL);
	AUTO_FREE char *link = path_join(d, "link", NULL);
	AUTO_FREE char *none = path_join(*state, "none", NULL);
	AUTO_FREE char *data = mem_alloc0(1 << 20);
	struct err err = { 0 };
	long long n;

	memset(data, 'x', 1 << 20);
	assert_int_equal(file_write_atomic(path, data, 1 << 20, 0644, &err), 0);
	assert_int_equal(symlink("/usr", link), 0);
	n = tree_size(*state);
	assert_true(n >= 1 << 20);
	assert_true(n < 2 << 20);
	assert_true(tree_size(path) >= 1 << 20);
	assert_int_equal(tree_size(none), 0);
	assert_int_equal(tree_size(link), 0);
	assert_true(tree_size("/dev") >= 0); /* a mount as the top */
}

static void changes_owner_of_links_not_targets(void **state)
{
	AUTO_FREE char *victim = make_file(*state, "victim", "x");
	AUTO_FREE char *d = make_dir(*state, "t/d");
	AUTO_FREE char *file = make_file(d, "f", "x");
	AUTO_FREE char *link = path_join(d, "link", NULL);
	AUTO_FREE char *dangling = path_join(d, "dangling", NULL);
	AUTO_FREE char *top = path_join(*state, "t", NULL);
	AUTO_FREE char *none = path_join(*state, "none", NULL);
	struct err err = { 0 };
	struct stat st;

	assert_int_equal(symlink(victim, link), 0);
	assert_int_equal(symlink("nowhere", dangling), 0);
	assert_int_equal(tree_chown(top, geteuid(), getegid(), &err), 0);
	if (geteuid() != 0) {
		assert_int_equal(tree_chown(top, 0, 0, &err), -1);
		return;
	}
	assert_int_equal(tree_chown(top, NOBODY, NOBODY, &err), 0);
	assert_int_equal(lstat(file, &st), 0);
	assert_int_equal(st.st_uid, NOBODY);
	assert_int_equal(st.st_gid, NOBODY);
	assert_int_equal(lstat(link, &st), 0);
	assert_int_equal(st.st_uid, NOBODY);
	assert_int_equal(lstat(top, &st), 0);
	assert_int_equal(st.st_uid, NOBODY);
	assert_int_equal(lstat(victim, &st), 0);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(tree_chown(none, NOBODY, NOBODY, &err), -1);
	assert_int_equal(err.code, ERR_MISSING);
}

static void existence(void **state)
{
	AUTO_FREE char *link = path_join(*state, "dangling", NULL);

	assert_int_equal(symlink("nowhere", link), 0);
	assert_true(path_exists(*state));
	assert_false(path_exists(link));
	assert_false(path_exists(""));
}

static void programs(void **state)
{
	AUTO_FREE char *plain = make_file(*state, "plain", "x");
	AUTO_FREE char *dir = make_dir(*state, "folder");
	AUTO_FREE char *old = str_dup(getenv("PATH"));
	AUTO_FREE char *sh = program_find("sh");
	AUTO_FREE char *direct = program_find("/bin/sh");
	AUTO_FREE char *prog = make_file(*state, "prog", "x");
	AUTO_FREE char *path = str_printf("/nonexistent::%s", (char *)*state);
	AUTO_FREE char *found = NULL;

	assert_non_null(sh);
	assert_true(str_ends(sh, "/sh"));
	assert_string_equal(direct, "/bin/sh");
	assert_null(program_find(""));
	assert_null(program_find("no-such-program"));
	assert_null(program_find(plain));
	assert_null(program_find(dir));
	assert_int_equal(chmod(prog, 0755), 0);
	setenv("PATH", path, 1);
	found = program_find("prog");
	assert_string_equal(found, prog);
	assert_null(program_find("plain"));
	assert_null(program_find("folder"));
	/* An empty part of $PATH is no "current folder" here. */
	assert_int_equal(chdir(*state), 0);
	setenv("PATH", ":/nonexistent", 1);
	assert_null(program_find("prog"));
	assert_int_equal(chdir("/"), 0);
	setenv("PATH", old, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(joins),
		tmpdir_test(reads_with_a_limit),
		tmpdir_test(reading_fails_by_name),
		tmpdir_test(writes_by_rename),
		tmpdir_test(failed_write_leaves_nothing),
		tmpdir_test(copies),
		tmpdir_test(makes_folders),
		tmpdir_test(removes_trees),
		tmpdir_test(removal_follows_no_symlink),
		tmpdir_test(dangerous_paths_are_refused),
		tmpdir_test(locked_folders_are_opened),
		tmpdir_test(failure_to_remove_is_told),
		tmpdir_test(any_depth_is_removed),
		tmpdir_test(removal_enters_no_mount),
		tmpdir_test(measures),
		tmpdir_test(changes_owner_of_links_not_targets),
		tmpdir_test(existence),
		tmpdir_test(programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
