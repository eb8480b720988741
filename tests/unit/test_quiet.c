/* What "sluice quiet" plans, keeps and counts. */
#include "tests/unit/cm.h"

#include "daemon/quiet_key.h"
#include "daemon/quiet_plan.h"
#include "daemon/quiet_record.h"
#include "daemon/quiet_store.h"
#include "daemon/quiet_tally.h"
#include "lib/cleanup.h"
#include "runners/boot_tests.h"

#define NODE "[node 0]\ncpus = 1\nmemory = 64M\n"

static struct suite *suite(const char *name, const char *text)
{
	struct suite *s = NULL;
	struct err err = { .msg = "" };

	if (suite_parse(name, name, text, &s, &err) < 0)
		fail_msg("%s", err.msg);
	return s;
}

static struct topology *topology(const char *name)
{
	AUTO_FREE char *text = str_printf("[topology]\ndescription = %s\n" NODE, name);
	struct topology *t = NULL;
	struct err err = { .msg = "" };

	if (topology_parse(name, name, text, &t, &err) < 0)
		fail_msg("%s", err.msg);
	return t;
}

/* ---- plan ---- */

static void suites_with_repeats(void **state)
{
	struct quiet_suites s;
	struct err err = { .msg = "" };
	char **names;

	(void)state;
	assert_int_equal(quiet_suites_parse("mm*10, deep", &s, &err), 0);
	assert_int_equal(s.n, 2);
	assert_string_equal(s.v[0].name, "mm");
	assert_int_equal(s.v[0].repeat, 10);
	assert_int_equal(s.v[1].repeat, 1);
	names = quiet_suites_names(&s);
	assert_string_equal(names[1], "deep");
	assert_null(names[2]);
	strv_free(names);
	quiet_suites_done(&s);
	assert_int_equal(quiet_suites_parse("mm*0", &s, &err), -1);
	assert_int_equal(quiet_suites_parse("mm*", &s, &err), -1);
	assert_int_equal(quiet_suites_parse("mm,deep*ten", &s, &err), -1);
	assert_non_null(strstr(err.msg, "deep*ten"));
}

/* The ids in their order; "" for none. */
static char *plan_text(struct suite **suites, const char *want, struct topology *t)
{
	struct kconfig config = { .slowdown = 1 }, *configs[] = { &config };
	const struct plan p = { .configs = configs, .suites = suites, .topologies = &t };
	AUTO_JSON struct json_object *tests = NULL;
	struct quiet_suites s;
	struct str out = STR_INIT;
	struct err err = { .msg = "" };

	assert_int_equal(quiet_suites_parse(want, &s, &err), 0);
	if (quiet_tests(&p, &s, 0, &tests, &err) < 0)
		str_addf(&out, "%s", err.msg);
	quiet_suites_done(&s);
	for (size_t i = 0; i < json_len(tests); i++)
		str_addf(&out, "%s%s", i ? " " : "",
			 json_str(json_object_array_get_idx(tests, i), "test", "?"));
	return str_take(&out);
}

static void expect_plan(struct suite **suites, const char *want, struct topology *t,
			const char *ids)
{
	AUTO_FREE char *got = plan_text(suites, want, t);

	assert_string_equal(got, ids);
}

