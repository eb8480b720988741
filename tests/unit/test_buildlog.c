#include "tests/unit/cm.h"

#include "kernels/buildlog.h"
#include "lib/json.h"

static struct buildlog *parse(const char *text)
{
	struct buildlog *b = buildlog_new("/src", "/out");

	while (*text) {
		size_t n = strcspn(text, "\n");

		buildlog_line(b, text, n);
		text += n + (text[n] == '\n');
	}
	buildlog_end(b);
	return b;
}

static size_t count(struct buildlog *b, const char *target)
{
	return json_len(json_arr(buildlog_targets(b), target));
}

static struct json_object *warning(struct buildlog *b, const char *target, size_t i)
{
	return json_object_array_get_idx(json_arr(buildlog_targets(b), target), i);
}

static void assert_warning(struct json_object *w, const char *file, int line,
			   const char *flag, const char *text)
{
	assert_string_equal(json_str(w, "file", ""), file);
	assert_int_equal(json_int(w, "line", -1), line);
	assert_string_equal(json_str(w, "flag", ""), flag);
	assert_string_equal(json_str(w, "text", ""), text);
}

static void gcc_warning(void **state)
{
	struct buildlog *b = parse("  CC      mm/swap.o\n"
				   "  CC      mm/mlock.o\n"
				   "/src/mm/mlock.c: In function 'mlock_page':\n"
				   "/src/mm/mlock.c:70:6: warning: unused variable 'x' "
				   "[-Wunused-variable]\n"
				   "   70 |  int x;\n"
				   "      |      ^\n"
				   "/src/mm/mlock.c:71:6: note: declared here\n"
				   "  AR      mm/built-in.a\n");

	(void)state;
	assert_int_equal(count(b, "mm/mlock.o"), 1);
	assert_int_equal(count(b, "mm/swap.o"), 0);
	assert_warning(warning(b, "mm/mlock.o", 0), "mm/mlock.c", 70, "unused-variable",
		       "unused variable 'x'");
	assert_non_null(strstr(json_str(warning(b, "mm/mlock.o", 0), "context", ""),
			       "70 |  int x;"));
	assert_non_null(strstr(json_str(warning(b, "mm/mlock.o", 0), "context", ""),
			       "declared here"));
	assert_true(buildlog_is_compiled(b, "mm/mlock.o"));
	assert_false(buildlog_is_compiled(b, "mm/built-in.a"));
	assert_null(buildlog_error(b));
	buildlog_free(b);
}

/* A header's warning belongs to the object, a second one in it too. */
static void header_warning(void **state)
{
	struct buildlog *b = parse("  CC [M]  fs/x/x.o\n"
				   "In file included from ./include/linux/mm.h:5,\n"
				   "                 from /src/fs/x/x.c:3:\n"
				   "/src/include/linux/a.h:7:9: warning: one [-Wfoo]\n"
				   "    7 | #define A\n"
				   "/src/include/linux/a.h:9:9: warning: two [-Wfoo]\n");

	(void)state;
	assert_int_equal(count(b, "fs/x/x.o"), 2);
	assert_warning(warning(b, "fs/x/x.o", 0), "include/linux/a.h", 7, "foo", "one");
	assert_warning(warning(b, "fs/x/x.o", 1), "include/linux/a.h", 9, "foo", "two");
	buildlog_free(b);
}

/* Without -Otarget the announcements of parallel compiles run ahead. */
static void interleaved(void **state)
{
	struct buildlog *b = parse("  CC      mm/a.o\n"
				   "  CC      mm/b.o\n"
				   "/src/mm/a.c:1:1: warning: of a\n"
				   "/src/mm/b.c:1:1: warning: of b\n"
				   "In file included from /src/mm/a.c:4:\n"
				   "/src/include/h.h:3:1: warning: of a by h\n");

	(void)state;
	assert_int_equal(count(b, "mm/a.o"), 2);
	assert_int_equal(count(b, "mm/b.o"), 1);
	assert_string_equal(json_str(warning(b, "mm/a.o", 1), "text", ""), "of a by h");
	buildlog_free(b);
}

/* kernel/sched/build_policy.c includes rt.c, which has no object of its own. */
static void included_source(void **state)
{
	struct buildlog *b =
		parse("  CC      kernel/sched/build_policy.o\n"
		      "In file included from /src/kernel/sched/build_policy.c:45:\n"
		      "/src/kernel/sched/rt.c:10:2: warning: first\n"
		      "/src/kernel/sched/rt.c:20:2: warning: second\n");

	(void)state;
	assert_int_equal(count(b, "kernel/sched/build_policy.o"), 2);
	buildlog_free(b);
}

