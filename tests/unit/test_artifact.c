#include "tests/unit/db_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "db/row.h"
#include "db/seekable.h"

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

/* Numbered lines: a byte says where it is from. */
static char *numbered(size_t lines, size_t *ret_len)
{
	struct str s = STR_INIT;

	for (size_t i = 0; i < lines; i++)
		str_addf(&s, "[%7zu] a console line of some length\n", i);
	*ret_len = s.len;
	return str_take(&s);
}

static size_t count_files(const char *dir)
{
	AUTO_FREE char *cmd = str_printf("find '%s' -type f | wc -l", dir);
	FILE *p = popen(cmd, "r");
	size_t n = 0;

	assert_int_equal(fscanf(p, "%zu", &n), 1);
	pclose(p);
	return n;
}

static void check_range(struct fixture *f, const char *sha, const char *want, size_t len,
			size_t from, size_t to)
{
	AUTO_FREE char *got = NULL;
	size_t n, end = to < len ? to : len;

	ok(f, artifact_load(f->store, sha, from, to, 1 << 30, &got, &n, &f->err));
	assert_int_equal(n, from < end ? end - from : 0);
	if (n > 0)
		assert_memory_equal(got, want + from, n);
	assert_int_equal(got[n], 0);
}

static void test_ranges(void **state)
{
	struct fixture *f = *state;
	size_t len;
	AUTO_FREE char *text = numbered(30000, &len); /* several frames */
	char zst[SHA256_HEX], want[SHA256_HEX];

	ok(f, artifact_put_bytes(f->store, text, len, ARTIFACT_ZSTD, zst, &f->err));
	sha256_of(text, len, want);
	assert_string_equal(zst, want);
	assert_true(len > 4 * SEEKABLE_FRAME);
	check_range(f, zst, text, len, 0, len);
	check_range(f, zst, text, len, 0, 1);
	check_range(f, zst, text, len, len - 1, len + 100);
	check_range(f, zst, text, len, len, len + 1);
	check_range(f, zst, text, len, SEEKABLE_FRAME - 1, SEEKABLE_FRAME + 1);
	check_range(f, zst, text, len, SEEKABLE_FRAME, 2 * SEEKABLE_FRAME);
	check_range(f, zst, text, len, 3 * SEEKABLE_FRAME + 17, 3 * SEEKABLE_FRAME + 18);
	check_range(f, zst, text, len, 10, 5);
	ok(f, artifact_verify(f->store, zst, &f->err));
}

static void test_zstd_itself_reads_it(void **state)
{
	struct fixture *f = *state;
	size_t len;
	AUTO_FREE char *text = numbered(10000, &len);
	AUTO_FREE char *cmd = NULL;
	char sha[SHA256_HEX], sum[SHA256_HEX] = "";
	FILE *p;

	if (system("command -v zstd >/dev/null") != 0)
		skip();
	ok(f, artifact_put_bytes(f->store, text, len, ARTIFACT_ZSTD, sha, &f->err));
	cmd = str_printf("zstd -dc '%s/%.2s/%s.zst' | sha256sum", f->artifacts, sha, sha);
	p = popen(cmd, "r");
	assert_int_equal(fscanf(p, "%64s", sum), 1);
	pclose(p);
	assert_string_equal(sum, sha);
}

static void test_empty_and_raw(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *path = NULL;
	AUTO_FREE char *src = path_join(f->dir, "image", NULL);
	char sha[SHA256_HEX];
	struct stat sb;

	ok(f, artifact_put_bytes(f->store, "", 0, ARTIFACT_ZSTD, sha, &f->err));
	check_range(f, sha, "", 0, 0, 10);
	ok(f, file_write_atomic(src, "image bytes", 11, 0600, &f->err));
	ok(f, artifact_put_file(f->store, src, ARTIFACT_RAW, sha, &f->err));
	check_range(f, sha, "image bytes", 11, 2, 7);
	ok(f, artifact_path(f->store, sha, &path, &f->err));
	assert_int_equal(stat(path, &sb), 0);
	assert_int_equal(sb.st_mode & 0777, 0444);
	assert_int_equal(sb.st_size, 11);
}

