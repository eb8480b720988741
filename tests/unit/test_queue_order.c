#include "tests/unit/cm.h"

#include "daemon/queue_order.h"

#define B QUEUE_BACKGROUND
#define I QUEUE_INTERACTIVE

static struct queue_line line(int64_t id, enum queue_class class, const char *list,
			      const char *sender)
{
	return (struct queue_line){ .id = id,
				    .class = class,
				    .list = (char *)list,
				    .sender = (char *)sender,
				    .version = 1,
				    .posted = id };
}

static void order_is(struct queue_line *v, size_t n, const int64_t *want)
{
	queue_order(v, n);
	for (size_t i = 0; i < n; i++)
		if (v[i].id != want[i])
			fail_msg("place %zu: job %lld, expected %lld", i,
				 (long long)v[i].id, (long long)want[i]);
}
#define ORDER_IS(v, ...) order_is(v, ARRAY_SIZE(v), (const int64_t[]){ __VA_ARGS__ })

static void interactive_goes_first(void **state)
{
	struct queue_line v[] = { line(1, B, "mm", "a"), line(2, I, "", "uid 1"),
				  line(3, B, "mm", "b"), line(4, I, "", "uid 2") };

	(void)state;
	v[1].served = 9; /* even when it had a turn a moment ago */
	ORDER_IS(v, 4, 2, 1, 3);
}

static void what_was_begun_is_finished(void **state)
{
	struct queue_line v[] = { line(1, B, "mm", "a"), line(2, B, "mm", "b"),
				  line(3, B, "mm", "c"), line(4, I, "", "uid 1") };

	(void)state;
	v[2].epoch = 1;
	v[2].served = 50;
	ORDER_IS(v, 4, 3, 1, 2);
}

/* Of the daemon's own; one that somebody waits for goes as any other. */
static void bisections_go_when_nothing_else_does(void **state)
{
	struct queue_line v[] = { line(1, B, "", "sluice"), line(2, B, "", "sluice"),
				  line(3, B, "mm", "a"), line(4, I, "", "uid 1"),
				  line(5, I, "", "uid 2") };

	(void)state;
	v[0].kind = v[1].kind = v[3].kind = QUEUE_BISECT;
	v[0].epoch = 1;
	ORDER_IS(v, 4, 5, 3, 1, 2);
}

static void awaited_heads_go_before_series(void **state)
{
	struct queue_line v[] = { line(1, B, "mm", "a"), line(2, B, "", ""),
				  line(3, B, "", "") };

	(void)state;
	v[1].kind = v[2].kind = QUEUE_HEAD;
	v[2].awaited = true;
	v[1].served = 7;
	ORDER_IS(v, 3, 1, 2);
}

static void newest_version_then_oldest_posting(void **state)
{
	struct queue_line v[] = { line(1, B, "mm", "a"), line(2, B, "mm", "a"),
				  line(3, B, "mm", "a"), line(4, B, "mm", "a") };

	(void)state;
	v[1].version = v[2].version = 3;
	v[1].posted = 20;
	v[2].posted = 10;
	v[3].version = 2;
	ORDER_IS(v, 3, 2, 4, 1);
}

static void senders_of_lists_take_turns(void **state)
{
	struct queue_line v[] = { line(1, B, "mm", "a"),  line(2, B, "mm", "a"),
				  line(3, B, "mm", "b"),  line(4, B, "net", "a"),
				  line(5, B, "net", "a"), line(6, B, "mm", "b") };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		v[i].served = v[i].sender[0] == 'a' ? 3 : 2;
	ORDER_IS(v, 3, 1, 6, 2, 4, 5);
}

/* x has three new senders, y two, z one; z had its turn last. */
static void lists_take_turns_among_new_senders(void **state)
{
	struct queue_line v[] = { line(1, B, "x", "a"), line(2, B, "x", "b"),
				  line(3, B, "x", "c"), line(4, B, "y", "d"),
				  line(5, B, "y", "e"), line(6, B, "z", "f"),
				  line(7, B, "x", "g") };

	(void)state;
	v[5].list_served = 4;
	v[6].served = 3; /* not new: after them */
	v[6].posted = 0;
	ORDER_IS(v, 1, 4, 6, 2, 5, 3, 7);
}

/* ---- a run of the queue as the daemon makes it ---- */

#define FLOOD 5000
#define OTHERS 40

/* The first of each list and sender, as queue_heads gives them; done ones have no id. */
static size_t heads_of(const struct queue_line *all, size_t n, struct queue_line *heads)
{
	size_t m = 0;

	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		if (!all[i].id)
			continue;
		while (k < m && (strcmp(heads[k].sender, all[i].sender) != 0 ||
				 strcmp(heads[k].list, all[i].list) != 0))
			k++;
		if (k == m)
			heads[m++] = all[i];
	}
	return m;
}

/* The next job, as the daemon takes it: by its id, from 1. */
static struct queue_line take_one(struct queue_line *all, size_t n, int64_t turn)
{
	struct queue_line heads[128], got;
	const struct queue_line *l;
	int64_t later;

	l = queue_next(heads, heads_of(all, n, heads), QUEUE_RUNS, 0, &later);
	assert_non_null(l);
	got = *l;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(all[i].sender, got.sender) == 0)
			all[i].served = turn;
		if (strcmp(all[i].list, got.list) == 0)
			all[i].list_served = turn;
	}
	all[got.id - 1].id = 0;
	return got;
}

