#include "tests/unit/cm.h"

#include "kernels/warnings.h"
#include "lib/json.h"

static struct json_object *parse(const char *text)
{
	struct json_object *o = NULL;
	struct err err = { 0 };

	if (json_parse(text, strlen(text), &o, &err) < 0)
		fail_msg("%s: %s", text, err.msg);
	return o;
}

/* The document after a build that made these objects. */
static struct json_object *build(struct json_object *prev, int step, bool complete,
				 const char *compiled, const char *pending)
{
	struct json_object *c = parse(compiled);
	struct json_object *p = pending ? parse(pending) : NULL;
	struct warnings_build b = {
		.step = step,
		.complete = complete,
		.compiled = c,
		.pending = p,
	};
	struct json_object *doc = warnings_carry(prev, &b);

	json_object_put(c);
	json_object_put(p);
	return doc;
}

#define W(file, line, text) \
	"{\"file\":\"" file "\",\"line\":" #line ",\"flag\":\"f\",\"text\":\"" text "\"}"

static size_t new_count(struct json_object *prev, struct json_object *cur)
{
	struct json_object *n = warnings_new(prev, cur);
	size_t count = json_len(n);

	json_object_put(n);
	return count;
}

static long long since_of_first(struct json_object *prev, struct json_object *cur)
{
	struct json_object *n = warnings_new(prev, cur);
	long long since = json_int(json_object_array_get_idx(n, 0), "since", -1);

	json_object_put(n);
	return since;
}

static void carried_until_recompiled(void **state)
{
	struct json_object *base = build(
		NULL, 0, true, "{\"a.o\":[" W("a.c", 1, "old") "],\"b.o\":[]}", NULL);
	struct json_object *one =
		build(base, 1, true, "{\"b.o\":[" W("b.c", 5, "new") "]}", NULL);
	struct json_object *two = build(one, 2, true, "{\"a.o\":[]}", NULL);
	struct json_object *n = warnings_new(base, one);

	(void)state;
	assert_int_equal(new_count(NULL, base), 0);
	assert_int_equal(json_len(n), 1);
	assert_string_equal(json_str(json_object_array_get_idx(n, 0), "file", ""), "b.c");
	assert_int_equal(new_count(one, two), 0);
	assert_null(json_arr(json_obj(two, "objects"), "a.o"));
	assert_non_null(json_arr(json_obj(two, "objects"), "b.o"));
	json_object_put(n);
	json_object_put(base);
	json_object_put(one);
	json_object_put(two);
}

static void shifted_lines_are_not_new(void **state)
{
	struct json_object *base = build(
		NULL, 0, true,
		"{\"a.o\":[" W("a.c", 10, "the frame size of 1040 bytes is larger than 1024 bytes") "," W(
			"a.c", 20, "unused variable 'x1'") "]}",
		NULL);
	struct json_object *one = build(
		base, 1, true,
		"{\"a.o\":[" W("a.c", 14, "the frame size of 1056 bytes is larger than 1024 bytes") "," W(
			"a.c", 24, "unused variable 'x1'") "]}",
		NULL);
	struct json_object *two = build(
		one, 2, true,
		"{\"a.o\":[" W("a.c", 14, "the frame size of 1056 bytes is larger than 1024 bytes") "," W(
			"a.c", 24,
			"unused variable 'x1'") "," W("a.c", 34,
						      "unused variable 'x1'") "]}",
		NULL);

	(void)state;
	assert_int_equal(new_count(base, one), 0);
	/* The same text once more is one more. */
	assert_int_equal(new_count(one, two), 1);
	json_object_put(base);
	json_object_put(one);
	json_object_put(two);
}

static void header_counts_once(void **state)
{
	struct json_object *base = build(
		NULL, 0, true,
		"{\"a.o\":[" W("h.h", 1, "x") "],\"b.o\":[" W("h.h", 1, "x") "]}", NULL);
	/* One more object includes the header: nothing new. */
	struct json_object *one =
		build(base, 1, true, "{\"c.o\":[" W("h.h", 1, "x") "]}", NULL);
	/* A new text in it, seen by two objects: one. */
	struct json_object *two =
		build(one, 2, true,
		      "{\"a.o\":[" W("h.h", 1, "x") "," W(
			      "h.h", 2, "y") "],"
					     "\"b.o\":[" W("h.h", 1, "x") "," W("h.h", 2,
										"y") "]}",
		      NULL);

	(void)state;
	assert_int_equal(new_count(base, one), 0);
	assert_int_equal(new_count(one, two), 1);
	json_object_put(base);
	json_object_put(one);
	json_object_put(two);
}

