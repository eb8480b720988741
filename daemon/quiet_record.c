#include "daemon/quiet_record.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#include "db/words.h"
#include "lib/cleanup.h"
#include "lib/sha256.h"
#include "lib/str.h"
#include "runners/qemu_argv.h"

#define LINES_MAX 5

static void add_machine(struct sha256 *h, const struct topology *t, enum accel accel)
{
	AUTO_FREE char *cmdline = qemu_cmdline(t, NULL);
	const struct qemu_opts machine = { .qemu = "qemu",
					   .image = "image",
					   .initramfs = "initramfs",
					   .topology = t,
					   .accel = accel,
					   .cmdline = cmdline };
	char **argv = qemu_argv(&machine);

	for (size_t i = 0; argv[i]; i++)
		sha256_add_str(h, argv[i]);
	strv_free(argv);
}

/* Which of the two accelerators it is, and what else there is, is in the key. */
static void machine_sha(const struct topology *t, char ret[SHA256_HEX])
{
	struct sha256 *h = sha256_new();

	sha256_add_str(h, t->text);
	add_machine(h, t, ACCEL_TCG);
	add_machine(h, t, ACCEL_KVM);
	sha256_hex(h, ret);
	sha256_free(h);
}

struct json_object *quiet_record_new(int64_t boot, const struct topology *topology)
{
	struct json_object *o = json_object_new_object();
	char sha[SHA256_HEX];

	machine_sha(topology, sha);
	json_set_str(o, "schema", QUIET_SCHEMA);
	json_set_int(o, "boot", boot);
	json_set_str(o, "topology", topology->name);
	json_set_str(o, "machine", sha);
	json_set_int(o, "started", (long long)time(NULL));
	return o;
}

void quiet_record_lose(struct json_object *record, const char *why)
{
	json_set_str(record, "state", "lost");
	json_set_str(record, "reason", why);
	json_set_int(record, "finished", (long long)time(NULL));
}

static bool is_bad(struct json_object *test)
{
	enum test_result word;

	return !test_result_parse(json_str(test, "result", ""), &word) ||
	       (word != RESULT_PASS && word != RESULT_SKIP && word != RESULT_NOT_RUN);
}

/* "seed=42", "seed 42", "seed: 42" anywhere in the output; the caller frees. */
static char *seed_in(const char *output)
{
	for (const char *p = strstr(output, "seed"); p; p = strstr(p, "seed")) {
		size_t n = 0;

		p += strlen("seed");
		p += strspn(p, " =:");
		while (isxdigit((unsigned char)p[n]) || (n == 1 && p[n] == 'x'))
			n++;
		if (n && isdigit((unsigned char)*p))
			return str_ndup(p, n);
	}
	return NULL;
}

static void add_seed(struct json_object *to, struct json_object *test)
{
	static const long long none = -1;
	long long n = json_int(json_obj(test, "data"), "seed", none);
	AUTO_FREE char *text = n == none ? seed_in(json_str(test, "output", "")) :
					   str_printf("%lld", n);

	if (text)
		json_set_str(to, "seed", text);
}

static void add_lines(struct json_object *to, struct json_object *test)
{
	struct json_object *a = json_object_new_array();
	char **lines = strv_split(json_str(test, "output", ""), "\n");

	for (size_t i = 0; lines[i] && json_len(a) < LINES_MAX; i++)
		if (str_starts(lines[i], "not ok") || str_starts(lines[i], "Bail out!"))
			json_add_str(a, lines[i]);
	strv_free(lines);
	json_set(to, "lines", a);
}

static struct json_object *test_record(struct json_object *test, long long round)
{
	struct json_object *o = json_object_new_object();

	json_set_str(o, "test", json_str(test, "test", ""));
	json_set_int(o, "round", round);
	json_set_str(o, "result", json_str(test, "result", ""));
	json_set_str(o, "reason", json_str(test, "reason", NULL));
	json_set_num(o, "seconds", json_num(test, "seconds", 0));
	if (is_bad(test)) {
		add_seed(o, test);
		add_lines(o, test);
	}
	return o;
}