static void test_same_content_once(void **state)
{
	struct fixture *f = *state;
	char a[SHA256_HEX], b[SHA256_HEX];
	size_t before;

	ok(f, artifact_put_bytes(f->store, "same", 4, ARTIFACT_RAW, a, &f->err));
	before = count_files(f->artifacts);
	ok(f, artifact_put_bytes(f->store, "same", 4, ARTIFACT_ZSTD, b, &f->err));
	assert_string_equal(a, b);
	assert_int_equal(count_files(f->artifacts), before);
}

static void test_dropped_and_put_again(void **state)
{
	struct fixture *f = *state;
	struct artifact *a = NULL;
	char sha[SHA256_HEX], day[ARTIFACT_DAY];
	int64_t when = -1;

	ok(f, artifact_put_bytes(f->store, "gone", 4, ARTIFACT_RAW, sha, &f->err));
	assert_int_equal(artifact_dropped(f->store, sha, &when, &f->err), 0);
	assert_int_equal(artifact_drop(f->store, sha, INT64_MAX, &f->err), 1);
	assert_int_equal(artifact_drop(f->store, sha, INT64_MAX, &f->err), 0);
	assert_int_equal(artifact_open(f->store, sha, &a, &f->err), -1);
	assert_int_equal(f->err.code, ERR_MISSING);
	assert_int_equal(artifact_dropped(f->store, sha, &when, &f->err), 1);
	artifact_day(when, day);
	assert_non_null(strstr(f->err.msg, "was dropped on "));
	assert_non_null(strstr(f->err.msg, day));
	assert_null(a);
	ok(f, artifact_put_bytes(f->store, "gone", 4, ARTIFACT_ZSTD, sha, &f->err));
	assert_int_equal(artifact_dropped(f->store, sha, &when, &f->err), 0);
	check_range(f, sha, "gone", 4, 0, 4);
	assert_int_equal(artifact_open(f->store, "../../etc/passwd", &a, &f->err), -1);
	assert_int_equal(f->err.code, ERR_MISSING);
}

/* What was put a moment ago, or was there and put once more, is somebody's. */
static void test_fresh_is_not_dropped(void **state)
{
	struct fixture *f = *state;
	int64_t before = (int64_t)time(NULL) - 1;
	char sha[SHA256_HEX];

	ok(f, artifact_put_bytes(f->store, "fresh", 5, ARTIFACT_RAW, sha, &f->err));
	assert_int_equal(artifact_drop(f->store, sha, before, &f->err), 0);
	ok(f, db_exec(f->db, "UPDATE artifact SET used = 5", &f->err));
	ok(f, artifact_put_bytes(f->store, "fresh", 5, ARTIFACT_RAW, sha, &f->err));
	assert_int_equal(artifact_drop(f->store, sha, before, &f->err), 0);
	ok(f, artifact_verify(f->store, sha, &f->err));
	ok(f, db_exec(f->db, "UPDATE artifact SET used = 5", &f->err));
	assert_int_equal(artifact_drop(f->store, sha, before, &f->err), 1);
}

/* Killed between the row and its file, at either end. */
static void test_strays(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *path = NULL, *wrong = NULL, *name = NULL;
	char sha[SHA256_HEX];

	ok(f, artifact_put_bytes(f->store, "stray", 5, ARTIFACT_RAW, sha, &f->err));
	ok(f, artifact_path(f->store, sha, &path, &f->err));
	assert_int_equal(artifact_drop_stray(f->store, sha, &f->err), 0);
	assert_int_equal(access(path, F_OK), 0);
	wrong = str_printf("%s.zst", path);
	name = str_printf("%s.zst", sha);
	ok(f, file_write_atomic(wrong, "x", 1, 0644, &f->err));
	assert_int_equal(artifact_drop_stray(f->store, name, &f->err), 1);
	assert_int_equal(access(wrong, F_OK), -1);
	assert_int_equal(access(path, F_OK), 0);
	ok(f, db_exec(f->db, "UPDATE artifact SET present = 0, dropped = 7", &f->err));
	assert_int_equal(artifact_drop_stray(f->store, sha, &f->err), 1);
	assert_int_equal(access(path, F_OK), -1);
}

