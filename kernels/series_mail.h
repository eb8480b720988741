/*
 * A series of mails: read, judged by the policy, given a base, applied patch by
 * patch. Part of the role "apply"; see role_apply.h for the words.
 */
#ifndef SLUICE_KERNELS_SERIES_MAIL_H
#define SLUICE_KERNELS_SERIES_MAIL_H

#include "kernels/git.h"
#include "lib/json.h"

int series_mail_apply(git_repository *repo, struct json_object *job, const char *jobdir,
		      struct json_object *result, struct err *err);

#endif