/* How often the test at index was there before it, and 1. */
static long long round_of(struct json_object *tests, size_t index)
{
	const char *id = json_str(json_object_array_get_idx(tests, index), "test", "");
	long long round = 1;

	for (size_t i = 0; i < index; i++)
		round += strcmp(json_str(json_object_array_get_idx(tests, i), "test", ""),
				id) == 0;
	return round;
}

void quiet_record_fill(struct json_object *record, struct json_object *result,
		       const char *kernel)
{
	struct json_object *tests = json_arr(result, "tests");
	struct json_object *splats = json_arr(result, "splats");
	struct json_object *to = json_object_new_array(),
			   *titles = json_object_new_array();

	json_set_str(record, "state", "done");
	json_set_int(record, "finished", (long long)time(NULL));
	json_set_str(record, "status", json_str(result, "status", "infra"));
	json_set_str(record, "phase", json_str(result, "phase", NULL));
	json_set_str(record, "reason", json_str(result, "reason", NULL));
	json_set_str(record, "kernel", kernel);
	json_set_num(record, "seconds", json_num(result, "seconds", 0));
	json_set_num(record, "boot_seconds", json_num(result, "boot_seconds", 0));
	for (size_t i = 0; i < json_len(splats); i++)
		json_add_str(titles, json_str(json_object_array_get_idx(splats, i),
					      "title", "a splat"));
	json_set(record, "splats", titles);
	for (size_t i = 0; i < json_len(tests); i++)
		json_object_array_add(to, test_record(json_object_array_get_idx(tests, i),
						      round_of(tests, i)));
	json_set(record, "tests", to);
}

bool quiet_record_lost(struct json_object *record)
{
	return strcmp(json_str(record, "state", ""), "done") != 0;
}

bool quiet_record_is_on(struct json_object *record, const struct topology *topology)
{
	char sha[SHA256_HEX];

	machine_sha(topology, sha);
	return strcmp(json_str(record, "topology", ""), topology->name) == 0 &&
	       strcmp(json_str(record, "machine", ""), sha) == 0;
}

/* The boot itself: died outside any test, or splats that are no test's. */
static bool boot_failure(struct json_object *record, struct quiet_failure *ret)
{
	struct json_object *tests = json_arr(record, "tests");
	struct json_object *splats = json_arr(record, "splats");
	const char *status = json_str(record, "status", "infra");
	bool died = strcmp(status, "ok") != 0;
	bool in_test = strcmp(json_str(record, "phase", ""), "test") == 0;

	for (size_t i = 0; died && in_test && i < json_len(tests); i++) {
		const char *word =
			json_str(json_object_array_get_idx(tests, i), "result", "");

		died = strcmp(word, "crash") != 0 && strcmp(word, "timeout") != 0;
	}
	*ret = (struct quiet_failure){ .word = status,
				       .reason = json_str(record, "reason", "") };
	if (!died && json_len(splats)) {
		ret->word = "splat";
		ret->reason =
			json_object_get_string(json_object_array_get_idx(splats, 0));
	}
	return died || json_len(splats);
}

unsigned int quiet_record_failures(struct json_object *record,
				   const struct known_issues *known, quiet_failure_fn fn,
				   void *arg)
{
	struct json_object *tests = json_arr(record, "tests");
	struct quiet_failure f;
	unsigned int n = 0;

	if (quiet_record_lost(record))
		return 0;
	if (boot_failure(record, &f)) {
		n++;
		if (fn)
			fn(&f, arg);
	}
	for (size_t i = 0; i < json_len(tests); i++) {
		struct json_object *t = json_object_array_get_idx(tests, i);

		if (!is_bad(t))
			continue;
		f = (struct quiet_failure){ .test = json_str(t, "test", ""),
					    .round = json_int(t, "round", 0),
					    .word = json_str(t, "result", "?"),
					    .reason = json_str(t, "reason", ""),
					    .seed = json_str(t, "seed", NULL),
					    .lines = json_arr(t, "lines") };
		f.known = known_issues_find(known, f.test,
					    json_str(record, "topology", ""),
					    json_str(record, "kernel", NULL), f.reason);
		n += !f.known;
		if (fn)
			fn(&f, arg);
	}
	return n;
}
