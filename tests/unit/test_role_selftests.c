#include "tests/unit/toy_fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "kernels/elf_static.h"
#include "kernels/role_selftests.h"
#include "lib/json.h"

#define MM "tools/testing/selftests/mm/"

/* A toy tree whose selftests are built, changed and built again. */
struct bench {
	struct toy toy;
	const char *folders, *programs;     /* words */
	long long timeout_ms, programs_max; /* 0: any */
	struct json_object *result;
};

static struct bench bench_new(const char *dir)
{
	return (struct bench){ .toy = toy_new(dir),
			       .folders = "mm vm",
			       .programs = "toy_lock toy_moves",
			       .timeout_ms = 60000 };
}

static void bench_done(struct bench *b)
{
	toy_done(&b->toy);
	json_object_put(b->result);
}

static struct json_object *words(const char *text)
{
	struct json_object *a = json_object_new_array();
	char **v = strv_split(text, " ");

	for (size_t i = 0; v[i]; i++)
		json_add_str(a, v[i]);
	strv_free(v);
	return a;
}

/* The status of the whole. */
static const char *build(struct bench *b)
{
	AUTO_JSON struct json_object *job = json_object_new_object();
	AUTO_FREE char *log = path_join(b->toy.job, "log", NULL);
	struct err err = { 0 };

	json_set_str(job, "src", b->toy.src);
	json_set_str(job, "out", b->toy.out);
	json_set_str(job, "log", log);
	json_set(job, "folders", words(b->folders));
	json_set(job, "programs", words(b->programs));
	json_set_int(job, "timeout_ms", b->timeout_ms);
	json_set_int(job, "programs_max_bytes", b->programs_max);
	json_set_int(job, "jobs", 2);
	json_object_put(b->result);
	b->result = json_object_new_object();
	if (role_selftests(job, b->toy.job, b->result, &err) < 0)
		fail_msg("%s", err.msg);
	return json_str(b->result, "status", "");
}

static struct json_object *program(const struct bench *b, const char *name)
{
	struct json_object *a = json_arr(b->result, "programs");

	for (size_t i = 0; i < json_len(a); i++) {
		struct json_object *o = json_object_array_get_idx(a, i);

		if (strcmp(json_str(o, "name", ""), name) == 0)
			return o;
	}
	fail_msg("no result of %s: %s", name, json_object_to_json_string(b->result));
	return NULL;
}

static void assert_program(const struct bench *b, const char *name, const char *status,
			   const char *error)
{
	struct json_object *o = program(b, name);

	if (strcmp(json_str(o, "status", ""), status) != 0 ||
	    (error && !strstr(json_str(o, "error", ""), error)))
		fail_msg("wanted %s, %s: %s", status, error ? error : "no error",
			 json_object_to_json_string(o));
	assert_int_equal(json_str(o, "file", NULL) != NULL, strcmp(status, "ok") == 0);
}

static char *program_text(const struct bench *b, const char *name)
{
	AUTO_FREE char *path =
		path_join(b->toy.job, json_str(program(b, name), "file", "?"), NULL);
	struct err err = { 0 };
	char *data;
	size_t len;

	if (file_read(path, 64 << 20, &data, &len, &err) < 0)
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < len; i++)
		data[i] = data[i] ? data[i] : '.';
	return data;
}

