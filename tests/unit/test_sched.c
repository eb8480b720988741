#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/sched.h"
#include "lib/cleanup.h"

#define GIB (1ULL << 30)

static struct sched_view view_of(const struct sched_boot *boots, size_t n)
{
	return (struct sched_view){
		.nsteps = 6,
		.cpus = 2,
		.memory = 8 * GIB,
		.build_memory = GIB,
		.boots = boots,
		.nboots = n,
	};
}

static void nothing_left_is_finished(void **state)
{
	struct sched_view v = view_of(NULL, 0);

	(void)state;
	assert_int_equal(sched_next(&v).what, SCHED_FINISHED);
	v.build_running = true;
	assert_int_equal(sched_next(&v).what, SCHED_WAIT);
}

static void base_then_tip_then_order(void **state)
{
	struct sched_boot boots[] = {
		{ .step = 2, .memory = GIB, .cpus = 4 },
		{ .step = 5, .memory = GIB, .cpus = 4 },
		{ .step = 0, .memory = GIB, .cpus = 4 },
		{ .step = 1, .memory = GIB, .cpus = 4 },
	};
	static const size_t want[] = { 2, 1, 3, 0 };
	struct sched_view v = view_of(boots, ARRAY_SIZE(boots));

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		struct sched_action a = sched_next(&v);

		assert_int_equal(a.what, SCHED_BOOT);
		assert_int_equal(a.boot, want[i]);
		boots[a.boot].state = SCHED_RUNNING;
		assert_int_equal(sched_next(&v).what, SCHED_WAIT);
		boots[a.boot].state = SCHED_DONE;
	}
	assert_int_equal(sched_next(&v).what, SCHED_FINISHED);
}

static void a_build_and_a_boot_overlap(void **state)
{
	struct sched_boot boots[] = { { .step = 0, .memory = GIB, .cpus = 4 } };
	struct sched_view v = view_of(boots, 1);

	(void)state;
	v.build_waiting = true;
	assert_int_equal(sched_next(&v).what, SCHED_BUILD);
	v.build_waiting = false;
	v.build_running = true;
	assert_int_equal(sched_next(&v).what, SCHED_BOOT);
}

static void memory_holds_the_second_back(void **state)
{
	struct sched_boot boots[] = {
		{ .step = 0, .memory = 5 * GIB, .state = SCHED_RUNNING },
		{ .step = 1, .memory = 4 * GIB },
	};
	struct sched_view v = view_of(boots, 2);

	(void)state;
	v.guests_max = 2;
	assert_int_equal(sched_next(&v).what, SCHED_WAIT);
	v.memory = 9 * GIB;
	assert_int_equal(sched_next(&v).what, SCHED_BOOT);
	/* One that is larger than all we may use still runs, by itself. */
	v.memory = GIB;
	boots[0].state = SCHED_DONE;
	assert_int_equal(sched_next(&v).what, SCHED_BOOT);
}

static void alone_waits_for_everything(void **state)
{
	struct sched_boot boots[] = {
		{ .step = 3, .memory = GIB, .alone = true },
		{ .step = 4, .memory = GIB, .cpus = 4 },
	};
	struct sched_view v = view_of(boots, 2);

	(void)state;
	v.guests_max = 4;
	assert_int_equal(sched_next(&v).boot, 1);
	boots[1].state = SCHED_RUNNING;
	assert_int_equal(sched_next(&v).what, SCHED_WAIT);
	boots[1].state = SCHED_DONE;
	v.build_running = true;
	assert_int_equal(sched_next(&v).what, SCHED_WAIT);
	v.build_running = false;
	assert_int_equal(sched_next(&v).boot, 0);
	boots[0].state = SCHED_RUNNING;
	/* And nothing starts beside it. */
	v.build_waiting = true;
	assert_int_equal(sched_next(&v).what, SCHED_WAIT);
}

static void guests_follow_the_cpus(void **state)
{
	struct sched_boot boots[] = {
		{ .step = 0, .state = SCHED_RUNNING, .cpus = 4 },
		{ .step = 1, .state = SCHED_RUNNING, .cpus = 4 },
		{ .step = 2, .cpus = 4 },
	};
	struct sched_view v = view_of(boots, 3);

	(void)state;
	v.cpus = 11;
	assert_int_equal(sched_next(&v).what, SCHED_WAIT);
	v.cpus = 12;
	assert_int_equal(sched_next(&v).what, SCHED_BOOT);
	/* The configured number wins, and one guest runs on any machine. */
	v.guests_max = 2;
	assert_int_equal(sched_next(&v).what, SCHED_WAIT);
	v.guests_max = 0;
	v.cpus = 1;
	boots[0].state = boots[1].state = SCHED_DONE;
	assert_int_equal(sched_next(&v).what, SCHED_BOOT);
}

static void deep_waits_for_all_that_is_quick(void **state)
{
	struct sched_boot boots[] = {
		{ .step = 0, .memory = GIB, .cpus = 1, .deep = true },
		{ .step = 5, .memory = GIB, .cpus = 1, .deep = true, .alone = true },
		{ .step = 3, .memory = GIB, .cpus = 1 },
		{ .step = 4, .memory = GIB, .cpus = 1, .alone = true },
	};
	struct sched_view v = view_of(boots, ARRAY_SIZE(boots));

	(void)state;
	v.guests_max = 4;
	v.build_waiting = true;
	v.build_deep = true;
	assert_int_equal(sched_next(&v).boot, 2);
	boots[2].state = SCHED_RUNNING;
	/* The one that runs alone is next, whatever else would fit. */
	assert_int_equal(sched_next(&v).what, SCHED_WAIT);
	boots[2].state = SCHED_DONE;
	assert_int_equal(sched_next(&v).boot, 3);
	boots[3].state = SCHED_RUNNING;
	assert_int_equal(sched_next(&v).what, SCHED_WAIT);
	boots[3].state = SCHED_DONE;
	assert_int_equal(sched_next(&v).what, SCHED_BUILD);
	v.build_waiting = false;
	v.build_running = true;
	assert_int_equal(sched_next(&v).boot, 0);
	/* One that was planned meanwhile goes before it. */
	boots[3].alone = false;
	boots[3].state = SCHED_READY;
	assert_int_equal(sched_next(&v).boot, 3);
	boots[3].state = boots[0].state = SCHED_DONE;
	v.build_running = false;
	assert_int_equal(sched_next(&v).boot, 1);
	boots[1].state = SCHED_DONE;
	assert_int_equal(sched_next(&v).what, SCHED_FINISHED);
}

static void deep_work_fills_what_quick_boots_leave(void **state)
{
	struct sched_boot boots[] = {
		{ .step = 1, .memory = GIB, .cpus = 1, .state = SCHED_RUNNING },
		{ .step = 5, .memory = GIB, .cpus = 1, .deep = true },
	};
	struct sched_view v = view_of(boots, ARRAY_SIZE(boots));

	(void)state;
	v.guests_max = 2;
	v.build_waiting = true;
	v.build_deep = true;
	assert_int_equal(sched_next(&v).what, SCHED_BUILD);
	v.build_waiting = false;
	assert_int_equal(sched_next(&v).boot, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_left_is_finished),
		cmocka_unit_test(base_then_tip_then_order),
		cmocka_unit_test(a_build_and_a_boot_overlap),
		cmocka_unit_test(memory_holds_the_second_back),
		cmocka_unit_test(alone_waits_for_everything),
		cmocka_unit_test(guests_follow_the_cpus),
		cmocka_unit_test(deep_waits_for_all_that_is_quick),
		cmocka_unit_test(deep_work_fills_what_quick_boots_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
