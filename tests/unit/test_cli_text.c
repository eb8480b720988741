#include "tests/unit/cm.h"

#include <stdlib.h>
#include <string.h>

#include "cli/verdict_text.h"
#include "lib/text.h"

/*
 * A series of four patches on two topologies: patch 2 breaks a test on numa2,
 * patch 4 repairs it, patch 1 adds a warning, patch 3 changes nothing.
 */
#define STEPS 5

struct fixture {
	struct report r;
	struct step steps[STEPS];
	struct step_build builds[STEPS];
	struct step_boot cells[STEPS * 2 + 1];
	struct boot boots[STEPS * 2];
	struct result results[STEPS * 4];
	struct verdict verdicts[5];
};

static const char *const subjects[STEPS] = {
	"base",
	"mm/mlock: count the pages of a batch",
	"mm/rmap: leave the mlock batch alone before a page is unmapped for migration",
	"mm/rmap: say what the batch is for",
	"mm/rmap: drain the mlock batch before a page is unmapped",
};

static const char *const topologies[] = { "smp4", "numa2" };

static void add_boot(struct fixture *f, int step, int t)
{
	struct step_boot *cell = &f->cells[f->r.v.nstep_boots++];
	bool reused = step == 3, bad = t == 1 && (step == 2 || step == 3);
	struct boot *b;

	*cell = (struct step_boot){
		.step = step,
		.config = (char *)"mlock",
		.arch = (char *)"x86_64",
		.topology = (char *)topologies[t],
		.n = 1,
		.boot_id = (reused ? step - 1 : step) * 2 + t + 1,
		.reused = reused,
	};
	if (reused)
		return;
	b = &f->boots[f->r.v.nboots++];
	*b = (struct boot){ .id = cell->boot_id, .status = BOOT_OK };
	f->results[f->r.v.nresults++] = (struct result){
		.boot_id = b->id,
		.test = (char *)"mlock-migrate/compaction",
		.result = bad ? RESULT_FAIL : RESULT_PASS,
	};
	f->results[f->r.v.nresults++] = (struct result){
		.boot_id = b->id,
		.test = (char *)"mlock-migrate/move_pages",
		.result = RESULT_PASS,
	};
}

static struct json_object *array_of(const char *text)
{
	return json_tokener_parse(text);
}

static void fill_verdicts(struct fixture *f)
{
	f->verdicts[0] = (struct verdict)VERDICT_INIT;
	f->verdicts[0].kind = KIND_WARNING;
	f->verdicts[0].verdict = VERDICT_INTRODUCED;
	f->verdicts[0].config = (char *)"mlock";
	f->verdicts[0].from_step = 1;
	f->verdicts[0].reason =
		(char *)"mm/mlock.c:70: unused variable 'n' [-Wunused-variable]";
	f->verdicts[1] = (struct verdict)VERDICT_INIT;
	f->verdicts[1].kind = KIND_TEST;
	f->verdicts[1].verdict = VERDICT_TRANSIENT;
	f->verdicts[1].topology = (char *)"numa2";
	f->verdicts[1].test = (char *)"mlock-migrate/compaction";
	f->verdicts[1].from_step = 2;
	f->verdicts[1].until_step = 4;
	f->verdicts[1].candidates = array_of("[2]");
	f->verdicts[1].reason =
		(char *)"expected at least 900 of 996 locked pages to move, saw \033[31m12";
	f->verdicts[1].evidence =
		array_of("[\"[    2.1] sluice start 0\",\"[    3.0] sluice done 0\"]");
	f->verdicts[1].boot_id = 6;
	f->verdicts[2] = (struct verdict)VERDICT_INIT;
	f->verdicts[2].kind = KIND_TEST;
	f->verdicts[2].verdict = VERDICT_PASS;
	f->verdicts[2].test = (char *)"mlock-migrate/move_pages";
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	for (int i = 0; i < STEPS; i++) {
		f->steps[i] = (struct step){ .step = i,
					     .subject = (char *)subjects[i],
					     .apply = i ? APPLY_EXACT : APPLY_BASE };
		f->builds[i] = (struct step_build){
			.step = i,
			.config = (char *)"mlock",
			.arch = (char *)"x86_64",
			.build_id = i + 1,
			.status = BUILD_OK,
			.reused = i == 0,
			.new_warnings = i == 1 ? array_of("[{}]") : NULL,
		};
		add_boot(f, i, 0);
		add_boot(f, i, 1);
	}
	fill_verdicts(f);
	f->r.v.series = (struct series){
		.id = 1,
		.message_id = (char *)"20240101.1-a@example.org",
		.version = 2,
		.subject = (char *)"mm: count mlock batches",
		.patches = 4,
		.author = (char *)"A U Thor <a@example.org>",
		.tree = (char *)"debian-6.12",
		.base_commit = (char *)"0123456789abcdef0123456789abcdef01234567",
		.base_how = (char *)"head",
		.state = SERIES_DONE,
	};
	f->r.v.series.wanted = array_of("{\"configs\":[\"mlock\"],"
					"\"topologies\":[\"smp4\",\"numa2\"]}");
	f->r.v.steps = f->steps;
	f->r.v.nsteps = STEPS;
	f->r.v.step_builds = f->builds;
	f->r.v.nstep_builds = STEPS;
	f->r.v.step_boots = f->cells;
	f->r.v.boots = f->boots;
	f->r.v.results = f->results;
	f->r.v.verdicts = f->verdicts;
	f->r.v.nverdicts = 3;
	report_prepare(&f->r);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	json_object_put(f->r.v.series.wanted);
	json_object_put(f->builds[1].new_warnings);
	json_object_put(f->verdicts[1].candidates);
	json_object_put(f->verdicts[1].evidence);
	free(f->r.columns);
	free(f);
	return 0;
}

