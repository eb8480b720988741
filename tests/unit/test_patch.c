#include "tests/unit/mail_fixture.h"

#include "kernels/mail.h"
#include "kernels/mbox.h"
#include "kernels/patch.h"

static struct patch *parse_own(const char *name)
{
	struct err err = { .code = ERR_NONE };
	struct patch *p;
	size_t len;
	AUTO_FREE char *mail = own_mail(name, &len);

	if (patch_parse(mail, len, &p, &err) < 0)
		fail_msg("%s: %s", name, err.msg);
	return p;
}

static void test_plain(void **state)
{
	struct patch *p = parse_own("plain.eml");

	(void)state;
	assert_string_equal(p->message_id, "plain@localhost");
	assert_string_equal(p->subject, "mm: turn two into three");
	assert_string_equal(p->author_name, "sluice example");
	assert_string_equal(p->author_email, "example@localhost");
	assert_int_equal(p->author_time, 1793613600);
	assert_int_equal(p->author_tz, 0);
	assert_string_equal(p->message,
			    "mm: turn two into three\n\nOne line of text.\n\n"
			    "Another   line.\n\n"
			    "Signed-off-by: sluice example <example@localhost>\n");
	assert_memory_equal(p->diff, "diff --git a/mm/example.c", 25);
	assert_int_equal(strlen(p->diff), p->diff_len);
	patch_free(p);
}

static void test_inbody_headers(void **state)
{
	struct patch *p = parse_own("inbody.eml");

	(void)state;
	assert_string_equal(p->subject, "inner subject that goes on");
	assert_string_equal(p->author_name, "Example, Sluice (test)");
	assert_string_equal(p->author_email, "other@localhost");
	assert_int_equal(p->author_tz, -210);
	patch_free(p);
}

static void test_encodings(void **state)
{
	static const char *const names[] = { "encoded.eml", "qp.eml", "base64.eml",
					     "folded.eml", "crlf.eml" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct patch *p = parse_own(names[i]);

		assert_non_null(strstr(p->diff, "\n+int three;\n"));
		assert_null(strchr(p->diff, '\r'));
		patch_free(p);
	}
}

static void test_no_diff(void **state)
{
	struct patch *p = parse_own("nodiff.eml");

	(void)state;
	assert_int_equal(p->diff_len, 0);
	assert_string_equal(p->diff, "");
	patch_free(p);
}

static void test_no_mail(void **state)
{
	static const char *const bad[] = { "",
					   "\n\n\n",
					   "no header",
					   "From x\n",
					   "Subject: no author\n\nx\n",
					   "From: nobody\n\nx\n" };
	struct err err;
	struct patch *p;
	size_t len;
	AUTO_FREE char *mail = own_mail("nomail.eml", &len);

	(void)state;
	assert_int_equal(patch_parse(mail, len, &p, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(patch_parse(bad[i], strlen(bad[i]), &p, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
	}
}

/* git's own reading against ours; what is about the mail goes to the log. */
static void compare(const char *dir, const char *name, const char *mail, size_t len)
{
	struct git_mail g = git_read_mail(dir, mail, len);
	struct err err = { .code = ERR_NONE };
	AUTO_FREE char *ident = NULL;
	struct patch *p;

	if (patch_parse(mail, len, &p, &err) < 0) {
		if (!g.refused)
			fail_msg("%s: git reads it, we: %s", name, err.msg);
		git_mail_done(&g);
		return;
	}
	ident = str_printf("%s <%s> %lld %c%02d%02d", p->author_name, p->author_email,
			   p->author_time, p->author_tz < 0 ? '-' : '+',
			   abs(p->author_tz) / 60, abs(p->author_tz) % 60);
	if (strcmp(p->subject, g.subject) != 0 || strcmp(p->message, g.message) != 0 ||
	    strcmp(ident, g.ident) != 0 || (p->diff_len && !g.has_patch))
		fail_msg("%s: git and we differ\n%s\n%s\n--\n%s--\n%s\n%s--\n", name,
			 g.ident, ident, g.message, g.subject, p->message);
	patch_free(p);
	git_mail_done(&g);
}

static void test_own_as_git(void **state)
{
	static const char *const names[] = {
		"plain.eml",  "inbody.eml", "folded.eml",   "encoded.eml",
		"qp.eml",     "base64.eml", "flowed.eml",   "multipart.eml",
		"nodate.eml", "nodiff.eml", "scissors.eml",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t len;
		AUTO_FREE char *mail = own_mail(names[i], &len);

		compare(*state, names[i], mail, len);
	}
}

struct walk {
	const char *dir;
	int compared;
};

static int compare_mail(const char *raw, size_t len, void *arg, struct err *err)
{
	struct walk *w = arg;
	struct mail *m;

	(void)err;
	if (mail_parse(raw, len, &m, NULL) < 0)
		return 0;
	if (m->has_diff && tags_in_series(&m->tags)) {
		compare(w->dir, m->message_id, raw, len);
		w->compared++;
	}
	mail_free(m);
	return 0;
}

/* Every patch mail of the real threads, as it was posted. */
static void test_real_as_git(void **state)
{
	AUTO_FREE char *index = real_mail_path("index.tsv");
	AUTO_FREE char *text = NULL;
	struct walk w = { .dir = *state };
	char **lines;
	size_t len;

	if (!index)
		skip();
	assert_int_equal(file_read(index, 1 << 20, &text, &len, NULL), 0);
	lines = strv_split(text, "\n");
	for (size_t i = 1; i < strv_len(lines); i++) {
		char **cells = strv_split(lines[i], "\t");

		for (size_t j = 0; j < strv_len(cells); j++) {
			AUTO_FREE char *path = NULL;
			AUTO_FREE char *mbox = NULL;

			if (!str_ends(cells[j], ".mbox"))
				continue;
			path = real_mail_path(cells[j]);
			if (path && file_read(path, 64 << 20, &mbox, &len, NULL) == 0)
				mbox_each(mbox, len, compare_mail, &w, NULL);
		}
		strv_free(cells);
	}
	strv_free(lines);
	assert_true(w.compared > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_inbody_headers),
		cmocka_unit_test(test_encodings),
		cmocka_unit_test(test_no_diff),
		cmocka_unit_test(test_no_mail),
		cmocka_unit_test_setup_teardown(test_own_as_git, tmpdir_setup,
						tmpdir_teardown),
		cmocka_unit_test_setup_teardown(test_real_as_git, tmpdir_setup,
						tmpdir_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
