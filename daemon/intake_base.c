/*
 * Where the base of a series may be: its trees as they are now, and what is known of
 * their commits, as the job of the role "apply" has it. Which commit it is, that role
 * finds out (kernels/base.h).
 */
#include <string.h>

#include "daemon/config_tree.h"
#include "daemon/series_run.h"
#include "db/good.h"
#include "db/tree.h"
#include "kernels/store.h"
#include "kernels/tree_import.h"
#include "lib/text.h"

#define GOOD_MAX 50 /* commits that are known to be good: the last tested ones */

/* ---- the trees ---- */

static void add_tree(struct series_run *r, const char *name)
{
	size_t n = strv_len(r->trees);

	r->trees = mem_realloc(r->trees, n + 2, sizeof(*r->trees));
	r->trees[n] = str_dup(name);
	r->trees[n + 1] = NULL;
}

/* The wish is granted by the first tree that knows it. */
static void find_wish(struct series_run *r, const struct tree *t)
{
	AUTO_FREE char *hex = NULL;

	if (!r->opts->wish || r->wish_commit)
		return;
	hex = mem_alloc0(41);
	if (tree_revision_resolve(r->state->git, t->name,
				  t->kind == TREE_GIT ? t->source : NULL, r->opts->wish,
				  hex, NULL) == 0)
		r->wish_commit = TAKE_PTR(hex);
}

/* 1, or 0 when there is no such tree. */
static int look_at(struct series_run *r, const char *name, bool is_default,
		   struct err *err)
{
	struct tree t = { 0 };
	int rc = tree_find(r->db, name, &t, err);

	if (rc > 0 && t.kind == TREE_GIT &&
	    tree_refresh(r->state->git, t.name, t.source, err) < 0)
		rc = -1;
	if (rc > 0 && is_default && r->opts->base) {
		r->base_option = mem_alloc0(41);
		if (tree_revision_resolve(r->state->git, t.name,
					  t.kind == TREE_GIT ? t.source : NULL,
					  r->opts->base, r->base_option, err) < 0)
			rc = -1;
	}
	if (rc > 0) {
		find_wish(r, &t);
		add_tree(r, name);
	}
	tree_done(&t);
	return rc;
}

static bool has_rung(char *const *ladder, const char *word)
{
	for (; ladder && *ladder; ladder++)
		if (strcmp(*ladder, word) == 0)
			return true;
	return false;
}

int intake_trees(struct series_run *r, struct json_object *wanted, struct err *err)
{
	char *const *others = r->opts->trees;
	int rc = look_at(r, r->series.tree, true, err);

	if (rc == 0)
		return config_tree_missing(r->opts->config->trees,
					   r->opts->config->ntrees, r->series.tree, err);
	for (size_t i = 0; rc > 0 && others && others[i]; i++) {
		bool twice = has_rung(r->trees, others[i]);

		rc = twice ? 1 : look_at(r, others[i], false, err);
		if (rc == 0) {
			run_note(r, "there is no tree \"%s\" to look for the base in",
				 others[i]);
			rc = 1;
		}
	}
	if (rc > 0 && has_rung(r->opts->ladder, "good"))
		rc = good_commits(r->db, r->series.tree, wanted, GOOD_MAX, &r->good, err);
	return rc < 0 ? -1 : 0;
}

/* ---- for the series' key ---- */

static void add_words(struct str *text, const char *what, char *const *words)
{
	for (size_t i = 0; words && words[i]; i++)
		str_addf(text, "%s %s\n", what, words[i]);
}

int intake_base_text(struct series_run *r, char **ret, struct err *err)
{
	struct str text = STR_INIT;

	if (r->base_option) {
		*ret = str_dup(r->base_option);
		return 0;
	}
	for (size_t i = 0; r->trees[i]; i++) {
		struct heads heads = { 0 };

		if (store_heads(r->state->git, r->trees[i], &heads, err) < 0) {
			str_done(&text);
			return -1;
		}
		for (size_t k = 0; k < heads.n; k++)
			str_addf(&text, "%s %s\n", heads.v[k].ref, heads.v[k].commit);
		heads_done(&heads);
	}
	add_words(&text, "rung", r->opts->ladder);
	add_words(&text, "good", r->good);
	if (r->opts->wish)
		str_addf(&text, "wish %s %s\n", r->opts->wish,
			 r->wish_commit ? r->wish_commit : "");
	*ret = str_take(&text);
	return 0;
}

/* ---- the job, and what it came to ---- */

static struct json_object *array_of(char *const *words)
{
	struct json_object *a = json_object_new_array();

	for (size_t i = 0; words && words[i]; i++)
		json_add_str(a, words[i]);
	return a;
}

static int tree_json(struct series_run *r, const char *name, struct json_object *list,
		     struct err *err)
{
	struct json_object *o, *a;
	struct heads heads = { 0 };

	if (store_heads(r->state->git, name, &heads, err) < 0)
		return -1;
	o = json_object_new_object();
	a = json_object_new_array();
	for (size_t i = 0; i < heads.n; i++) {
		struct json_object *h = json_object_new_object();

		json_set_str(h, "ref", heads.v[i].ref);
		json_set_str(h, "commit", heads.v[i].commit);
		json_object_array_add(a, h);
	}
	heads_done(&heads);
	json_set_str(o, "name", name);
	json_set(o, "heads", a);
	if (strcmp(name, r->trees[0]) == 0)
		json_set(o, "good", array_of(r->good));
	json_object_array_add(list, o);
	return 0;
}

int intake_base_job(struct series_run *r, struct json_object *job, struct err *err)
{
	struct json_object *list = json_object_new_array();

	json_set(job, "trees", list);
	json_set(job, "ladder", array_of(r->opts->ladder));
	json_set_str(job, "base", r->base_option);
	if (r->opts->head && r->opts->base)
		json_set_str(job, "how", "option");
	json_set_str(job, "commit", r->opts->commit);
	json_set_str(job, "base_commit", r->base_commit);
	if (r->opts->wish) {
		struct json_object *o = json_object_new_object();

		json_set_str(o, "revision", r->opts->wish);
		json_set_str(o, "commit", r->wish_commit);
		json_set(job, "wish", o);
	}
	for (size_t i = 0; r->trees[i]; i++)
		if (tree_json(r, r->trees[i], list, err) < 0)
			return -1;
	return 0;
}

void intake_take_base(struct series_run *r, struct json_object *base)
{
	struct series *s = &r->series;
	const char *tree = json_str(base, "tree_name", NULL);

	s->base_commit = str_dup(json_str(base, "commit", NULL));
	s->base_tree = str_dup(json_str(base, "tree", NULL));
	s->base_how = str_dup(json_str(base, "how", NULL));
	s->base_tried = json_object_get(json_arr(base, "tried"));
	if (tree && *tree) {
		free(s->tree);
		s->tree = str_dup(tree);
	}
}
