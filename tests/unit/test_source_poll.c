/*
 * The supervisor's side of polling: the test is its own child in the role "poll",
 * the sources are folders, repositories and a server on loopback.
 */
#include "tests/unit/http_fixture.h"
#include "tests/unit/git_fixture.h"

#include <fcntl.h>
#include <limits.h>
#include <time.h>

#include "daemon/source_poll.h"
#include "kernels/role_poll.h"

static const char *test_self;

struct fixture {
	char *dir, *db_path;
	struct db *db;
	sd_event *event;
	struct state state;
	struct config config;
	struct role_host host;
	struct source_poll *polls;
	struct source_conf conf[6];
	struct str got;   /* ids handed over */
	struct str order; /* whose polls ended */
	size_t mails;     /* how many */
	int ended;        /* polls */
	size_t unsettled; /* since the last piece */
	int pieces;
	bool refuse, refuse_piece; /* the callbacks fail */
	size_t refuse_at;          /* at that mail; 0: at none */
	bool idle;
};

static int on_mail(const struct source_conf *source, struct json_object *mail,
		   const char *raw, size_t raw_len, void *arg, struct err *err)
{
	struct fixture *f = arg;

	/* Both kinds of source here give the bytes of a mail, which have its id. */
	assert_non_null(raw);
	assert_int_equal(raw_len, strlen(raw));
	assert_non_null(strstr(raw, json_str(mail, "message_id", "?")));
	f->unsettled++;
	if (f->refuse || (f->refuse_at && f->mails + 1 >= f->refuse_at))
		return err_set(err, ERR_SYS, "the disk is full");
	str_addf(&f->got, "%s:%s ", source->name, json_str(mail, "message_id", "?"));
	f->mails++;
	return 0;
}

/* In the transaction still: what is written here is in with the mails, or not. */
static int on_piece(void *arg, struct err *err)
{
	struct fixture *f = arg;

	f->unsettled = 0;
	f->pieces++;
	if (f->refuse_piece)
		return err_set(err, ERR_SYS, "no piece");
	return 0;
}

static void on_polled(const struct source_conf *source, const struct source_state *state,
		      size_t mails, void *arg)
{
	struct fixture *f = arg;

	assert_string_equal(source->name, state->name);
	if (!state->error)
		assert_int_equal(f->unsettled, 0);
	(void)mails;
	f->ended++;
	str_addf(&f->order, "%s ", source->name);
}

static void on_idle(void *arg)
{
	((struct fixture *)arg)->idle = true;
}

static void new_polls(struct fixture *f)
{
	struct err err = { .code = ERR_NONE };
	struct source_poll_opts o = { .host = &f->host,
				      .db = f->db,
				      .mail = on_mail,
				      .piece = on_piece,
				      .polled = on_polled,
				      .idle = on_idle,
				      .arg = f };

	if (source_poll_new(&o, &f->polls, &err) < 0)
		fail_msg("%s", err.msg);
}

