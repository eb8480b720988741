/*
 * The role "tree": fetches a tree from where it is published into a repository of its
 * own in the job folder, which borrows the store's objects; so nothing that goes wrong
 * on the way is in the store. kernels/tree_take.h takes over what came. Needs the
 * network. Bounded in size (of each file), in silence, in branches; the time is the
 * supervisor's to keep.
 *
 * job: {"name", "source": URL, "branch": null (all of them) or one, "store", "git",
 *   "heads":[{"ref","commit"}] as the store has them, "have":[commit] of all trees,
 *   "limits":{"bytes","silence_ms","branches"}}
 * result: {"status":"ok", "error": null or why nothing was fetched,
 *   "heads":[{"branch","commit"}], "head": its default branch or null,
 *   "packs":["fetched.git/objects/pack/pack-<hex>.pack"]}
 */
#ifndef SLUICE_KERNELS_ROLE_TREE_H
#define SLUICE_KERNELS_ROLE_TREE_H

#include "lib/err.h"
#include "lib/json.h"

int role_tree(struct json_object *job, const char *jobdir, struct json_object *result,
	      struct err *err);

#endif
