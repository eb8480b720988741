/*
 * A list's 30,000 mails into postings: mails a second (of this process' own time, so
 * that others on the machine do not count) and memory. Prints both.
 */
#include "tests/unit/postings_fixture.h"

#include <sys/resource.h>

enum {
	MAILS = 30000,
	OPEN = 60,   /* threads that are written to at the same time */
	BATCH = 200, /* mails in a transaction */
	RATE_MIN = 3000,
	MEMORY_MAX = 128 << 10, /* KiB */
};

/* A thread of the stream: a cover letter, patches, and answers to any of them. */
struct talk {
	int number, version, patches, mails, sent;
};

struct stream {
	struct talk open[OPEN];
	int talks;
	unsigned long long seed;
};

static unsigned int roll(struct stream *s, unsigned int n)
{
	s->seed = s->seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned int)(s->seed >> 33) % n;
}

static void begin_talk(struct stream *s, struct talk *t)
{
	int patches = (int)roll(s, 4) ? (int)roll(s, 14) + 1 : 1;

	*t = (struct talk){ .number = s->talks++,
			    .patches = patches,
			    .version = (int)roll(s, 3) + 1 };
	t->mails = 1 + t->patches + (int)roll(s, 25);
}

static void add_refs(struct str *out, const struct talk *t, int parent, int depth)
{
	str_addf(out, ",\"parent\":\"%d-%d@list.example.org\",\"references\":[",
		 t->number, parent);
	for (int i = 0; i < depth; i++)
		str_addf(out, "\"%d-%d@list.example.org\",", t->number, i);
	str_addf(out, "\"%d-%d@list.example.org\"]", t->number, parent);
}

/* As long as real ones are. */
static void next_line(struct stream *s, int n, struct str *out)
{
	struct talk *t = &s->open[roll(s, OPEN)];
	int i, patch;

	if (t->sent == t->mails)
		begin_talk(s, t);
	i = t->sent++;
	patch = i > 0 && i <= t->patches;
	str_clear(out);
	str_addf(out, "{\"message_id\":\"%d-%d@list.example.org\"", t->number, i);
	if (i > 0)
		add_refs(out, t, patch ? 0 : (int)roll(s, (unsigned int)i),
			 patch ? 0 : i % 6);
	else
		str_add(out, ",\"parent\":null,\"references\":[]");
	if (i > t->patches)
		str_addf(out, ",\"subject\":\"Re: [PATCH v%d] mm: part of %d\"",
			 t->version, t->number);
	else
		str_addf(out,
			 ",\"subject\":\"[PATCH v%d %d/%d] mm: part %d of %d in words\"",
			 t->version, i, t->patches, i, t->number - t->version);
	str_addf(
		out,
		",\"from\":\"Some Body <%d@example.org>\",\"sender\":\"%d@example.org\","
		"\"date\":%d,\"lists\":[\"linux-mm.kvack.org\"],\"has_diff\":%s,"
		"\"paths\":[%s],\"change_id\":null,\"base_commit\":null,\"override\":null}",
		t->number % 300, t->number % 300, 1700000000 + 20 * n,
		patch ? "true" : "false",
		patch ? "\"mm/rmap.c\",\"mm/mlock.c\",\"include/linux/mm.h\"" : "");
}

static double cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void test_speed(void **state)
{
	char *const paths[] = { "mm/", NULL };
	AUTO(str_done) struct str text = STR_INIT;
	struct stream s = { .seed = 1 };
	struct rusage u;
	struct world w;
	double from, seconds;

	(void)state;
	world_init(&w);
	w.sources[0].filter.paths = paths;
	from = cpu_seconds();
	for (int n = 0; n < MAILS; n++) {
		AUTO_JSON struct json_object *line = NULL;

		next_line(&s, n, &text);
		ok(&w.f, json_parse(str_get(&text), text.len, &line, &w.f.err));
		if (n % BATCH == 0)
			begin(&w);
		add(&w, "one", line);
		if (n % BATCH == BATCH - 1)
			commit(&w);
	}
	seconds = cpu_seconds() - from;
	getrusage(RUSAGE_SELF, &u);
	print_message("%d mails, %d postings queued: %.0f mails a second, %ld MiB\n",
		      MAILS, (int)w.jobs, MAILS / seconds, u.ru_maxrss >> 10);
	assert_int_equal(postings_counts(w.p).mails, MAILS);
	assert_true(w.jobs > MAILS / 40);
#if !defined(__SANITIZE_ADDRESS__) && defined(__OPTIMIZE__)
	assert_true(MAILS / seconds > RATE_MIN);
	assert_true(u.ru_maxrss < MEMORY_MAX);
#endif
	world_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_speed) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
