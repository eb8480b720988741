/*
 * Every thread of $SLUICE_MAIL_DIR through the role "fetch" with the real b4; a
 * program of its own, for it takes half a minute.
 */
#include "tests/unit/fetch_fixture.h"

enum { COL_ID, COL_PATCHES = 3, COL_VERSION = 7, COL_CLASS = 9, COL_MBOX = 14, COLS };

/* Cells between tabs, empty ones too; cuts the line up. */
static size_t cut_cells(char *line, char **cells, size_t max)
{
	size_t n = 0;

	for (char *s = line; s && n < max; s = strchr(s, '\t')) {
		if (n)
			*s++ = '\0';
		cells[n++] = s;
	}
	for (size_t i = 0; i < n; i++)
		cells[i][strcspn(cells[i], "\t\n")] = '\0';
	return n;
}

/* Those of class odd that are no series, and what must be said of them. */
static const char *complaint_for(const char *mbox)
{
	static const char *const cases[][2] = {
		{ "f2934916-", "a pull request" },
		{ "ZyGCb34", "a pull request" },
		{ "CAJb", "without a [PATCH] tag" },
		{ "20221018001102", "patches 1-2, 4-13 of 13 are missing" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (str_starts(mbox, cases[i][0]))
			return cases[i][1];
	return NULL;
}

static void check_row(const char *dir, char **cells)
{
	AUTO_FREE char *path = real_mail_path(cells[COL_MBOX]);
	const char *complaint = complaint_for(cells[COL_MBOX]);
	const char *msgid = cells[COL_ID];
	AUTO_JSON struct json_object *r = NULL;
	int patches = atoi(cells[COL_PATCHES]);

	assert_non_null(path);
	r = fetch(dir, "mbox", path, msgid, atoi(cells[COL_VERSION]), "b4");
	if (complaint) {
		if (!strstr(json_str(r, "reason", ""), complaint))
			fail_msg("%s: %s", cells[COL_MBOX],
				 json_object_to_json_string(r));
		return;
	}
	if (strcmp(json_str(r, "status", ""), "ok") != 0 ||
	    (int)json_len(json_arr(r, "patches")) != patches ||
	    strcmp(json_str(r, "assembled", ""), "b4") != 0)
		fail_msg("%s: %d patches wanted: %s", cells[COL_MBOX], patches,
			 json_object_to_json_string(r));
	for (int k = 1; k <= patches; k++)
		compare_with_git(dir, cells[COL_MBOX], k);
}

static void test_real_threads(void **state)
{
	AUTO_FREE char *index = real_mail_path("index.tsv");
	AUTO_FREE char *text = NULL;
	char **lines;
	size_t len;

	if (!index || !have_b4())
		skip();
	assert_int_equal(file_read(index, 1 << 20, &text, &len, NULL), 0);
	lines = strv_split(text, "\n");
	for (size_t i = 1; i < strv_len(lines); i++) {
		char *cells[COLS];

		assert_int_equal(cut_cells(lines[i], cells, COLS), COLS);
		check_row(*state, cells);
	}
	strv_free(lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_real_threads, tmpdir_setup,
						tmpdir_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
