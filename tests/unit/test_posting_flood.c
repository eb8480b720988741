/*
 * What one sender can do to everybody's intake: threads and floods made to be slow or
 * large. Times are this process' own, so others on the machine do not count; limits are
 * some ten times of what is taken.
 */
#include "tests/unit/postings_fixture.h"

#include <malloc.h>
#include <sys/resource.h>

static double cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void check_time(const char *what, double from, double max)
{
	double seconds = cpu_seconds() - from;

	print_message("%s: %.2f s\n", what, seconds);
#if !defined(__SANITIZE_ADDRESS__) && defined(__OPTIMIZE__)
	assert_true(seconds < max);
#else
	(void)max;
#endif
}

enum { THREAD = 4000, PATHS = 500 };

/* ---- one thread ---- */

static const struct {
	const char *name;
	bool chain; /* each answers the one before; else all the first */
	const char *subject;
	int version, number, total; /* what they grow by, mail for mail */
} threads[] = {
	{ "patches one of two", false, "+[PATCH v%d %d/%d] mm: x", 0, 0, 0 },
	{ "patches of as many versions", true, "+[PATCH v%d %d/%d] mm: x", 1, 0, 0 },
	{ "as many counts", false, "+[PATCH v%d %d/%d] mm: x", 0, 0, 1 },
	{ "one series", true, "+[PATCH v%d %d/%d] mm: x", 0, 1, 0 },
	{ "covers", false, "[PATCH v%d 0/%d%d] mm: x", 1, 0, 0 },
	{ "single patches", true, "+[PATCH v%d] mm: x%d%d", 1, 1, 0 },
};

static struct mail *thread_mail_of(size_t which, int i)
{
	AUTO_FREE char *id = str_printf("a-long-message-id-%d@example.org", i);
	AUTO_FREE char *up = str_printf("a-long-message-id-%d@example.org",
					threads[which].chain ? i - 1 : 0);
	int total = 2 + threads[which].total * i + threads[which].number * THREAD;
	AUTO_FREE char *subject = NULL;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	subject = str_printf(threads[which].subject, 1 + threads[which].version * i,
			     1 + threads[which].number * i, total);
#pragma GCC diagnostic pop
	return mail_known(id, i ? up : NULL, subject + (*subject == '+'), "a@x",
			  1700000000 + i, *subject == '+');
}

static void test_threads(void **state)
{
	(void)state;
	for (size_t w = 0; w < ARRAY_SIZE(threads); w++) {
		struct thread *t = thread_new(0);
		struct recognised all;
		double from = cpu_seconds();

		for (int i = 0; i < THREAD; i++)
			thread_add(t, thread_mail_of(w, i));
		all = posting_recognise(t);
		print_message("%zu MiB, ", mallinfo2().uordblks >> 20);
		assert_true(mallinfo2().uordblks < 64 << 20);
		assert_true(all.n > 0);
		recognised_done(&all);
		thread_free(t);
		check_time(threads[w].name, from, 2);
	}
}

/* Mail for mail into the database, as a list brings them. */
static void test_growing_thread(void **state)
{
	struct world w;
	double from = cpu_seconds();

	(void)state;
	world_init(&w);
	for (int i = 0; i < 500; i++) {
		AUTO_FREE char *text = str_printf("p%d %s a@x %d +[PATCH] mm: part %d", i,
						  i ? "p0" : "-", i, i);

		take(&w, text);
	}
	assert_int_equal(w.jobs, 500);
	check_time("a thread of 500 patches, one by one", from, 15);
	from = cpu_seconds();
	begin(&w);
	for (int i = 0; i < 10000; i++) {
		AUTO_FREE char *text =
			str_printf("r%d %s%d b@x %d Re: [PATCH] mm: part %d", i,
				   i ? "r" : "p", i ? i - 1 : 0, 2000 + i, i);
		AUTO_JSON struct json_object *line = poll_line(text);

		add(&w, "one", line);
	}
	commit(&w);
	check_time("10000 answers", from, 20);
	world_done(&w);
}

/* ---- many threads ---- */

static void test_flood(void **state)
{
	struct world w;
	double from = cpu_seconds();

	(void)state;
	world_init(&w);
	for (int i = 0; i < 2000; i++) {
		begin(&w);
		for (int k = 0; k <= 3; k++) {
			AUTO_FREE char *text = str_printf(
				"s%d-%d %s%d-0 a@x %d %s[PATCH v%d %d/3] mm: part %d of "
				"%d",
				i, k, k ? "s" : "none", i, i, k ? "+" : "", i % 5 + 1, k,
				k, i);
			AUTO_JSON struct json_object *line = poll_line(text);

			add(&w, "one", line);
		}
		commit(&w);
		if (i == 499)
			check_time("500 series of one sender", from, 10);
	}
	check_time("2000 series of one sender", from, 30);
	assert_int_equal(w.jobs, 2000);
	world_done(&w);
}

static void test_many_files(void **state)
{
	struct world w;
	double from = cpu_seconds();

	(void)state;
	world_init(&w);
	begin(&w);
	for (int k = 1; k <= 100; k++) {
		AUTO(str_done) struct str text = STR_INIT;
		AUTO_JSON struct json_object *line = NULL;

		str_addf(&text, "p%d c a@x 0 +[PATCH %d/100] treewide: part %d | x", k, k,
			 k);
		for (int i = 0; i < PATHS; i++)
			str_addf(&text, " path=drivers/some/where/file-%d-%d.c", k, i);
		line = poll_line(str_get(&text));
		add(&w, "one", line);
	}
	commit(&w);
	assert_int_equal(w.jobs, 1);
	check_time("a series of 50000 files", from, 10);
	world_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_growing_thread),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_many_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
