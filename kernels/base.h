/*
 * Which commit a series is tested on: the one asked for, else the base-commit
 * that the mails name if the tree has it, else the newest commit whose files
 * are those that the patches' index lines name, else the head of the tree. All
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

struct base_question {
	git_repository *repo;
	const struct base_head *heads; /* of the tree, the default one first */
	size_t nheads;
	const char *option;                /* hex, or NULL */
	const char *base_commit;           /* hex from a mail, or NULL */
	const struct filepatches *patches; /* of the series, in order */
	size_t npatches;
	size_t candidates; /* commits of history to look at; 0: heads only */
};

enum base_how { BASE_OPTION, BASE_COMMIT, BASE_BLOBS, BASE_HEAD };
const char *base_how_str(enum base_how how);

/*
 * -1 with ERR_INPUT when the option is no commit or the tree has no head.
 * *tried is a JSON array to add {"commit","ref","why_not"} to.
 */
int base_choose(const struct base_question *q, git_oid *ret_commit,
		enum base_how *ret_how, struct json_object *tried, struct err *err);

#endif