/* A file that was lost or cut behind our back is written again. */
static void test_lost_file_heals(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *half = NULL;
	AUTO_FREE char *path = NULL;
	char sha[SHA256_HEX];

	ok(f, artifact_put_bytes(f->store, "healing", 7, ARTIFACT_RAW, sha, &f->err));
	ok(f, artifact_path(f->store, sha, &path, &f->err));
	assert_int_equal(unlink(path), 0);
	ok(f, artifact_put_bytes(f->store, "healing", 7, ARTIFACT_RAW, sha, &f->err));
	ok(f, artifact_verify(f->store, sha, &f->err));
	/* Half a file is as good as none. */
	assert_int_equal(truncate(path, 3), 0);
	assert_int_equal(artifact_path(f->store, sha, &half, &f->err), -1);
	assert_int_equal(f->err.code, ERR_MISSING);
	ok(f, artifact_put_bytes(f->store, "healing", 7, ARTIFACT_RAW, sha, &f->err));
	ok(f, artifact_verify(f->store, sha, &f->err));
}

static void test_only_regular_files(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *link = path_join(f->dir, "link", NULL);
	AUTO_FREE char *pipe = path_join(f->dir, "pipe", NULL);
	char sha[SHA256_HEX] = "untouched";

	assert_int_equal(symlink("/etc/passwd", link), 0);
	assert_int_equal(mkfifo(pipe, 0600), 0);
	assert_int_equal(artifact_put_file(f->store, link, ARTIFACT_RAW, sha, &f->err),
			 -1);
	assert_int_equal(artifact_put_file(f->store, pipe, ARTIFACT_RAW, sha, &f->err),
			 -1);
	assert_string_equal(sha, "untouched");
}

static void damage(const char *path, off_t at, int whence)
{
	AUTO_FD int fd = -1;
	char c;

	assert_int_equal(chmod(path, 0600), 0);
	fd = open(path, O_RDWR);
	at = lseek(fd, at, whence);
	assert_int_equal(pread(fd, &c, 1, at), 1);
	c = (char)~c;
	assert_int_equal(pwrite(fd, &c, 1, at), 1);
}

/* Whatever byte is wrong: an error or the right bytes, never others. */
static void test_damage_is_noticed(void **state)
{
	struct fixture *f = *state;
	size_t len;
	AUTO_FREE char *text = numbered(9000, &len);
	AUTO_FREE char *path = NULL;
	char sha[SHA256_HEX];
	int bad = 0;

	ok(f, artifact_put_bytes(f->store, text, len, ARTIFACT_ZSTD, sha, &f->err));
	path = str_printf("%s/%.2s/%s.zst", f->artifacts, sha, sha);
	for (int i = 1; i <= 40; i++) {
		damage(path, -i, SEEK_END);
		bad += artifact_verify(f->store, sha, &f->err) < 0;
		damage(path, -i, SEEK_END);
	}
	assert_int_equal(bad, 40);
	ok(f, artifact_verify(f->store, sha, &f->err));
	damage(path, 1000, SEEK_SET);
	assert_int_equal(artifact_verify(f->store, sha, &f->err), -1);
	assert_int_equal(truncate(path, 5), 0);
	assert_int_equal(artifact_verify(f->store, sha, &f->err), -1);
}

/* Each row that is there after the kill names a file that is whole. */
static void check_all_rows(struct fixture *f, char (*shas)[SHA256_HEX], int n)
{
	for (int i = 0; i < n; i++) {
		struct artifact *a = NULL;

		if (artifact_open(f->store, shas[i], &a, &f->err) < 0) {
			assert_int_equal(f->err.code, ERR_MISSING);
			assert_non_null(strstr(f->err.msg, "is unknown"));
			continue;
		}
		artifact_close(a);
		ok(f, artifact_verify(f->store, shas[i], &f->err));
	}
}

#define PUTS 400

static char *nth(int i, size_t *ret_len)
{
	AUTO_FREE char *text = numbered(3000, ret_len);
	char *all = str_printf("%d\n%s", i, text);

	*ret_len = strlen(all);
	return all;
}

