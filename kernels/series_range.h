/*
 * A range of commits of a local repository, which is only read: the commits
 * are the steps. Part of the role "apply".
 */
#ifndef SLUICE_KERNELS_SERIES_RANGE_H
#define SLUICE_KERNELS_SERIES_RANGE_H

#include "kernels/git.h"
#include "lib/json.h"

int series_range_apply(git_repository *repo, struct json_object *job,
		       struct json_object *result, struct err *err);

#endif
