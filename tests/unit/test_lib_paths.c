#include "tests/unit/cm.h"

#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/paths.h"

static void environment_wins(void **state)
{
	(void)state;
	unsetenv("SLUICE_DATADIR");
	unsetenv("SLUICE_GUESTDIR");
	assert_int_equal(paths_data()[0], '/');
	assert_true(str_ends(paths_guest(), "/guest"));
	setenv("SLUICE_DATADIR", "/d", 1);
	setenv("SLUICE_GUESTDIR", "/g", 1);
	assert_string_equal(paths_data(), "/d");
	assert_string_equal(paths_guest(), "/g");
	setenv("SLUICE_DATADIR", "", 1);
	assert_string_not_equal(paths_data(), "");
}

static void clone_has_its_data_in_place(void **state)
{
	AUTO_FREE char *file = NULL;

	(void)state;
	unsetenv("SLUICE_DATADIR");
	file = path_join(paths_data(), "lib", "paths.c", NULL);
	assert_true(path_exists(file));
}

static void self_is_this_program(void **state)
{
	AUTO_FREE char *self = paths_self();

	(void)state;
	assert_non_null(self);
	assert_true(str_ends(self, "/test_lib_paths"));
	assert_int_equal(access(self, X_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(environment_wins),
		cmocka_unit_test(clone_has_its_data_in_place),
		cmocka_unit_test(self_is_this_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