static void rounds_then_deep(void **state)
{
	struct suite *v[] = { suite("q", "[suite]\n[test a]\nprogram = p\nargs = a\n"
					 "[test b]\nprogram = p\n"),
			      suite("d", "[suite]\ntopologies = numa2\n"
					 "[test c]\nprogram = p\ndeadline = 7s\n"),
			      suite("s", "[suite]\nselftests = mm\n"
					 "[test e]\nprogram = p\n") };
	struct topology *numa2 = topology("numa2"), *up = topology("up");
	struct kconfig slow = { .slowdown = 3 }, *configs[] = { &slow };
	const struct plan p = { .configs = configs, .suites = v, .topologies = &numa2 };
	AUTO_JSON struct json_object *tests = NULL;
	struct quiet_suites s;
	struct err err;

	(void)state;
	expect_plan(v, "q*2,d", numa2, "q/a q/b q/a q/b d/c");
	expect_plan(v, "q,d*3", up, "q/a q/b");
	expect_plan(v + 1, "d", up, "");
	expect_plan(v + 2, "s", up,
		    "suite s: its programs are built from a tree, and here is only a "
		    "kernel");
	assert_int_equal(quiet_suites_parse("q,d", &s, &err), 0);
	assert_int_equal(quiet_tests(&p, &s, 0, &tests, &err), 0);
	assert_int_equal(json_int(json_object_array_get_idx(tests, 2), "deadline_ms", 0),
			 21000);
	assert_int_equal(json_len(json_arr(json_object_array_get_idx(tests, 0), "argv")),
			 2);
	quiet_suites_done(&s);
	topology_free(numa2);
	topology_free(up);
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		suite_free(v[i]);
}

/* A slow kernel's guest knows that it is: the word is in a boot's key, too. */
static void slowdown_is_on_the_command_line(void **state)
{
	struct kconfig slow = { .slowdown = 6, .cmdline = (char *)"a=1" };
	struct kconfig usual = { .slowdown = 1, .cmdline = (char *)"" };
	struct kconfig *configs[] = { &slow, &usual };
	const struct plan p = { .configs = configs, .nconfigs = 2 };
	AUTO_FREE char *all = plan_cmdline(&p, 0, "b=2");
	AUTO_FREE char *own = plan_cmdline(&p, 0, "");
	AUTO_FREE char *extra = plan_cmdline(&p, 1, "b=2");
	AUTO_FREE char *none = plan_cmdline(&p, 1, "");

	(void)state;
	assert_string_equal(all, "a=1 sluice.slowdown=6 b=2");
	assert_string_equal(own, "a=1 sluice.slowdown=6");
	assert_string_equal(extra, "b=2");
	assert_string_equal(none, "");
}

/* A guest takes 512 tests and 64 KiB: the usual plan fits, and more is refused. */
static void plans_fit_a_guest(void **state)
{
	struct str quick = STR_INIT, deep = STR_INIT, wide = STR_INIT;
	struct suite *v[3];
	struct topology *t = topology("up");
	AUTO_FREE char *fits = NULL, *many = NULL, *large = NULL;

	(void)state;
	str_add(&quick, "[suite]\n");
	str_add(&deep, "[suite]\n");
	str_add(&wide, "[suite]\n");
	for (int i = 0; i < 40; i++) {
		if (i < 30)
			str_addf(
				&quick,
				"[test munlock-while-compacting-%d]\n"
				"program = mlock-migrate\n"
				"args = munlock-while-compacting rounds=100 seed=12345\n",
				i);
		str_addf(&deep,
			 "[test munlock-while-compacting-%d]\nprogram = mlock-migrate\n"
			 "args = munlock-while-compacting rounds=10000 seed=12345\n",
			 i);
		str_addf(&wide, "[test w%d]\nprogram = p\nargs = %0190d\n", i, i);
	}
	v[0] = suite("mlock-migrate", str_get(&quick));
	v[1] = suite("mlock-migrate-deep", str_get(&deep));
	v[2] = suite("wide", str_get(&wide));
	fits = plan_text(v, "mlock-migrate*10,mlock-migrate-deep", t);
	assert_true(str_starts(fits, "mlock-migrate/munlock-while-compacting-0 "));
	many = plan_text(v, "mlock-migrate*16,mlock-migrate-deep", t);
	assert_non_null(strstr(many, "520 tests, at most 512"));
	large = plan_text(v + 2, "wide*10", t);
	assert_non_null(strstr(large, "bytes, a guest takes 65535"));
	for (size_t i = 0; i < 3; i++)
		suite_free(v[i]);
	str_done(&quick);
	str_done(&deep);
	str_done(&wide);
	topology_free(t);
}

