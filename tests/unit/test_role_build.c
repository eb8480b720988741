#include "tests/unit/toy_fixture.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

#include "kernels/role_build.h"
#include "kernels/warnings.h"
#include "lib/json.h"

#define FRAGMENT "CONFIG_64BIT=y\nCONFIG_MIGRATION=y\n"

/* A toy tree being built step by step. */
struct walk {
	struct toy toy;
	int step;
	bool fresh;         /* the next build configures */
	const char *target; /* of the next build only; NULL: vmlinux */
	char *warnings;     /* of the build before; NULL */
	struct json_object *result;
	/* for the next build only */
	const char *set_key;
	long long set_value;
};

static struct walk walk_new(const char *dir)
{
	return (struct walk){ .toy = toy_new(dir), .fresh = true };
}

static void walk_done(struct walk *w)
{
	toy_done(&w->toy);
	free(w->warnings);
	json_object_put(w->result);
}

static struct json_object *job_of(const struct walk *w, const char *changed)
{
	AUTO_FREE char *log = path_join(w->toy.job, "build.log", NULL);
	struct json_object *job = json_object_new_object();
	struct json_object *files = json_object_new_array();
	struct json_object *fragments = json_object_new_array();
	struct json_object *f = json_object_new_object();
	char **names = strv_split(changed, " ");

	for (size_t i = 0; names[i]; i++)
		json_add_str(files, names[i]);
	strv_free(names);
	json_set_str(f, "name", "toy.config");
	json_set_str(f, "text", FRAGMENT);
	json_object_array_add(fragments, f);
	json_set_str(job, "arch", "x86_64");
	json_set_str(job, "src", w->toy.src);
	json_set_str(job, "out", w->toy.out);
	json_set_str(job, "log", log);
	json_set_str(job, "target", w->target ? w->target : "vmlinux");
	json_set_int(job, "jobs", 2);
	json_set_int(job, "step", w->step);
	json_set_bool(job, "configure", w->fresh);
	json_set(job, "changed", files);
	json_set(job, "fragments", fragments);
	json_set_str(job, "warnings_in", w->warnings);
	json_set_int(job, "timeout_ms", 60000);
	json_set_int(job, "watch_ms", 100);
	if (w->set_key)
		json_set_int(job, w->set_key, w->set_value);
	return job;
}

/* Keeps the document of this build, as the next one overwrites it. */
static void keep_warnings(struct walk *w)
{
	AUTO_FREE char *kept = str_printf("%s/warnings-%d.json", w->toy.job, w->step);

	assert_int_equal(rename(json_str(w->result, "warnings", ""), kept), 0);
	free(w->warnings);
	w->warnings = TAKE_PTR(kept);
}

/* One step; the status it came to. */
static const char *build(struct walk *w, const char *changed)
{
	AUTO_JSON struct json_object *job = job_of(w, changed);
	struct err err = { 0 };

	json_object_put(w->result);
	w->result = json_object_new_object();
	if (role_build(job, w->toy.job, w->result, &err) < 0)
		fail_msg("%s", err.msg);
	keep_warnings(w);
	w->step++;
	w->fresh = false;
	w->set_key = NULL;
	w->target = NULL;
	return json_str(w->result, "status", "");
}

static void assert_ok(struct walk *w, const char *changed)
{
	if (strcmp(build(w, changed), "ok") != 0)
		fail_msg("%s", json_object_to_json_string(w->result));
}

static char *image_hash(const struct walk *w)
{
	return str_dup(json_str(w->result, "image_sha256", ""));
}

static const char *reason(const struct walk *w)
{
	return json_str(w->result, "reason", "");
}

static struct json_object *document(struct walk *w, int step)
{
	AUTO_FREE char *path = str_printf("%s/warnings-%d.json", w->toy.job, step);
	struct json_object *doc = NULL;
	struct err err = { 0 };

	if (json_read_file(path, 1 << 20, &doc, &err) < 0)
		fail_msg("%s", err.msg);
	return doc;
}

/* The warnings new in the step built last. */
static struct json_object *new_warnings(struct walk *w)
{
	AUTO_JSON struct json_object *prev = document(w, w->step - 2);
	AUTO_JSON struct json_object *cur = document(w, w->step - 1);

	return warnings_new(prev, cur);
}