/* Every other sender's k-th job waits for at most k jobs of the flood, which comes
 * over so many lists. */
static void flood(int lists)
{
	static struct queue_line all[FLOOD + OTHERS];
	static const char *const names[] = { "mm", "net", "usb", "pci", "fs" };
	static const char *const senders[] = { "b", "c", "d", "e" };
	int floods = 0, served[4] = { 0 }, others = 0;
	int64_t turn = 0;

	for (int i = 0; i < FLOOD; i++)
		all[i] = line(i + 1, B, names[i % lists], "a");
	for (int i = 0; i < OTHERS; i++)
		all[FLOOD + i] = line(FLOOD + i + 1, B, "mm", senders[i % 4]);
	while (others < OTHERS) {
		struct queue_line l = take_one(all, ARRAY_SIZE(all), ++turn);

		if (l.sender[0] == 'a') {
			floods++;
			continue;
		}
		others++;
		assert_true(floods <= ++served[l.sender[0] - 'b']);
	}
	assert_int_equal(floods, OTHERS / 4);
}

static void a_flood_delays_others_by_one_job_each(void **state)
{
	(void)state;
	flood(1);
	flood(5);
}

/* What is shown is what comes: order of all against one head at a time. */
static void the_order_shown_is_the_order_taken(void **state)
{
	static struct queue_line all[60], shown[60];
	static const char *const senders[] = { "a", "b", "c", "d", "e", "f", "g", "h" };
	static const char *const lists[] = { "mm", "net", "usb" };
	unsigned int seed = 7;

	(void)state;
	for (int round = 0; round < 50; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
			int who, list;

			seed = seed * 1103515245 + 12345;
			who = (int)(seed / 65536 % 8);
			list = (int)(seed / 1048576 % 3);
			all[i] = line((int64_t)i + 1, B, lists[list], senders[who]);
			/* Half of them never had a turn. */
			all[i].served = who % 2 ? (who * 5 + round) % 8 + 1 : 0;
			all[i].list_served = list < round % 3 ? list + 20 : 0;
		}
		memcpy(shown, all, sizeof(all));
		queue_order(shown, ARRAY_SIZE(shown));
		for (size_t i = 0; i < ARRAY_SIZE(all); i++)
			assert_int_equal(
				take_one(all, ARRAY_SIZE(all), 100 + (int64_t)i).id,
				shown[i].id);
	}
}

static void paused_and_waiting_jobs_are_left(void **state)
{
	struct queue_line v[] = { line(1, B, "mm", "a"), line(2, B, "mm", "b"),
				  line(3, I, "", "uid 1") };
	int64_t later = -1;

	(void)state;
	assert_null(queue_next(v, 3, QUEUE_PAUSED_ALL, 0, &later));
	assert_int_equal(later, 0);
	assert_int_equal(queue_next(v, 3, QUEUE_PAUSED_BACKGROUND, 0, &later)->id, 3);
	assert_null(queue_next(v + 1, 2, QUEUE_PAUSED_BACKGROUND, 0, &later));
	v[1].epoch = 1;
	v[1].not_before = 100;
	assert_int_equal(queue_next(v + 1, 2, QUEUE_RUNS, 99, &later)->id, 2);
	v[2].not_before = 50;
	assert_null(queue_next(v + 1, 2, QUEUE_RUNS, 49, &later));
	assert_int_equal(later, 50);
	assert_int_equal(queue_next(v + 1, 2, QUEUE_RUNS, 100, &later)->epoch, 1);
	assert_null(queue_next(v, 0, QUEUE_RUNS, 0, &later));
}

static void what_has_no_tree_is_last_and_left(void **state)
{
	struct queue_line v[] = { line(1, B, "mm", "a"), line(2, B, "mm", "a"),
				  line(3, B, "mm", "b"), line(4, B, "mm", "a") };
	int64_t later = -1;

	(void)state;
	v[0].treeless = v[2].treeless = true;
	v[0].served = v[1].served = v[3].served = 7;
	ORDER_IS(v, 2, 4, 3, 1);
	assert_int_equal(queue_next(v, 4, QUEUE_RUNS, 0, &later)->id, 2);
	assert_null(queue_next(v + 2, 2, QUEUE_RUNS, 0, &later));
	assert_int_equal(later, 0);
}

static void words_of_paused(void **state)
{
	(void)state;
	assert_int_equal(queue_paused_parse(NULL), QUEUE_RUNS);
	assert_int_equal(queue_paused_parse("never"), QUEUE_RUNS);
	assert_int_equal(queue_paused_parse("all"), QUEUE_PAUSED_ALL);
	assert_string_equal(queue_paused_str(QUEUE_PAUSED_BACKGROUND), "background");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interactive_goes_first),
		cmocka_unit_test(what_was_begun_is_finished),
		cmocka_unit_test(bisections_go_when_nothing_else_does),
		cmocka_unit_test(awaited_heads_go_before_series),
		cmocka_unit_test(newest_version_then_oldest_posting),
		cmocka_unit_test(senders_of_lists_take_turns),
		cmocka_unit_test(lists_take_turns_among_new_senders),
		cmocka_unit_test(a_flood_delays_others_by_one_job_each),
		cmocka_unit_test(the_order_shown_is_the_order_taken),
		cmocka_unit_test(paused_and_waiting_jobs_are_left),
		cmocka_unit_test(what_has_no_tree_is_last_and_left),
		cmocka_unit_test(words_of_paused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
