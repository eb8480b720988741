/*
 * Which commit a series is tested on: a ladder of places to look at, in an order
 * that a policy gives. The commit asked for is all there is, else: what its author
 * asks for, the base-commit that the mails name, the newest commit whose files are
 * those that the patches' index lines name, the newest one that passed all tests,
 * the head of the tree. The caller climbs until a commit takes the patches. All
 * that was tried is kept, to be shown.
 */
#ifndef SLUICE_KERNELS_BASE_H
#define SLUICE_KERNELS_BASE_H

#include "kernels/filepatch.h"
#include "kernels/git.h"
#include "lib/json.h"

struct base_head {
	const char *ref;
	git_oid commit;
};

struct base_tree {
	const char *name;
	const struct base_head *heads; /* the default one first */
	size_t nheads;
	const git_oid *good; /* commits whose tests all passed, in any order */
	size_t ngood;
};

enum base_how {
	BASE_OPTION,
	BASE_WISH, /* "author" */
	BASE_COMMIT,
	BASE_BLOBS,
	BASE_GOOD,
	BASE_HEAD,
};
#define BASE_HOWS (BASE_HEAD + 1)
const char *base_how_str(enum base_how how);

struct base_question {
	git_repository *repo;
	const struct base_tree *trees; /* good and head are of the first one */
	size_t ntrees;
	const enum base_how *rungs; /* of BASE_COMMIT and what follows it */
	size_t nrungs;
	const char *option;                /* hex, or NULL */
	const char *wish;                  /* what the author says, or NULL */
	const char *wish_commit;           /* hex that it stands for, or NULL */
	const char *base_commit;           /* hex from a mail, or NULL */
	const struct filepatches *patches; /* of the series, in order */
	size_t npatches;
	size_t candidates; /* commits of history to look at in a tree; 0: heads only */
};

struct base_try {
	git_oid commit;
	enum base_how how;
	const struct base_tree *tree; /* NULL: for the option */
};

/*
 * q and what it points to stay the caller's, and must outlive the ladder. tried is
 * a JSON array to add {"rung","tree","commit","ref","why_not"} to.
 */
struct base_ladder *base_ladder_new(const struct base_question *q,
				    struct json_object *tried);
void base_ladder_free(struct base_ladder *l);
/*
 * The next commit to try: 1, or 0 when there is none left, or -1; with ERR_INPUT when
 * the option is no commit. No commit comes again that was refused.
 */
int base_ladder_next(struct base_ladder *l, struct base_try *ret, struct err *err);
/* The patches do not go onto that one. */
void base_ladder_refuse(struct base_ladder *l, const struct base_try *t, const char *why);

#endif
