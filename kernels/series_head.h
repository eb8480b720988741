/*
 * For the role "apply": a commit as it is, without patches; its only step is the base.
 */
#ifndef SLUICE_KERNELS_SERIES_HEAD_H
#define SLUICE_KERNELS_SERIES_HEAD_H

#include "kernels/git.h"
#include "lib/json.h"

/* "base" of the job is the commit, "tree" the name of its tree, "how" why it is this one:
 * its head, where nothing else is said. */
int series_head_apply(git_repository *repo, struct json_object *job,
		      struct json_object *result, struct err *err);

#endif
