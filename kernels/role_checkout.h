/*
 * The role "checkout": makes the folder src hold exactly the tree "to". From
 * nothing it writes every file; from a tree that src holds already it only
 * unlinks and writes anew what differs, with a time of now, so that make
 * rebuilds that and nothing else. A file is never opened for writing in place
 * (it may be a hard link into the base's folder) and no symlink is followed.
 * Run twice after a crash it comes to the same end.
 *
 * job: {"git_dir", "from": null or tree, "to": tree, "src"}
 * result: {"status":"ok","written":N,"deleted":N}
 */
#ifndef SLUICE_KERNELS_ROLE_CHECKOUT_H
#define SLUICE_KERNELS_ROLE_CHECKOUT_H

#include "lib/err.h"
#include "lib/json.h"

int role_checkout(struct json_object *job, const char *jobdir, struct json_object *result,
		  struct err *err);

#endif
