/*
 * What "sluice quiet" runs in a boot, and where it boots next. Pure.
 */
#ifndef SLUICE_DAEMON_QUIET_PLAN_H
#define SLUICE_DAEMON_QUIET_PLAN_H

#include <stddef.h>

#include "daemon/plan.h"
#include "lib/err.h"
#include "lib/json.h"

/* The suites in their order, and how often a boot runs each. */
struct quiet_suites {
	struct quiet_suite {
		char *name;
		unsigned int repeat;
	} * v;
	size_t n;
};

/* "mlock-migrate*10,mlock-migrate-deep" */
int quiet_suites_parse(const char *text, struct quiet_suites *ret, struct err *err);
void quiet_suites_done(struct quiet_suites *s);
/* Their names, for plan_load; strv_free. */
char **quiet_suites_names(const struct quiet_suites *s);

/*
 * The tests of one boot of the plan's first config on a topology (its index), as a
 * job has them: each suite of the plan, in order, as often as want says: a round of
 * all its tests, then the next round. *ret is NULL when none of them runs there.
 * ERR_INPUT when they are more than a guest takes, or selftests of a tree.
 */
int quiet_tests(const struct plan *plan, const struct quiet_suites *want, size_t topology,
		struct json_object **ret, struct err *err);

/* Boots of topology i of n, of so many in all: evenly, the first ones get the rest. */
unsigned int quiet_share(unsigned int boots, size_t n, size_t i);
/*
 * The topology that the next of so many boots goes to: the first of those with
 * the fewest that have not got their share. made: boots done or under way on each. -1 when
 * all are made.
 */
long quiet_next(const unsigned int *made, size_t n, unsigned int boots);

#endif
