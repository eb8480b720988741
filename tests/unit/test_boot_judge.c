#include "tests/unit/cm.h"

#include "runners/boot_judge.h"

static void expect(const struct boot_evidence *e, enum boot_outcome status,
		   const char *phase, const char *reason)
{
	struct boot_verdict v = boot_judge(e);

	assert_string_equal(boot_word(v.status), boot_word(status));
	assert_string_equal(v.phase, phase);
	assert_string_equal(v.reason, reason);
	free(v.reason);
}

/* A boot that went through, to be spoiled by each test. */
static struct boot_evidence good(void)
{
	return (struct boot_evidence){ .greeted = true,
				       .shutdown = "guest-shutdown",
				       .how = JOB_EXITED,
				       .hello = true,
				       .plan = true,
				       .end = true,
				       .plan_n = 3,
				       .tests = 3,
				       .done = 3 };
}

/* Cut in the middle of the second test. */
static struct boot_evidence cut(const char *shutdown)
{
	struct boot_evidence e = good();

	snprintf(e.shutdown, sizeof(e.shutdown), "%s", shutdown);
	e.end = false;
	e.done = 1;
	e.current = "s/two";
	return e;
}

static void power_off(void **state)
{
	struct boot_evidence e = good();

	(void)state;
	expect(&e, BOOT_OK, "end", "all frames came, powered off");
	e = cut("guest-shutdown");
	expect(&e, BOOT_NO_RESULT, "test", "guest powered off too early in test s/two");
	e.current = NULL;
	expect(&e, BOOT_NO_RESULT, "test",
	       "guest powered off too early between tests, 1 of 3 done");
	e.plan = e.hello = false;
	expect(&e, BOOT_NO_RESULT, "boot",
	       "guest powered off too early before the guest's init spoke");
	e = good();
	e.plan_n = 2;
	expect(&e, BOOT_INFRA, "end",
	       "guest took another plan than it was given after the last test");
}

static void panics(void **state)
{
	struct boot_evidence e = cut("guest-panic");

	(void)state;
	e.panicked = true;
	expect(&e, BOOT_PANIC, "test", "guest panicked in test s/two");
	e.panic = "Kernel panic - not syncing: x";
	expect(&e, BOOT_PANIC, "test", "Kernel panic - not syncing: x in test s/two");
	/* Before the pvpanic driver: panic=-1 makes it a reset. */
	e = cut("guest-reset");
	e.panic = "Kernel panic - not syncing: x";
	e.hello = e.plan = false;
	e.current = NULL;
	expect(&e, BOOT_PANIC, "boot",
	       "Kernel panic - not syncing: x before the guest's init spoke");
	/* Or it stands still until our deadline. */
	e = cut("");
	e.kill = KILL_DEADLINE;
	e.panic = "Kernel panic - not syncing: x";
	expect(&e, BOOT_PANIC, "test", "Kernel panic - not syncing: x in test s/two");
	/* After the last test it is still one. */
	e = good();
	snprintf(e.shutdown, sizeof(e.shutdown), "guest-panic");
	expect(&e, BOOT_PANIC, "end", "guest panicked after the last test");
}

static void other_deaths(void **state)
{
	struct boot_evidence e = cut("guest-reset");

	(void)state;
	expect(&e, BOOT_RESET, "test",
	       "guest reset itself (triple fault or reboot) in test s/two");
	e = cut("");
	e.watchdog = true;
	expect(&e, BOOT_HANG, "test", "watchdog: guest hung in test s/two");
	e = cut("");
	e.how = JOB_CANCELLED;
	e.kill = KILL_TEST_DEADLINE;
	expect(&e, BOOT_TIMEOUT, "test", "test not ended at its deadline in test s/two");
	e.kill = KILL_CONSOLE_FLOOD;
	expect(&e, BOOT_NO_RESULT, "test", "console flooded in test s/two");
	e.kill = KILL_QMP_FLOOD;
	expect(&e, BOOT_NO_RESULT, "test",
	       "guest caused a flood of QMP events in test s/two");
	e = cut("");
	e.kill = KILL_BOOT_DEADLINE;
	e.hello = e.plan = false;
	e.current = NULL;
	expect(&e, BOOT_TIMEOUT, "boot",
	       "no sign of life until the boot deadline before the guest's init spoke");
	e = good();
	e.shutdown[0] = '\0';
	e.kill = KILL_END_DEADLINE;
	expect(&e, BOOT_TIMEOUT, "end", "no power-off after the last test");
}

/* Whether it powered off before our signal came or not. */
static void cut_short_by_init(void **state)
{
	struct boot_evidence e = good();

	(void)state;
	e.kill = KILL_GAVE_UP;
	e.done = 2;
	expect(&e, BOOT_OK, "end", "all frames came, powered off");
	snprintf(e.shutdown, sizeof(e.shutdown), "host-signal");
	expect(&e, BOOT_OK, "end",
	       "ended early, after a test that left what cannot be undone");
	e.shutdown[0] = '\0';
	expect(&e, BOOT_OK, "end",
	       "ended early, after a test that left what cannot be undone");
}

/* The guest's own end counts, even when our deadline struck at the same time. */
static void guest_event_beats_our_kill(void **state)
{
	struct boot_evidence e = good();

	(void)state;
	e.kill = KILL_DEADLINE;
	expect(&e, BOOT_OK, "end", "all frames came, powered off");
	e = cut("guest-reset");
	e.kill = KILL_DEADLINE;
	expect(&e, BOOT_RESET, "test",
	       "guest reset itself (triple fault or reboot) in test s/two");
	/* What our kill makes QEMU say is not the guest's. */
	e = cut("host-signal");
	e.kill = KILL_DEADLINE;
	expect(&e, BOOT_TIMEOUT, "test",
	       "not done at the deadline of the boot in test s/two");
}

static void ours(void **state)
{
	struct boot_evidence e = cut("host-signal");

	(void)state;
	expect(&e, BOOT_INFRA, "test",
	       "QEMU was ended from outside (host-signal) in test s/two");
	e = cut("");
	e.how = JOB_EXITED;
	e.code = 137;
	expect(&e, BOOT_INFRA, "test",
	       "QEMU ended without an event (exited 137) in test s/two");
	e = (struct boot_evidence){
		.how = JOB_EXITED,
		.code = 1,
		.tests = 3,
		.qemu_says = "bwrap: No permissions to create new namespace"
	};
	expect(&e, BOOT_INFRA, "boot",
	       "QEMU did not start (exited 1): bwrap: No permissions to create new namespace"
	       " before the guest's init spoke");
	e = cut("");
	e.stopped = true;
	expect(&e, BOOT_INFRA, "test",
	       "QEMU stopped the guest (internal error) in test s/two");
	e = cut("");
	e.kill = KILL_QMP_BROKEN;
	expect(&e, BOOT_INFRA, "test", "QEMU speaks broken QMP in test s/two");
}

/* That is the patch's doing: the image is no kernel. */
static void refused_image(void **state)
{
	struct boot_evidence e = { .how = JOB_EXITED,
				   .code = 1,
				   .qemu_says = "qemu: Error loading uncompressed kernel "
						"without PVH ELF Note" };
	struct boot_verdict v = boot_judge(&e);

	(void)state;
	assert_int_equal(v.status, BOOT_NO_RESULT);
	free(v.reason);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(power_off),
		cmocka_unit_test(panics),
		cmocka_unit_test(other_deaths),
		cmocka_unit_test(cut_short_by_init),
		cmocka_unit_test(guest_event_beats_our_kill),
		cmocka_unit_test(ours),
		cmocka_unit_test(refused_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