static void turns_are_even(void **state)
{
	unsigned int made[4] = { 0 };
	long at;

	(void)state;
	for (int i = 0; i < 10; i++) {
		at = quiet_next(made, 4, 10);
		assert_int_equal(at, i % 4);
		made[at]++;
	}
	assert_int_equal(quiet_next(made, 4, 10), -1);
	assert_int_equal(made[0] + made[1], 6);
	/* What one topology has too much is not taken from another. */
	made[0] = 9;
	made[1] = made[2] = made[3] = 0;
	for (int i = 0; i < 7; i++) {
		at = quiet_next(made, 4, 10);
		assert_true(at > 0);
		made[at]++;
	}
	assert_int_equal(quiet_next(made, 4, 10), -1);
	assert_int_equal(quiet_next(made, 4, 0), -1);
}

/* ---- records ---- */

/* A role's result: status, phase, and "id result seconds reason" of each test. */
static struct json_object *result(const char *status, const char *phase,
				  const char *const *tests)
{
	struct json_object *o = json_object_new_object(), *a = json_object_new_array();

	json_set_str(o, "status", status);
	json_set_str(o, "phase", phase);
	json_set_str(o, "reason", strcmp(status, "ok") ? "it died" : NULL);
	json_set_num(o, "seconds", 30);
	for (; *tests; tests++) {
		struct json_object *t = json_object_new_object();
		char id[64], word[16], reason[64] = "";
		double seconds = 0;

		assert_true(sscanf(*tests, "%63s %15s %lf %63[^\n]", id, word, &seconds,
				   reason) >= 2);
		json_set_str(t, "test", id);
		json_set_str(t, "result", word);
		json_set_num(t, "seconds", seconds);
		json_set_str(t, "reason", *reason ? reason : NULL);
		json_set_str(t, "output",
			     "ok 1 x\nnot ok 2 y # saw 0\n# note: seed = 77\n");
		json_object_array_add(a, t);
	}
	json_set(o, "tests", a);
	return o;
}

#define TESTS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static struct json_object *record(int64_t boot, const struct topology *t,
				  const char *status, const char *phase,
				  const char *const *tests)
{
	AUTO_JSON struct json_object *r = result(status, phase, tests);
	struct json_object *o = quiet_record_new(boot, t);

	quiet_record_fill(o, r, "6.1.192");
	return o;
}

/* "test round word known" of each, one after the other. */
static void add_failure(const struct quiet_failure *f, void *arg)
{
	str_addf(arg, "%s %lld %s%s;", f->test ? f->test : "-", f->round, f->word,
		 f->known ? " known" : "");
}

static void expect_failures(struct json_object *r, const struct known_issues *known,
			    unsigned int n, const char *want)
{
	AUTO(str_done) struct str got = STR_INIT;

	assert_int_equal(quiet_record_failures(r, known, add_failure, &got), n);
	assert_string_equal(str_get(&got), want);
	json_object_put(r);
}

static void failures_of_a_boot(void **state)
{
	struct topology *t = topology("up");
	struct json_object *r, *splats;

	(void)state;
	expect_failures(record(1, t, "ok", "end", TESTS("q/a pass", "q/b skip")), NULL, 0,
			"");
	expect_failures(record(1, t, "ok", "end",
			       TESTS("q/a pass", "q/b fail", "q/a splat", "q/b timeout")),
			NULL, 3, "q/b 1 fail;q/a 2 splat;q/b 2 timeout;");
	/* The test is charged that it died in, and nobody twice. */
	expect_failures(record(1, t, "panic", "test",
			       TESTS("q/a pass", "q/b crash", "q/c not-run")),
			NULL, 1, "q/b 1 crash;");
	/* A test that was killed earlier has nothing to do with it. */
	expect_failures(record(1, t, "panic", "end", TESTS("q/a crash", "q/b pass")),
			NULL, 2, "- 0 panic;q/a 1 crash;");
	expect_failures(record(1, t, "hang", "boot", TESTS("q/a not-run")), NULL, 1,
			"- 0 hang;");
	expect_failures(record(1, t, "no-result", "test", TESTS("q/a pass")), NULL, 1,
			"- 0 no-result;");
	/* A word that is none is no pass. */
	expect_failures(record(1, t, "ok", "end", TESTS("q/a good")), NULL, 1,
			"q/a 1 good;");
	r = record(1, t, "ok", "end", TESTS("q/a pass"));
	splats = json_object_new_array();
	json_add_str(splats, "WARNING: at mm/x.c");
	json_set(r, "splats", splats);
	expect_failures(r, NULL, 1, "- 0 splat;");
	r = record(1, t, "ok", "end", TESTS("q/a fail"));
	quiet_record_lose(r, "ours");
	expect_failures(r, NULL, 0, "");
	topology_free(t);
}

