#include "tests/unit/cm.h"

#include "daemon/suites.h"
#include "tests/unit/elf_fixture.h"

#define INI(program) "[suite]\n[test t]\nprogram = " program "\n"

/* A shipped suite "shipped", and homes for the user's own. */
static int setup(void **state)
{
	char *data;

	if (tmpdir_setup(state) < 0)
		return -1;
	data = path_join(*state, "data", NULL);
	setenv("SLUICE_DATADIR", data, 1);
	setenv("XDG_CONFIG_HOME", *state, 1);
	free(data);
	return 0;
}

static int teardown(void **state)
{
	unsetenv("SLUICE_DATADIR");
	unsetenv("XDG_CONFIG_HOME");
	return tmpdir_teardown(state);
}

static void put(const char *dir, const char *folder, const char *name, const void *data,
		size_t len)
{
	char *path = path_join(dir, folder, name, NULL);
	char *parent = path_join(dir, folder, NULL);
	struct err err = { .msg = "" };

	if (dir_make(parent, 0755, &err) < 0 ||
	    file_write_atomic(path, data, len, 0755, &err) < 0)
		fail_msg("%s", err.msg);
	free(path);
	free(parent);
}

static void put_suite(const char *dir, const char *folder, const char *name,
		      const char *text)
{
	put(dir, folder, name, text, strlen(text));
}

static void put_program(const char *dir, const char *folder, const char *name)
{
	char elf[ELF_FILE_MAX];

	put(dir, folder, name, elf, elf_make(elf, NULL));
}

static struct suite *load(const struct config *config, const char *name)
{
	struct suite *s = NULL;
	struct err err = { .msg = "" };

	if (suites_load(config, name, &s, &err) < 0)
		fail_msg("%s", err.msg);
	return s;
}

static void expect_error(const struct config *config, const char *name,
			 enum err_code code, const char *want)
{
	struct suite *s = NULL;
	struct err err = { .msg = "" };

	assert_int_equal(suites_load(config, name, &s, &err), -1);
	assert_int_equal(err.code, code);
	if (!strstr(err.msg, want))
		fail_msg("\"%s\" is not in \"%s\"", want, err.msg);
}

static void users_folder_beside_the_shipped_one(void **state)
{
	const struct config config = { .suites_dir = (char *)"" };
	struct suite *s;

	put_suite(*state, "data/runners/suites", "shipped.ini", INI("prog"));
	put_suite(*state, "sluice/suites", "mine.ini", INI("./prog"));
	put_program(*state, "sluice/suites", "prog");
	s = load(&config, "shipped");
	assert_null(s->tests[0].file);
	suite_free(s);
	s = load(&config, "mine");
	assert_true(str_ends(s->tests[0].file, "/sluice/suites/prog"));
	assert_true(str_ends(s->path, "/sluice/suites/mine.ini"));
	suite_free(s);
	expect_error(&config, "other", ERR_MISSING, "(there are: shipped, mine)");
	expect_error(&config, "../suites/mine", ERR_MISSING, "no suite");
}

static void configured_folder_takes_its_place(void **state)
{
	char *dir = path_join(*state, "elsewhere", NULL);
	const struct config config = { .suites_dir = dir };
	struct suite *s;

	put_suite(*state, "data/runners/suites", "shipped.ini", INI("prog"));
	put_suite(*state, "sluice/suites", "users.ini", INI("prog"));
	expect_error(&config, "shipped", ERR_MISSING,
		     "elsewhere: there is no such folder");
	put_suite(*state, "elsewhere", "mine.ini", INI("prog"));
	s = load(&config, "mine");
	suite_free(s);
	expect_error(&config, "users", ERR_MISSING, "(there are: shipped, mine)");
	free(dir);
}

static void same_name_twice(void **state)
{
	const struct config config = { .suites_dir = (char *)"" };

	put_suite(*state, "data/runners/suites", "shipped.ini", INI("prog"));
	put_suite(*state, "sluice/suites", "shipped.ini", INI("prog"));
	expect_error(&config, "shipped", ERR_INPUT,
		     "sluice/suites/shipped.ini: there is a suite of that name already");
}

