/*
 * The steps of a series as they come: each gets its ref <prefix>/<k> and its
 * entry in the result. Also the commits that mails become, whose ids repeat:
 * author from the mail, committer of ours with the author's date.
 */
#ifndef SLUICE_KERNELS_STEPS_H
#define SLUICE_KERNELS_STEPS_H

#include "kernels/git.h"
#include "kernels/policy.h"
#include "lib/json.h"

struct steps {
	git_repository *repo;
	const char *ref_prefix;
	struct json_object *out; /* the array "steps"; borrowed */
	git_oid commit, tree;    /* where the last step stands */
	int next;                /* number of the next step */
};

/* What a step says about itself; texts may be NULL. */
struct step_text {
	const char *subject, *author, *message_id;
	const char *reason, *file;
	size_t hunk; /* 0: null */
};

/* Step 0. */
int steps_begin(struct steps *s, const git_oid *base, struct err *err);
/* A step that stands at commit; apply is the word for how it came there. */
int steps_add(struct steps *s, const char *apply, const git_oid *commit,
	      const struct step_text *text, struct err *err);
/* A step that is not there: conflict, refused, not-reached. */
void steps_add_missing(struct steps *s, const char *apply, const struct step_text *text);
/* Removes refs that a longer run left behind. */
int steps_end(struct steps *s, struct err *err);

/*
 * Whatever tool made the new tree: may it be? 1, or 0 with *ret, or -1. Holds
 * every file that differs against the policy; no file changes its type.
 */
int steps_allow(git_repository *repo, const git_oid *old_tree, const git_oid *new_tree,
		struct refusal *ret, struct err *err);

#endif