static void known_failures_do_not_count(void **state)
{
	struct topology *up = topology("up"), *numa2 = topology("numa2");
	struct known_issues *known = NULL;
	struct err err = { .msg = "" };

	(void)state;
	assert_int_equal(known_issues_parse("k.ini",
					    "[q/a]\nkernel = 6.1\ntopology = up\n"
					    "match = saw 0\nreason = r\n"
					    "expires = 2199-01-01\n",
					    &known, &err),
			 0);
	expect_failures(
		record(1, up, "ok", "end",
		       TESTS("q/a fail 1 saw 0", "q/b fail 1 saw 0", "q/a fail 1 saw 3")),
		known, 2, "q/a 1 fail known;q/b 1 fail;q/a 2 fail;");
	expect_failures(record(1, numa2, "ok", "end", TESTS("q/a fail 1 saw 0")), known,
			1, "q/a 1 fail;");
	known_issues_free(known);
	topology_free(up);
	topology_free(numa2);
}

/* Where an entry says that the kernel is wrong, a pass is counted for itself. */
static void a_known_issue_that_does_not_show(void **state)
{
	struct topology *t[] = { topology("up"), topology("numa2") };
	struct quiet_tally *tally = quiet_tally_new(t, 2);
	struct known_issues *known = NULL;
	struct err err = { .msg = "" };
	static const char *const tests[] = { "q/a pass",
					     "q/b pass 1 1 of 2 subtests skipped",
					     "q/b pass", "q/a fail 1 saw 0", NULL };

	(void)state;
	assert_int_equal(known_issues_parse("k.ini",
					    "[q/a]\nkernel = 6.1..\ntopology = up\n"
					    "match = saw 0\nreason = r\n"
					    "expires = 2199-01-01\n",
					    &known, &err),
			 0);
	for (size_t i = 0; i < 2; i++) {
		AUTO_JSON struct json_object *r =
			record((int64_t)i + 1, t[i], "ok", "end", tests);

		quiet_tally_add(tally, r, known);
	}
	assert_int_equal(quiet_tally_case(tally, "q/a")->missed, 1);
	assert_int_equal(quiet_tally_case(tally, "q/a")->known, 1);
	assert_int_equal(quiet_tally_case(tally, "q/b")->missed, 0);
	assert_int_equal(quiet_tally_case(tally, "q/b")->partly, 2);
	assert_int_equal(quiet_tally_case(tally, "q/a")->partly, 0);
	quiet_tally_free(tally);
	known_issues_free(known);
	topology_free(t[0]);
	topology_free(t[1]);
}

