/* What is found in a maildir or an epoch, and what becomes of a mail. */
#include "tests/unit/poll_fixture.h"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

/* What the wall clock lags behind the kernel's, which gives files their times. */
static long clock_lag_s;

/* In the place of libc's for all of this program. */
int clock_gettime(clockid_t clock, struct timespec *t)
{
	int rc = (int)syscall(SYS_clock_gettime, clock, t);

	if (clock == CLOCK_REALTIME)
		t->tv_sec -= clock_lag_s;
	return rc;
}

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

/* A later poll goes on where the first one began, though that found nothing. */
static void test_maildir_that_is_empty_at_first(void **state)
{
	AUTO_JSON struct json_object *job = maildir_job(*state);

	json_set_int(job, "since", time(NULL) - 1);
	{
		AUTO_POLLED struct polled p = poll_once(*state, job);
		assert_ids(&p, "");
	}
	deliver(*state, "1", "one@x", "x\n");
	sh(*state, "sleep 2.1"); /* as with a "since" shorter than the interval */
	json_set_int(job, "since", time(NULL));
	{
		AUTO_POLLED struct polled p = poll_once(*state, job);
		assert_ids(&p, "one@x");
	}
}

/* Not all that ever came, but what did since the first poll began. */
static void test_maildir_when_the_clock_was_set_back(void **state)
{
	AUTO_JSON struct json_object *job = maildir_job(*state);
	AUTO_FREE char *cursor = NULL;
	AUTO_FREE char *ns = NULL;

	deliver(*state, "1", "one@x", "x\n");
	ns = sh_out(*state, "sleep 0.1; date +%s%N; sleep 0.1");
	deliver(*state, "2", "two@x", "x\n");
	cursor = str_printf("{\"time\":4000000000000000000,\"name\":\"\",\"floor\":%lld}",
			    atoll(ns));
	json_set(job, "cursor", json_of(cursor));
	{
		AUTO_POLLED struct polled p = poll_until(*state, job);
		assert_ids(&p, "two@x");
	}
}

static void test_maildir_with_names_of_any_bytes(void **state)
{
	AUTO_JSON struct json_object *job = maildir_job(*state);
	AUTO_FREE char *text = mail_text("one@x", "s", "", "x\n");

	put_file(*state, "mail", text);
	sh(*state, "cp mail \"md/new/$(printf '\\377\\n')x\"");
	{
		AUTO_POLLED struct polled p = poll_until(*state, job);
		assert_ids(&p, "one@x");
	}
	{
		AUTO_POLLED struct polled p = poll_once(*state, job);
		assert_ids(&p, "");
	}
}

/* What came while the clock was wrong does not wait until that time has come. */
static void test_maildir_with_files_of_the_future(void **state)
{
	AUTO_JSON struct json_object *job = maildir_job(*state);

	deliver(*state, "1", "one@x", "x\n");
	clock_lag_s = 3600;
	{
		AUTO_POLLED struct polled p = poll_once(*state, job);

		assert_ids(&p, "one@x");
		assert_int_equal(json_int(p.result, "again", -1), 0);
	}
	deliver(*state, "2", "two@x", "x\n");
	{
		AUTO_POLLED struct polled p = poll_once(*state, job);
		assert_ids(&p, "two@x");
	}
	clock_lag_s = 0;
	/* Those that come then come. That the others do so again does no harm. */
	deliver(*state, "3", "three@x", "x\n");
	sh(*state, "sleep 2.1");
	{
		AUTO_POLLED struct polled p = poll_once(*state, job);
		assert_ids(&p, "one@x two@x three@x");
	}
}