static char *printed(struct fixture *f, int width)
{
	char *text = NULL;
	size_t len;
	struct term t = { .width = width };

	t.out = open_memstream(&text, &len);
	series_text_print(&f->r, &t);
	fclose(t.out);
	if (getenv("SHOW"))
		puts(text);
	return text;
}

static void test_wide(void **state)
{
	AUTO_FREE char *text = printed(*state, 140);

	assert_non_null(strstr(
		text,
		"     2 mm/rmap: leave the mlock batch alone before a page is unmapped for "
		"migration    ok           2 ok    FAIL compaction\n"));
	/* A terminal escape of a guest does not reach ours. */
	assert_null(strchr(text, '\033'));
}

/* Columns that do not fit come in blocks; no line is wider than the terminal. */
static void test_very_narrow(void **state)
{
	AUTO_FREE char *text = printed(*state, 50);
	char **lines = strv_split(text, "\n");

	for (size_t i = 0; lines[i]; i++)
		assert_true(text_width(lines[i]) <= 50);
	strv_free(lines);
	assert_non_null(strstr(text, "    build        smp4\n"));
	assert_non_null(strstr(text, "    numa2\n"));
}

static void test_narrow(void **state)
{
	static const char want[] =
		"\n"
		"  mm: count mlock batches\n"
		"  from      A U Thor <a@example.org>, 4 patches\n"
		"  id        20240101.1-a@example.org, version 2\n"
		"  base      debian-6.12 at 0123456789ab (the tree's head)\n"
		"\n"
		"                                            build        smp4    numa2\n"
		"  base debian-6.12 at 0123456789ab        = ok           2 ok    2 ok\n"
		"     1 mm/mlock: count the pages of a b…    1 warning    2 ok    2 ok\n"
		"     2 mm/rmap: leave the mlock batch a…    ok           2 ok    FAIL compaction\n"
		"     3 mm/rmap: say what the batch is f…    ok         = 2 ok  = FAIL compaction\n"
		"     4 mm/rmap: drain the mlock batch b…    ok           2 ok    2 ok\n"
		"\n"
		"  = taken over: the same build, or the same image booted before\n"
		"\n"
		"  transient     test mlock-migrate/compaction on numa2\n"
		"                broken by patch 2  mm/rmap: leave the mlock batch alone before …\n"
		"                repaired by patch 4  mm/rmap: drain the mlock batch before a pa…\n"
		"                expected at least 900 of 996 locked pages to move, saw 12\n"
		"                | [    2.1] sluice start 0\n"
		"                | [    3.0] sluice done 0\n"
		"                see: sluice log 6    sluice repro 6\n"
		"\n"
		"  introduced    compiler warning\n"
		"                from patch 1  mm/mlock: count the pages of a batch\n"
		"                mm/mlock.c:70: unused variable 'n' [-Wunused-variable]\n"
		"\n"
		"  verdicts:     1 transient, 1 pass, 1 with new warnings\n"
		"  This series breaks something on its way; its last patch is good.\n";
	AUTO_FREE char *text = printed(*state, 80);

	assert_string_equal(text, want);
}

/* "sluice show" tells all that was tried for a base. */
static void test_tries(void **state)
{
	struct fixture *f = *state;
	AUTO_JSON struct json_object *tried = array_of(
		"[{\"rung\":\"base-commit\",\"tree\":\"mm\",\"commit\":\"1111222233334444\","
		"\"ref\":null,\"why_not\":\"not in this tree\"},"
		"{\"rung\":\"blobs\",\"tree\":\"mm\",\"commit\":\"5555666677778888\","
		"\"ref\":\"refs/trees/mm/main\",\"why_not\":\"1 of 2 \\u001b[31mfiles\"},"
		"{\"rung\":\"good\",\"why_not\":\"none\"},7]");
	AUTO_FREE char *text = NULL;

	f->r.v.series.base_tried = tried;
	text = printed(f, 140);
	assert_null(strstr(text, "  tried"));
	f->r.tries = true;
	free(text);
	text = printed(f, 140);
	assert_non_null(strstr(text,
			       "  tried     base-commit, mm at 111122223333: not in "
			       "this tree\n"));
	assert_non_null(
		strstr(text, "  tried     blobs, mm/main at 555566667777: 1 of 2 "));
	assert_non_null(strstr(text, "  tried     good: none\n"));
	assert_null(strchr(text, '\033'));
	f->r.v.series.base_tried = NULL;
}

