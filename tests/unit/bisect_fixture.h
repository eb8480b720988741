/*
 * A range of history with what is known of it, from a string: for each commit a word
 * PARENTS:COUNTS, parents as numbers with commas between them. Counts are "1/3", one
 * failure in three runs, or "?" not built, "." nothing to run, "=2" the image of commit
 * 2, "good" and "bad" for marks of the user.
 */
#ifndef SLUICE_TESTS_UNIT_BISECT_FIXTURE_H
#define SLUICE_TESTS_UNIT_BISECT_FIXTURE_H

#include "daemon/bisect.h"
#include "lib/cleanup.h"
#include "lib/str.h"
#include "tests/unit/cm.h"

#define FIXTURE_MAX 256

struct bisect_fixture {
	int n, nparents;
	int first[FIXTURE_MAX + 1], parents[FIXTURE_MAX * 4];
	struct bisect_commit commits[FIXTURE_MAX];
	struct bisect_graph *graph;
	struct bisect_prior prior;
	struct bisect *b;
};

static inline void fixture_counts(struct bisect_fixture *f, const char *text)
{
	struct bisect_commit *c = &f->commits[f->n];

	*c = (struct bisect_commit){ .image = f->n };
	if (strcmp(text, ".") == 0)
		c->image = -1;
	else if (text[0] == '=')
		c->image = f->commits[atoi(text + 1)].image;
	else if (strcmp(text, "good") == 0)
		c->mark = BISECT_GOOD;
	else if (strcmp(text, "bad") == 0)
		c->mark = BISECT_BAD;
	else if (strcmp(text, "?") != 0)
		assert_int_equal(sscanf(text, "%d/%d", &c->failures, &c->runs), 2);
}

/* The posterior after what commits[] says now. */
static inline void fixture_weigh(struct bisect_fixture *f)
{
	bisect_free(f->b);
	f->b = bisect_new(f->graph, f->commits, &f->prior);
}

/* History: 300 runs on good kernels of which failed_before failed. Ended by
 * fixture_done. */
static inline void fixture_init(struct bisect_fixture *f, const char *text,
				double failed_before)
{
	char **words = strv_split(text, " ");

	memset(f, 0, sizeof(*f));
	for (int i = 0; words[i]; i++) {
		char *counts = strchr(words[i], ':'), *parents = words[i];

		assert_non_null(counts);
		*counts++ = '\0';
		f->first[i] = f->nparents;
		while (*parents) {
			f->parents[f->nparents++] = (int)strtol(parents, &parents, 10);
			parents += *parents == ',';
		}
		fixture_counts(f, counts);
		f->n++;
	}
	f->first[f->n] = f->nparents;
	strv_free(words);
	f->prior = bisect_prior(300, failed_before);
	f->graph = bisect_graph_new(f->first, f->parents, f->n);
	fixture_weigh(f);
}

/* A line of n commits, none of them built but for what the test then writes. */
static inline void fixture_line(struct bisect_fixture *f, int n)
{
	AUTO(str_done) struct str s = STR_INIT;

	str_add(&s, ":?");
	for (int i = 1; i < n; i++)
		str_addf(&s, " %d:?", i - 1);
	fixture_init(f, str_get(&s), 0);
}

static inline void fixture_done(struct bisect_fixture *f)
{
	bisect_free(f->b);
	bisect_graph_free(f->graph);
}

#endif