static void compile_error(void **state)
{
	struct buildlog *b = parse(
		"  CC      mm/mlock.o\n"
		"/src/mm/mlock.c:12:10: fatal error: linux/nope.h: No such file or "
		"directory\n"
		"   12 | #include <linux/nope.h>\n"
		"compilation terminated.\n"
		"make[3]: *** [/src/scripts/Makefile.build:229: mm/mlock.o] Error 1\n"
		"make[2]: *** [/src/scripts/Makefile.build:478: mm] Error 2\n");
	const struct buildlog_error *e = buildlog_error(b);

	(void)state;
	assert_non_null(e);
	assert_int_equal(e->kind, BUILDLOG_COMPILE);
	assert_string_equal(e->file, "mm/mlock.c");
	assert_int_equal(e->line, 12);
	assert_string_equal(e->text, "linux/nope.h: No such file or directory");
	assert_string_equal(e->target, "mm/mlock.o");
	assert_non_null(strstr(e->context, "nope.h>"));
	assert_true(json_flag(buildlog_failed(b), "mm/mlock.o", false));
	assert_int_equal(buildlog_evidence(b), 0);
	buildlog_free(b);
}

static void werror_is_an_error(void **state)
{
	struct buildlog *b =
		parse("  CC      mm/a.o\n"
		      "/src/mm/a.c:3:2: error: implicit declaration of function "
		      "'f' [-Werror=implicit-function-declaration]\n"
		      "cc1: some warnings being treated as errors\n");

	(void)state;
	assert_int_equal(count(b, "mm/a.o"), 0);
	assert_string_equal(buildlog_error(b)->text,
			    "implicit declaration of function 'f'");
	buildlog_free(b);
}

static void link_error(void **state)
{
	struct buildlog *b =
		parse("  LD      vmlinux\n"
		      "ld: mm/mlock.o: in function `mlock_page':\n"
		      "mlock.c:(.text+0x5): undefined reference to `gone'\n"
		      "make[2]: *** [/src/scripts/Makefile.vmlinux:34: vmlinux] "
		      "Error 1\n");

	(void)state;
	assert_int_equal(buildlog_error(b)->kind, BUILDLOG_LINK);
	assert_string_equal(buildlog_error(b)->file, "mm/mlock.o");
	assert_string_equal(buildlog_error(b)->text, "undefined reference to `gone'");
	buildlog_free(b);
}

static void link_error_other_forms(void **state)
{
	struct buildlog *b = parse("/usr/bin/ld: vmlinux.o:(.init.data+0x8): undefined "
				   "reference to `x'\n");

	(void)state;
	assert_string_equal(buildlog_error(b)->file, "vmlinux.o");
	buildlog_free(b);
	b = parse("ld: cannot find lib/nope.a: No such file or directory\n");
	assert_int_equal(buildlog_error(b)->kind, BUILDLOG_LINK);
	buildlog_free(b);
	b = parse(
		"  LD      vmlinux\nld: warning: orphan section `.x' from `mm/a.o' being "
		"placed in section `.x'\n");
	assert_int_equal(count(b, "vmlinux"), 1);
	assert_string_equal(json_str(warning(b, "vmlinux", 0), "flag", ""), "ld");
	buildlog_free(b);
}

static void objtool_and_modpost(void **state)
{
	struct buildlog *b = parse(
		"  CC      mm/a.o\n"
		"mm/a.o: warning: objtool: f+0x1c: unreachable instruction\n"
		"  LD      vmlinux.o\n"
		"vmlinux.o: warning: objtool: g() falls through to next function h()\n"
		"  MODPOST vmlinux.symvers\n"
		"WARNING: modpost: vmlinux: section mismatch in reference: a (section: "
		".text) -> b (section: .init.text)\n"
		"ERROR: modpost: \"foo\" [drivers/x.ko] undefined!\n");

	(void)state;
	assert_warning(warning(b, "mm/a.o", 0), "mm/a.o", 0, "objtool",
		       "f+0x1c: unreachable instruction");
	assert_int_equal(count(b, "vmlinux.o"), 1);
	assert_string_equal(json_str(warning(b, "vmlinux.symvers", 0), "flag", ""),
			    "modpost");
	assert_string_equal(buildlog_error(b)->text, "\"foo\" [drivers/x.ko] undefined!");
	buildlog_free(b);
}

