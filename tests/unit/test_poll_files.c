/* What is found in a maildir, and what becomes of a mail. */
#include "tests/unit/poll_fixture.h"

#include <sys/stat.h>
#include <time.h>

#define DIFF                                                           \
	"Text.\n---\n mm/a.c | 2 +-\n\ndiff --git a/mm/a.c b/mm/a.c\n" \
	"--- a/mm/a.c\n+++ b/mm/a.c\n@@ -1 +1 @@\n-a\n+b\n"            \
	"diff --git a/mm/old.c b/mm/new.c\nsimilarity index 100%\n"    \
	"rename from mm/old.c\nrename to mm/new.c\n-- \n2.39.2\n"

static struct json_object *maildir_job(const char *dir)
{
	AUTO_FREE char *md = path_join(dir, "md", NULL);
	struct json_object *job = json_object_new_object();

	sh(dir, "mkdir -p md/cur md/new md/tmp");
	json_set_str(job, "kind", "maildir");
	json_set_str(job, "path", md);
	return job;
}

static void deliver(const char *dir, const char *name, const char *id, const char *body)
{
	AUTO_FREE char *text = mail_text(id, "[PATCH] mm: x", "", body);
	AUTO_FREE char *tmp = str_printf("md/tmp/%s", name);
	AUTO_FREE char *move = str_printf("mv md/tmp/%s md/new/%s", name, name);

	put_file(dir, tmp, text);
	sh(dir, move);
}

/* What has just come is taken a moment later: polls until something is there. */
static struct polled poll_until(const char *dir, struct json_object *job)
{
	time_t end = time(NULL) + 15;

	for (;;) {
		struct polled p = poll_once(dir, job);
		struct timespec pause = { .tv_nsec = 50000000 };

		assert_null(json_str(p.result, "error", NULL));
		if (json_len(p.lines) || time(NULL) > end)
			return p;
		assert_true(json_int(p.result, "again", 0) > 0);
		polled_done(&p);
		nanosleep(&pause, NULL);
	}
}

static void test_maildir_takes_each_mail_once(void **state)
{
	AUTO_JSON struct json_object *job = maildir_job(*state);

	deliver(*state, "1", "one@x", "Hello.\n");
	sh(*state,
	   "ln -s ../new/1 md/cur/link; mkdir md/new/folder; touch md/new/.hidden");
	{
		AUTO_POLLED struct polled p = poll_until(*state, job);
		assert_ids(&p, "one@x");
	}
	deliver(*state, "2", "two@x", "Hello.\n");
	/* A reader that marks the old mail as seen gives it a new time: it may
	 * come again, the new one must. */
	{
		AUTO_POLLED struct polled p = poll_until(*state, job);
		assert_ids(&p, "two@x");
	}
	{
		AUTO_POLLED struct polled p = poll_once(*state, job);
		assert_int_equal(json_len(p.lines), 0);
		assert_int_equal(json_int(p.result, "again", -1), 0);
	}
}

static void test_maildir_goes_on_where_a_limit_stopped_it(void **state)
{
	AUTO_JSON struct json_object *job = maildir_job(*state);
	struct json_object *limits = json_object_new_object();
	size_t got = 0;

	json_set_int(limits, "mails", 3);
	json_set(job, "limits", limits);
	for (int i = 0; i < 10; i++) {
		AUTO_FREE char *name = str_printf("n%d", i);
		AUTO_FREE char *id = str_printf("id%d@x", i);

		deliver(*state, name, id, "x\n");
	}
	while (got < 10) {
		AUTO_POLLED struct polled p = poll_until(*state, job);

		for (size_t k = 0; k < json_len(p.lines); k++, got++) {
			AUTO_FREE char *id = str_printf("id%zu@x", got);

			assert_string_equal(json_str(line_at(&p, k), "message_id", ""),
					    id);
		}
		assert_true(json_len(p.lines) <= 3 && json_len(p.lines) > 0);
	}
}

static void test_maildir_is_not_changed(void **state)
{
	AUTO_JSON struct json_object *job = maildir_job(*state);
	static const char look[] = "find md -printf '%p %m %T@ %C@ %s\\n' | sort";

	deliver(*state, "1", "one@x", "x\n");
	{
		AUTO_FREE char *before = sh_out(*state, look);
		AUTO_POLLED struct polled p = poll_until(*state, job);
		AUTO_FREE char *after = sh_out(*state, look);

		assert_string_equal(before, after);
	}
}

