#include "daemon/quiet_tally.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/quiet_record.h"
#include "db/words.h"
#include "lib/cleanup.h"
#include "lib/str.h"

struct quiet_tally *quiet_tally_new(struct topology *const *topologies, size_t n)
{
	struct quiet_tally *t = mem_alloc0(sizeof(*t));

	t->topologies = topologies;
	t->ntopologies = n;
	t->boots_on = mem_alloc0((n + 1) * sizeof(*t->boots_on));
	return t;
}

static void cases_free(struct quiet_case *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < v[i].ntimes; k++)
			free(v[i].times[k].ms);
		free(v[i].times);
		free(v[i].name);
	}
	free(v);
}

void quiet_tally_free(struct quiet_tally *t)
{
	if (!t)
		return;
	cases_free(t->cases, t->ncases);
	cases_free(t->suites, t->nsuites);
	free(t->boots_on);
	free(t->kernel);
	free(t);
}

/* The one of that name, made when it is new. */
static struct quiet_case *case_of(struct quiet_case **list, size_t *n, const char *name)
{
	for (size_t i = 0; i < *n; i++)
		if (strcmp((*list)[i].name, name) == 0)
			return &(*list)[i];
	*list = mem_realloc(*list, *n + 1, sizeof(**list));
	(*list)[*n] = (struct quiet_case){ .name = str_dup(name) };
	return &(*list)[(*n)++];
}

struct quiet_case *quiet_tally_case(struct quiet_tally *t, const char *name)
{
	return case_of(&t->cases, &t->ncases, name);
}

/* Room is doubled: n is a power of two when it is full. */
static void times_add(struct quiet_case *c, size_t topology, double seconds)
{
	struct quiet_times *times = NULL;

	for (size_t i = 0; !times && i < c->ntimes; i++)
		if (c->times[i].topology == topology)
			times = &c->times[i];
	if (!times) {
		c->times = mem_realloc(c->times, c->ntimes + 1, sizeof(*c->times));
		times = &c->times[c->ntimes++];
		*times = (struct quiet_times){ .topology = topology };
	}
	if ((times->n & (times->n - 1)) == 0)
		times->ms = mem_realloc(times->ms, times->n ? times->n * 2 : 1,
					sizeof(*times->ms));
	times->ms[times->n++] = (uint32_t)(seconds * 1000 + 0.5);
}

static void add_test(struct quiet_tally *t, struct json_object *test, size_t topology,
		     const struct known_issues *known, const char *kernel)
{
	struct quiet_case *c = quiet_tally_case(t, json_str(test, "test", ""));
	enum test_result word;

	if (!test_result_parse(json_str(test, "result", ""), &word))
		word = RESULT_FAIL;
	if (word == RESULT_SKIP) {
		c->skipped++;
		return;
	}
	if (word == RESULT_NOT_RUN) {
		c->not_run++;
		return;
	}
	c->rounds++;
	if (word != RESULT_PASS)
		return;
	c->partly += json_str(test, "reason", NULL) != NULL;
	c->missed += known_issues_missed(known, c->name, t->topologies[topology]->name,
					 kernel) != NULL;
	times_add(c, topology, json_num(test, "seconds", 0));
}

static void add_failure(const struct quiet_failure *f, void *arg)
{
	struct quiet_tally *t = arg;

	if (!f->test) {
		t->boot_failures++;
		t->failures++;
	} else if (f->known) {
		quiet_tally_case(t, f->test)->known++;
	} else {
		quiet_tally_case(t, f->test)->failed++;
		t->failures++;
	}
}

/* Time and completeness of one round of a suite, while its tests are added. */
struct round {
	char *suite;
	long long n;
	double seconds;
	bool whole;
};

static void round_end(struct quiet_tally *t, struct round *r, size_t topology)
{
	if (r->suite && r->whole)
		times_add(case_of(&t->suites, &t->nsuites, r->suite), topology,
			  r->seconds);
	free(r->suite);
	*r = (struct round){ .whole = true };
}

/* A round is a suite's tests with the same number, one after the other. */
static void add_rounds(struct quiet_tally *t, struct json_object *tests, size_t topology)
{
	struct round r = { .whole = true };

	for (size_t i = 0; i < json_len(tests); i++) {
		struct json_object *test = json_object_array_get_idx(tests, i);
		const char *id = json_str(test, "test", "");
		AUTO_FREE char *suite = str_ndup(id, strcspn(id, "/"));
		long long n = json_int(test, "round", 0);

		if (r.suite && (r.n != n || strcmp(r.suite, suite) != 0))
			round_end(t, &r, topology);
		if (!r.suite) {
			r.suite = TAKE_PTR(suite);
			r.n = n;
		}
		r.seconds += json_num(test, "seconds", 0);
		r.whole &= strcmp(json_str(test, "result", ""), "not-run") != 0;
	}
	round_end(t, &r, topology);
}

void quiet_tally_add(struct quiet_tally *t, struct json_object *record,
		     const struct known_issues *known)
{
	struct json_object *tests = json_arr(record, "tests");
	const char *status = json_str(record, "status", "");
	const char *kernel = json_str(record, "kernel", NULL);
	size_t at = 0;

	if (quiet_record_lost(record)) {
		t->lost++;
		return;
	}
	while (at < t->ntopologies && !quiet_record_is_on(record, t->topologies[at]))
		at++;
	if (at == t->ntopologies) {
		t->older++;
		return;
	}
	t->boots++;
	t->boots_on[at]++;
	if (strcmp(status, "timeout") == 0)
		t->timeouts++;
	else if (strcmp(status, "ok") != 0)
		t->died++;
	for (size_t i = 0; i < json_len(tests); i++)
		add_test(t, json_object_array_get_idx(tests, i), at, known, kernel);
	add_rounds(t, tests, at);
	t->bad_boots += quiet_record_failures(record, known, add_failure, t) > 0;
	if (kernel) {
		free(t->kernel);
		t->kernel = str_dup(kernel);
	}
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static int by_topology(const void *a, const void *b)
{
	const struct quiet_times *x = a, *y = b;

	return x->topology < y->topology ? -1 : x->topology > y->topology;
}

static void cases_sort(struct quiet_case *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (v[i].ntimes)
			qsort(v[i].times, v[i].ntimes, sizeof(*v[i].times), by_topology);
		for (size_t k = 0; k < v[i].ntimes; k++)
			qsort(v[i].times[k].ms, v[i].times[k].n, sizeof(uint32_t),
			      by_number);
	}
}

void quiet_tally_end(struct quiet_tally *t)
{
	cases_sort(t->cases, t->ncases);
	cases_sort(t->suites, t->nsuites);
}

double quiet_times_median_ms(const struct quiet_times *times)
{
	size_t half = times->n / 2;

	if (times->n % 2)
		return times->ms[half];
	return ((double)times->ms[half - 1] + times->ms[half]) / 2;
}
