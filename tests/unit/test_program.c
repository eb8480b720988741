#include "tests/unit/cm.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runners/program.h"
#include "tests/unit/elf_fixture.h"

struct change {
	size_t at;
	const void *bytes;
	size_t len;
};

/* A static program, changed and cut to len (0: whole), with that mode. */
static void expect(const char *dir, const char *loader, const struct change *change,
		   size_t len, mode_t mode, const char *want)
{
	char *path = path_join(dir, "program", NULL), elf[ELF_FILE_MAX];
	size_t whole = elf_make(elf, loader);
	struct err err = { .msg = "" };
	int rc;

	if (change)
		memcpy(elf + change->at, change->bytes, change->len);
	if (file_write_atomic(path, elf, len ? len : whole, mode, &err) < 0)
		fail_msg("%s", err.msg);
	rc = program_check(path, &err);
	assert_int_equal(rc, want ? -1 : 0);
	if (want && !strstr(err.msg, want))
		fail_msg("\"%s\" is not in \"%s\"", want, err.msg);
	if (want && !str_starts(err.msg, path))
		fail_msg("\"%s\" does not name %s", err.msg, path);
	free(path);
}

static void static_ones_pass(void **state)
{
	static const uint16_t dyn = ET_DYN;
	const struct change pie = { offsetof(Elf64_Ehdr, e_type), &dyn, 2 };

	expect(*state, NULL, NULL, 0, 0755, NULL);
	expect(*state, NULL, NULL, 0, 0500, NULL);
	expect(*state, NULL, &pie, 0, 0755, NULL);
}

static void what_cannot_run(void **state)
{
	static const uint16_t rel = ET_REL, core = ET_CORE, arm = EM_AARCH64, many = 9999;
	static const unsigned char class32 = ELFCLASS32;
	const struct change changes[] = {
		{ offsetof(Elf64_Ehdr, e_type), &rel, 2 },
		{ offsetof(Elf64_Ehdr, e_type), &core, 2 },
		{ offsetof(Elf64_Ehdr, e_phnum), &many, 2 },
		{ offsetof(Elf64_Ehdr, e_machine), &arm, 2 },
		{ EI_CLASS, &class32, 1 },
		{ 0, "#!/bin/sh\n", 10 },
		{ 0, "text", 4 },
	};

	expect(*state, NULL, &changes[0], 0, 0755, "no program that can be started");
	expect(*state, NULL, &changes[1], 0, 0755, "no program that can be started");
	expect(*state, NULL, &changes[2], 0, 0755, "no program that can be started");
	expect(*state, NULL, &changes[3], 0, 0755, "another processor");
	expect(*state, NULL, &changes[4], 0, 0755, "another processor");
	expect(*state, NULL, &changes[5], 0, 0755, "is a script");
	expect(*state, NULL, &changes[6], 0, 0755, "no ELF file");
	expect(*state, NULL, NULL, 1, 0755, "no ELF file");
	expect(*state, NULL, NULL, 70, 0755, "is cut short");
	expect(*state, NULL, NULL, 0, 0644, "is not executable");
}

static void dynamic_ones_name_their_loader(void **state)
{
	expect(*state, "/lib64/ld-linux-x86-64.so.2", NULL, 0, 0755,
	       "is not static (it wants /lib64/ld-linux-x86-64.so.2)");
	expect(*state, "/lib64/ld", NULL, 0, 0755, "link it with -static");
	/* The loader's name lies behind the end. */
	expect(*state, "/lib64/ld", NULL, sizeof(Elf64_Ehdr) + 2 * sizeof(Elf64_Phdr),
	       0755, "is not static (it wants a loader)");
}

static void other_things(void **state)
{
	char *none = path_join(*state, "none", NULL),
	     *fifo = path_join(*state, "f", NULL);
	char *big = path_join(*state, "big", NULL);
	struct err err = { .msg = "" };
	int fd;

	assert_int_equal(program_check(none, &err), -1);
	assert_non_null(strstr(err.msg, "there is no such file"));
	assert_int_equal(err.code, ERR_MISSING);
	assert_int_equal(program_check(*state, &err), -1);
	assert_non_null(strstr(err.msg, "is no file"));
	assert_int_equal(mkfifo(fifo, 0755), 0);
	assert_int_equal(program_check(fifo, &err), -1);
	assert_non_null(strstr(err.msg, "is no file"));
	fd = open(big, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	assert_int_equal(ftruncate(fd, (off_t)PROGRAM_MAX_BYTES + 1), 0);
	close(fd);
	assert_int_equal(program_check(big, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_non_null(strstr(err.msg, "at most 64"));
	free(none);
	free(fifo);
	free(big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tmpdir_test(static_ones_pass),
		tmpdir_test(what_cannot_run),
		tmpdir_test(dynamic_ones_name_their_loader),
		tmpdir_test(other_things),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
