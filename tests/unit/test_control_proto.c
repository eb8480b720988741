#include "tests/unit/cm.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/control_proto.h"
#include "daemon/event_json.h"
#include "daemon/mails.h"

static struct err err;

static int parse(const char *line, struct control_request *ret)
{
	err = (struct err){ .code = ERR_NONE };
	return control_parse(line, strlen(line), ret, &err);
}

static void refused(const char *line, const char *why)
{
	struct control_request r;

	if (parse(line, &r) == 0)
		fail_msg("taken: %s", line);
	assert_int_equal(err.code, ERR_INPUT);
	if (!strstr(err.msg, why))
		fail_msg("%s: \"%s\" does not say \"%s\"", line, err.msg, why);
}

static void requests_are_read(void **state)
{
	struct control_request r;

	(void)state;
	assert_int_equal(
		parse("{\"op\":\"submit\",\"interactive\":true,\"watch\":true,\"request\":"
		      "{\"source\":\"x@y\",\"tree\":\"t\",\"configs\":[\"a\",\"b\"]}}",
		      &r),
		0);
	assert_int_equal(r.op, CONTROL_SUBMIT);
	assert_true(r.interactive && r.watch);
	assert_string_equal(r.request.source, "x@y");
	assert_string_equal(r.request.configs[1], "b");
	assert_null(r.request.configs[2]);
	assert_null(r.request.suites);
	control_request_done(&r);
	assert_int_equal(parse("{\"op\":\"cancel\",\"job\":12}", &r), 0);
	assert_int_equal(r.op, CONTROL_CANCEL);
	assert_int_equal(r.job, 12);
	assert_int_equal(parse("{\"op\":\"rerun\",\"series\":3}", &r), 0);
	assert_int_equal(r.series, 3);
	assert_int_equal(parse("{\"op\":\"pause\",\"what\":\"all\"}", &r), 0);
	assert_int_equal(r.pause, QUEUE_PAUSED_ALL);
	assert_int_equal(parse("{\"op\":\"status\"}", &r), 0);
	assert_int_equal(r.op, CONTROL_STATUS);
}

#define ID "0123456789abcdef0123456789abcdef01234567"
#define BISECT                                                                              \
	"{\"op\":\"submit\",\"request\":{\"source\":\"x\",\"tree\":\"t\",\"test\":\"a/b\"," \
	"\"good\":\"" ID "\",\"configs\":[\"c\"],"

static void bisections_are_read(void **state)
{
	struct control_request r;

	(void)state;
	assert_int_equal(parse(BISECT "\"bad\":\"" ID "\",\"topologies\":[\"n\"]}}", &r),
			 0);
	assert_string_equal(r.request.test, "a/b");
	assert_string_equal(r.request.good, ID);
	control_request_done(&r);
	refused(BISECT "\"topologies\":[\"n\"]}}", "go together");
	refused(BISECT "\"bad\":\"v6.12\",\"topologies\":[\"n\"]}}", "in full");
	refused(BISECT "\"bad\":\"" ID "\"}}", "one each");
	refused(BISECT "\"bad\":\"" ID "\",\"topologies\":[\"n\"],\"base\":\"x\"}}",
		"nothing that a series has");
	assert_int_equal(parse("{\"op\":\"mark\",\"bisection\":3,\"bad\":true,"
			       "\"commit\":\"" ID "\"}",
			       &r),
			 0);
	assert_int_equal(r.bisection, 3);
	assert_true(r.bad);
	assert_string_equal(r.commit, ID);
	refused("{\"op\":\"mark\",\"bisection\":3,\"commit\":\"main\"}", "commit");
	refused("{\"op\":\"mark\",\"commit\":\"" ID "\"}", "bisection");
}

static void an_added_tree_is_told(void **state)
{
	struct control_request r;

	(void)state;
	assert_int_equal(parse("{\"op\":\"trees\"}", &r), 0);
	assert_int_equal(r.op, CONTROL_TREES);
}

static void what_is_no_request_is_refused(void **state)
{
	(void)state;
	/* Which server is asked is the configuration's to say. */
	refused("{\"op\":\"submit\",\"request\":{\"source\":\"x@y\","
		"\"archive\":\"http://inside/\"}}",
		"not for a client");
	refused("{\"op\":\"submit\",\"request\":{\"source\":\"x@y\",\"version\":-1}}",
		"version");
	refused("", "");
	refused("[]", "op");
	refused("{\"op\":\"destroy\"}", "op");
	refused("{\"op\":\"submit\"}", "source");
	refused("{\"op\":\"submit\",\"request\":{\"source\":\"a\\nb\"}}", "control");
	refused("{\"op\":\"submit\",\"request\":{\"source\":\"a\",\"tree\":\"../x\"}}",
		"tree");
	refused("{\"op\":\"submit\",\"request\":{\"source\":\"a\",\"suites\":[\"../x\"]}}",
		"suites");
	refused("{\"op\":\"submit\",\"request\":{\"source\":\"a\",\"configs\":[3]}}",
		"configs");
	refused("{\"op\":\"submit\",\"request\":{\"source\":\"a\",\"repo\":\"x\"}}",
		"repo");
	refused("{\"op\":\"submit\",\"request\":{\"source\":\"a\",\"mails\":\"x\"}}",
		"mails");
	/* A path where commits should be. */
	refused("{\"op\":\"submit\",\"request\":{\"source\":\"a\",\"repo\":\"/r\","
		"\"input\":\"/etc/shadow\"}}",
		"input");
	refused("{\"op\":\"cancel\"}", "job");
	refused("{\"op\":\"cancel\",\"job\":-1}", "job");
	refused("{\"op\":\"rerun\"}", "series");
	refused("{\"op\":\"rerun\",\"job\":1,\"series\":1}", "either");
	refused("{\"op\":\"pause\",\"what\":\"no\"}", "background");
}

