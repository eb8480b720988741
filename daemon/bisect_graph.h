/*
 * A range of a tree's history as a graph, for daemon/bisect.h: who descends from whom.
 * Pure. Commits are numbered so that parents come before their children (git rev-list
 * --topo-order --reverse): 0 is the good end, the last one is the bad end. Between them
 * are the ancestors of the bad end that are no ancestors of the good one.
 */
#ifndef SLUICE_DAEMON_BISECT_GRAPH_H
#define SLUICE_DAEMON_BISECT_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

/* Who descends from whom takes n² / 4 bytes: 25 MB. */
#define BISECT_COMMITS_MAX 10000

struct bisect_graph;

/*
 * Parents of commit i are parents[first[i]] to parents[first[i + 1] - 1], all of them
 * less than i. Parents out of the range are left out. 2 <= n <= BISECT_COMMITS_MAX;
 * both arrays are copied. The caller frees.
 */
struct bisect_graph *bisect_graph_new(const int *first, const int *parents, int n);
void bisect_graph_free(struct bisect_graph *g);

int bisect_graph_commits(const struct bisect_graph *g);
/* How many there are; *ret is the graph's. */
int bisect_graph_parents(const struct bisect_graph *g, int commit, const int **ret);
int bisect_graph_children(const struct bisect_graph *g, int commit, const int **ret);

/* Whether the one is an ancestor of the other, or the same. */
bool bisect_graph_leads(const struct bisect_graph *g, int from, int to);

/* Sets of commits are words of 64 bits, commit c is bit c % 64 of word c / 64. */
int bisect_graph_words(const struct bisect_graph *g);
/* A commit with its ancestors, with its descendants. */
const uint64_t *bisect_graph_ancestors(const struct bisect_graph *g, int commit);
const uint64_t *bisect_graph_descendants(const struct bisect_graph *g, int commit);

static inline bool bits_have(const uint64_t *set, int commit)
{
	return set[commit / 64] >> (commit % 64) & 1;
}

static inline void bits_add(uint64_t *set, int commit)
{
	set[commit / 64] |= UINT64_C(1) << (commit % 64);
}

#endif