static void make_and_kconfig_errors(void **state)
{
	struct buildlog *b =
		parse("make[4]: *** No rule to make target 'mm/zzz.o', needed "
		      "by 'mm/built-in.a'.  Stop.\n"
		      "make[3]: *** [/src/scripts/Makefile.build:478: mm] Error 2\n");

	(void)state;
	assert_int_equal(buildlog_error(b)->kind, BUILDLOG_MAKE);
	assert_non_null(strstr(buildlog_error(b)->text, "mm/zzz.o"));
	buildlog_free(b);
	b = parse("/src/mm/Makefile:12: *** missing separator.  Stop.\n"
		  "make[2]: *** [/src/scripts/Makefile.build:478: mm] Error 2\n");
	assert_string_equal(buildlog_error(b)->file, "mm/Makefile");
	assert_int_equal(buildlog_error(b)->line, 12);
	buildlog_free(b);
	b = parse("mm/Kconfig:3:warning: config symbol defined without type\n"
		  "mm/Kconfig:12: syntax error\n");
	assert_int_equal(count(b, ".config"), 1);
	assert_int_equal(buildlog_error(b)->kind, BUILDLOG_KCONFIG);
	assert_string_equal(buildlog_error(b)->text, "syntax error");
	buildlog_free(b);
	b = parse("/bin/sh: 1: bc: not found\nmake[1]: *** [x:1: y] Error 127\n");
	assert_int_equal(buildlog_error(b)->kind, BUILDLOG_TOOL);
	buildlog_free(b);
	b = parse("/src/arch/x86/a.S: Assembler messages:\n"
		  "/src/arch/x86/a.S:7: Error: no such instruction: `foo'\n");
	assert_string_equal(buildlog_error(b)->file, "arch/x86/a.S");
	buildlog_free(b);
}

static unsigned evidence_of(const char *line)
{
	struct buildlog *b = parse(line);
	unsigned bits = buildlog_evidence(b);

	buildlog_free(b);
	return bits;
}

static void evidence(void **state)
{
	(void)state;
	assert_int_equal(evidence_of("cc1: out of memory allocating 65536 bytes after a "
				     "total of 1 bytes"),
			 BUILDLOG_NOMEM);
	assert_int_equal(evidence_of("virtual memory exhausted: Cannot allocate memory"),
			 BUILDLOG_NOMEM);
	assert_int_equal(evidence_of("gcc: fatal error: Killed signal terminated program "
				     "cc1"),
			 BUILDLOG_KILLED);
	assert_int_equal(evidence_of("/src/mm/a.c:9:1: fatal error: error writing to "
				     "/tmp/cc1.s: No space left on device"),
			 BUILDLOG_NOSPC);
	assert_int_equal(evidence_of(
				 "/tmp/ccA.s:120: Fatal error: can't write 45 bytes to "
				 "section .text of mm/a.o: 'No space left on device'"),
			 BUILDLOG_NOSPC);
	assert_int_equal(evidence_of(
				 "/bin/sh: 1: cannot create mm/.a.o.cmd: No space left "
				 "on device"),
			 BUILDLOG_NOSPC);
	assert_int_equal(evidence_of("make: *** [Makefile:22: mm] Killed"),
			 BUILDLOG_KILLED);
	assert_int_equal(evidence_of("ld: final link failed: File too large"),
			 BUILDLOG_FBIG);
}

static void evidence_is_not_for_sources_to_give(void **state)
{
	(void)state;
	assert_int_equal(evidence_of("/src/mm/a.c:1:2: error: #error No space left on "
				     "device"),
			 0);
	assert_int_equal(evidence_of("    1 | #error Cannot allocate memory"), 0);
	assert_int_equal(evidence_of("/src/mm/a.c:1:2: error: static assertion failed: "
				     "\"Killed signal terminated program\""),
			 0);
}

static void bounded(void **state)
{
	struct buildlog *b = buildlog_new("/src", "/out");
	char *line = mem_alloc0(100000);

	(void)state;
	memset(line, 'x', 99999);
	memcpy(line, "/src/a.c:1:1: warning: ", 23);
	for (int i = 0; i < 100; i++)
		buildlog_line(b, line, 99999);
	buildlog_line(b, "a\0b", 3);
	buildlog_line(b, "", 0);
	buildlog_end(b);
	assert_int_equal(count(b, "make"), 100);
	assert_true(strlen(json_str(warning(b, "make", 0), "text", "")) < 500);
	free(line);
	buildlog_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gcc_warning),
		cmocka_unit_test(header_warning),
		cmocka_unit_test(interleaved),
		cmocka_unit_test(included_source),
		cmocka_unit_test(compile_error),
		cmocka_unit_test(werror_is_an_error),
		cmocka_unit_test(link_error),
		cmocka_unit_test(link_error_other_forms),
		cmocka_unit_test(objtool_and_modpost),
		cmocka_unit_test(make_and_kconfig_errors),
		cmocka_unit_test(evidence),
		cmocka_unit_test(evidence_is_not_for_sources_to_give),
		cmocka_unit_test(bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