static void seeds_and_lines(void **state)
{
	struct topology *t = topology("up");
	AUTO_JSON struct json_object *raw =
		result("ok", "end", TESTS("q/a fail", "q/b fail"));
	AUTO_JSON struct json_object *r = quiet_record_new(3, t);
	struct json_object *data = json_object_new_object(), *first, *second;

	(void)state;
	json_set_int(data, "seed", 4711);
	json_set(json_object_array_get_idx(json_arr(raw, "tests"), 1), "data", data);
	quiet_record_fill(r, raw, NULL);
	first = json_object_array_get_idx(json_arr(r, "tests"), 0);
	second = json_object_array_get_idx(json_arr(r, "tests"), 1);
	assert_string_equal(json_str(first, "seed", "-"), "77");
	assert_string_equal(json_str(second, "seed", "-"), "4711");
	assert_int_equal(json_len(json_arr(first, "lines")), 1);
	assert_string_equal(json_object_get_string(json_object_array_get_idx(
				    json_arr(first, "lines"), 0)),
			    "not ok 2 y # saw 0");
	topology_free(t);
}

/* The same file, of which sluice would make another machine. */
static void a_record_is_of_one_machine(void **state)
{
	struct topology *t = topology("up");
	AUTO_JSON struct json_object *r = quiet_record_new(1, t);

	(void)state;
	assert_true(quiet_record_is_on(r, t));
	t->nodes[0].memory *= 2;
	assert_false(quiet_record_is_on(r, t));
	t->nodes[0].memory /= 2;
	free(t->cmdline);
	t->cmdline = str_dup("nosmp");
	assert_false(quiet_record_is_on(r, t));
	topology_free(t);
}

/* ---- key ---- */

static char *key_text(const struct quiet_opts *o)
{
	AUTO_JSON struct json_object *key = quiet_key(o);

	return str_dup(json_object_to_json_string(key));
}

static void expect_other_key(const struct quiet_opts *o, const char *first)
{
	AUTO_FREE char *now = key_text(o);

	assert_string_not_equal(now, first);
}

static void key_holds_what_judges(void **state)
{
	struct suite *v[] = { suite("q", "[suite]\n[test a]\nprogram = p\n") };
	struct kconfig kconfig = { .slowdown = 1, .cmdline = (char *)"" };
	struct kconfig *configs[] = { &kconfig };
	struct config c = { .boot_timeout_ms = 60000,
			    .console_bytes = 1,
			    .qmp_events = 1,
			    .cmdline_extra = (char *)"" };
	struct plan p = { .configs = configs,
			  .suites = v,
			  .nsuites = 1,
			  .qemu_version = (char *)"7.2.1",
			  .cpu_model = (char *)"" };
	struct quiet_suite once = { .repeat = 1 };
	const struct quiet_suites want = { .v = &once, .n = 1 };
	const struct quiet_opts o = { .config = &c,
				      .plan = &p,
				      .suites = &want,
				      .image_sha = "1",
				      .initramfs_sha = "2" };
	AUTO_JSON struct json_object *key = quiet_key(&o);
	AUTO_FREE char *first = key_text(&o);

	(void)state;
	assert_string_equal(json_str(key, "schema", "-"), QUIET_SCHEMA);
	assert_int_equal(strspn(json_str(key, "judge", ""), "0123456789abcdef"), 64);
	p.qemu_version = (char *)"7.2.2";
	expect_other_key(&o, first);
	p.qemu_version = (char *)"7.2.1";
	c.boot_timeout_ms = 1000;
	expect_other_key(&o, first);
	c.boot_timeout_ms = 60000;
	kconfig.slowdown = 2;
	expect_other_key(&o, first);
	kconfig.slowdown = 1;
	once.repeat = 2;
	expect_other_key(&o, first);
	suite_free(v[0]);
}

/* ---- tally ---- */

static void add(struct quiet_tally *tally, struct json_object *r)
{
	quiet_tally_add(tally, r, NULL);
	json_object_put(r);
}