/* A second suite costs no width as long as its tests have names of their own. */
static void test_short_names(void **state)
{
	struct fixture *f = *state;
	struct result *last = &f->results[f->r.v.nresults - 1];

	assert_string_equal(report_test_name(&f->r, "mlock-migrate/compaction"),
			    "compaction");
	last->test = (char *)"mlock-migrate-deep/compaction-deep";
	free(f->r.columns);
	report_prepare(&f->r);
	assert_string_equal(report_test_name(&f->r, last->test), "compaction-deep");
	last->test = (char *)"mlock-migrate-deep/compaction";
	free(f->r.columns);
	report_prepare(&f->r);
	assert_string_equal(report_test_name(&f->r, last->test),
			    "mlock-migrate-deep/compaction");
}

static void test_several_candidates(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *text = NULL;

	json_object_put(f->verdicts[1].candidates);
	f->verdicts[1].candidates = array_of("[1,2]");
	text = printed(f, 100);
	assert_non_null(
		strstr(text, "by one of the patches 1, 2: no runs tell them apart\n"));
}

static void test_several_repairs(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *text = NULL;

	f->verdicts[1].repairs = array_of("[3,4]");
	text = printed(f, 100);
	json_object_put(f->verdicts[1].repairs);
	assert_non_null(strstr(
		text, "repaired by one of the patches 3, 4: no runs tell them apart\n"));
	assert_null(strstr(text, "repaired by patch"));
}

/* What was not seen twice, or has nothing good before it, is charged to no patch. */
static void test_not_charged(void **state)
{
	static const enum verdict_word words[] = { VERDICT_INCONCLUSIVE, VERDICT_FLAKY };
	struct fixture *f = *state;

	json_object_put(f->verdicts[1].candidates);
	f->verdicts[1].candidates = array_of("[1,2]");
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		AUTO_FREE char *text = NULL;

		f->verdicts[1].verdict = words[i];
		text = printed(f, 100);
		assert_non_null(strstr(text, "first seen at patch 2"));
		assert_non_null(strstr(text, "good again at patch 4"));
		assert_null(strstr(text, "broken by"));
		assert_null(strstr(text, "repaired by"));
	}
}

/* What the daemon knew of a boot is told without a verdict: while the series runs, or
 * when it was stopped. */
static void test_known_before_the_verdict(void **state)
{
	struct fixture *f = *state;
	AUTO_JSON struct json_object *known =
		array_of("[{\"test\":\"mlock-migrate/compaction\",\"reason\":\"why\"}]");
	AUTO_FREE char *text = NULL;
	struct step_boot *cell = &f->cells[2 * 2 + 1]; /* step 2 on numa2 */

	f->r.v.nverdicts = 0;
	f->r.v.series.state = SERIES_RUNNING;
	text = printed(f, 140);
	assert_non_null(
		strstr(text, "migration    ok           2 ok    FAIL compaction\n"));
	free(text);
	cell->known = known;
	text = printed(f, 140);
	assert_non_null(strstr(text, "migration    ok           2 ok    1 ok\n"));
	assert_non_null(strstr(text, " 1 known\n"));
	/* Of the same boot, where it was not known: step 3 took it over. */
	assert_non_null(strstr(text, "= FAIL compaction\n"));
	free(text);
	/* Seen again there, and for another reason. */
	f->cells[f->r.v.nstep_boots] = *cell;
	f->cells[f->r.v.nstep_boots].known = NULL;
	f->cells[f->r.v.nstep_boots++].n = 2;
	text = printed(f, 140);
	assert_non_null(
		strstr(text, "migration    ok           2 ok    FAIL compaction\n"));
}

/* By whom, as the queue says it; it is no trouble of ours. */
static void test_cancelled(void **state)
{
	static const char *const cases[][2] = {
		{ "by root", "  state     cancelled by root\n" },
		{ "v2 is newer", "  state     cancelled: v2 is newer\n" },
		{ NULL, "  state     cancelled\n" },
	};
	struct fixture *f = *state;

	f->r.v.nverdicts = 0;
	f->r.v.series.state = SERIES_CANCELLED;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_FREE char *text = NULL;

		f->r.v.series.reason = (char *)cases[i][0];
		text = printed(f, 80);
		assert_non_null(strstr(text, cases[i][1]));
		assert_null(strstr(text, "trouble"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_wide, setup, teardown),
		cmocka_unit_test_setup_teardown(test_narrow, setup, teardown),
		cmocka_unit_test_setup_teardown(test_very_narrow, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tries, setup, teardown),
		cmocka_unit_test_setup_teardown(test_short_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_several_candidates, setup, teardown),
		cmocka_unit_test_setup_teardown(test_several_repairs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_charged, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cancelled, setup, teardown),
		cmocka_unit_test_setup_teardown(test_known_before_the_verdict, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
