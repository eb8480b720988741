#include "tests/unit/cm.h"

#include "cli/queue_view.h"
#include "lib/cleanup.h"
#include "lib/text.h"

#define SUBJECT "mm/rmap: drain the mlock batch before a page is unmapped"
#define REASON "the tree \"pub\" has not been fetched yet; \"sluice status\" shows how"

/* A queue of two jobs, the first with a reason, on a terminal or in a pipe. */
static char *printed(bool tty, int width)
{
	struct queue_job jobs[] = {
		{ .id = 7,
		  .class = QUEUE_BACKGROUND,
		  .sender = (char *)"author@example.org",
		  .list = (char *)"linux-mm",
		  .subject = (char *)SUBJECT,
		  .reason = (char *)REASON },
		{ .id = 8,
		  .class = QUEUE_BACKGROUND,
		  .sender = (char *)"root",
		  .list = (char *)"",
		  .subject = (char *)"mm: x" },
	};
	double starts[] = { -1, 0 };
	const struct queue_view v = { .counts = { [QUEUE_QUEUED] = 2 },
				      .queued = jobs,
				      .starts_s = starts,
				      .nqueued = 2 };
	struct term t = { .tty = tty, .width = width };
	char *text = NULL;
	size_t len;

	t.out = open_memstream(&text, &len);
	queue_view_print(&v, &t);
	fclose(t.out);
	return text;
}

/* The reason is what people look for: it is there whatever the width. */
static void test_reason_is_seen(void **state)
{
	static const int widths[] = { 40, 80, 100, 109, 300 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(widths); i++) {
		AUTO_FREE char *text = printed(true, widths[i]);
		char **words = strv_split(REASON, " "), **lines = strv_split(text, "\n");

		for (size_t j = 0; words[j]; j++)
			if (!strstr(text, words[j]))
				fail_msg("at %d: no \"%s\" in:\n%s", widths[i], words[j],
					 text);
		for (size_t j = 0; lines[j] && widths[i] >= 80; j++)
			assert_true(text_width(lines[j]) <= widths[i]);
		strv_free(words);
		strv_free(lines);
	}
}

static void test_lines(void **state)
{
	AUTO_FREE char *narrow = printed(true, 80), *pipe = printed(false, 100);

	(void)state;
	assert_string_equal(
		narrow,
		"    7   queued                             author@example.org on l…\n"
		"        " SUBJECT ": the tree \"pub\"\n"
		"        has not been fetched yet; \"sluice status\" shows how\n"
		"    8   queued       next                  root                      mm: x\n");
	/* One line for each, for those who grep. */
	assert_non_null(strstr(pipe, "  " SUBJECT ": " REASON "\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reason_is_seen),
		cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
