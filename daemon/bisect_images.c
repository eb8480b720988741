#include "daemon/bisect_images.h"

#include <stdlib.h>

#include "lib/cleanup.h"
#include "lib/str.h"

struct image_of {
	int image, commit;
};

static int by_image(const void *a, const void *b)
{
	const struct image_of *x = a, *y = b;

	if (x->image != y->image)
		return x->image < y->image ? -1 : 1;
	return x->commit < y->commit ? -1 : 1;
}

/* Hypotheses after which one of these commits would be bad and another one good. */
static void exclude_splits(struct bisect *b, const struct image_of *members, int n,
			   uint64_t *excluded)
{
	int words = bisect_graph_words(b->graph);

	for (int w = 0; w < words; w++) {
		uint64_t any = 0, every = ~UINT64_C(0);

		for (int i = 0; i < n; i++) {
			uint64_t set =
				bisect_graph_ancestors(b->graph, members[i].commit)[w];

			any |= set;
			every &= set;
		}
		excluded[w] |= any & ~every;
	}
	for (int s = 0; s < BISECT_SPECIALS; s++)
		for (int i = 1; i < n; i++)
			if (bisect_special_bad(b, (enum bisect_special)s,
					       members[0].commit) !=
			    bisect_special_bad(b, (enum bisect_special)s,
					       members[i].commit))
				b->possible[s] = false;
}

/* A mark goes for all that have the image, and says what their runs would say: those are
 * left out. */
static void pool(struct bisect *b, const struct image_of *members, int n)
{
	struct bisect_commit *sum = &b->commits[members[0].commit];
	enum bisect_mark mark = BISECT_OPEN;

	for (int i = 0; i < n; i++) {
		struct bisect_commit *c = &b->commits[members[i].commit];

		if (c->mark != BISECT_OPEN)
			mark = c->mark;
		b->first[members[i].commit] = members[0].commit;
		if (i > 0) {
			sum->runs += c->runs;
			sum->failures += c->failures;
		}
	}
	if (mark == BISECT_OPEN)
		return;
	sum->runs = sum->failures = 0;
	/* Two marks that differ are left, and are a contradiction. */
	for (int i = 0; i < n; i++)
		if (b->commits[members[i].commit].mark == BISECT_OPEN)
			b->commits[members[i].commit].mark = mark;
}

void bisect_take_images(struct bisect *b, uint64_t *excluded)
{
	AUTO_FREE struct image_of *list = mem_alloc0((size_t)b->n * sizeof(*list));
	int end;

	for (int i = 0; i < b->n; i++)
		list[i] = (struct image_of){ b->commits[i].image, i };
	qsort(list, (size_t)b->n, sizeof(*list), by_image);
	for (int i = 0; i < b->n; i = end) {
		end = i + 1;
		while (end < b->n && list[end].image == list[i].image)
			end++;
		if (list[i].image < 0) {
			for (int k = i; k < end; k++)
				b->first[list[k].commit] = -1;
			continue;
		}
		pool(b, list + i, end - i);
		if (end - i > 1)
			exclude_splits(b, list + i, end - i, excluded);
	}
}

static void take_mark(struct bisect *b, int commit, uint64_t *excluded)
{
	const uint64_t *up = bisect_graph_ancestors(b->graph, commit);
	bool bad = b->commits[commit].mark == BISECT_BAD;

	for (int w = 0; w < bisect_graph_words(b->graph); w++)
		excluded[w] |= bad ? ~up[w] : up[w];
	for (int s = 0; s < BISECT_SPECIALS; s++)
		if (bisect_special_bad(b, (enum bisect_special)s, commit) != bad)
			b->possible[s] = false;
}

void bisect_take_marks(struct bisect *b, uint64_t *excluded)
{
	for (int i = 0; i < b->n; i++)
		if (b->commits[i].mark != BISECT_OPEN)
			take_mark(b, i, excluded);
}