static void counts(void **state)
{
	struct topology *v[] = { topology("up"), topology("numa2") };
	struct quiet_tally *t = quiet_tally_new(v, 2);
	struct quiet_case *a, *b;
	struct json_object *lost = quiet_record_new(4, v[0]);

	(void)state;
	add(t, record(1, v[0], "ok", "end",
		      TESTS("q/a pass 1", "q/b skip 0", "q/a pass 3", "q/b fail 9",
			    "d/c pass 7")));
	add(t, record(2, v[1], "ok", "end",
		      TESTS("q/a pass 2", "q/b pass 1", "q/a pass 2.5", "q/b pass 2",
			    "d/c pass 8")));
	add(t, record(3, v[0], "panic", "test",
		      TESTS("q/a pass 5", "q/b crash 1", "q/a not-run", "q/b not-run",
			    "d/c not-run")));
	quiet_record_lose(lost, "ours");
	add(t, lost);
	quiet_tally_end(t);
	assert_int_equal(t->boots, 3);
	assert_int_equal(t->boots_on[0], 2);
	assert_int_equal(t->boots_on[1], 1);
	assert_int_equal(t->lost, 1);
	assert_int_equal(t->died, 1);
	assert_int_equal(t->timeouts, 0);
	assert_int_equal(t->bad_boots, 2);
	assert_int_equal(t->failures, 2);
	assert_int_equal(t->boot_failures, 0);
	assert_string_equal(t->kernel, "6.1.192");
	a = quiet_tally_case(t, "q/a");
	b = quiet_tally_case(t, "q/b");
	assert_int_equal(a->rounds, 5);
	assert_int_equal(a->failed, 0);
	assert_int_equal(a->not_run, 1);
	assert_int_equal(b->rounds, 4);
	assert_int_equal(b->failed, 2);
	assert_int_equal(b->skipped, 1);
	quiet_tally_free(t);
	topology_free(v[0]);
	topology_free(v[1]);
}

static void times(void **state)
{
	struct topology *v[] = { topology("up"), topology("numa2") };
	struct quiet_tally *t = quiet_tally_new(v, 2);
	struct quiet_case *a;

	(void)state;
	add(t, record(1, v[1], "ok", "end",
		      TESTS("q/a pass 3", "q/b pass 1", "q/a pass 1", "q/b pass 2.25")));
	add(t, record(2, v[0], "ok", "end", TESTS("q/a pass 0.5", "q/b pass 0.5")));
	add(t, record(3, v[1], "panic", "test",
		      TESTS("q/a pass 2", "q/b pass 1", "q/a crash 9", "q/b not-run")));
	quiet_tally_end(t);
	a = quiet_tally_case(t, "q/a");
	assert_int_equal(a->ntimes, 2);
	assert_int_equal(a->times[0].topology, 0);
	assert_int_equal(a->times[1].n, 3);
	assert_int_equal(a->times[1].ms[0], 1000);
	assert_int_equal(a->times[1].ms[2], 3000);
	assert_true(quiet_times_median_ms(&a->times[1]) == 2000);
	/* Rounds that were not cut short: 4, 3.25 and 3 s on numa2. */
	assert_int_equal(t->nsuites, 1);
	assert_string_equal(t->suites[0].name, "q");
	assert_int_equal(t->suites[0].times[1].n, 3);
	assert_int_equal(t->suites[0].times[1].ms[2], 4000);
	assert_true(quiet_times_median_ms(&t->suites[0].times[1]) == 3250);
	assert_int_equal(t->suites[0].times[0].ms[0], 1000);
	quiet_tally_free(t);
	topology_free(v[0]);
	topology_free(v[1]);
}

/* Boots on a topology that changed since are not mixed with others. */
static void older_topologies(void **state)
{
	struct topology *now[] = { topology("up") }, *before = topology("other");
	struct quiet_tally *t = quiet_tally_new(now, 1);

	(void)state;
	free(before->name);
	before->name = str_dup("up");
	add(t, record(1, before, "ok", "end", TESTS("q/a fail")));
	add(t, record(2, now[0], "ok", "end", TESTS("q/a pass")));
	assert_int_equal(t->older, 1);
	assert_int_equal(t->boots, 1);
	assert_int_equal(t->failures, 0);
	quiet_tally_free(t);
	topology_free(now[0]);
	topology_free(before);
}