static void put_until_killed(struct fixture *f, int out)
{
	struct artifact_store *s;
	struct db *db;
	char sha[SHA256_HEX];

	if (db_open(f->path, DB_WRITE, &db, NULL) < 0 ||
	    artifact_store_new(f->artifacts, db, &s, NULL) < 0)
		_exit(1);
	for (int i = 0; i < PUTS; i++) {
		size_t len;
		char *text = nth(i, &len);

		if (artifact_put_bytes(s, text, len, i % 2 ? ARTIFACT_RAW : ARTIFACT_ZSTD,
				       sha, NULL) < 0 ||
		    write(out, "x", 1) != 1)
			_exit(1);
		free(text);
	}
	_exit(0);
}

static void test_kill_leaves_nothing_half(void **state)
{
	struct fixture *f = *state;
	char(*shas)[SHA256_HEX] = mem_alloc0(PUTS * sizeof(*shas));

	for (int i = 0; i < PUTS; i++) {
		size_t len;
		AUTO_FREE char *text = nth(i, &len);

		sha256_of(text, len, shas[i]);
	}
	for (int round = 1; round <= 6; round++) {
		AUTO_FREE char *incoming = path_join(f->artifacts, "incoming", NULL);
		struct artifact *a = NULL;
		int p[2], seen = 0;
		char c;
		pid_t pid;

		assert_int_equal(pipe(p), 0);
		pid = fork();
		if (pid == 0)
			put_until_killed(f, p[1]);
		close(p[1]);
		while (seen < round * 9 && read(p[0], &c, 1) == 1)
			seen++;
		usleep(round * 731); /* somewhere within the next put */
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		while (read(p[0], &c, 1) == 1)
			seen++;
		close(p[0]);
		for (int i = 0; i < seen; i++) {
			ok(f, artifact_open(f->store, shas[i], &a, &f->err));
			artifact_close(a);
		}
		check_all_rows(f, shas, PUTS);
		/* The next writer tidies up. */
		artifact_store_free(f->store);
		ok(f, artifact_store_new(f->artifacts, f->db, &f->store, &f->err));
		assert_int_equal(count_files(incoming), 0);
	}
	free(shas);
}

static void test_full_disk_leaves_nothing_half(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *small = path_join(f->dir, "small", NULL);
	struct artifact_store *s;
	struct artifact *a = NULL;
	char sha[SHA256_HEX] = "untouched", want[SHA256_HEX];
	size_t len, files;
	char *text;

	assert_int_equal(mkdir(small, 0755), 0);
	if (mount("none", small, "tmpfs", 0, "size=256k") < 0)
		skip(); /* not root, or not allowed here */
	ok(f, artifact_store_new(small, f->db, &s, &f->err));
	ok(f, artifact_put_bytes(s, "fits", 4, ARTIFACT_RAW, sha, &f->err));
	files = count_files(small);
	text = numbered(20000, &len);
	sha256_of(text, len, want);
	memcpy(sha, "untouched", 10);
	assert_int_equal(artifact_put_bytes(s, text, len, ARTIFACT_RAW, sha, &f->err),
			 -1);
	assert_int_equal(f->err.code, ERR_SYS);
	assert_non_null(strstr(f->err.msg, strerror(ENOSPC)));
	assert_string_equal(sha, "untouched");
	assert_int_equal(artifact_open(s, want, &a, &f->err), -1);
	assert_int_equal(count_files(small), files);
	ok(f, artifact_put_bytes(s, "fits still", 10, ARTIFACT_RAW, sha, &f->err));
	artifact_store_free(s);
	free(text);
	assert_int_equal(umount(small), 0);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_ranges),
		T(test_zstd_itself_reads_it),
		T(test_empty_and_raw),
		T(test_same_content_once),
		T(test_dropped_and_put_again),
		T(test_fresh_is_not_dropped),
		T(test_strays),
		T(test_lost_file_heals),
		T(test_only_regular_files),
		T(test_damage_is_noticed),
		T(test_kill_leaves_nothing_half),
		T(test_full_disk_leaves_nothing_half),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
