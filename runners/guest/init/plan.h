/*
 * The host's plan: which programs to run, with which arguments and deadlines.
 * The guest says "HELLO sluice 1" until it is answered with
 *
 *   PLAN <nonce> <n> <crc32 hex of the lines>\n
 *   <idx> <deadline_ms> <argv0> <arg>...\n          n times
 *
 * A plan that is cut or damaged is asked for again.
 */
#ifndef SLUICE_INIT_PLAN_H
#define SLUICE_INIT_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#define PLAN_TESTS_MAX 512
#define PLAN_ARGS_MAX 32
#define PLAN_TEXT_MAX 65536

struct plan_test {
	unsigned idx;
	unsigned long deadline_ms;
	char *argv[PLAN_ARGS_MAX + 1]; /* into plan.text */
};

struct plan {
	size_t n;
	struct plan_test tests[PLAN_TESTS_MAX];
	char text[PLAN_TEXT_MAX];
};

/* Asks on the port at most 50 times, 200 ms apart; petted() is called between. */
bool plan_fetch(struct plan *plan, void (*pet)(void));

/*
 * The plan of a guest that is started by hand, from the kernel command line:
 * sluice.plan=<deadline_ms>:<argv0>:<arg>...,<deadline_ms>:...  False when there
 * is none.
 */
bool plan_from_cmdline(struct plan *plan);

#endif
