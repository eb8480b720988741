#include "daemon/bisect_graph.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"

/* Neighbours of commit i: to[first[i]] to to[first[i + 1] - 1]. */
struct links {
	int *first, *to;
};

struct bisect_graph {
	int n, words;
	struct links parents, children;
	uint64_t *up, *down; /* [n * words] */
};

static uint64_t *row(uint64_t *sets, const struct bisect_graph *g, int commit)
{
	return sets + (size_t)commit * (size_t)g->words;
}

static void take_parents(struct bisect_graph *g, const int *first, const int *parents)
{
	size_t links = (size_t)first[g->n];

	g->parents.first = mem_alloc0(((size_t)g->n + 1) * sizeof(int));
	g->parents.to = mem_alloc0((links + 1) * sizeof(int));
	memcpy(g->parents.first, first, ((size_t)g->n + 1) * sizeof(int));
	if (links > 0)
		memcpy(g->parents.to, parents, links * sizeof(int));
}

/* The same links from the other end. */
static void turn_round(struct bisect_graph *g)
{
	const struct links *up = &g->parents;
	struct links *down = &g->children;
	int *at = mem_alloc0((size_t)g->n * sizeof(int));

	down->first = mem_alloc0(((size_t)g->n + 1) * sizeof(int));
	down->to = mem_alloc0(((size_t)up->first[g->n] + 1) * sizeof(int));
	for (int k = 0; k < up->first[g->n]; k++)
		down->first[up->to[k] + 1]++;
	for (int i = 0; i < g->n; i++)
		down->first[i + 1] += down->first[i];
	memcpy(at, down->first, (size_t)g->n * sizeof(int));
	for (int i = 0; i < g->n; i++)
		for (int k = up->first[i]; k < up->first[i + 1]; k++)
			down->to[at[up->to[k]]++] = i;
	free(at);
}

/* A commit, and what its neighbours on one side lead to. */
static void collect(struct bisect_graph *g, uint64_t *sets, const struct links *l,
		    int commit)
{
	uint64_t *set = row(sets, g, commit);

	bits_add(set, commit);
	for (int k = l->first[commit]; k < l->first[commit + 1]; k++) {
		const uint64_t *other = row(sets, g, l->to[k]);

		for (int w = 0; w < g->words; w++)
			set[w] |= other[w];
	}
}

struct bisect_graph *bisect_graph_new(const int *first, const int *parents, int n)
{
	struct bisect_graph *g = mem_alloc0(sizeof(*g));
	size_t room;

	assert(n >= 2 && n <= BISECT_COMMITS_MAX);
	for (int i = 0; i < n; i++)
		for (int k = first[i]; k < first[i + 1]; k++)
			assert(parents[k] >= 0 && parents[k] < i);
	g->n = n;
	g->words = (n + 63) / 64;
	room = (size_t)n * (size_t)g->words * sizeof(uint64_t);
	g->up = mem_alloc0(room);
	g->down = mem_alloc0(room);
	take_parents(g, first, parents);
	turn_round(g);
	for (int i = 0; i < n; i++)
		collect(g, g->up, &g->parents, i);
	for (int i = n - 1; i >= 0; i--)
		collect(g, g->down, &g->children, i);
	return g;
}

void bisect_graph_free(struct bisect_graph *g)
{
	if (!g)
		return;
	free(g->parents.first);
	free(g->parents.to);
	free(g->children.first);
	free(g->children.to);
	free(g->up);
	free(g->down);
	free(g);
}

int bisect_graph_commits(const struct bisect_graph *g)
{
	return g->n;
}

static int neighbours(const struct links *l, int commit, const int **ret)
{
	*ret = l->to + l->first[commit];
	return l->first[commit + 1] - l->first[commit];
}

int bisect_graph_parents(const struct bisect_graph *g, int commit, const int **ret)
{
	return neighbours(&g->parents, commit, ret);
}

int bisect_graph_children(const struct bisect_graph *g, int commit, const int **ret)
{
	return neighbours(&g->children, commit, ret);
}

bool bisect_graph_leads(const struct bisect_graph *g, int from, int to)
{
	return bits_have(bisect_graph_ancestors(g, to), from);
}

int bisect_graph_words(const struct bisect_graph *g)
{
	return g->words;
}

const uint64_t *bisect_graph_ancestors(const struct bisect_graph *g, int commit)
{
	return row(g->up, g, commit);
}

const uint64_t *bisect_graph_descendants(const struct bisect_graph *g, int commit)
{
	return row(g->down, g, commit);
}
