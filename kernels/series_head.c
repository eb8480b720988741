#include "kernels/series_head.h"

#include <stdbool.h>
#include <string.h>

#include "kernels/revert.h"
#include "kernels/steps.h"
#include "lib/str.h"

static char *author_of(const git_commit *c)
{
	return str_printf("%s <%s>", git_commit_author(c)->name,
			  git_commit_author(c)->email);
}

static int tell_series(struct steps *s, const char *tree, bool is_head,
		       struct json_object *result, struct err *err)
{
	struct json_object *o = json_object_new_object();
	AUTO_GIT(commit) git_commit *c = NULL;
	AUTO_FREE char *subject = NULL;
	AUTO_FREE char *author = NULL;

	json_set(result, "series", o);
	if (git_commit_lookup(&c, s->repo, &s->commit))
		return err_git(err, "the head");
	subject = str_printf("%s of %s: %s", is_head ? "head" : "commit", tree,
			     git_commit_summary(c));
	author = author_of(c);
	json_set_str(o, "subject", subject);
	json_set_str(o, "author", author);
	json_set_int(o, "date", git_commit_author(c)->when.time);
	return 0;
}

/* It is of the tree, as the base is: no policy of patches holds for what differs. */
static int add_commit(struct steps *s, const char *hex, struct err *err)
{
	AUTO_GIT(commit) git_commit *c = NULL;
	AUTO_FREE char *author = NULL;
	struct step_text text = { 0 };
	git_oid id;

	if (!hex)
		return 0;
	if (git_id(hex, &id, err))
		return -1;
	if (git_commit_lookup(&c, s->repo, &id))
		return err_git(err, "commit %s", hex);
	author = author_of(c);
	text.subject = git_commit_summary(c);
	text.author = author;
	return steps_add(s, "exact", &id, &text, err);
}

int series_head_apply(git_repository *repo, struct json_object *job,
		      struct json_object *result, struct err *err)
{
	struct steps s = { .repo = repo,
			   .ref_prefix = json_str(job, "ref_prefix", NULL),
			   .out = json_object_new_array() };
	struct json_object *base = json_object_new_object();
	const char *how = json_str(job, "how", "head");
	const char *tested = json_str(job, "commit", NULL);
	const char *revert = json_str(job, "revert", NULL);
	char hex[GIT_HEX], tree[GIT_HEX];
	git_oid commit;

	json_set(result, "steps", s.out);
	json_set(result, "base", base);
	if (!s.ref_prefix)
		return err_set(err, ERR_INPUT, "the job has no ref_prefix");
	if (git_id(json_str(job, "base", NULL), &commit, err) ||
	    steps_begin(&s, &commit, err))
		return -1;
	git_hex(&s.commit, hex);
	json_set_str(base, "commit", hex);
	git_hex(&s.tree, tree);
	json_set_str(base, "tree", tree);
	if ((revert ? revert_add(&s, revert, tested ? tested : hex, err) :
		      add_commit(&s, tested, err)) ||
	    steps_end(&s, err) ||
	    tell_series(&s, json_str(job, "tree", ""), strcmp(how, "head") == 0, result,
			err))
		return -1;
	json_set_str(base, "how", how);
	json_set(base, "tried", json_object_new_array());
	json_set_str(result, "status", "ok");
	return 0;
}