/* When make wrote it, not when it was handed over. */
static struct timespec made_at(const struct bench *b, const char *name)
{
	AUTO_FREE char *path = path_join(b->toy.out, ".selftests/bin", name, NULL);
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mtim;
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static void remove_file(const struct toy *t, const char *file)
{
	AUTO_FREE char *path = path_join(t->src, file, NULL);

	assert_int_equal(unlink(path), 0);
}

static void builds_each_static(void **state)
{
	AUTO(bench_done) struct bench b = bench_new(*state);
	AUTO_FREE char *moves = NULL;

	b.programs = "toy_lock toy_none toy_moves";
	assert_string_equal(build(&b), "ok");
	assert_string_equal(json_str(b.result, "folder", ""), "mm");
	assert_program(&b, "toy_lock", "ok", NULL);
	assert_program(&b, "toy_moves", "ok", NULL);
	assert_program(&b, "toy_none", "absent", "this tree has no " MM "toy_none.c");
	moves = program_text(&b, "toy_moves");
	assert_non_null(strstr(moves, "moves 1"));
	/* Without symbols. */
	assert_null(strstr(moves, "toy_moves_version"));
}

static void sources_stay_clean(void **state)
{
	AUTO(bench_done) struct bench b = bench_new(*state);
	AUTO_FREE char *made = path_join(b.toy.src, MM "local_config.h", NULL);
	AUTO_FREE char *dir = path_join(b.toy.src, MM, NULL);

	assert_int_equal(chmod(dir, 0555), 0);
	assert_string_equal(build(&b), "ok");
	assert_program(&b, "toy_lock", "ok", NULL);
	assert_false(path_exists(made));
	assert_int_equal(chmod(dir, 0755), 0);
}

static void sources_by_a_symlink(void **state)
{
	AUTO(bench_done) struct bench b = bench_new(*state);
	AUTO_FREE char *link = path_join(*state, "link", NULL);

	assert_int_equal(symlink(b.toy.src, link), 0);
	free(b.toy.src);
	b.toy.src = TAKE_PTR(link);
	assert_string_equal(build(&b), "ok");
	assert_program(&b, "toy_lock", "ok", NULL);
}

/* Whether make wrote it again. */
static bool made_anew(struct bench *b)
{
	struct timespec before = made_at(b, "toy_lock");

	assert_string_equal(build(b), "ok");
	assert_program(b, "toy_lock", "ok", NULL);
	return !same_time(before, made_at(b, "toy_lock"));
}

/* In a folder that another step was built in, whichever is newer. */
static void nothing_of_another_step_stays(void **state)
{
	AUTO(bench_done) struct bench b = bench_new(*state);
	AUTO_FREE char *path = path_join(b.toy.src, MM "toy_moves.c", NULL);
	const struct timespec long_ago[2] = { { .tv_sec = 1000000000 },
					      { .tv_sec = 1000000000 } };
	AUTO_FREE char *second = NULL;

	assert_string_equal(build(&b), "ok");
	assert_true(made_anew(&b));
	/* A source that is older than what was made of the one before. */
	toy_write(&b.toy, MM "toy_moves.c",
		  "int main(void) { return \"moves two\"[0]; }\n"
		  "const char moves[] = \"moves two\";\n");
	assert_int_equal(utimensat(AT_FDCWD, path, long_ago, 0), 0);
	assert_true(made_anew(&b));
	second = program_text(&b, "toy_moves");
	assert_non_null(strstr(second, "moves two"));
}

static void what_broke_is_told(void **state)
{
	AUTO(bench_done) struct bench b = bench_new(*state);
	AUTO_FREE char *good = toy_read(&b.toy, MM "toy_moves.c");

	assert_string_equal(build(&b), "ok");
	toy_append(&b.toy, MM "toy_moves.c", "int broken(void) { return nope; }\n");
	assert_string_equal(build(&b), "ok");
	assert_program(&b, "toy_lock", "ok", NULL);
	/* The program of the step before is still there, but not of this one. */
	assert_program(&b, "toy_moves", "fail", MM "toy_moves.c:");
	assert_non_null(strstr(json_str(program(&b, "toy_moves"), "error", ""), "nope"));
	toy_write(&b.toy, MM "toy_moves.c", good);
	assert_string_equal(build(&b), "ok");
	assert_program(&b, "toy_moves", "ok", NULL);
	/* In a file that two folders share: named from the top. */
	toy_append(&b.toy, "tools/testing/selftests/kselftest.h", "int x = nope;\n");
	assert_string_equal(build(&b), "ok");
	assert_program(&b, "toy_lock", "fail", "tools/testing/selftests/kselftest.h:");
	assert_program(&b, "toy_moves", "fail", "tools/testing/selftests/kselftest.h:");
}

static void what_is_gone(void **state)
{
	AUTO(bench_done) struct bench b = bench_new(*state);

	assert_string_equal(build(&b), "ok");
	remove_file(&b.toy, MM "toy_moves.c");
	assert_string_equal(build(&b), "ok");
	assert_program(&b, "toy_lock", "ok", NULL);
	assert_program(&b, "toy_moves", "absent", "this tree has no");
	/* A part of a program is not a program that is gone. */
	remove_file(&b.toy, MM "toy_util.c");
	assert_string_equal(build(&b), "ok");
	assert_program(&b, "toy_lock", "fail", "toy_util.c");
}

static void folders_in_order(void **state)
{
	AUTO(bench_done) struct bench b = bench_new(*state);
	AUTO_FREE char *vm = path_join(b.toy.src, "tools/testing/selftests/vm", NULL);
	AUTO_FREE char *mm = path_join(b.toy.src, "tools/testing/selftests/mm", NULL);

	b.folders = "none vm mm";
	assert_string_equal(build(&b), "ok");
	assert_string_equal(json_str(b.result, "folder", ""), "mm");
	/* Its old name; the makefile still says ../mm/local_config.h. */
	assert_int_equal(rename(mm, vm), 0);
	toy_write(&b.toy, "tools/testing/selftests/vm/Makefile",
		  "CFLAGS = -I $(top_srcdir) $(KHDR_INCLUDES)\ninclude ../lib.mk\n"
		  "$(OUTPUT)/toy_moves: toy_util.c\n");
	assert_string_equal(build(&b), "ok");
	assert_string_equal(json_str(b.result, "folder", ""), "vm");
	assert_program(&b, "toy_moves", "ok", NULL);
	b.folders = "none nowhere";
	assert_string_equal(build(&b), "ok");
	assert_null(json_str(b.result, "folder", NULL));
	assert_program(&b, "toy_lock", "absent",
		       "this tree has no tools/testing/selftests/none");
}

static void missing_libraries(void **state)
{
	AUTO(bench_done) struct bench b = bench_new(*state);

	b.programs = "toy_linked toy_header toy_typo toy_moves";
	toy_write(&b.toy, MM "toy_linked.c", "int main(void) { return 0; }\n");
	toy_write(&b.toy, MM "toy_header.c",
		  "#include <popt.h>\nint main(void) { return 0; }\n");
	toy_write(&b.toy, MM "toy_typo.c",
		  "#include \"toy_tuil.h\"\nint main(void) { return 0; }\n");
	toy_append(&b.toy, MM "Makefile",
		   "\n$(OUTPUT)/toy_linked: LDLIBS += -ltoy_nowhere\n");
	assert_string_equal(build(&b), "ok");
	assert_program(&b, "toy_linked", "lacking", "needs libtoy_nowhere");
	if (path_exists("/usr/include/popt.h"))
		print_message("popt is there: its lack is not tested\n");
	else
		assert_program(&b, "toy_header", "lacking", "needs libpopt");
	assert_program(&b, "toy_typo", "fail", MM "toy_typo.c:1:");
	assert_program(&b, "toy_moves", "ok", NULL);
}

static void headers_that_do_not_install(void **state)
{
	AUTO(bench_done) struct bench b = bench_new(*state);

	toy_append(&b.toy, "Makefile", "\nusr/include/linux/toy.h: nowhere.h\n");
	assert_string_equal(build(&b), "ok");
	assert_program(&b, "toy_lock", "fail", "make headers: ");
	assert_program(&b, "toy_moves", "fail", "nowhere.h");
}

static void dynamic_is_no_use(void **state)
{
	AUTO(bench_done) struct bench b = bench_new(*state);

	toy_append(&b.toy, MM "Makefile", "\noverride LDFLAGS :=\n");
	assert_string_equal(build(&b), "ok");
	assert_program(&b, "toy_moves", "fail", "toy_moves is linked dynamically");
}

/* What is printed before a fork is not said twice, as in a pipe it would be. */
static void prints_by_lines(void **state)
{
	AUTO(bench_done) struct bench b = bench_new(*state);
	AUTO_FREE char *command = NULL;
	char said[64] = "";
	FILE *f;

	b.programs = "toy_fork";
	toy_write(&b.toy, MM "toy_fork.c",
		  "#include <stdio.h>\n#include <sys/wait.h>\n#include <unistd.h>\n"
		  "int main(void)\n{\n"
		  "\tprintf(\"once\\n\");\n\tif (fork() == 0)\n\t\treturn 0;\n"
		  "\twait(NULL);\n\treturn 0;\n}\n");
	assert_string_equal(build(&b), "ok");
	assert_program(&b, "toy_fork", "ok", NULL);
	command = str_printf("%s/%s", b.toy.job,
			     json_str(program(&b, "toy_fork"), "file", "?"));
	f = popen(command, "r");
	assert_non_null(f);
	assert_int_equal(fread(said, 1, sizeof(said) - 1, f), strlen("once\n"));
	assert_int_equal(pclose(f), 0);
	assert_string_equal(said, "once\n");
}

/* A compile without end is nobody's fault before it was seen again. */
static void out_of_time(void **state)
{
	AUTO(bench_done) struct bench b = bench_new(*state);

	b.programs = "toy_moves toy_slow toy_lock";
	b.timeout_ms = 3000;
	toy_write(&b.toy, MM "toy_slow.c", "\n");
	toy_append(&b.toy, MM "Makefile",
		   "\n$(OUTPUT)/toy_slow: ; sleep 60 & sleep 60\n");
	assert_string_equal(build(&b), "timeout");
	assert_string_equal(json_str(b.result, "reason", ""), "no end within 3 s");
	assert_program(&b, "toy_moves", "ok", NULL);
	assert_int_equal(json_len(json_arr(b.result, "programs")), 1);
}

/* It is the large one that fails, and not what does not fit any more behind it. */
static void too_large(void **state)
{
	AUTO(bench_done) struct bench b = bench_new(*state);

	b.programs_max = 4 << 20;
	toy_append(&b.toy, MM "toy_lock.c", "char blob[5 << 20] = { 1 };\n");
	assert_string_equal(build(&b), "ok");
	assert_program(&b, "toy_lock", "fail", "make succeeded, but toy_lock has 5.");
	assert_program(&b, "toy_lock", "fail",
		       "and a guest has room for 4.0 MiB of selftests");
	assert_program(&b, "toy_moves", "ok", NULL);
	b.programs_max = 16 << 20;
	assert_string_equal(build(&b), "ok");
	assert_program(&b, "toy_lock", "ok", NULL);
	/* So large that strip does not even look at it. */
	b.programs_max = 400 << 10;
	assert_string_equal(build(&b), "ok");
	assert_program(&b, "toy_lock", "fail", "room for 0.4 MiB");
	assert_program(&b, "toy_moves", "fail", "room for 0.4 MiB");
}

static void elf_faults(void **state)
{
	AUTO_FREE char *text = path_join(*state, "text", NULL);
	AUTO_FREE char *link = path_join(*state, "link", NULL);

	assert_int_equal(file_write_atomic(text, "#!/bin/sh\n", 10, 0755, NULL), 0);
	assert_string_equal(elf_static_fault(text), "is no ELF file");
	assert_int_equal(file_write_atomic(text, "\177ELF", 4, 0755, NULL), 0);
	assert_string_equal(elf_static_fault(text), "is no ELF file");
	assert_int_equal(symlink("/proc/self/exe", link), 0);
	assert_string_equal(elf_static_fault(link), "is no file");
	assert_string_equal(elf_static_fault("/proc/self/exe/none"), "is no file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tmpdir_test(builds_each_static),
		tmpdir_test(sources_stay_clean),
		tmpdir_test(sources_by_a_symlink),
		tmpdir_test(nothing_of_another_step_stays),
		tmpdir_test(what_broke_is_told),
		tmpdir_test(what_is_gone),
		tmpdir_test(folders_in_order),
		tmpdir_test(missing_libraries),
		tmpdir_test(headers_that_do_not_install),
		tmpdir_test(dynamic_is_no_use),
		tmpdir_test(prints_by_lines),
		tmpdir_test(out_of_time),
		tmpdir_test(too_large),
		tmpdir_test(elf_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
