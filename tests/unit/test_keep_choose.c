#include "tests/unit/cm.h"

#include "daemon/keep_choose.h"
#include "lib/cleanup.h"

#define NOW 1000000
#define DAY 1000

static struct keep_item item(enum keep_kind kind, int64_t age, int64_t bytes)
{
	return (struct keep_item){ .kind = kind, .used = NOW - age, .bytes = bytes };
}

static struct keep_item pinned(enum keep_kind kind, int64_t age, int64_t bytes)
{
	struct keep_item it = item(kind, age, bytes);

	it.pinned = true;
	return it;
}

static struct keep_want nothing_asked(void)
{
	return (struct keep_want){ .now = NOW, .newest = 10 };
}

/* As the daemon has it: mails and quiet boots are not made again. */
static void lack(struct keep_want *w, int64_t bytes)
{
	for (int kind = 0; kind <= KEEP_LOG; kind++)
		w->lack[kind] = bytes;
}

static void order_is(struct keep_item *v, size_t n, const struct keep_want *w,
		     const int *want)
{
	AUTO_FREE size_t *got = NULL;
	size_t ngot = keep_choose(v, n, w, &got), i;

	for (i = 0; i < ngot; i++)
		if (want[i] < 0 || got[i] != (size_t)want[i])
			fail_msg("place %zu: item %zu, expected %d", i, got[i], want[i]);
	if (want[i] >= 0)
		fail_msg("%zu go, expected item %d, too", ngot, want[i]);
}
#define ORDER_IS(v, w, ...) \
	order_is(v, ARRAY_SIZE(v), w, (const int[]){ __VA_ARGS__ __VA_OPT__(, ) - 1 })

static void without_rules_all_stays(void **state)
{
	struct keep_item v[] = { item(KEEP_IMAGE, 999999, 5), item(KEEP_LOG, 999999, 5) };
	struct keep_want w = nothing_asked();

	(void)state;
	ORDER_IS(v, &w);
	order_is(NULL, 0, &w, (const int[]){ -1 });
}

static void what_is_older_than_its_rule_goes(void **state)
{
	struct keep_item v[] = { item(KEEP_LOG, 3 * DAY, 1), item(KEEP_LOG, DAY, 1),
				 item(KEEP_LOG, 5 * DAY, 1), item(KEEP_IMAGE, 9 * DAY, 1),
				 item(KEEP_LOG, 2 * DAY, 1) };
	struct keep_want w = nothing_asked();

	(void)state;
	w.rules[KEEP_LOG].age = 2 * DAY;
	ORDER_IS(v, &w, 2, 0); /* the oldest first; exactly 2 days is not older */
	assert_int_equal(v[2].why, KEEP_AGE);
	assert_int_equal(v[1].why, KEEP_STAYS);
}

static void over_the_size_the_least_used_goes(void **state)
{
	struct keep_item v[] = { item(KEEP_IMAGE, 1 * DAY, 40),
				 item(KEEP_IMAGE, 3 * DAY, 40),
				 item(KEEP_IMAGE, 2 * DAY, 40),
				 item(KEEP_LOG, 9 * DAY, 400) };
	struct keep_want w = nothing_asked();

	(void)state;
	w.rules[KEEP_IMAGE].bytes = 80;
	ORDER_IS(v, &w, 1);
	assert_int_equal(v[1].why, KEEP_SIZE);
	w.rules[KEEP_IMAGE].bytes = 79;
	ORDER_IS(v, &w, 1, 2);
	/* What goes by age is not counted any more. */
	w.rules[KEEP_IMAGE] = (struct keep_rule){ .age = 2 * DAY, .bytes = 80 };
	ORDER_IS(v, &w, 1);
	assert_int_equal(v[1].why, KEEP_AGE);
}

static void pinned_and_fresh_stay(void **state)
{
	struct keep_item v[] = { pinned(KEEP_IMAGE, 9 * DAY, 50), item(KEEP_IMAGE, 9, 50),
				 item(KEEP_IMAGE, 20, 50) };
	struct keep_want w = nothing_asked();

	(void)state;
	/* They take up the size all the same. */
	w.rules[KEEP_IMAGE] = (struct keep_rule){ .age = 1, .bytes = 60 };
	lack(&w, 1000000);
	ORDER_IS(v, &w, 2);
	w.newest = 30;
	ORDER_IS(v, &w);
}

static void a_full_disk_takes_caches_then_images_then_logs(void **state)
{
	struct keep_item v[] = {
		item(KEEP_LOG, 9 * DAY, 10),   item(KEEP_IMAGE, DAY, 10),
		item(KEEP_IMAGE, 2 * DAY, 10), item(KEEP_SRC, DAY, 10),
		item(KEEP_OUT, 50, 10),        item(KEEP_MAIL, 9 * DAY, 10),
		item(KEEP_QUIET, 9 * DAY, 10), item(KEEP_LOG, DAY, 10)
	};
	struct keep_want w = nothing_asked();

	(void)state;
	lack(&w, 15);
	ORDER_IS(v, &w, 4, 3);
	assert_int_equal(v[4].why, KEEP_DISK);
	lack(&w, 41);
	ORDER_IS(v, &w, 4, 3, 2, 1, 0);
	lack(&w, 1000000);
	ORDER_IS(v, &w, 4, 3, 2, 1, 0, 7);
	/* It takes more to give evidence away than caches. */
	w.lack[KEEP_LOG] = 40;
	ORDER_IS(v, &w, 4, 3, 2, 1);
	w.lack[KEEP_IMAGE] = 21;
	ORDER_IS(v, &w, 4, 3, 2, 0);
}

static void what_age_takes_counts_for_the_disk(void **state)
{
	struct keep_item v[] = { item(KEEP_LOG, 9 * DAY, 10), item(KEEP_OUT, DAY, 10),
				 item(KEEP_OUT, 2 * DAY, 10) };
	struct keep_want w = nothing_asked();

	(void)state;
	w.rules[KEEP_LOG].age = DAY;
	lack(&w, 20);
	ORDER_IS(v, &w, 0, 2);
	lack(&w, 10);
	ORDER_IS(v, &w, 0);
}

static void caches_have_one_rule(void **state)
{
	struct keep_item v[] = { item(KEEP_SRC, 2 * DAY, 30), item(KEEP_OUT, 3 * DAY, 30),
				 item(KEEP_SRC, DAY, 30) };
	struct keep_want w = nothing_asked();

	(void)state;
	w.rules[KEEP_OUT].bytes = 60;
	ORDER_IS(v, &w, 1);
	w.rules[KEEP_OUT] = (struct keep_rule){ .age = DAY + 1 };
	ORDER_IS(v, &w, 1, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_rules_all_stays),
		cmocka_unit_test(what_is_older_than_its_rule_goes),
		cmocka_unit_test(over_the_size_the_least_used_goes),
		cmocka_unit_test(pinned_and_fresh_stay),
		cmocka_unit_test(a_full_disk_takes_caches_then_images_then_logs),
		cmocka_unit_test(what_age_takes_counts_for_the_disk),
		cmocka_unit_test(caches_have_one_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