/* Step 1 changes a.c and b.c and fails before b.o is made; step 2 repairs a.c. */
static void failed_build_leaves_pending(void **state)
{
	struct json_object *base = build(NULL, 0, true, "{\"a.o\":[],\"b.o\":[]}", NULL);
	struct json_object *one =
		build(base, 1, false, "{}", "{\"a.o\":true,\"b.o\":true}");
	struct json_object *two =
		build(one, 2, true,
		      "{\"a.o\":[],\"b.o\":[" W(
			      "b.c", 1, "late") "],"
						"\"c.o\":[" W("c.c", 1, "own") "]}",
		      NULL);
	struct json_object *n = warnings_new(one, two);

	(void)state;
	assert_int_equal(json_len(n), 2);
	assert_int_equal(json_int(json_object_array_get_idx(n, 0), "since", -1), 1);
	assert_int_equal(json_int(json_object_array_get_idx(n, 0), "step", -1), 2);
	assert_int_equal(json_int(json_object_array_get_idx(n, 1), "since", -1), 2);
	assert_int_equal(json_object_object_length(json_obj(two, "pending")), 0);
	json_object_put(n);
	json_object_put(base);
	json_object_put(one);
	json_object_put(two);
}

static void pending_lasts_over_several_failures(void **state)
{
	struct json_object *base = build(NULL, 0, true, "{\"b.o\":[]}", NULL);
	struct json_object *one = build(base, 1, false, "{}", "{\"b.o\":true}");
	struct json_object *two =
		build(one, 2, false, "{}", "{\"b.o\":true,\"c.o\":true}");
	struct json_object *three =
		build(two, 3, true, "{\"b.o\":[" W("b.c", 1, "late") "]}", NULL);

	(void)state;
	assert_int_equal(since_of_first(two, three), 1);
	json_object_put(base);
	json_object_put(one);
	json_object_put(two);
	json_object_put(three);
}

/* A retry of the same step is no other step. */
static void retry_keeps_the_step(void **state)
{
	struct json_object *base = build(NULL, 0, true, "{\"b.o\":[]}", NULL);
	struct json_object *one = build(
		base, 1, false, "{\"a.o\":[" W("a.c", 1, "x") "]}", "{\"b.o\":true}");
	struct json_object *again =
		build(one, 1, true, "{\"b.o\":[" W("b.c", 1, "y") "]}", NULL);

	(void)state;
	assert_int_equal(new_count(base, again), 2);
	assert_int_equal(since_of_first(base, again), 1);
	json_object_put(base);
	json_object_put(one);
	json_object_put(again);
}

/* A base that fails says nothing about what was not compiled. */
static void failed_base(void **state)
{
	struct json_object *base = build(NULL, 0, false, "{\"a.o\":[]}", NULL);
	struct json_object *one = build(
		base, 1, true, "{\"z.o\":[" W("z.c", 1, "never seen before") "]}", NULL);

	(void)state;
	assert_int_equal(json_int(base, "pending_all", -1), 0);
	assert_int_equal(since_of_first(base, one), 0);
	json_object_put(base);
	json_object_put(one);
}

static bool gone_a(const char *object, void *arg)
{
	(void)arg;
	return strcmp(object, "a.o") == 0;
}

static void vanished_objects_drop(void **state)
{
	struct json_object *base = build(
		NULL, 0, true,
		"{\"a.o\":[" W("a.c", 1, "x") "],\"b.o\":[" W("b.c", 1, "x") "]}", NULL);
	struct warnings_build b = { .step = 1, .complete = true, .gone = gone_a };
	struct json_object *one = warnings_carry(base, &b);
	struct json_object *all = warnings_all(one);

	(void)state;
	assert_null(json_arr(json_obj(one, "objects"), "a.o"));
	assert_int_equal(json_len(all), 1);
	json_object_put(all);
	json_object_put(base);
	json_object_put(one);
}

static void normal_text(void **state)
{
	static const char *const cases[][2] = {
		{ "line 12 of 3x4", "line # of 3x4" },
		{ "unused 'x 12'", "unused 'x 12'" },
		{ "f+0x1c4: doesn't end after 7", "f+#: doesn't end after #" },
		{ "", "" },
		{ "'open", "'open" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *n = warnings_normal_text(cases[i][0]);

		assert_string_equal(n, cases[i][1]);
		free(n);
	}
}

/* A stored document is a stranger's by the time it comes back. */
static void foreign_documents(void **state)
{
	static const char *const texts[] = {
		"{}",
		"{\"objects\":[]}",
		"{\"objects\":{\"a\":5,\"b\":[1,null,[]]}}",
		"{\"pending\":7,\"late\":[],\"step\":\"x\",\"pending_all\":{}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct json_object *d = parse(texts[i]);
		struct json_object *next =
			build(d, 1, false, "{\"a\":[]}", "{\"b\":true}");

		new_count(d, next);
		json_object_put(d);
		json_object_put(next);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carried_until_recompiled),
		cmocka_unit_test(shifted_lines_are_not_new),
		cmocka_unit_test(header_counts_once),
		cmocka_unit_test(failed_build_leaves_pending),
		cmocka_unit_test(pending_lasts_over_several_failures),
		cmocka_unit_test(retry_keeps_the_step),
		cmocka_unit_test(failed_base),
		cmocka_unit_test(vanished_objects_drop),
		cmocka_unit_test(normal_text),
		cmocka_unit_test(foreign_documents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
