#include "daemon/bisect_case.h"

#include <stdlib.h>
#include <string.h>

#include "db/history.h"
#include "db/timing.h"
#include "lib/str.h"

/* Seconds of a build where none was made yet. */
#define BUILD_SECONDS 600

int bisect_case_open(struct bisect_case *c, struct db *db, const char *repo,
		     struct err *err)
{
	if (bisect_case_read(c, repo, err) < 0)
		return -1;
	return bisection_open(db, &c->what, &c->what.id, &c->what.created, err);
}

int bisect_case_read(struct bisect_case *c, const char *repo, struct err *err)
{
	if (commit_range_read(repo, c->what.good, c->what.bad, BISECT_COMMITS_MAX,
			      &c->range, err) < 0)
		return -1;
	c->graph = bisect_graph_new(c->range.first, c->range.parents, (int)c->range.n);
	c->commits = mem_alloc0(c->range.n * sizeof(*c->commits));
	c->looks = mem_alloc0(c->range.n * sizeof(*c->looks));
	c->build = mem_alloc0(c->range.n * sizeof(*c->build));
	return 0;
}

void bisect_case_done(struct bisect_case *c)
{
	bisect_graph_free(c->graph);
	commit_range_done(&c->range);
	free(c->commits);
	free(c->looks);
	free(c->build);
}

/* The first commit of the range with that key; at[] says where each of seen[] is. */
static int first_with(const struct bisection_seen *seen, const int *at, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (at[k] >= 0 && seen[k].key && strcmp(seen[k].key, seen[i].key) == 0)
			return at[k];
	return at[i];
}

static struct case_look look_of(const struct bisection_seen *s)
{
	struct case_look look = { .boots = (int)s->boots };

	if (s->runs > 0)
		look.seen = CASE_RAN;
	else if (s->skips > 0)
		look.seen = CASE_SKIPPED;
	else
		look.seen = s->key ? CASE_NO_BOOT : CASE_NO_BUILD;
	return look;
}

/* Runs are of the image: they are noted once. */
static void take_seen(struct bisect_case *c, const struct bisection_seen *seen, size_t n)
{
	int *at = mem_alloc0((n + 1) * sizeof(*at));

	for (size_t i = 0; i < n; i++) {
		const struct bisection_seen *s = &seen[i];
		struct bisect_commit *commit;
		int first;

		at[i] = commit_range_find(&c->range, s->commit_id);
		if (at[i] < 0)
			continue;
		commit = &c->commits[at[i]];
		c->looks[at[i]] = look_of(s);
		c->build[at[i]] = 0;
		if (!s->key || (s->runs == 0 && s->boots >= BISECT_SILENT_MAX)) {
			commit->image = -1;
			continue;
		}
		first = first_with(seen, at, i);
		commit->image = first;
		if (first == at[i]) {
			commit->runs = (int)s->runs;
			commit->failures = (int)s->failures;
		}
		if (at[i] == (int)c->range.n - 1 && s->before > 0) {
			c->commits[first].runs--;
			c->commits[first].failures--;
		}
	}
	free(at);
}

static int look_at_runs(struct bisect_case *c, struct db *db, struct err *err)
{
	struct bisection_seen *seen = NULL;
	size_t n = 0;

	if (bisection_seen(db, &c->what, &seen, &n, err) < 0)
		return -1;
	take_seen(c, seen, n);
	bisection_seen_free(seen, n);
	return 0;
}

static int look_at_marks(struct bisect_case *c, struct db *db, struct err *err)
{
	struct bisection_mark *marks = NULL;
	size_t n = 0;

	if (bisection_marks(db, c->what.id, &marks, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		int at = commit_range_find(&c->range, marks[i].commit_id);

		if (at >= 0)
			c->commits[at].mark = marks[i].bad ? BISECT_BAD : BISECT_GOOD;
	}
	bisection_marks_free(marks, n);
	return 0;
}

static int look_at_history(struct bisect_case *c, struct db *db, struct err *err)
{
	const struct history_of of = {
		.config = c->what.config,
		.arch = c->what.arch,
		.topology = c->what.topology,
		.accel = c->what.accel,
		.test = c->what.test,
	};
	struct history past;

	if (history_of_test(db, &of, &past, err) < 0)
		return -1;
	c->prior = bisect_prior((double)past.runs, (double)past.failures);
	return 0;
}

int bisect_case_look(struct bisect_case *c, struct db *db, struct err *err)
{
	double build = BUILD_SECONDS;

	if (timing_build(db, c->what.config, c->what.arch, true, &build, err) < 0)
		return -1;
	for (size_t i = 0; i < c->range.n; i++) {
		/* Numbers of its own, above those of images that are there. */
		c->commits[i] = (struct bisect_commit){ .image = (int)(c->range.n + i) };
		c->looks[i] = (struct case_look){ .seen = CASE_NOT_RUN };
		c->build[i] = build;
	}
	if (look_at_runs(c, db, err) < 0 || look_at_marks(c, db, err) < 0 ||
	    look_at_history(c, db, err) < 0)
		return -1;
	return 0;
}