static void walk_of_steps(void **state)
{
	AUTO(walk_done) struct walk w = walk_new(*state);
	AUTO_FREE char *base = NULL;
	AUTO_FREE char *same = NULL;
	AUTO_FREE char *other = NULL;
	AUTO_JSON struct json_object *fresh = NULL;

	assert_ok(&w, "");
	base = image_hash(&w);
	assert_int_equal(strlen(base), 64);
	assert_true(json_len(json_arr(w.result, "compiled")) >= 8);
	assert_int_equal(json_len(json_arr(w.result, "config_missing")), 0);
	/* Another comment of as many lines. */
	toy_append(&w.toy, "mm/swap.c", "\n/* a comment */\n");
	assert_ok(&w, "mm/swap.c");
	same = image_hash(&w);
	assert_string_equal(base, same);
	assert_int_equal(json_len(json_arr(w.result, "compiled")), 1);
	/* Code, with a warning. */
	toy_append(&w.toy, "mm/swap.c",
		   "int f(void);\nint f(void)\n{\n\tint x;\n\treturn 1;\n}\n");
	assert_ok(&w, "mm/swap.c");
	other = image_hash(&w);
	assert_string_not_equal(base, other);
	fresh = new_warnings(&w);
	assert_int_equal(json_len(fresh), 1);
	assert_string_equal(json_str(json_object_array_get_idx(fresh, 0), "flag", ""),
			    "unused-variable");
	/* Shifted by a comment it is not new, and another object carries it on. */
	json_object_put(fresh);
	toy_write(&w.toy, "mm/rmap.c",
		  "/* later */\n#include <linux/mm.h>\n"
		  "int try_to_migrate(struct page *p)\n{\n"
		  "\treturn p->refcount == 1;\n}\n");
	assert_ok(&w, "mm/rmap.c");
	fresh = new_warnings(&w);
	assert_int_equal(json_len(fresh), 0);
}

static void same_folder_same_image(void **state)
{
	AUTO(walk_done) struct walk w = walk_new(*state);
	AUTO_FREE char *first = NULL;
	AUTO_FREE char *second = NULL;
	struct err err = { 0 };

	assert_ok(&w, "");
	first = image_hash(&w);
	assert_int_equal(tree_remove(w.toy.out, &err), 0);
	assert_int_equal(dir_make(w.toy.out, 0755, &err), 0);
	w.fresh = true;
	assert_ok(&w, "");
	second = image_hash(&w);
	assert_string_equal(first, second);
}

static void not_built(void **state)
{
	AUTO(walk_done) struct walk w = walk_new(*state);
	struct json_object *files;

	assert_ok(&w, "");
	toy_append(&w.toy, "drivers/toy/toy.c", "/* */\n");
	toy_append(&w.toy, "include/linux/mm.h", "/* */\n");
	assert_ok(
		&w,
		"drivers/toy/toy.c include/linux/mm.h Documentation/mm/mlock.rst mm/Makefile");
	files = json_arr(w.result, "not_built");
	assert_int_equal(json_len(files), 2);
	assert_string_equal(json_object_get_string(json_object_array_get_idx(files, 0)),
			    "drivers/toy/toy.c");
}

/*
 * Step 1 breaks mm/swap.c and gives kernel/panic.c, which may not come to be
 * compiled, a warning; step 2 repairs only mm/swap.c.
 */
static void warnings_after_a_failed_step(void **state)
{
	AUTO(walk_done) struct walk w = walk_new(*state);
	AUTO_FREE char *good = NULL;
	AUTO_JSON struct json_object *n1 = NULL, *n2 = NULL;

	assert_ok(&w, "");
	good = toy_read(&w.toy, "init/main.c");
	toy_append(&w.toy, "init/main.c", "int broken(void) { return nope; }\n");
	toy_append(&w.toy, "lib/string.c", "static int unused;\n");
	w.set_key = "jobs";
	w.set_value = 1;
	assert_string_equal(build(&w, "init/main.c lib/string.c"), "fail");
	assert_non_null(strstr(reason(&w), "init/main.c:"));
	assert_string_equal(json_str(json_obj(w.result, "error"), "file", ""),
			    "init/main.c");
	assert_int_equal(json_len(json_arr(w.result, "not_built")), 0);
	n1 = new_warnings(&w);
	toy_write(&w.toy, "init/main.c", good);
	assert_ok(&w, "init/main.c");
	n2 = new_warnings(&w);
	/* Charged to step 1, or to 1..2 when it was only seen in 2. */
	assert_int_equal(json_len(n1) + json_len(n2), 1);
	if (json_len(n2))
		assert_int_equal(json_int(json_object_array_get_idx(n2, 0), "since", -1),
				 1);
}

static void symbol_that_does_not_stick(void **state)
{
	AUTO(walk_done) struct walk w = walk_new(*state);

	toy_write(&w.toy, "mm/Kconfig", "config COMPACTION\n\tbool \"x\"\n");
	toy_write(&w.toy, "mm/Makefile", "obj-y += mlock.o rmap.o swap.o\n");
	assert_ok(&w, "");
	assert_int_equal(json_len(json_arr(w.result, "config_missing")), 1);
	assert_string_equal(json_object_get_string(json_object_array_get_idx(
				    json_arr(w.result, "config_missing"), 0)),
			    "CONFIG_MIGRATION: wanted y, got n");
}

