#include "tests/unit/cm.h"

#include "lib/cleanup.h"
#include "runners/kernel_version.h"

static void expect_version(const char *text, const char *want)
{
	AUTO_FREE char *got = kernel_version_find(text, strlen(text));

	if (want)
		assert_string_equal(got ? got : "nothing", want);
	else
		assert_null(got);
}

static void finds(void **state)
{
	(void)state;
	expect_version("[    0.000000] Linux version 6.12.117 (sluice@sluice) (gcc\r\n",
		       "6.12.117");
	expect_version("junk\nLinux version 6.1.0-rc3+\nLinux version 5.5.5\n",
		       "6.1.0-rc3+");
	expect_version("Linux version %s (%s)\nLinux version 6.6 (x)", "6.6");
	expect_version("Linux version ", NULL);
	expect_version("Linux version four", NULL);
	expect_version("", NULL);
	assert_null(kernel_version_find("Linux version 6.1", 14));
}

/* Whether version is in range: "no range" where it is none. */
static void expect_in(const char *range, const char *version, bool want)
{
	struct kernel_range r;

	if (!kernel_range_parse(range, &r))
		fail_msg("%s: no range", range);
	if (kernel_range_has(&r, version) != want)
		fail_msg("%s in %s: want %d", version, range, want);
}

static void ranges(void **state)
{
	(void)state;
	expect_in("6.1", "6.1", true);
	expect_in("6.1", "6.1.192", true);
	expect_in("6.1", "6.10", false);
	expect_in("6.1", "6.2", false);
	expect_in("6.1", "5.1.1", false);
	expect_in("6.1.5", "6.1.5", true);
	expect_in("6.1.5", "6.1.6", false);
	expect_in("6.1.0", "6.1", true);
	expect_in("6.1..6.5", "6.1.0", true);
	expect_in("6.1..6.5", "6.5.99-rc1", true);
	expect_in("6.1..6.5", "6.6", false);
	expect_in("6.1..6.5", "6.0.19", false);
	expect_in("6.1.100..6.1.150", "6.1.99", false);
	expect_in("6.1.100..6.1.150", "6.1.150+", true);
	expect_in("5.19..6.1.10", "6.0.3", true);
	expect_in("5.19..6.1.10", "6.1.11", false);
	expect_in("6.11..", "6.10.99", false);
	expect_in("6.11..", "6.11-rc1", true);
	expect_in("6.11..", "7.0", true);
	expect_in("6.11..", NULL, false);
	expect_in("6.1", NULL, false);
	expect_in("6.1", "unknown", false);
}

static void no_ranges(void **state)
{
	static const char *const bad[] = { "",      "6",        "v6.1",      "6.1...",
					   "..6.5", "6.5..6.1", "6.1...6.5", "6.1 6.2",
					   "6.x",   "6.1-rc1",  "6.1.2.3",   "6..7" };
	struct kernel_range r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (kernel_range_parse(bad[i], &r))
			fail_msg("\"%s\" was taken for a range", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds),
		cmocka_unit_test(ranges),
		cmocka_unit_test(no_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
