#include "kernels/series_head.h"

#include <stdbool.h>
#include <string.h>

#include "kernels/revert.h"
#include "kernels/steps.h"
#include "lib/str.h"

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
	author = str_printf("%s <%s>", git_commit_author(c)->name,
			    git_commit_author(c)->email);
	json_set_str(o, "subject", subject);
	json_set_str(o, "author", author);
	json_set_int(o, "date", git_commit_author(c)->when.time);
	return 0;
}

static int tell_base(const struct steps *s, const git_oid *first,
		     struct json_object *base, struct err *err)
{
	AUTO_GIT(tree) git_tree *t = NULL;
	char hex[GIT_HEX];

	if (git_commit_tree_of(s->repo, first, &t, err))
		return -1;
	git_hex(first, hex);
	json_set_str(base, "commit", hex);
	git_hex(git_tree_id(t), hex);
	json_set_str(base, "tree", hex);
	return 0;
}

int series_head_apply(git_repository *repo, struct json_object *job,
		      struct json_object *result, struct err *err)
{
	struct steps s = { .repo = repo,
			   .ref_prefix = json_str(job, "ref_prefix", NULL),
			   .out = json_object_new_array() };
	struct json_object *base = json_object_new_object();
	const char *how = json_str(job, "how", "head");
	const char *revert = json_str(job, "revert", NULL);
	git_oid first;

	json_set(result, "steps", s.out);
	json_set(result, "base", base);
	if (!s.ref_prefix)
		return err_set(err, ERR_INPUT, "the job has no ref_prefix");
	if (git_id(json_str(job, "base", NULL), &first, err) ||
	    steps_begin(&s, &first, err) || (revert && revert_add(&s, revert, err)) ||
	    steps_end(&s, err) ||
	    tell_series(&s, json_str(job, "tree", ""), strcmp(how, "head") == 0, result,
			err))
		return -1;
	if (tell_base(&s, &first, base, err) < 0)
		return -1;
	json_set_str(base, "how", how);
	json_set(base, "tried", json_object_new_array());
	json_set_str(result, "status", "ok");
	return 0;
}