static int setup(void **state)
{
	struct fixture *f = mem_alloc0(sizeof(*f));
	struct err err = { .code = ERR_NONE };

	tmpdir_setup((void **)&f->dir);
	sh(f->dir, "mkdir jobs md md/cur md/new md/tmp");
	f->db_path = path_join(f->dir, "sluice.db", NULL);
	if (db_open(f->db_path, DB_WRITE, &f->db, &err) < 0)
		fail_msg("%s", err.msg);
	assert_true(sd_event_new(&f->event) >= 0);
	f->state = (struct state){ .dir = f->dir,
				   .jobs = path_join(f->dir, "jobs", NULL),
				   .self = (char *)test_self,
				   .uid = geteuid(),
				   .gid = getegid() };
	f->config.mail_bytes = 1 << 20;
	f->config.daemon_polls = 8;
	f->host = (struct role_host){ .event = f->event,
				      .state = &f->state,
				      .config = &f->config };
	new_polls(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	source_poll_free(f->polls);
	db_close(f->db);
	sd_event_unref(f->event);
	str_done(&f->got);
	str_done(&f->order);
	free(f->state.jobs);
	free(f->db_path);
	tmpdir_teardown((void **)&f->dir);
	free(f);
	return 0;
}

/* A source of kind at where; interval in seconds. */
static struct source_conf source_at(const char *name, const char *kind, char *where,
				    int interval)
{
	bool url = !strcmp(kind, "archive");

	return (struct source_conf){ .name = (char *)name,
				     .kind = (char *)kind,
				     .url = url ? where : (char *)"",
				     .path = url ? (char *)"" : where,
				     .project = (char *)"",
				     .token_file = (char *)"",
				     .interval_ms = (uint64_t)interval * 1000 };
}

static void configure(struct fixture *f, size_t n)
{
	struct err err = { .code = ERR_NONE };

	if (source_poll_configure(f->polls, f->conf, n, &err) < 0)
		fail_msg("%s", err.msg);
}

/* Runs the loop until the condition holds, or half a minute has passed. */
#define run_until(f, condition)                                             \
	do {                                                                \
		time_t end_ = time(NULL) + 30;                              \
		while (!(condition) && time(NULL) < end_)                   \
			assert_true(sd_event_run((f)->event, 100000) >= 0); \
		if (!(condition))                                           \
			fail_msg("%s did not come", #condition);            \
	} while (0)

static struct source_state row(struct fixture *f, const char *name)
{
	struct source_state s = { 0 };
	struct err err = { .code = ERR_NONE };

	if (source_state_find(f->db, name, &s, &err) != 1)
		fail_msg("no row of %s", name);
	return s;
}
#define AUTO_ROW AUTO(source_state_done) struct source_state

static void deliver(struct fixture *f, int from, int to)
{
	AUTO_FREE char *script = str_printf(
		"for i in $(seq %d %d); do\n"
		"printf 'From: a@x\\nSubject: s\\nMessage-ID: <m%%d@x>\\n\\nx\\n' $i >md/tmp/$i\n"
		"mv md/tmp/$i md/new/$(printf %%06d $i)\ndone",
		from, to);

	sh(f->dir, script);
}

/* ---- tests ---- */

static void test_when_next(void **state)
{
	struct source_poll_due d = { .now = 1000, .interval = 300 };

	(void)state;
	assert_int_equal(source_poll_next(&d), 1300);
	d.again = 3;
	assert_int_equal(source_poll_next(&d), 1003);
	d.again = 900;
	assert_int_equal(source_poll_next(&d), 1300);
	d.more = true;
	assert_int_equal(source_poll_next(&d), 1000);
	d.failures = 1; /* whatever "more" says */
	assert_int_equal(source_poll_next(&d), 1300);
	d.failures = 2;
	assert_int_equal(source_poll_next(&d), 1600);
	d.failures = 4;
	assert_int_equal(source_poll_next(&d), 3400);
	d.failures = 5;
	assert_int_equal(source_poll_next(&d), 4600);
	d.failures = INT64_MAX;
	assert_int_equal(source_poll_next(&d), 4600);
	d.retry_after = 5000;
	assert_int_equal(source_poll_next(&d), 6000);
	d.retry_after = INT64_MAX;
	assert_int_equal(source_poll_next(&d), 1000 + 86400);
	d = (struct source_poll_due){ .now = 0, .interval = 86400 * 3, .failures = 9 };
	assert_int_equal(source_poll_next(&d), 86400 * 3);
}

static void test_each_mail_once_over_restarts(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *md = path_join(f->dir, "md", NULL);

	deliver(f, 1, 2);
	f->conf[0] = source_at("box", "maildir", md, 1);
	configure(f, 1);
	run_until(f, f->mails == 2);
	assert_string_equal(str_get(&f->got), "box:m1@x box:m2@x ");
	{
		AUTO_ROW s = row(f, "box");

		assert_int_equal(s.mails, 2);
		assert_int_equal(s.failures, 0);
		assert_null(s.error);
		assert_true(s.polled > 0 && s.succeeded == s.polled && s.next > 0);
		assert_non_null(s.cursor);
	}
	/* Another process later: the cursor is what the database has. */
	f->ended = 0;
	run_until(f, f->ended > 0);
	run_until(f, source_poll_stop(f->polls));
	source_poll_free(f->polls);
	new_polls(f);
	deliver(f, 3, 3);
	configure(f, 1);
	run_until(f, f->mails == 3);
	assert_string_equal(str_get(&f->got), "box:m1@x box:m2@x box:m3@x ");
}

enum { MANY = 4700 }; /* more than one poll, and its pieces, take */

static void many_mails(const char *dir)
{
	sh(dir,
	   "git init -q --bare -b master e.git\n"
	   "for i in $(seq 1 4700); do\n"
	   "m=\"Message-ID: <m$i@x>\"\n"
	   "printf 'commit refs/heads/master\\ncommitter c <c@x> 1 +0000\\ndata 1\\nm\\n"
	   "M 100644 inline m\\ndata %d\\n%s\\n\\n' $((${#m} + 2)) \"$m\"\necho\n"
	   "done | git -C e.git fast-import --quiet");
}

static void test_many_come_in_pieces(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *epoch = path_join(f->dir, "e.git", NULL);
	int n = MANY;

	many_mails(f->dir);
	f->conf[0] = source_at("e", "epoch", epoch, 3600);
	configure(f, 1);
	run_until(f, f->mails == (size_t)n && f->ended == 3);
	{
		AUTO_ROW s = row(f, "e");

		assert_true(f->pieces >= n / 200);
		assert_int_equal(s.mails, n);
		assert_true(s.next >= time(NULL) + 3000);
	}
}

/* The next poll runs while lines are taken. Where those are not written, what it brings
 * must not be taken either: it would be a hole. */
static void test_no_hole_where_it_reads_ahead(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *epoch = path_join(f->dir, "e.git", NULL);

	many_mails(f->dir);
	f->refuse_at = 1900;
	f->conf[0] = source_at("e", "epoch", epoch, 1);
	configure(f, 1);
	run_until(f, f->ended == 1);
	{
		AUTO_ROW s = row(f, "e");

		assert_string_equal(s.error, "the disk is full");
		assert_null(s.cursor);
	}
	assert_int_equal(f->mails, 1899);
	str_clear(&f->got);
	f->mails = 0;
	f->refuse_at = 0;
	run_until(f, f->mails == MANY);
	for (int i = 1; i <= MANY; i++) {
		AUTO_FREE char *id = str_printf("e:m%d@x ", i);
		const char *at = strstr(str_get(&f->got), id);

		if (!at || (i == 1 && at != str_get(&f->got)))
			fail_msg("%s did not come, or not in its turn", id);
		if (strstr(at + 1, id))
			fail_msg("%s came twice", id);
	}
}

static void test_what_was_not_taken_comes_again(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *md = path_join(f->dir, "md", NULL);

	deliver(f, 1, 1);
	f->refuse = true;
	f->conf[0] = source_at("box", "maildir", md, 1);
	configure(f, 1);
	for (;;) {
		AUTO_ROW s = { 0 };
		int before = f->ended;

		run_until(f, f->ended > before);
		s = row(f, "box");
		if (!s.error) /* too young for the first poll */
			continue;
		assert_string_equal(s.error, "the disk is full");
		assert_int_equal(s.mails, 0);
		/* That of the first poll, which has no file's name yet. */
		assert_string_equal(json_str(s.cursor, "name", ""), "");
		assert_int_equal(s.failures, 1);
		break;
	}
	f->refuse = false;
	run_until(f, f->mails == 1);
}

/* The last piece fails: the cursor must not be ahead of it, in memory either. */
static void test_what_was_not_settled_comes_again(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *epoch = path_join(f->dir, "e.git", NULL);

	sh(f->dir,
	   "git init -q --bare -b master e.git\n"
	   "printf 'commit refs/heads/master\ncommitter c <c@x> 1 +0000\ndata 1\nm\n"
	   "M 100644 inline m\ndata 18\nMessage-ID: <m@x>\n\n' |"
	   "git -C e.git fast-import --quiet");
	f->refuse_piece = true;
	f->conf[0] = source_at("e", "epoch", epoch, 1);
	configure(f, 1);
	run_until(f, f->ended == 1);
	{
		AUTO_ROW s = row(f, "e");

		assert_string_equal(s.error, "no piece");
		assert_null(s.cursor);
		assert_int_equal(s.mails, 0);
	}
	f->refuse_piece = false;
	run_until(f, f->ended == 2);
	assert_string_equal(str_get(&f->got), "e:m@x e:m@x ");
	{
		AUTO_ROW s = row(f, "e");

		assert_null(s.error);
		assert_non_null(s.cursor);
		assert_int_equal(s.mails, 1);
	}
}

/* What a poll brought before the clock was set back says nothing of when to ask again. */
static void test_a_clock_that_was_set_back(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *md = path_join(f->dir, "md", NULL);
	struct source_state s = { .name = (char *)"box",
				  .kind = (char *)"maildir",
				  .location = md,
				  .polled = time(NULL) + 3000,
				  .succeeded = DB_NO_INT,
				  .next = time(NULL) + 3300 };
	struct err err = { .code = ERR_NONE };

	assert_int_equal(source_state_put(f->db, &s, &err), 0);
	f->conf[0] = source_at("box", "maildir", md, 3600);
	configure(f, 1);
	run_until(f, f->ended == 1);
	{
		AUTO_ROW now = row(f, "box");
		assert_true(now.polled <= time(NULL));
	}
}

/* The most memory that the test has had, MiB. */
static long peak_mib(void)
{
	AUTO_FREE char *text = NULL;
	const char *at;

	assert_int_equal(file_read("/proc/self/status", 1 << 16, &text, NULL, NULL), 0);
	at = strstr(text, "VmHWM:");
	assert_non_null(at);
	return atol(at + strlen("VmHWM:")) / 1024;
}

/* The role reads what strangers sent, and might come to be theirs. */
static void test_lines_that_are_none(void **state)
{
	static const struct {
		const char *name, *says;
	} cases[] = {
		{ "zeros", "a line of over 8388608 bytes" },
		{ "values", "JSON: over 10000 values" },
		{ "text", "JSON: " },
		{ "raw", "is cut short" },
		{ "rawneg", "names -5 bytes" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_FREE char *where = str_printf("/evil/%s", cases[i].name);
		int before = f->ended;

		f->conf[0] = source_at("box", "maildir", where, 3600);
		configure(f, 1);
		run_until(f, f->ended > before);
		{
			AUTO_ROW s = row(f, "box");

			if (!s.error || !strstr(s.error, cases[i].says))
				fail_msg("%s: %s", cases[i].name, s.error);
			assert_null(s.cursor);
		}
	}
	/* The sanitizer keeps what was freed, and counts to the peak. */
#ifdef __SANITIZE_ADDRESS__
	print_message("peak %ld MiB\n", peak_mib());
#else
	assert_true(peak_mib() < 200);
#endif
}

/* ---- a server that is no good ---- */

static void serve(int fd, const char *path, const char *request, struct http_counts *c,
		  int port)
{
	(void)request;
	(void)c;
	(void)port;
	if (str_starts(path, "/busy/"))
		reply(fd, "503 Service Unavailable", "Retry-After: 5000\r\n", "later");
	else if (str_starts(path, "/silent/"))
		pause();
	else
		reply(fd, "500 Internal Server Error", "", "oops");
}

static void test_a_bad_source_harms_no_other(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *md = path_join(f->dir, "md", NULL);
	struct http_server server = http_serve(serve);
	AUTO_FREE char *busy = http_url(&server, "/busy/");
	AUTO_FREE char *silent = http_url(&server, "/silent/");
	time_t begin = time(NULL);

	deliver(f, 1, 1);
	f->conf[0] = source_at("busy", "archive", busy, 1);
	f->conf[1] = source_at("box", "maildir", md, 1);
	f->conf[2] = source_at("silent", "archive", silent, 1);
	configure(f, 3);
	run_until(f, f->mails == 1 && f->ended >= 2);
	deliver(f, 2, 2);
	run_until(f, f->mails == 2);
	{
		AUTO_ROW s = row(f, "busy");

		assert_non_null(strstr(s.error, "/busy/manifest.js.gz: HTTP status 503: "
						"later"));
		assert_int_equal(s.failures, 1);
		assert_int_equal(s.succeeded, DB_NO_INT);
		assert_true(s.next >= begin + 5000);
	}
	/* The one that hangs is ended at once when we end, and is not blamed. */
	begin = time(NULL);
	f->idle = false;
	assert_false(source_poll_stop(f->polls));
	run_until(f, f->idle);
	assert_true(time(NULL) < begin + 8);
	{
		AUTO_ROW s = row(f, "silent");
		assert_int_equal(s.failures, 0);
	}
	http_stop(&server);
}

/* The row of a source as an earlier daemon left it. */
static void seed(struct fixture *f, const struct source_conf *c, int64_t next,
		 int64_t failures)
{
	struct source_state s = { .name = c->name,
				  .kind = c->kind,
				  .location = (char *)source_conf_where(c),
				  .polled = DB_NO_INT,
				  .succeeded = DB_NO_INT,
				  .next = next,
				  .failures = failures };
	struct err err = { .code = ERR_NONE };

	assert_int_equal(source_state_put(f->db, &s, &err), 0);
}

static void test_sources_take_turns(void **state)
{
	static const int64_t due[] = { 30, 10, 20 };
	static const char *const names[] = { "a", "b", "c" };
	struct fixture *f = *state;
	AUTO_FREE char *md = path_join(f->dir, "md", NULL);

	f->config.daemon_polls = 1;
	for (int i = 0; i < 3; i++) {
		f->conf[i] = source_at(names[i], "maildir", md, 1);
		seed(f, &f->conf[i], due[i], 0);
	}
	configure(f, 3);
	run_until(f, f->ended == 9);
	/* Of those that are due in the same second any is first: one more, one less. */
	assert_int_equal(strncmp(str_get(&f->order), "b c a ", 6), 0);
	for (int i = 0; i < 3; i++) {
		AUTO_FREE char *name = str_printf("%s ", names[i]);
		const char *at = str_get(&f->order);
		int n = 0;

		while ((at = strstr(at, name))) {
			at += 2;
			n++;
		}
		assert_in_range(n, 2, 4);
	}
}

/* So many at once, of those that failed half of it: what hangs leaves room. */
static void test_polls_at_once_are_bounded(void **state)
{
	static const char *const names[] = { "s1", "s2", "s3", "s4", "s5" };
	struct fixture *f = *state;
	AUTO_FREE char *md = path_join(f->dir, "md", NULL);
	struct http_server server = http_serve(serve);
	AUTO_FREE char *silent = http_url(&server, "/silent/");
	time_t end;

	f->config.daemon_polls = 4;
	deliver(f, 1, 1);
	for (int i = 0; i < 5; i++) {
		f->conf[i] = source_at(names[i], "archive", silent, 1);
		seed(f, &f->conf[i], i, 1);
	}
	f->conf[5] = source_at("box", "maildir", md, 1);
	seed(f, &f->conf[5], 99, 0);
	configure(f, 6);
	run_until(f, f->mails == 1 && server.counts->requests == 2);
	deliver(f, 2, 2);
	run_until(f, f->mails == 2);
	assert_int_equal(server.counts->requests, 2);
	/* It gives its place to none that failed; good ones get all. */
	for (int i = 0; i < 5; i++)
		f->conf[i].name = (char *)(i == 0 ? "t0" : i == 1 ? "t1" : names[i]);
	configure(f, 2);
	run_until(f, server.counts->requests == 4);
	f->conf[2] = source_at("t2", "archive", silent, 1);
	f->conf[3] = source_at("t3", "archive", silent, 1);
	f->conf[4] = source_at("t4", "archive", silent, 1);
	configure(f, 6);
	run_until(f, server.counts->requests == 6);
	end = time(NULL) + 2;
	while (time(NULL) < end)
		assert_true(sd_event_run(f->event, 100000) >= 0);
	assert_int_equal(server.counts->requests, 6);
	f->idle = false;
	assert_false(source_poll_stop(f->polls));
	run_until(f, f->idle);
	http_stop(&server);
}

static void test_failures_are_counted_and_forgotten(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *md = path_join(f->dir, "md", NULL);

	sh(f->dir, "mv md away");
	f->conf[0] = source_at("box", "maildir", md, 1);
	configure(f, 1);
	run_until(f, f->ended == 2);
	{
		AUTO_ROW s = row(f, "box");

		assert_int_equal(s.failures, 2);
		assert_non_null(strstr(s.error, "md/new: No such file"));
		assert_int_equal(s.next, s.polled + 2);
	}
	sh(f->dir, "mv away md");
	assert_true(source_poll_now(f->polls, "box"));
	assert_false(source_poll_now(f->polls, "other"));
	run_until(f, f->ended == 3);
	{
		AUTO_ROW s = row(f, "box");

		assert_int_equal(s.failures, 0);
		assert_null(s.error);
	}
}

static void test_another_configuration(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *md = path_join(f->dir, "md", NULL);
	AUTO_FREE char *other = path_join(f->dir, "other", NULL);
	struct http_server server = http_serve(serve);
	AUTO_FREE char *silent = http_url(&server, "/silent/");
	struct source_state s = { 0 };
	struct err err = { .code = ERR_NONE };

	sh(f->dir, "mkdir -p other/cur other/new");
	deliver(f, 1, 1);
	f->conf[0] = source_at("box", "maildir", md, 1);
	f->conf[1] = source_at("hangs", "archive", silent, 1);
	configure(f, 2);
	run_until(f, f->mails == 1 && server.counts->requests == 1);
	/* The same name for another place: its cursor is of no use there. */
	sh(f->dir, "cp md/new/000001 other/new/1");
	f->conf[0] = source_at("box", "maildir", other, 1);
	configure(f, 1);
	assert_int_equal(source_state_find(f->db, "hangs", &s, &err), 0);
	run_until(f, f->mails == 2);
	{
		AUTO_ROW box = row(f, "box");

		assert_int_equal(box.mails, 1);
		assert_string_equal(box.location, other);
	}
	assert_int_equal(source_state_find(f->db, "hangs", &s, &err), 0);
	run_until(f, source_poll_stop(f->polls));
	http_stop(&server);
}

/* ---- the role ---- */

/* What a role leaves that is ours no more; -1 when this job is a good one's. */
static int be_evil(const char *dir, const char *where)
{
	static const char result[] = "{\"status\":\"ok\",\"cursor\":{\"a\":1}}";
	AUTO_FREE char *lines = path_join(dir, POLL_LINES, NULL);
	AUTO_FREE char *raw = path_join(dir, POLL_RAW, NULL);
	FILE *out;

	if (!str_starts(where, "/evil/"))
		return -1;
	fclose(fopen(raw, "w"));
	out = fopen(lines, "w");
	if (str_ends(where, "/zeros")) {
		if (ftruncate(fileno(out), 900 << 20) < 0)
			return 1;
	} else if (str_ends(where, "/values")) {
		putc('[', out);
		for (int i = 0; i < 2700000; i++)
			fputs("[],", out);
		fputs("1]\n", out);
	} else if (str_ends(where, "/raw")) {
		fputs("{\"message_id\":\"a@x\",\"raw\":[0,5]}\n", out);
	} else if (str_ends(where, "/rawneg")) {
		fputs("{\"message_id\":\"a@x\",\"raw\":[0,-5]}\n", out);
	} else {
		fputs("This is no line of ours.\n", out);
	}
	fclose(out);
	return write(3, result, strlen(result)) != (ssize_t)strlen(result);
}

static int be_the_role(const char *dir)
{
	AUTO_FREE char *path = path_join(dir, "job.json", NULL);
	AUTO_JSON struct json_object *result = json_object_new_object();
	AUTO_JSON struct json_object *job = NULL;
	struct err err = { .code = ERR_NONE };
	const char *text;
	int rc;

	if (json_read_file(path, 1 << 20, &job, &err) == 0 &&
	    (rc = be_evil(dir, json_str(job, "path", ""))) >= 0)
		return rc;
	if (!job || role_poll(job, dir, result, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		return 1;
	}
	text = json_object_to_json_string(result);
	return write(3, text, strlen(text)) != (ssize_t)strlen(text);
}

int main(int argc, char **argv)
{
#define t(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_when_next),
		t(test_each_mail_once_over_restarts),
		t(test_many_come_in_pieces),
		t(test_no_hole_where_it_reads_ahead),
		t(test_what_was_not_taken_comes_again),
		t(test_what_was_not_settled_comes_again),
		t(test_a_clock_that_was_set_back),
		t(test_lines_that_are_none),
		t(test_a_bad_source_harms_no_other),
		t(test_sources_take_turns),
		t(test_polls_at_once_are_bounded),
		t(test_failures_are_counted_and_forgotten),
		t(test_another_configuration),
	};
	static char self[PATH_MAX];
	sigset_t mask;

	if (argc == 4 && !strcmp(argv[1], "role"))
		return be_the_role(argv[3]);
	if (!realpath("/proc/self/exe", self))
		return 1;
	test_self = self;
	/* Children are waited for through the loop. */
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