/* What is no file of ours is passed over, and nothing is waited for. */
static void test_maildir_with_odd_files(void **state)
{
	AUTO_JSON struct json_object *job = maildir_job(*state);

	sh(*state, "mkfifo md/new/0; ln -s /dev/zero md/new/1; ln -s nowhere md/new/2");
	deliver(*state, "3", "three@x", "x\n");
	{
		AUTO_POLLED struct polled p = poll_until(*state, job);

		assert_ids(&p, "three@x");
		assert_int_equal(json_int(p.result, "skipped", -1), 0);
	}
	/* Read meanwhile: it comes again, and is known by its message-id. */
	sh(*state, "mv md/new/3 md/cur/3:2,S");
	{
		AUTO_POLLED struct polled p = poll_until(*state, job);
		assert_ids(&p, "three@x");
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

/* ---- epochs ---- */

/* Commits a mail to the epoch, made when it is not there, as the file "m" or "d". */
static void commit_mail(const char *dir, const char *epoch, const char *file,
			const char *id, long long when)
{
	AUTO_FREE char *text = mail_text(id, "[PATCH] mm: x", "", "Text.\n");
	AUTO_FREE char *script = str_printf(
		"[ -d %s ] || git init -q --bare -b master %s\n"
		"b=$(git -C %s hash-object -w \"$PWD/mail\")\n"
		"t=$(printf '100644 blob %%s\\t%s\\n' $b | git -C %s mktree)\n"
		"p=$(git -C %s rev-parse -q --verify master) || p=\n"
		"c=$(GIT_COMMITTER_DATE='@%lld +0000' git -C %s commit-tree -m x ${p:+-p $p} $t)\n"
		"git -C %s update-ref refs/heads/master $c\n",
		epoch, epoch, epoch, file, epoch, epoch, when, epoch, epoch);

	put_file(dir, "mail", text);
	sh(dir, script);
}

static struct json_object *epoch_job(const char *dir, const char *name)
{
	AUTO_FREE char *path = path_join(dir, name, NULL);
	struct json_object *job = json_object_new_object();

	json_set_str(job, "kind", "epoch");
	json_set_str(job, "path", path);
	return job;
}

#define assert_polls(dir, job, want)                                \
	do {                                                        \
		AUTO_POLLED struct polled p_ = poll_once(dir, job); \
		assert_null(json_str(p_.result, "error", NULL));    \
		assert_ids(&p_, want);                              \
	} while (0)

static void test_epoch_from_the_cursor_on(void **state)
{
	AUTO_JSON struct json_object *job = epoch_job(*state, "e.git");

	commit_mail(*state, "e.git", "m", "1@x", 1000);
	commit_mail(*state, "e.git", "m", "2@x", 900);
	assert_polls(*state, job, "1@x 2@x");
	assert_polls(*state, job, "");
	commit_mail(*state, "e.git", "d", "1@x", 1100);
	commit_mail(*state, "e.git", "m", "3@x", 1000);
	assert_polls(*state, job, "3@x");
}

static void test_epoch_in_pieces(void **state)
{
	AUTO_JSON struct json_object *job = epoch_job(*state, "e.git");

	json_set(job, "limits", json_of("{\"mails\":2}"));
	for (int i = 1; i <= 5; i++) {
		AUTO_FREE char *id = str_printf("%d@x", i);

		commit_mail(*state, "e.git", "m", id, 1000 + i);
	}
	{
		AUTO_POLLED struct polled p = poll_once(*state, job);

		assert_ids(&p, "1@x 2@x");
		assert_true(json_flag(p.result, "more", false));
	}
	assert_polls(*state, job, "3@x 4@x");
	{
		AUTO_POLLED struct polled p = poll_once(*state, job);

		assert_ids(&p, "5@x");
		assert_false(json_flag(p.result, "more", true));
	}
}

static void test_epoch_whose_history_was_rewritten(void **state)
{
	AUTO_JSON struct json_object *job = epoch_job(*state, "e.git");

	json_set_int(job, "since", 500);
	commit_mail(*state, "e.git", "m", "0@x", 400);
	commit_mail(*state, "e.git", "m", "1@x", 1000);
	commit_mail(*state, "e.git", "m", "2@x", 1001);
	assert_polls(*state, job, "1@x 2@x");
	/* All commits get other ids, and those that were are gone. */
	sh(*state, "rm -rf e.git");
	commit_mail(*state, "e.git", "m", "0@x", 401);
	commit_mail(*state, "e.git", "m", "2@x", 1002);
	commit_mail(*state, "e.git", "m", "3@x", 1003);
	json_set_int(job, "since", 5000); /* that of a later poll does not count */
	{
		AUTO_POLLED struct polled p = poll_once(*state, job);

		assert_ids(&p, "2@x 3@x");
		assert_non_null(strstr(json_object_get_string(json_obj(job, "cursor")),
				       "\"floor\""));
	}
	assert_polls(*state, job, "");
}

static void test_epochs_of_an_inbox_in_order(void **state)
{
	AUTO_JSON struct json_object *job = epoch_job(*state, "inbox");

	sh(*state, "mkdir -p inbox/git");
	for (int i = 0; i < 11; i++) {
		AUTO_FREE char *epoch = str_printf("inbox/git/%d.git", i);
		AUTO_FREE char *id = str_printf("%d@x", i);

		commit_mail(*state, epoch, "m", id, 1000);
	}
	assert_polls(*state, job, "0@x 1@x 2@x 3@x 4@x 5@x 6@x 7@x 8@x 9@x 10@x");
	commit_mail(*state, "inbox/git/10.git", "m", "11@x", 1000);
	commit_mail(*state, "inbox/git/11.git", "m", "12@x", 1000);
	assert_polls(*state, job, "11@x 12@x");
}

static void test_epoch_first_poll_goes_back_so_far(void **state)
{
	AUTO_JSON struct json_object *job = epoch_job(*state, "e.git");

	json_set_int(job, "since", 5000);
	commit_mail(*state, "e.git", "m", "1@x", 1000);
	assert_polls(*state, job, "");
	commit_mail(*state, "e.git", "m", "2@x", 6000);
	assert_polls(*state, job, "2@x");
	/* After the first poll all that comes counts, whatever its date is. */
	commit_mail(*state, "e.git", "m", "3@x", 2000);
	assert_polls(*state, job, "3@x");
}

/* What was sent with an old date hides neither what came before nor what did after. */
static void test_epoch_with_mails_of_old_dates(void **state)
{
	AUTO_JSON struct json_object *job = epoch_job(*state, "inbox");

	sh(*state, "mkdir inbox");
	json_set_int(job, "since", 5000);
	commit_mail(*state, "inbox/0.git", "m", "0@x", 4000);
	commit_mail(*state, "inbox/0.git", "m", "1@x", 6000);
	commit_mail(*state, "inbox/0.git", "m", "2@x", 10);
	commit_mail(*state, "inbox/0.git", "m", "3@x", 6001);
	assert_polls(*state, job, "1@x 2@x 3@x");
	/* An epoch that came after the first poll is new as a whole. */
	commit_mail(*state, "inbox/1.git", "m", "4@x", 11);
	commit_mail(*state, "inbox/1.git", "m", "5@x", 7000);
	commit_mail(*state, "inbox/1.git", "m", "6@x", 12);
	assert_polls(*state, job, "4@x 5@x 6@x");
	/* Purged: all commits are others, and one more has come before the last. */
	sh(*state, "rm -rf inbox/0.git");
	commit_mail(*state, "inbox/0.git", "m", "0@x", 4000);
	commit_mail(*state, "inbox/0.git", "m", "3@x", 6001);
	commit_mail(*state, "inbox/0.git", "m", "7@x", 7000);
	commit_mail(*state, "inbox/0.git", "m", "8@x", 13);
	commit_mail(*state, "inbox/0.git", "m", "9@x", 7001);
	assert_polls(*state, job, "3@x 7@x 8@x 9@x");
	assert_polls(*state, job, "");
}

static void test_epoch_with_a_mail_that_cannot_be_read(void **state)
{
	AUTO_JSON struct json_object *job = epoch_job(*state, "e.git");

	for (int i = 1; i <= 3; i++) {
		AUTO_FREE char *id = str_printf("%d@x", i);

		commit_mail(*state, "e.git", "m", id, 1000 + i);
	}
	sh(*state, "b=$(git -C e.git rev-parse master~1:m)\n"
		   "mv e.git/objects/$(echo $b | sed 's,^..,&/,') away; echo $b >name");
	{
		AUTO_POLLED struct polled p = poll_once(*state, job);

		assert_ids(&p, "1@x 3@x");
		assert_null(json_str(p.result, "error", NULL));
		assert_int_equal(json_len(json_arr(p.result, "notes")), 1);
	}
	assert_polls(*state, job, "");
	sh(*state, "mv away e.git/objects/$(sed 's,^..,&/,' name)");
	assert_polls(*state, job, "2@x");
	assert_polls(*state, job, "");
}

static void test_epoch_cloned_without_its_past(void **state)
{
	AUTO_JSON struct json_object *job = epoch_job(*state, "shallow.git");

	commit_mail(*state, "e.git", "m", "1@x", 1000);
	commit_mail(*state, "e.git", "m", "2@x", 1001);
	sh(*state, "git clone -q --bare --depth 1 \"file://$PWD/e.git\" shallow.git");
	assert_polls(*state, job, "2@x");
	/* And one with a work tree. */
	sh(*state, "rm -rf shallow.git; git clone -q e.git shallow.git");
	commit_mail(*state, "e.git", "m", "3@x", 1002);
	assert_polls(*state, job, "");
	sh(*state, "git -C shallow.git pull -q");
	assert_polls(*state, job, "3@x");
}

static void test_epoch_that_is_none(void **state)
{
	AUTO_JSON struct json_object *job = epoch_job(*state, "e.git");

	sh(*state, "mkdir e.git");
	{
		AUTO_POLLED struct polled p = poll_once(*state, job);
		assert_non_null(
			strstr(json_str(p.result, "error", ""), "neither an epoch"));
	}
	sh(*state, "git init -q --bare e.git");
	assert_polls(*state, job, "");
	commit_mail(*state, "e.git", "m", "1@x", 1);
	sh(*state, "rm -rf e.git/objects/*");
	{
		AUTO_POLLED struct polled p = poll_once(*state, job);
		assert_non_null(strstr(json_str(p.result, "error", ""), "read commit"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tmpdir_test(test_maildir_takes_each_mail_once),
		tmpdir_test(test_maildir_goes_on_where_a_limit_stopped_it),
		tmpdir_test(test_maildir_is_not_changed),
		tmpdir_test(test_maildir_that_is_empty_at_first),
		tmpdir_test(test_maildir_when_the_clock_was_set_back),
		tmpdir_test(test_maildir_with_names_of_any_bytes),
		tmpdir_test(test_maildir_with_files_of_the_future),
		tmpdir_test(test_maildir_with_odd_files),
		tmpdir_test(test_maildir_that_is_not_there_is_an_error),
		tmpdir_test(test_a_line_says_what_the_mail_says),
		tmpdir_test(test_bad_mails_are_passed_over_and_told),
		tmpdir_test(test_epoch_from_the_cursor_on),
		tmpdir_test(test_epoch_in_pieces),
		tmpdir_test(test_epoch_whose_history_was_rewritten),
		tmpdir_test(test_epochs_of_an_inbox_in_order),
		tmpdir_test(test_epoch_first_poll_goes_back_so_far),
		tmpdir_test(test_epoch_with_mails_of_old_dates),
		tmpdir_test(test_epoch_with_a_mail_that_cannot_be_read),
		tmpdir_test(test_epoch_cloned_without_its_past),
		tmpdir_test(test_epoch_that_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
