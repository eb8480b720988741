/*
 * The boot role in its real sandbox, with a QEMU that misbehaves on order
 * (tests/stubs/stub_qemu.c).
 */
#include "tests/unit/cm.h"

#include <libgen.h>
#include <limits.h>
#include <sys/stat.h>

#include "lib/cleanup.h"
#include "lib/json.h"
#include "runners/role_boot.h"
#include "tests/unit/need_sandbox.h"
#include "tests/unit/unpriv.h"

#define NODE "[node 0]\ncpus = 1\nmemory = 64M\n"

/* What a test changes in the usual job. */
struct order {
	const char *image; /* the stub's orders */
	const char *qemu;  /* NULL: the stub */
	long long boot_deadline_ms, deadline_ms, console_max, events_max; /* 0: plenty */
	bool two_nodes;
	long long slowdown;
};

struct run {
	const char *dir;
	struct json_object *job;
};

/* A copy in dir: the clone may lie below a folder that is closed to UNPRIV_ID. */
static char *stub_path(const char *dir)
{
	AUTO_FREE char *built = NULL, *data = NULL;
	char *copy = path_join(dir, "stub_qemu", NULL);
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	struct err err = { .msg = "" };
	size_t len;

	assert_true(n > 0);
	self[n] = '\0';
	built = path_join(dirname(self), "stub_qemu", NULL);
	if (file_read(built, 64 << 20, &data, &len, &err) < 0 ||
	    file_write_atomic(copy, data, len, 0755, &err) < 0)
		fail_msg("%s", err.msg);
	return copy;
}

static void add_test(struct json_object *plan, const char *name)
{
	struct json_object *o = json_object_new_object();
	struct json_object *argv = json_object_new_array();
	AUTO_FREE char *id = str_printf("suite/%s", name);

	json_set_str(o, "test", id);
	json_add_str(argv, "/tests/suite");
	json_add_str(argv, name);
	json_set(o, "argv", argv);
	json_set_int(o, "deadline_ms", 5000);
	json_object_array_add(plan, o);
}

static struct json_object *make_job(const char *dir, const struct order *o)
{
	struct json_object *job = json_object_new_object();
	struct json_object *plan = json_object_new_array();
	AUTO_FREE char *image = path_join(dir, "vmlinux", NULL);
	AUTO_FREE char *initramfs = path_join(dir, "initramfs", NULL);
	AUTO_FREE char *stub = stub_path(dir);
	struct err err = { .msg = "" };

	/* The stub looks whether its programs are there. */
	if (file_write_atomic(image, o->image, strlen(o->image), 0644, &err) < 0 ||
	    file_write_atomic(initramfs, "tests/suite", 11, 0644, &err) < 0)
		fail_msg("%s", err.msg);
	add_test(plan, "one");
	add_test(plan, "two");
	add_test(plan, "three");
	json_set(job, "plan", plan);
	json_set_str(job, "image", image);
	json_set_str(job, "initramfs", initramfs);
	json_set_str(job, "topology",
		     o->two_nodes ? "[topology]\n" NODE "[node 1]\ncpus = 1\n" :
				    "[topology]\n" NODE);
	json_set_str(job, "accel", "tcg");
	json_set_str(job, "qemu", o->qemu ? o->qemu : stub);
	json_set_str(job, "nonce", "0123456789abcdef0123456789abcdef");
	json_set_int(job, "boot_deadline_ms",
		     o->boot_deadline_ms ? o->boot_deadline_ms : 20000);
	json_set_int(job, "deadline_ms", o->deadline_ms ? o->deadline_ms : 20000);
	json_set_int(job, "console_max", o->console_max ? o->console_max : 1 << 20);
	json_set_int(job, "events_max", o->events_max ? o->events_max : 1000);
	if (o->slowdown)
		json_set_int(job, "slowdown", o->slowdown);
	return job;
}

/* Unprivileged; leaves result.json, or {"error": ...}. */
static int run_role(void *arg)
{
	struct run *r = arg;
	AUTO_JSON struct json_object *result = json_object_new_object();
	AUTO_FREE char *path = path_join(r->dir, "result.json", NULL);
	struct err err = { .msg = "" };

	if (role_boot(r->job, r->dir, result, &err) < 0)
		json_set_str(result, "error", err.msg);
	return json_write_file(path, result, &err);
}

static struct json_object *run_boot(const char *dir, const struct order *o)
{
	AUTO_JSON struct json_object *job = make_job(dir, o);
	AUTO_FREE char *path = path_join(dir, "result.json", NULL);
	struct run r = { .dir = dir, .job = job };
	struct json_object *result = NULL;
	struct err err = { .msg = "" };

	need_sandbox();
	unpriv_own(dir);
	assert_int_equal(unpriv_run(run_role, &r), 0);
	if (json_read_file(path, 1 << 22, &result, &err) < 0)
		fail_msg("%s", err.msg);
	return result;
}