static void test_maildir_that_is_not_there_is_an_error(void **state)
{
	AUTO_JSON struct json_object *job = maildir_job(*state);
	AUTO_POLLED struct polled p = { NULL };

	sh(*state, "rm -r md/new");
	p = poll_once(*state, job);
	assert_non_null(strstr(json_str(p.result, "error", ""), "md/new: No such file"));
}

static void test_a_line_says_what_the_mail_says(void **state)
{
	AUTO_JSON struct json_object *job = maildir_job(*state);
	AUTO_POLLED struct polled p = { NULL };
	AUTO_FREE char *text = mail_text(
		"two@x", "=?utf-8?q?=5BPATCH?= v2\n 1/2] mm: =?utf-8?q?=C3=A4?=",
		"In-Reply-To: <zero@x>\nReferences: <a@x>\n\t<zero@x>\n"
		"List-Id: Memory management <linux-mm.kvack.org>\n",
		DIFF "\nbase-commit: 0123456789abcdef0123\nchange-id: 2024-x-1\n"
		     "sluice: tree=mm topology=smp4,numa2\n");
	struct json_object *l, *where;

	put_file(*state, "md/new/1", text);
	put_file(*state, "md/new/2", "no mail at all");
	p = poll_until(*state, job);
	l = line_at(&p, 0);
	assert_string_equal(json_str(l, "message_id", ""), "two@x");
	assert_string_equal(json_str(l, "parent", ""), "zero@x");
	assert_string_equal(json_object_to_json_string_ext(json_arr(l, "references"), 0),
			    "[\"a@x\",\"zero@x\"]");
	assert_string_equal(json_str(l, "subject", ""), "[PATCH v2 1/2] mm: \xc3\xa4");
	assert_string_equal(json_str(l, "from", ""), "A U Thor <Author@Example.org>");
	assert_string_equal(json_str(l, "sender", ""), "author@example.org");
	assert_int_equal(json_int(l, "date", 0), 1704200400);
	assert_string_equal(json_object_to_json_string_ext(json_arr(l, "lists"), 0),
			    "[\"linux-mm.kvack.org\"]");
	assert_true(json_flag(l, "has_diff", false));
	assert_string_equal(json_object_to_json_string_ext(
				    json_arr(l, "paths"), JSON_C_TO_STRING_NOSLASHESCAPE),
			    "[\"mm/a.c\",\"mm/old.c\",\"mm/new.c\"]");
	assert_string_equal(json_str(l, "base_commit", ""), "0123456789abcdef0123");
	assert_string_equal(json_str(l, "change_id", ""), "2024-x-1");
	assert_string_equal(json_object_to_json_string_ext(json_obj(l, "override"), 0),
			    "{\"tree\":\"mm\",\"topology\":\"smp4,numa2\"}");
	where = json_arr(l, "raw");
	assert_int_equal(json_len(where), 2);
	assert_int_equal(json_object_get_int64(json_object_array_get_idx(where, 1)),
			 strlen(text));
	assert_memory_equal(
		p.raw + json_object_get_int64(json_object_array_get_idx(where, 0)), text,
		strlen(text));
}

static void test_bad_mails_are_passed_over_and_told(void **state)
{
	AUTO_JSON struct json_object *job = maildir_job(*state);
	struct json_object *limits = json_object_new_object();
	long long skipped = 0;
	size_t notes = 0, mails = 0;
	time_t end = time(NULL) + 15;

	json_set_int(limits, "mail_bytes", 4096);
	json_set(job, "limits", limits);
	put_file(*state, "md/new/1", "");
	sh(*state, "(printf 'Subject: big\\n\\n'; head -c 10000 /dev/zero) >md/new/2");
	deliver(*state, "3", "three@x", "x\n");
	while (!mails && time(NULL) < end) {
		AUTO_POLLED struct polled p = poll_once(*state, job);

		skipped += json_int(p.result, "skipped", 0);
		notes += json_len(json_arr(p.result, "notes"));
		mails += json_len(p.lines);
	}
	assert_int_equal(mails, 1);
	assert_int_equal(skipped, 2);
	assert_int_equal(notes, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tmpdir_test(test_maildir_takes_each_mail_once),
		tmpdir_test(test_maildir_goes_on_where_a_limit_stopped_it),
		tmpdir_test(test_maildir_is_not_changed),
		tmpdir_test(test_maildir_that_is_not_there_is_an_error),
		tmpdir_test(test_a_line_says_what_the_mail_says),
		tmpdir_test(test_bad_mails_are_passed_over_and_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