static void programs_of_two_suites(void **state)
{
	const struct config config = { .suites_dir = (char *)"" };
	struct err err = { .msg = "" };
	struct suite *v[3];

	put_suite(*state, "data/runners/suites", "shipped.ini", INI("prog"));
	put_suite(*state, "sluice/suites", "same.ini", INI("prog"));
	put_suite(*state, "sluice/suites", "mine.ini", INI("./prog"));
	put_program(*state, "sluice/suites", "prog");
	v[0] = load(&config, "shipped");
	v[1] = load(&config, "same");
	v[2] = load(&config, "mine");
	assert_int_equal(suites_check_programs(v, 2, &err), 0);
	assert_int_equal(suites_check_programs(v, 3, &err), -1);
	if (!strstr(err.msg,
		    "sluice/suites/mine.ini:3: program: \"prog\" is another file") ||
	    !strstr(err.msg, "data/runners/suites/shipped.ini:3"))
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < 3; i++)
		suite_free(v[i]);
}

/* Two users' suites with a ./x each; the same file by two ways is one. */
static void own_programs_of_two_suites(void **state)
{
	const struct config config = { .suites_dir = (char *)"" };
	struct err err = { .msg = "" };
	struct suite *v[3];

	put_suite(*state, "sluice/suites", "one.ini", INI("./x"));
	put_suite(*state, "sluice/suites", "again.ini", INI("../suites/x"));
	put_suite(*state, "sluice/suites", "two.ini", INI("./more/x"));
	put_program(*state, "sluice/suites", "x");
	put_program(*state, "sluice/suites/more", "x");
	v[0] = load(&config, "one");
	v[1] = load(&config, "again");
	v[2] = load(&config, "two");
	assert_int_equal(suites_check_programs(v, 2, &err), 0);
	assert_int_equal(suites_check_programs(v, 3, &err), -1);
	if (!strstr(err.msg, "two.ini:3: program: \"x\" is another file than that of") ||
	    !strstr(err.msg, "one.ini:3"))
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < 3; i++)
		suite_free(v[i]);
}

#define SELFTESTS "[suite]\nselftests = mm\n[test t]\nprogram = prog\n"

/* tests/clash, a file, and tests/clash/prog. */
static void a_program_like_a_folder_of_selftests(void **state)
{
	const struct config config = { .suites_dir = (char *)"" };
	struct err err = { .msg = "" };
	struct suite *v[3];

	put_suite(*state, "data/runners/suites", "shipped.ini", INI("prog"));
	put_suite(*state, "sluice/suites", "clash.ini", SELFTESTS);
	put_suite(*state, "sluice/suites", "mine.ini", INI("./clash"));
	put_program(*state, "sluice/suites", "clash");
	v[0] = load(&config, "shipped");
	v[1] = load(&config, "clash");
	v[2] = load(&config, "mine");
	/* A program of the same name in the folder is another matter. */
	assert_int_equal(suites_check_programs(v, 2, &err), 0);
	assert_int_equal(suites_check_programs(v, 3, &err), -1);
	if (!strstr(err.msg,
		    "mine.ini:3: program: \"clash\" is also the name of the suite") ||
	    !strstr(err.msg, "sluice/suites/clash.ini"))
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < 3; i++)
		suite_free(v[i]);
	put_suite(*state, "sluice/suites", "with.ini", SELFTESTS);
	expect_error(&config, "with", ERR_INPUT, "cannot be called \"with\"");
}

#define own_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		own_test(users_folder_beside_the_shipped_one),
		own_test(configured_folder_takes_its_place),
		own_test(same_name_twice),
		own_test(programs_of_two_suites),
		own_test(own_programs_of_two_suites),
		own_test(a_program_like_a_folder_of_selftests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