static struct json_object *nth_test(struct json_object *result, size_t i)
{
	return json_object_array_get_idx(json_arr(result, "tests"), i);
}

/* "pass pass fail": the tests' results. */
static void expect_tests(struct json_object *result, const char *want)
{
	AUTO(str_done) struct str got = STR_INIT;

	for (size_t i = 0; i < json_len(json_arr(result, "tests")); i++)
		str_addf(&got, "%s%s", i ? " " : "",
			 json_str(nth_test(result, i), "result", "?"));
	assert_string_equal(str_get(&got), want);
}

static void expect(void **state, const struct order *o, const char *status,
		   const char *phase, const char *reason, const char *tests)
{
	AUTO_JSON struct json_object *r = run_boot(*state, o);

	assert_string_equal(json_str(r, "error", ""), "");
	if (strcmp(json_str(r, "status", "?"), status) ||
	    !strstr(json_str(r, "reason", "?"), reason))
		fail_msg("%s: %s", json_str(r, "status", "?"),
			 json_str(r, "reason", "?"));
	assert_string_equal(json_str(r, "phase", "?"), phase);
	expect_tests(r, tests);
}

static void expect_simple(void **state, const char *image, const char *status,
			  const char *phase, const char *reason, const char *tests)
{
	const struct order o = { .image = image };

	expect(state, &o, status, phase, reason, tests);
}

static void passes(void **state)
{
	const struct order o = { .image = "toy kernel" };
	AUTO_JSON struct json_object *r = run_boot(*state, &o);
	AUTO_FREE char *log = path_join(*state, "console.log", NULL);

	assert_string_equal(json_str(r, "error", ""), "");
	assert_string_equal(json_str(r, "status", ""), "ok");
	assert_string_equal(json_str(r, "accel", ""), "tcg");
	assert_string_equal(json_str(r, "qemu_version", ""), "7.2.0 (sluice stub)");
	assert_string_equal(json_str(nth_test(r, 0), "test", ""), "suite/one");
	assert_int_equal(json_int(json_obj(nth_test(r, 0), "data"), "stub", 0), 1);
	assert_true(json_int(nth_test(r, 1), "console_from", -1) >
		    json_int(nth_test(r, 0), "console_from", -1));
	assert_true(json_len(json_arr(r, "argv")) > 20);
	assert_non_null(strstr(json_str(r, "cmdline", ""), "console=ttyS0"));
	assert_int_equal(json_len(json_arr(r, "splats")), 0);
	assert_true(path_exists(log));
	expect_tests(r, "pass pass pass");
}

static void results(void **state)
{
	expect_simple(state,
		      "stub: test suite/one fail\nstub: test suite/two skip\n"
		      "stub: test suite/three crash\n",
		      "ok", "end", "", "fail skip crash");
	expect_simple(state, "x\n  stub: test suite/two timeout */\n", "ok", "end", "",
		      "pass timeout pass");
}

static void reasons(void **state)
{
	const struct order o = { .image = "stub: test suite/one fail" };
	AUTO_JSON struct json_object *r = run_boot(*state, &o);

	assert_string_equal(json_str(nth_test(r, 0), "reason", ""),
			    "suite/one: expected 100, saw 0");
}

static void splats(void **state)
{
	const struct order o = {
		.image = "stub: test suite/two splat\nstub: boot warn\n"
	};
	AUTO_JSON struct json_object *r = run_boot(*state, &o);
	struct json_object *two = nth_test(r, 1);
	struct json_object *s = json_object_array_get_idx(json_arr(two, "splats"), 0);

	expect_tests(r, "pass splat pass");
	assert_string_equal(json_str(two, "own_result", ""), "pass");
	assert_string_equal(json_str(s, "key", ""), "WARNING: at mm/stub.c stub_warn");
	assert_int_equal(json_len(json_arr(r, "splats")), 1);
}

static void deaths_in_a_test(void **state)
{
	expect_simple(state, "stub: test suite/two panic", "panic", "test",
		      "Kernel panic - not syncing: stub: ordered to in test suite/two",
		      "pass crash not-run");
	expect_simple(state, "stub: test suite/two reset", "reset", "test", "suite/two",
		      "pass crash not-run");
	expect_simple(state, "stub: test suite/two poweroff", "no-result", "test",
		      "suite/two", "pass crash not-run");
}

static void deaths_at_boot(void **state)
{
	static const char none[] = "not-run not-run not-run";

	expect_simple(state, "stub: boot panic", "panic", "boot", "Kernel panic", none);
	expect_simple(state, "stub: boot watchdog", "hang", "boot", "watchdog", none);
	expect_simple(state, "stub: boot reset", "reset", "boot", "reset", none);
	expect_simple(state, "stub: boot poweroff", "no-result", "boot", "too early",
		      none);
	expect_simple(state, "stub: boot die", "infra", "boot", "without an event", none);
	expect_simple(state, "stub: boot refuse", "no-result", "boot", "PVH", none);
	expect_simple(state, "stub: boot badqmp", "infra", "boot", "broken QMP", none);
}

