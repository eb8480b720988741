#include "kernels/steps.h"

#include <stdio.h>
#include <string.h>

#include "kernels/tree_diff.h"
#include "lib/str.h"

static void set_hex(struct json_object *o, const char *key, const git_oid *oid)
{
	char hex[GIT_HEX];

	git_hex(oid, hex);
	json_set_str(o, key, hex);
}

static const char *change_of(const struct tree_change *c)
{
	if (!c->old_mode)
		return "A";
	return c->new_mode ? "M" : "D";
}

static int list_files(struct steps *s, const git_oid *tree, struct json_object *o,
		      struct err *err)
{
	AUTO(tree_changes_done) struct tree_changes changes = { 0 };
	struct json_object *list = json_object_new_array();

	json_set(o, "files", list);
	if (!s->next)
		return 0;
	if (tree_diff(s->repo, &s->tree, tree, &changes, err))
		return -1;
	for (size_t i = 0; i < changes.n; i++) {
		struct json_object *file = json_object_new_object();

		json_set_str(file, "path", changes.v[i].path);
		json_set_str(file, "change", change_of(&changes.v[i]));
		json_object_array_add(list, file);
	}
	return 0;
}

static struct json_object *new_step(struct steps *s, const char *apply,
				    const struct step_text *text)
{
	struct json_object *o = json_object_new_object();

	json_set_int(o, "step", s->next);
	json_set_str(o, "apply", apply);
	json_set_str(o, "subject", text->subject);
	json_set_str(o, "author", text->author);
	json_set_str(o, "message_id", text->message_id);
	json_set_str(o, "reason", text->reason);
	json_set_str(o, "file", text->file && *text->file ? text->file : NULL);
	if (text->hunk)
		json_set_int(o, "hunk", (long long)text->hunk);
	else
		json_set(o, "hunk", NULL);
	json_object_array_add(s->out, o);
	return o;
}

static int set_ref(struct steps *s, const git_oid *commit, struct err *err)
{
	AUTO_FREE char *name = str_printf("%s/%d", s->ref_prefix, s->next);
	AUTO_GIT(ref) git_reference *ref = NULL;

	if (git_reference_create(&ref, s->repo, name, commit, 1, NULL))
		return err_git(err, "set %s", name);
	return 0;
}

int steps_add(struct steps *s, const char *apply, const git_oid *commit,
	      const struct step_text *text, struct err *err)
{
	struct json_object *o = new_step(s, apply, text);
	AUTO_GIT(tree) git_tree *t = NULL;

	if (git_commit_tree_of(s->repo, commit, &t, err) || set_ref(s, commit, err) ||
	    list_files(s, git_tree_id(t), o, err))
		return -1;
	set_hex(o, "commit", commit);
	set_hex(o, "tree", git_tree_id(t));
	if (s->next)
		set_hex(o, "parent_tree", &s->tree);
	else
		json_set(o, "parent_tree", NULL);
	s->commit = *commit;
	s->tree = *git_tree_id(t);
	s->next++;
	return 0;
}

void steps_add_missing(struct steps *s, const char *apply, const struct step_text *text)
{
	struct json_object *o = new_step(s, apply, text);

	json_set(o, "commit", NULL);
	json_set(o, "tree", NULL);
	json_set(o, "parent_tree", NULL);
	json_set(o, "files", json_object_new_array());
	s->next++;
}

int steps_begin(struct steps *s, const git_oid *base, struct err *err)
{
	AUTO_GIT(commit) git_commit *c = NULL;
	AUTO_FREE char *author = NULL;
	struct step_text text = { 0 };

	if (git_commit_lookup(&c, s->repo, base))
		return err_git(err, "the base");
	author = str_printf("%s <%s>", git_commit_author(c)->name,
			    git_commit_author(c)->email);
	text.subject = git_commit_summary(c);
	text.author = author;
	return steps_add(s, "base", base, &text, err);
}

int steps_end(struct steps *s, struct err *err)
{
	for (int k = 0;; k++) {
		AUTO_FREE char *name = str_printf("%s/%d", s->ref_prefix, k);
		struct json_object *o = NULL;
		git_oid oid;

		if (k < s->next)
			o = json_object_array_get_idx(s->out, (size_t)k);
		if (o && json_str(o, "commit", NULL))
			continue;
		if (git_reference_name_to_id(&oid, s->repo, name)) {
			if (k >= s->next)
				return 0;
			continue;
		}
		if (git_reference_remove(s->repo, name))
			return err_git(err, "remove %s", name);
	}
}

static bool is_regular(unsigned mode)
{
	return mode == GIT_FILEMODE_BLOB || mode == GIT_FILEMODE_BLOB_EXECUTABLE;
}

int steps_allow(git_repository *repo, const git_oid *old_tree, const git_oid *new_tree,
		struct refusal *ret, struct err *err)
{
	AUTO(tree_changes_done) struct tree_changes changes = { 0 };

	if (tree_diff(repo, old_tree, new_tree, &changes, err))
		return -1;
	for (size_t i = 0; i < changes.n; i++) {
		const struct tree_change *c = &changes.v[i];

		if (!policy_check_path(c->path, c->new_mode, ret))
			return 0;
		if (c->old_mode && c->new_mode && !is_regular(c->old_mode)) {
			snprintf(ret->file, sizeof(ret->file), "%.250s", c->path);
			snprintf(ret->reason, sizeof(ret->reason),
				 "it changes something that is no regular file");
			return 0;
		}
	}
	return 1;
}
