#include "kernels/series_range.h"

#include <stdio.h>
#include <string.h>

#include "kernels/steps.h"
#include "kernels/tree_diff.h"
#include "lib/str.h"

#define COMMITS_MAX 1000

struct range {
	git_repository *repo;
	git_commit **v; /* oldest first */
	size_t n;
	git_oid from;
	size_t patch_files;
	struct steps steps;
	struct err *err;
};

static void range_done(struct range *r)
{
	for (size_t i = 0; i < r->n; i++)
		git_commit_free(r->v[i]);
	free(r->v);
}

static void reverse(struct range *r)
{
	for (size_t i = 0; i < r->n / 2; i++) {
		git_commit *c = r->v[i];

		r->v[i] = r->v[r->n - 1 - i];
		r->v[r->n - 1 - i] = c;
	}
}

/* From the tip down to from. 1; or 0 with the reason why it is no series; or -1. */
static int read_commits(struct range *r, const git_oid *to, char reason[256])
{
	git_oid at = *to;

	while (!git_oid_equal(&at, &r->from)) {
		char hex[GIT_HEX];

		git_hex(&at, hex);
		if (r->n == COMMITS_MAX) {
			snprintf(reason, 256, "the range has over %d commits",
				 COMMITS_MAX);
			return 0;
		}
		r->v = mem_realloc(r->v, r->n + 1, sizeof(*r->v));
		if (git_commit_lookup(&r->v[r->n], r->repo, &at))
			return err_git(r->err, "commit %s", hex);
		if (git_commit_parentcount(r->v[r->n++]) != 1) {
			snprintf(reason, 256,
				 "the range is not a line of commits: %.12s is %s", hex,
				 git_commit_parentcount(r->v[r->n - 1]) ? "a merge" :
									  "a root");
			return 0;
		}
		at = *git_commit_parent_id(r->v[r->n - 1], 0);
	}
	reverse(r);
	snprintf(reason, 256, "the range is empty");
	return r->n > 0;
}

static char *author_of(const git_commit *c)
{
	return str_printf("%s <%s>", git_commit_author(c)->name,
			  git_commit_author(c)->email);
}

static int too_many_files(struct range *r, const git_oid *tree, struct refusal *ret)
{
	AUTO(tree_changes_done) struct tree_changes changes = { 0 };

	if (!r->patch_files)
		return 0;
	if (tree_diff(r->repo, &r->steps.tree, tree, &changes, r->err))
		return -1;
	if (changes.n <= r->patch_files)
		return 0;
	snprintf(ret->reason, sizeof(ret->reason), "touches more than %zu files",
		 r->patch_files);
	return 1;
}

/* 1: go on; 0: refused. */
static int add_commit(struct range *r, git_commit *c)
{
	AUTO_FREE char *author = author_of(c);
	struct step_text text = { .subject = git_commit_summary(c), .author = author };
	struct refusal refusal = { .reason = "" };
	AUTO_GIT(tree) git_tree *t = NULL;
	int rc;

	if (git_commit_tree(&t, c))
		return err_git(r->err, "the tree of a commit");
	rc = too_many_files(r, git_tree_id(t), &refusal);
	if (rc < 0)
		return -1;
	if (rc == 0)
		rc = steps_allow(r->repo, &r->steps.tree, git_tree_id(t), &refusal,
				 r->err);
	else
		rc = 0;
	if (rc < 0)
		return -1;
	if (rc == 1)
		return steps_add(&r->steps, "exact", git_commit_id(c), &text, r->err) ?
			       -1 :
			       1;
	text.reason = refusal.reason;
	text.file = refusal.file;
	steps_add_missing(&r->steps, "refused", &text);
	return 0;
}

static int add_commits(struct range *r)
{
	size_t k = 0;
	int rc = 1;

	while (rc == 1 && k < r->n)
		rc = add_commit(r, r->v[k++]);
	for (; rc == 0 && k < r->n; k++) {
		AUTO_FREE char *author = author_of(r->v[k]);
		struct step_text text = { .subject = git_commit_summary(r->v[k]),
					  .author = author };

		steps_add_missing(&r->steps, "not-reached", &text);
	}
	return rc < 0 ? -1 : steps_end(&r->steps, r->err);
}

static void tell_series(struct range *r, const git_oid *to, struct json_object *result)
{
	const git_commit *tip = r->v[r->n - 1];
	struct json_object *o = json_object_new_object();
	AUTO_FREE char *author = author_of(tip);
	AUTO_FREE char *id = NULL;
	char hex[GIT_HEX];

	git_hex(to, hex);
	id = str_printf("git-%s", hex);
	json_set_str(o, "message_id", id);
	json_set_str(o, "subject", git_commit_summary((git_commit *)tip));
	json_set_str(o, "author", author);
	json_set_int(o, "version", 1);
	json_set_int(o, "patches", (long long)r->n);
	json_set(o, "cover", NULL);
	git_hex(&r->from, hex);
	json_set_str(o, "base_commit", hex);
	json_set_int(o, "date", git_commit_author(tip)->when.time);
	json_set(o, "change_id", NULL);
	json_set(o, "trailers", json_object_new_array());
	json_set(result, "series", o);
}

static int tell_base(struct range *r, struct json_object *result)
{
	struct json_object *o = json_object_new_object();
	AUTO_GIT(tree) git_tree *t = NULL;
	char hex[GIT_HEX];

	json_set(result, "base", o);
	if (git_commit_tree_of(r->repo, &r->from, &t, r->err))
		return -1;
	git_hex(&r->from, hex);
	json_set_str(o, "commit", hex);
	git_hex(git_tree_id(t), hex);
	json_set_str(o, "tree", hex);
	json_set_str(o, "how", "range");
	json_set(o, "tried", json_object_new_array());
	return 0;
}

int series_range_apply(git_repository *repo, struct json_object *job,
		       struct json_object *result, struct err *err)
{
	struct json_object *spec = json_obj(job, "range");
	AUTO(range_done)
	struct range r = {
		.repo = repo,
		.patch_files =
			(size_t)json_int(json_obj(job, "limits"), "patch_files", 0),
		.err = err,
	};
	char reason[256];
	git_oid to;
	int rc;

	r.steps = (struct steps){ .repo = repo,
				  .ref_prefix = json_str(job, "ref_prefix", NULL) };
	if (!r.steps.ref_prefix)
		return err_set(err, ERR_INPUT, "the job has no ref_prefix");
	if (git_id(json_str(spec, "from", NULL), &r.from, err) ||
	    git_id(json_str(spec, "to", NULL), &to, err))
		return -1;
	rc = read_commits(&r, &to, reason);
	if (rc <= 0) {
		json_set_str(result, "status", "unusable");
		json_set_str(result, "reason", reason);
		return rc;
	}
	tell_series(&r, &to, result);
	r.steps.out = json_object_new_array();
	json_set(result, "steps", r.steps.out);
	if (tell_base(&r, result) || steps_begin(&r.steps, &r.from, err) ||
	    add_commits(&r))
		return -1;
	json_set_str(result, "status", "ok");
	return 0;
}