static void broken_kconfig(void **state)
{
	AUTO(walk_done) struct walk w = walk_new(*state);
	AUTO_FREE char *good = NULL;

	assert_ok(&w, "");
	good = toy_read(&w.toy, "mm/Kconfig");
	toy_append(&w.toy, "mm/Kconfig", "nonsense here\n");
	assert_string_equal(build(&w, "mm/Kconfig"), "fail");
	assert_string_equal(json_str(json_obj(w.result, "error"), "kind", ""), "kconfig");
	/* The next build configures again, whatever it was told to have changed. */
	toy_write(&w.toy, "mm/Kconfig", good);
	assert_ok(&w, "");
	assert_true(json_flag(w.result, "configured", false));
	assert_ok(&w, "");
	assert_false(json_flag(w.result, "configured", true));
}

/* A Kconfig file that changes nothing must not rebuild anything. */
static void configuration_without_effect(void **state)
{
	AUTO(walk_done) struct walk w = walk_new(*state);

	assert_ok(&w, "");
	toy_append(&w.toy, "mm/Kconfig", "\n# a comment\n");
	assert_ok(&w, "mm/Kconfig");
	assert_true(json_flag(w.result, "configured", false));
	assert_int_equal(json_len(json_arr(w.result, "compiled")), 0);
}

/* mm/Makefile runs this command while make reads it, in the vmlinux run only. */
static void misbehave(struct walk *w, const char *command)
{
	AUTO_FREE char *text =
		str_printf("obj-y += mlock.o rmap.o swap.o\nobj-$(CONFIG_MIGRATION) += "
			   "migrate.o\nifneq ($(filter vmlinux,$(MAKECMDGOALS)),)\n"
			   "ifdef TOY_IN_OUTPUT\nignored := $(shell %s)\nendif\nendif\n",
			   command);

	toy_write(&w->toy, "mm/Makefile", text);
}

static void hanging(void **state)
{
	AUTO(walk_done) struct walk w = walk_new(*state);

	misbehave(&w, "sleep 1000");
	w.set_key = "timeout_ms";
	w.set_value = 1500;
	assert_string_equal(build(&w, ""), "timeout");
	assert_true(json_num(w.result, "seconds", 99) < 10);
	assert_string_equal(reason(&w), "no end within 2 s");
	assert_null(json_obj(w.result, "error"));
}

static void flooding(void **state)
{
	AUTO(walk_done) struct walk w = walk_new(*state);

	/* make -Otarget holds it back until the shell ends. */
	misbehave(&w, "yes | head -c 3000000 >&2");
	w.set_key = "output_max_bytes";
	w.set_value = 1 << 20;
	assert_string_equal(build(&w, ""), "fail");
	assert_non_null(strstr(reason(&w), "make wrote output over the limit"));
}

static void filling(void **state)
{
	AUTO(walk_done) struct walk w = walk_new(*state);

	misbehave(&w, "for i in 1 2 3 4; do head -c 6000000 /dev/zero > fill$$i; done; "
		      "sleep 100");
	w.set_key = "out_max_bytes";
	w.set_value = 16 << 20;
	assert_string_equal(build(&w, ""), "fail");
	assert_non_null(strstr(reason(&w), "the output folder grew over the limit"));
	assert_true(json_num(w.result, "seconds", 99) < 20);
}

static void memory_limit(void **state)
{
	AUTO(walk_done) struct walk w = walk_new(*state);

	/* The compiler's own words, when a process was near its limit ... */
	misbehave(&w,
		  "head -c 100M /dev/zero | tail -n 1 | wc -c >/dev/null; "
		  "echo 'cc1: out of memory allocating 9 bytes after a total of 8 bytes' "
		  ">&2)$(error gone");
	w.set_key = "memory_max_bytes";
	w.set_value = 150LL << 20;
	assert_string_equal(build(&w, ""), "fail");
	assert_non_null(strstr(reason(&w), "over the limit of 150 MiB"));
	/* ... when none was, so that the machine must have run out ... */
	misbehave(&w,
		  "echo 'cc1: out of memory allocating 9 bytes after a total of 8 bytes' "
		  ">&2)$(error gone");
	w.set_key = "memory_max_bytes";
	w.set_value = 4LL << 30;
	assert_string_equal(build(&w, ""), "infra");
	assert_non_null(strstr(reason(&w), "machine is out of memory"));
	/* ... and the real thing. */
	misbehave(&w, "true");
	w.set_key = "memory_max_bytes";
	w.set_value = 24 << 20;
	build(&w, "mm/Makefile");
	assert_string_not_equal(json_str(w.result, "status", ""), "ok");
}