static void hangs(void **state)
{
	const struct order boot = { .image = "stub: boot hang", .boot_deadline_ms = 300 };
	const struct order test = { .image = "stub: test suite/two hang",
				    .deadline_ms = 1500 };

	expect(state, &boot, "timeout", "boot", "no sign of life",
	       "not-run not-run not-run");
	expect(state, &test, "timeout", "test", "in test suite/two",
	       "pass timeout not-run");
}

static void floods(void **state)
{
	const struct order console = { .image = "stub: boot flood", .console_max = 4096 };
	const struct order qmp = { .image = "stub: boot qmpflood", .events_max = 100 };
	AUTO_FREE char *log = path_join(*state, "console.log", NULL);
	struct stat st;

	expect(state, &console, "no-result", "boot", "console flooded",
	       "not-run not-run not-run");
	assert_int_equal(stat(log, &st), 0);
	assert_int_equal(st.st_size, 4096);
	expect(state, &qmp, "no-result", "boot", "flood of QMP",
	       "not-run not-run not-run");
}

/* More console than is kept, but not endlessly more, does no harm. */
static void long_console(void **state)
{
	const struct order o = { .image = "x", .console_max = 250 };
	AUTO_JSON struct json_object *r = run_boot(*state, &o);

	expect_tests(r, "pass pass pass");
	assert_true(json_flag(r, "console_truncated", false));
}

/* It is not waited for: a stuck CPU would keep it from powering off. */
static void init_gives_up(void **state)
{
	expect_simple(state, "stub: test suite/two unclean", "ok", "end", "ended early",
		      "pass fail not-run");
}

static void no_end_is_no_pass(void **state)
{
	expect_simple(state, "stub: boot noend", "no-result", "test",
		      "powered off too early", "pass pass pass");
}

static void lies_and_noise(void **state)
{
	expect_simple(state, "stub: boot forge\nstub: test suite/one fail\n", "ok", "end",
		      "", "fail pass pass");
	expect_simple(state, "stub: boot noise\n", "ok", "end", "", "pass pass pass");
}

static void topology_arrives(void **state)
{
	const struct order o = { .image = "stub: test suite/one fail nodes 2",
				 .two_nodes = true };

	expect(state, &o, "ok", "end", "", "fail pass pass");
	expect_simple(state, o.image, "ok", "end", "", "pass pass pass");
}

static void expect_error(void **state, long long slowdown, const char *error)
{
	const struct order o = { .image = "x", .slowdown = slowdown };
	AUTO_JSON struct json_object *r = run_boot(*state, &o);

	assert_non_null(strstr(json_str(r, "error", ""), error));
}

static void bad_jobs(void **state)
{
	const struct order no_qemu = { .image = "x", .qemu = "/nowhere/qemu" };
	AUTO_JSON struct json_object *r = run_boot(*state, &no_qemu);

	assert_non_null(strstr(json_str(r, "error", ""), "/nowhere/qemu"));
	expect_error(state, 101, "slowdown is 101");
	expect_error(state, -1, "slowdown is -1");
}

/* Ten rounds of a quick suite and one of a deep one on a slow kernel: 33 hours. */
static void long_deadlines(void **state)
{
	const struct order days = { .image = "stub: boot ok",
				    .boot_deadline_ms = 30 * 3600 * 1000LL,
				    .deadline_ms = 33 * 3600 * 1000LL };
	const struct order endless = { .image = "stub: boot ok",
				       .deadline_ms = INT64_MAX };
	AUTO_JSON struct json_object *r = NULL;

	expect(state, &days, "ok", "end", "", "pass pass pass");
	r = run_boot(*state, &endless);
	assert_non_null(strstr(json_str(r, "error", ""), "job: deadline_ms is "));
}

static void root_is_refused(void **state)
{
	const struct order o = { .image = "x" };
	struct err err = { .msg = "" };

	if (geteuid())
		skip();
	{
		AUTO_JSON struct json_object *job = make_job(*state, &o);
		AUTO_JSON struct json_object *result = json_object_new_object();

		assert_int_equal(role_boot(job, *state, result, &err), -1);
	}
	assert_non_null(strstr(err.msg, "root"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tmpdir_test(passes),
		tmpdir_test(results),
		tmpdir_test(reasons),
		tmpdir_test(splats),
		tmpdir_test(deaths_in_a_test),
		tmpdir_test(deaths_at_boot),
		tmpdir_test(hangs),
		tmpdir_test(floods),
		tmpdir_test(long_console),
		tmpdir_test(init_gives_up),
		tmpdir_test(no_end_is_no_pass),
		tmpdir_test(lies_and_noise),
		tmpdir_test(topology_arrives),
		tmpdir_test(bad_jobs),
		tmpdir_test(long_deadlines),
		tmpdir_test(root_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
