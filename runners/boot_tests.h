/*
 * The tests of one boot: their plan from the job, what their frames told, and
 * in the end each test's result. A test's own word (exit status and KTAP) and
 * what the kernel log says about it are both reported.
 */
#ifndef SLUICE_RUNNERS_BOOT_TESTS_H
#define SLUICE_RUNNERS_BOOT_TESTS_H

#include <stdint.h>

#include "lib/err.h"
#include "lib/json.h"
#include "runners/boot_judge.h"
#include "runners/console.h"
#include "runners/frame.h"

#define BOOT_TESTS_MAX 512
/*
 * Of a job's deadlines: what a timer in µs holds. How long a test may take is bounded
 * where it is said (suite, kernel config, config.ini), and a whole boot may take their
 * sum, which is a day and more for many rounds of a slow kernel.
 */
#define BOOT_DEADLINE_MAX_MS (INT64_MAX / 4000)

struct boot_tests;

/* plan: [{"test", "argv": [], "deadline_ms"}] of the job. */
int boot_tests_new(struct json_object *plan, struct boot_tests **ret_tests,
		   struct err *err);
void boot_tests_free(struct boot_tests *t);

unsigned int boot_tests_count(const struct boot_tests *t);
unsigned int boot_tests_done(const struct boot_tests *t);
/* The id of the test that runs now, or NULL; its deadline is of the plan. */
const char *boot_tests_current(const struct boot_tests *t, uint64_t *ret_deadline_ms);
/* The answer to a HELLO; the caller frees. */
char *boot_tests_plan(const struct boot_tests *t, const char *nonce);
/*
 * Takes FRAME_START, FRAME_OUT and FRAME_DONE. alien: lines so far on the port
 * that init did not write; those that came while a test ran are its own doing.
 */
void boot_tests_frame(struct boot_tests *t, const struct frame_event *e, uint64_t alien);

/*
 * Adds "tests" and "splats" (those outside any test) to result. A splat within
 * a test makes it "splat"; "own_result" and "own_reason" keep what it would be
 * without, for a splat that the base has too. "seconds" is null for a test without
 * an end: the boot died, or was ended, while it ran, or before.
 */
void boot_tests_report(struct boot_tests *t, const struct console *console,
		       const struct boot_verdict *v, struct json_object *result);

#endif
