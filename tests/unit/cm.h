/*
 * cmocka with what it wants before it, and a scratch folder for a test: a setup
 * and a teardown that hand its path over as *state.
 */
#ifndef SLUICE_TESTS_UNIT_CM_H
#define SLUICE_TESTS_UNIT_CM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/file.h"
#include "lib/str.h"

static inline int tmpdir_setup(void **state)
{
	const char *base = getenv("TMPDIR");
	char *dir = str_printf("%s/sluice-test.XXXXXX", base ? base : "/tmp");

	*state = dir;
	return mkdtemp(dir) ? 0 : -1;
}

static inline int tmpdir_teardown(void **state)
{
	struct err err = { .code = ERR_NONE };
	int rc = tree_remove(*state, &err);

	if (rc < 0)
		fprintf(stderr, "%s\n", err.msg);
	free(*state);
	return rc;
}

#define tmpdir_test(fn) cmocka_unit_test_setup_teardown(fn, tmpdir_setup, tmpdir_teardown)

#endif
