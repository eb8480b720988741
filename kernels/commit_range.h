/*
 * The commits between a good and a bad one of a tree, merges and all, as a graph for
 * daemon/bisect_graph.h. Reads the history; blocks for as long as that takes.
 */
#ifndef SLUICE_KERNELS_COMMIT_RANGE_H
#define SLUICE_KERNELS_COMMIT_RANGE_H

#include <stddef.h>

#include "lib/err.h"

struct range_commit {
	char id[41];
	char *subject; /* one line, fit for a terminal */
};

/* Parents come before their children: v[0] is the good end, v[n - 1] the bad one. Parents
 * of commit i are parents[first[i]] to parents[first[i + 1] - 1]; those outside are left
 * out. */
struct commit_range {
	struct range_commit *v;
	size_t n;
	int *first, *parents;
};

/*
 * What leads to bad and not to good, of which both are full ids in a repository. The
 * caller does commit_range_done. ERR_INPUT when good does not lead to bad, with the
 * reason; ERR_LIMIT for more than max commits.
 */
int commit_range_read(const char *repo, const char *good, const char *bad, size_t max,
		      struct commit_range *ret, struct err *err);
/*
 * Where a search for what made bad bad may begin: of the good commits the nearest ancestor
 * of it; where none is one, the commit where its history and that of the first good one
 * part. All are full ids, what the repository lacks is left out. 1; 0 when there is no such
 * commit.
 */
int commit_range_start(const char *repo, char *const *goods, size_t n, const char *bad,
		       char ret[41], struct err *err);
void commit_range_done(struct commit_range *r);
/* The commit that an id, in full, stands for; -1: none of the range. */
int commit_range_find(const struct commit_range *r, const char *id);

#endif
