/*
 * Takes what the role "tree" fetched into the store: packs are moved, then branches set
 * and those that are gone removed. A crash in between leaves objects that nothing
 * names, which the next fetch brings again. Blocks for some renames.
 */
#ifndef SLUICE_KERNELS_TREE_TAKE_H
#define SLUICE_KERNELS_TREE_TAKE_H

#include "kernels/tree_import.h"
#include "lib/json.h"

struct tree_take_opts {
	const char *store;         /* bare, there already */
	const char *name;          /* of the tree */
	char *const *packs;        /* paths of .pack files, on the store's file system;
				      their .idx lies beside them */
	struct json_object *heads; /* [{"branch","commit"}] */
	const char *head;          /* branch that a test starts from, or NULL */
};

/*
 * ret: kind, ref, commit and branches are set. The role is not trusted: a name that is
 * none, and a commit that is not there, are ERR_INPUT.
 */
int tree_take(const struct tree_take_opts *opts, struct tree_info *ret, struct err *err);

#endif
