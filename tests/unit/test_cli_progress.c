/* The lines of a run as it goes on, in a pipe. */
#include "tests/unit/cm.h"

#include <stdlib.h>
#include <string.h>

#include "cli/progress.h"
#include "lib/cleanup.h"

/* What a run of one commit of a bisection, or of a series, tells. */
static const struct run_event run[] = {
	{ .kind = RUN_SERIES, .step = -1, .text = "head of mm: c3" },
	{ .kind = RUN_PHASE, .step = -1, .text = "looking at the commits" },
	{ .kind = RUN_BASE,
	  .text = "0123456789abcdef",
	  .status = "option",
	  .subject = "mm" },
	{ .kind = RUN_STEP, .step = 1, .subject = "c3", .status = "exact" },
	{ .kind = RUN_PHASE, .step = -1, .text = "building and booting 2 steps" },
	{ .kind = RUN_BUILD_END, .config = "toy", .status = "ok", .reused = true },
	{ .kind = RUN_BOOT_END,
	  .config = "toy",
	  .topology = "numa2",
	  .status = "ok",
	  .passed = 3 },
	{ .kind = RUN_BUILD_BEGIN, .step = 1, .config = "toy" },
	{ .kind = RUN_BUILD_END, .step = 1, .config = "toy", .status = "ok" },
	{ .kind = RUN_BOOT_END,
	  .step = 1,
	  .config = "toy",
	  .topology = "numa2",
	  .status = "ok",
	  .passed = 3,
	  .reused = true },
	{ .kind = RUN_BOOT_BEGIN, .step = 1, .config = "toy", .topology = "numa2" },
	{ .kind = RUN_BOOT_END,
	  .step = 1,
	  .config = "toy",
	  .topology = "numa2",
	  .status = "ok",
	  .passed = 3 },
};

/* The lines without their times, which a slow machine may change; the caller frees. */
static char *told(const struct run_event *first, size_t nfirst)
{
	AUTO_FREE char *text = NULL;
	struct str out = STR_INIT;
	size_t len;
	struct term t = { .out = open_memstream(&text, &len), .width = 100 };
	struct progress *p = progress_new(&t);
	char **lines;

	for (size_t i = 0; i < nfirst; i++)
		progress_event(&first[i], p);
	for (size_t i = 0; i < ARRAY_SIZE(run); i++)
		progress_event(&run[i], p);
	progress_free(p);
	fclose(t.out);
	lines = strv_split(text, "\n");
	for (size_t i = 0; lines[i]; i++) {
		size_t time = strspn(lines[i], "0123456789:");

		str_addf(&out, "%s\n", lines[i] + (time ? time + 2 : 0));
	}
	strv_free(lines);
	return str_take(&out);
}

static void a_series(void **state)
{
	AUTO_FREE char *text = told(NULL, 0);

	(void)state;
	assert_string_equal(text, "series head of mm: c3 (0 patches)\n"
				  "       looking at the commits\n"
				  "base   mm at 0123456789ab (as --base says)\n"
				  "apply  1     exact         c3\n"
				  "       building and booting 2 steps\n"
				  "build  base  toy           ok, taken over\n"
				  "boot   base  numa2         3 ok\n"
				  "build  1     toy           ok\n"
				  "boot   1     numa2         3 ok, taken over\n"
				  "boot   1     numa2         again: 3 ok\n");
}

/* Of a commit its decision, and what was built and booted for it: the rest is the same
 * each time, or known. */
static void a_bisection(void **state)
{
	static const struct run_event first[] = {
		{ .kind = RUN_PHASE, .step = -1, .text = "job 3 begins" },
		{ .kind = RUN_BISECT, .step = -1, .id = 1 },
		{ .kind = RUN_SAID, .step = -1, .text = "next 012345678901 \"c3\"" },
		{ .kind = RUN_NOTE, .step = -1, .text = "cancelling" },
	};
	AUTO_FREE char *text = told(first, ARRAY_SIZE(first));

	(void)state;
	assert_string_equal(text, "       job 3 begins\n"
				  "next 012345678901 \"c3\"\n"
				  "note   cancelling\n"
				  "boot   good  numa2         3 ok\n"
				  "build        toy           ok\n"
				  "boot         numa2         again: 3 ok\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_series),
		cmocka_unit_test(a_bisection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