static void killed_from_outside(void **state)
{
	AUTO(walk_done) struct walk w = walk_new(*state);

	misbehave(&w, "echo 'gcc: fatal error: Killed signal terminated program cc1' >&2)"
		      "$(error gone");
	assert_string_equal(build(&w, ""), "infra");
	/* make itself, by somebody's SIGKILL. */
	misbehave(&w, "kill -9 $$PPID");
	assert_string_equal(build(&w, "mm/Makefile"), "infra");
}

/* An #error cannot make our disk look full. */
static void pretended_trouble(void **state)
{
	AUTO(walk_done) struct walk w = walk_new(*state);

	toy_append(&w.toy, "mm/swap.c", "#error No space left on device\n");
	assert_string_equal(build(&w, ""), "fail");
	assert_non_null(strstr(reason(&w), "mm/swap.c:"));
}

static bool gone(pid_t pid)
{
	const struct timespec pause = { .tv_nsec = 10000000 };

	for (int i = 0; i < 500; i++) {
		if (kill(pid, 0) < 0 && errno == ESRCH)
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

/* A process that left the group and the terminal does not outlive the role. */
static void stray_process(void **state)
{
	AUTO(walk_done) struct walk w = walk_new(*state);
	AUTO_FREE char *path = path_join(w.toy.out, "stray.pid", NULL);
	AUTO_FREE char *text = NULL;
	long long pid;

	misbehave(&w, "setsid sh -c 'echo $$$$ > stray.pid; exec sleep 1000' "
		      ">/dev/null 2>&1 </dev/null & "
		      "while ! test -s stray.pid; do sleep 0.01; done");
	assert_ok(&w, "");
	assert_int_equal(file_read(path, 100, &text, NULL, NULL), 0);
	assert_true(str_to_ll(str_trim(text), 2, 1 << 30, &pid));
	assert_true(gone((pid_t)pid));
}

/* Only the job folder is looked into for what a role hands over. */
static void images_are_in_the_job_folder(void **state)
{
	AUTO(walk_done) struct walk w = walk_new(*state);

	assert_ok(&w, "");
	assert_true(str_starts(json_str(w.result, "image", ""), w.toy.job));
	w.target = "bzImage";
	assert_ok(&w, "");
	assert_true(str_starts(json_str(w.result, "image", ""), w.toy.job));
	assert_true(path_exists(json_str(w.result, "image", "")));
	/* Again, over the first one. */
	toy_append(&w.toy, "mm/rmap.c", "int another_one;\n");
	w.target = "bzImage";
	assert_ok(&w, "mm/rmap.c");
}

static void success_without_image(void **state)
{
	AUTO(walk_done) struct walk w = walk_new(*state);

	toy_write(&w.toy, "Makefile",
		  "tinyconfig olddefconfig:\n\ttouch $(O)/.config\n"
		  "vmlinux:\n\t@ln -sf /etc/passwd $(O)/vmlinux\n");
	assert_string_equal(build(&w, ""), "fail");
	assert_non_null(strstr(reason(&w), "left no file vmlinux"));
	toy_write(&w.toy, "Makefile",
		  "vmlinux:\n\t@rm -f $(O)/$@; echo hello > $(O)/$@\n"
		  "tinyconfig olddefconfig:\n\ttouch $(O)/.config\n");
	assert_string_equal(build(&w, "Makefile"), "fail");
	assert_non_null(strstr(reason(&w), "no ELF file"));
}

static void our_own_trouble(void **state)
{
	AUTO(walk_done) struct walk w = walk_new(*state);
	AUTO_JSON struct json_object *job = job_of(&w, "");
	AUTO_JSON struct json_object *result = json_object_new_object();
	struct err err = { 0 };

	json_set_str(job, "make", "/no/such/make");
	assert_int_equal(role_build(job, w.toy.job, result, &err), -1);
	assert_int_equal(err.code, ERR_MISSING);
	json_set_str(job, "src", "relative");
	assert_int_equal(role_build(job, w.toy.job, result, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tmpdir_test(walk_of_steps),
		tmpdir_test(same_folder_same_image),
		tmpdir_test(not_built),
		tmpdir_test(warnings_after_a_failed_step),
		tmpdir_test(symbol_that_does_not_stick),
		tmpdir_test(broken_kconfig),
		tmpdir_test(configuration_without_effect),
		tmpdir_test(hanging),
		tmpdir_test(flooding),
		tmpdir_test(filling),
		tmpdir_test(memory_limit),
		tmpdir_test(killed_from_outside),
		tmpdir_test(pretended_trouble),
		tmpdir_test(stray_process),
		tmpdir_test(images_are_in_the_job_folder),
		tmpdir_test(success_without_image),
		tmpdir_test(our_own_trouble),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