static void a_request_survives_json(void **state)
{
	char *two[] = { (char *)"a", (char *)"b.c", NULL };
	struct request r = { .source = (char *)"A..B",
			     .input = (char *)"0123456789012345678901234567890123456789.."
					      "abcdefabcdabcdefabcdabcdefabcdabcdefabcd",
			     .repo = (char *)"/home/me/linux",
			     .tree = (char *)"t",
			     .base = (char *)"v6.12",
			     .configs = two,
			     .suites = two };
	struct request got;
	struct json_object *o = request_to_json(&r);

	(void)state;
	assert_int_equal(request_from_json(o, &got, &err), 0);
	assert_string_equal(got.source, r.source);
	assert_string_equal(got.input, r.input);
	assert_string_equal(got.repo, r.repo);
	assert_string_equal(got.base, r.base);
	assert_string_equal(got.suites[1], "b.c");
	assert_null(got.topologies);
	assert_int_equal(got.mails, REQUEST_NO_MAILS);
	request_done(&got);
	json_object_put(o);
}

struct lines {
	struct str all;
	int n, stop_at;
};

static bool on_line(const char *line, size_t len, void *arg)
{
	struct lines *l = arg;

	str_addn(&l->all, line, len);
	str_addc(&l->all, '|');
	return ++l->n != l->stop_at;
}

static void lines_come_whole_however_they_are_cut(void **state)
{
	static const char text[] = "{\"a\":1}\n\nsecond\nrest";

	(void)state;
	for (size_t cut = 1; cut < sizeof(text) - 1; cut++) {
		struct control_reader r = { .line = STR_INIT };
		struct lines l = { .all = STR_INIT };

		assert_int_equal(control_feed(&r, text, cut, on_line, &l, &err), 0);
		assert_int_equal(control_feed(&r, text + cut, sizeof(text) - 1 - cut,
					      on_line, &l, &err),
				 0);
		assert_string_equal(str_get(&l.all), "{\"a\":1}||second|");
		assert_string_equal(str_get(&r.line), "rest");
		control_reader_done(&r);
		str_done(&l.all);
	}
}

