#include "kernels/revert.h"

#include "lib/str.h"

#define NAME "sluice"
#define EMAIL "sluice@localhost"

GIT_CLEANUP(git_index, git_index, git_index_free)
GIT_CLEANUP(git_conflicts, git_index_conflict_iterator, git_index_conflict_iterator_free)

/* The first file in conflict; the caller frees. */
static char *first_conflict(git_index *index)
{
	AUTO_GIT(conflicts) git_index_conflict_iterator *it = NULL;
	const git_index_entry *base, *ours, *theirs;

	if (git_index_conflict_iterator_new(&it, index) ||
	    git_index_conflict_next(&base, &ours, &theirs, it))
		return NULL;
	return str_dup(ours ? ours->path : base ? base->path : theirs->path);
}

static int commit_tree(struct steps *s, const git_oid *tree_id, const git_commit *onto,
		       const char *subject, git_oid *ret, struct err *err)
{
	AUTO_GIT(tree) git_tree *tree = NULL;
	AUTO_GIT(sig) git_signature *who = NULL;

	/* The date of what it is on: so the same revert has the same id. */
	if (git_tree_lookup(&tree, s->repo, tree_id) ||
	    git_signature_new(&who, NAME, EMAIL, git_commit_time(onto), 0) ||
	    git_commit_create(ret, s->repo, NULL, who, who, NULL, subject, tree, 1,
			      (const git_commit *[]){ onto }))
		return err_git(err, "commit a revert");
	return 0;
}

static int add_missing(struct steps *s, const char *apply, struct step_text *text,
		       const char *reason)
{
	text->reason = reason;
	steps_add_missing(s, apply, text);
	return 0;
}

static int add_tree(struct steps *s, const git_oid *tree, const git_commit *onto,
		    struct step_text *text, struct err *err)
{
	struct refusal refusal = { .reason = "" };
	git_oid commit;
	int rc;

	if (git_oid_equal(tree, git_commit_tree_id(onto)))
		return add_missing(s, "refused", text, "nothing of it is left to revert");
	rc = steps_allow(s->repo, git_commit_tree_id(onto), tree, &refusal, err);
	if (rc < 0)
		return -1;
	if (rc == 0) {
		text->file = refusal.file;
		return add_missing(s, "refused", text, refusal.reason);
	}
	if (commit_tree(s, tree, onto, text->subject, &commit, err) < 0)
		return -1;
	return steps_add(s, "three-way", &commit, text, err);
}

int revert_add(struct steps *s, const char *hex, const char *onto_hex, struct err *err)
{
	AUTO_GIT(commit) git_commit *of = NULL;
	AUTO_GIT(commit) git_commit *onto = NULL;
	AUTO_GIT(index) git_index *index = NULL;
	AUTO_FREE char *subject = NULL, *file = NULL;
	struct step_text text = { .author = NAME " <" EMAIL ">" };
	git_oid id, onto_id, tree;

	if (git_id(hex, &id, err) < 0 || git_id(onto_hex, &onto_id, err) < 0)
		return -1;
	if (git_commit_lookup(&of, s->repo, &id) ||
	    git_commit_lookup(&onto, s->repo, &onto_id))
		return err_git(err, "commit %s", hex);
	subject = str_printf("Revert \"%s\"",
			     git_commit_summary(of) ? git_commit_summary(of) : "");
	text.subject = subject;
	if (git_commit_parentcount(of) != 1)
		return add_missing(s, "refused", &text,
				   git_commit_parentcount(of) ?
					   "it is a merge, which is not tried" :
					   "it has no parent");
	if (git_revert_commit(&index, s->repo, of, onto, 0, NULL))
		return err_git(err, "revert %s", hex);
	if (git_index_has_conflicts(index)) {
		file = first_conflict(index);
		text.file = file;
		return add_missing(s, "conflict", &text, "it does not revert cleanly");
	}
	if (git_index_write_tree_to(&tree, index, s->repo))
		return err_git(err, "the tree without %s", hex);
	return add_tree(s, &tree, onto, &text, err);
}