/* ---- store ---- */

static struct quiet_store *open_store(const char *dir, const char *image)
{
	AUTO_JSON struct json_object *key = json_object_new_object();
	struct quiet_store *s = NULL;
	struct err err = { .msg = "" };

	json_set_str(key, "image", image);
	if (quiet_store_open(dir, key, &s, &err) < 0)
		fail_msg("%s", err.msg);
	return s;
}

static void add_state(struct json_object *r, void *arg)
{
	str_addf(arg, "%lld %s;", json_int(r, "boot", 0), json_str(r, "state", "?"));
}

static void expect_store(struct quiet_store *s, const char *want)
{
	AUTO(str_done) struct str got = STR_INIT;
	struct err err = { .msg = "" };

	assert_int_equal(quiet_store_each(s, add_state, &got, &err), 0);
	assert_string_equal(str_get(&got), want);
}

static void begin_boot(struct quiet_store *s, const struct topology *t, bool end)
{
	AUTO_JSON struct json_object *r = NULL;
	AUTO_JSON struct json_object *raw = result("ok", "end", TESTS("q/a pass"));
	struct err err = { .msg = "" };

	assert_int_equal(quiet_store_begin(s, t, &r, &err), 0);
	quiet_record_fill(r, raw, "6.1.1");
	if (end && quiet_store_end(s, r, &err) < 0)
		fail_msg("%s", err.msg);
}

static void nothing_is_dropped(void **state)
{
	struct topology *t = topology("up");
	struct quiet_store *s = open_store(*state, "one");
	AUTO_FREE char *broken = NULL;
	struct err err;

	begin_boot(s, t, true);
	begin_boot(s, t, false); /* killed while it runs */
	begin_boot(s, t, true);
	expect_store(s, "1 done;3 done;");
	quiet_store_free(s);
	s = open_store(*state, "one");
	expect_store(s, "1 done;2 lost;3 done;");
	begin_boot(s, t, true);
	expect_store(s, "1 done;2 lost;3 done;4 done;");
	broken = path_join(quiet_store_dir(s), "boots", "00003.json", NULL);
	assert_int_equal(file_write_atomic(broken, "{", 1, 0644, &err), 0);
	expect_store(s, "1 done;2 lost;3 lost;4 done;");
	quiet_store_free(s);
	s = open_store(*state, "two");
	expect_store(s, "");
	quiet_store_free(s);
	topology_free(t);
}

/* Killed after the record was written, before its marker was removed. */
static void a_record_wins_over_its_marker(void **state)
{
	struct topology *t = topology("up");
	struct quiet_store *s = open_store(*state, "one");
	AUTO_FREE char *marker =
		path_join(quiet_store_dir(s), "boots", "00001.running", NULL);
	struct err err;

	begin_boot(s, t, true);
	assert_int_equal(file_write_atomic(marker, "{}", 2, 0644, &err), 0);
	quiet_store_free(s);
	s = open_store(*state, "one");
	expect_store(s, "1 done;");
	assert_false(path_exists(marker));
	quiet_store_free(s);
	topology_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suites_with_repeats),
		cmocka_unit_test(rounds_then_deep),
		cmocka_unit_test(slowdown_is_on_the_command_line),
		cmocka_unit_test(plans_fit_a_guest),
		cmocka_unit_test(turns_are_even),
		cmocka_unit_test(failures_of_a_boot),
		cmocka_unit_test(known_failures_do_not_count),
		cmocka_unit_test(a_known_issue_that_does_not_show),
		cmocka_unit_test(seeds_and_lines),
		cmocka_unit_test(a_record_is_of_one_machine),
		cmocka_unit_test(key_holds_what_judges),
		cmocka_unit_test(counts),
		cmocka_unit_test(times),
		cmocka_unit_test(older_topologies),
		tmpdir_test(nothing_is_dropped),
		tmpdir_test(a_record_wins_over_its_marker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