static void a_line_too_long_ends_it(void **state)
{
	struct control_reader r = { .line = STR_INIT };
	struct lines l = { .all = STR_INIT };
	char block[1024];

	(void)state;
	memset(block, 'x', sizeof(block));
	for (int i = 0; i < 64; i++)
		assert_int_equal(control_feed(&r, block, 1024, on_line, &l, &err), 0);
	assert_int_equal(control_feed(&r, "x", 1, on_line, &l, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_int_equal(l.n, 0);
	control_reader_done(&r);
	/* Who is stopped hears no more. */
	l.stop_at = 1;
	assert_int_equal(control_feed(&r, "a\nb\n", 4, on_line, &l, &err), 0);
	assert_int_equal(l.n, 1);
	control_reader_done(&r);
	str_done(&l.all);
}

static void events_survive_json(void **state)
{
	const struct run_event ev = { .kind = RUN_BOOT_END,
				      .step = 3,
				      .subject = "mm: \"x\"",
				      .topology = "numa2",
				      .status = "ok",
				      .seconds = 4.5,
				      .expected_s = -1,
				      .deep = true,
				      .passed = 7,
				      .failed = 1,
				      .warnings = 2,
				      .failed_test = "a/b",
				      .id = 99 };
	const struct run_event tick = { .kind = RUN_TICK,
					.step = -1,
					.expected_s = 0,
					.done = 1,
					.total = 2 };
	struct json_object *o = event_to_json(&ev);
	struct run_event got;

	(void)state;
	assert_true(event_from_json(o, &got));
	assert_int_equal(got.kind, RUN_BOOT_END);
	assert_int_equal(got.step, 3);
	assert_string_equal(got.subject, ev.subject);
	assert_string_equal(got.failed_test, "a/b");
	assert_null(got.config);
	assert_int_equal(got.warnings, 2);
	assert_true(got.deep && !got.reused);
	assert_true(got.seconds == 4.5 && got.expected_s == -1);
	assert_int_equal(got.id, 99);
	json_object_put(o);
	o = event_to_json(&tick);
	assert_true(event_from_json(o, &got));
	assert_int_equal(got.step, -1);
	assert_true(got.expected_s == 0);
	json_set_str(o, "kind", "end");
	assert_false(event_from_json(o, &got));
	json_object_put(o);
}

static void put(const char *dir, const char *name, const char *text)
{
	AUTO_FREE char *path = path_join(dir, name, NULL);

	assert_int_equal(file_write_atomic(path, text, strlen(text), 0644, &err), 0);
}

static char *get(const char *dir, const char *name)
{
	AUTO_FREE char *path = path_join(dir, name, NULL);
	char *text = NULL;

	if (file_read(path, 1000, &text, NULL, NULL) < 0)
		return str_dup("(none)");
	return text;
}

/* By a memory file, as a client and the daemon do it. */
static void there_and_back(const char *src, const char *dst)
{
	AUTO_FREE char *data = NULL, *came = NULL;
	size_t len, n;
	bool folder;
	int fd;

	assert_int_equal(mails_pack(src, 10000, &data, &len, &folder, &err), 0);
	fd = mails_to_fd(data, len, &err);
	assert_true(fd >= 0);
	assert_int_equal(mails_from_fd(fd, len - 1, &came, &n, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_int_equal(mails_from_fd(fd, len, &came, &n, &err), 0);
	assert_int_equal(n, len);
	close(fd);
	assert_int_equal(mails_unpack(came, n, folder, dst, &err), 0);
}

static void mails_arrive_as_they_were(void **state)
{
	AUTO_FREE char *maildir = path_join(*state, "md", NULL);
	AUTO_FREE char *cur = path_join(maildir, "cur", NULL);
	AUTO_FREE char *fresh = path_join(maildir, "new", NULL);
	AUTO_FREE char *patches = path_join(*state, "p", NULL);
	AUTO_FREE char *one = path_join(patches, "0001-a b.patch", NULL);
	AUTO_FREE char *to = path_join(*state, "to", NULL);
	AUTO_FREE char *to2 = path_join(*state, "to2", NULL);
	AUTO_FREE char *to3 = path_join(*state, "to3", NULL);
	AUTO_FREE char *a = NULL, *b = NULL, *c = NULL, *d = NULL;

	assert_int_equal(dir_make(cur, 0755, &err), 0);
	assert_int_equal(dir_make(fresh, 0755, &err), 0);
	assert_int_equal(dir_make(patches, 0755, &err), 0);
	put(cur, "17.x:2,S", "Subject: a\n\n5 cur/fake\n");
	put(fresh, "18.x", "");
	put(patches, "0001-a b.patch", "From x\n--- a/x\n");
	put(patches, ".hidden", "no");
	there_and_back(maildir, to);
	there_and_back(patches, to2);
	there_and_back(one, to3);
	a = get(to, "cur/17.x:2,S");
	assert_string_equal(a, "Subject: a\n\n5 cur/fake\n");
	b = get(to, "new/18.x");
	assert_string_equal(b, "");
	c = get(to2, "0001-a b.patch");
	assert_string_equal(c, "From x\n--- a/x\n");
	free(cur);
	cur = path_join(to2, "cur", NULL);
	assert_false(path_exists(cur));
	d = get(*state, "to3");
	assert_string_equal(d, c);
}

static void packed_mails_stay_in_their_folder(void **state)
{
	static const char *const bad[] = { "3 ../x\nabc", "3 /x\nabc",  "3 cur/../x\nabc",
					   "3 .x\nabc",   "9 x\nabc",   "-1 x\nabc",
					   "3 x",         "3 a/b\nabc", "x\n" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		AUTO_FREE char *name = str_printf("bad%zu", i);
		AUTO_FREE char *dst = path_join(*state, name, NULL);

		if (mails_unpack(bad[i], strlen(bad[i]), true, dst, &err) == 0)
			fail_msg("unpacked: %s", bad[i]);
		assert_int_equal(err.code, ERR_INPUT);
	}
}

static void only_sealed_memory_is_read(void **state)
{
	AUTO_FREE char *path = path_join(*state, "f", NULL);
	AUTO_FREE char *data = NULL;
	size_t n;
	int p[2], fd;

	put(*state, "f", "x");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(mails_from_fd(fd, 100, &data, &n, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	close(fd);
	fd = memfd_create("x", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	assert_int_equal(mails_from_fd(fd, 100, &data, &n, &err), -1);
	close(fd);
	assert_int_equal(pipe(p), 0);
	assert_int_equal(mails_from_fd(p[0], 100, &data, &n, &err), -1);
	close(p[0]);
	close(p[1]);
	assert_null(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_read),
		cmocka_unit_test(bisections_are_read),
		cmocka_unit_test(an_added_tree_is_told),
		cmocka_unit_test(what_is_no_request_is_refused),
		cmocka_unit_test(a_request_survives_json),
		cmocka_unit_test(lines_come_whole_however_they_are_cut),
		cmocka_unit_test(a_line_too_long_ends_it),
		cmocka_unit_test(events_survive_json),
		tmpdir_test(mails_arrive_as_they_were),
		tmpdir_test(packed_mails_stay_in_their_folder),
		tmpdir_test(only_sealed_memory_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
