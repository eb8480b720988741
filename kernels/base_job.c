#include "kernels/base_job.h"

#include <string.h>

#include "lib/str.h"

#define CANDIDATES_DEFAULT 200

static int read_heads(struct json_object *list, struct base_tree *t, struct err *err)
{
	size_t n = json_len(list);
	struct base_head *v = mem_alloc0((n + 1) * sizeof(*v));

	t->heads = v;
	for (; t->nheads < n; t->nheads++) {
		struct json_object *o = json_object_array_get_idx(list, t->nheads);

		v[t->nheads].ref = json_str(o, "ref", "");
		if (git_id(json_str(o, "commit", NULL), &v[t->nheads].commit, err))
			return -1;
	}
	return 0;
}

static int read_good(struct json_object *list, struct base_tree *t, struct err *err)
{
	size_t n = json_len(list);
	git_oid *v = mem_alloc0((n + 1) * sizeof(*v));

	t->good = v;
	for (; t->ngood < n; t->ngood++) {
		json_object *hex = json_object_array_get_idx(list, t->ngood);

		if (git_id(json_object_get_string(hex), &v[t->ngood], err))
			return -1;
	}
	return 0;
}

static int read_trees(struct base_job *b, struct json_object *list, struct err *err)
{
	size_t n = json_len(list);

	b->trees = mem_alloc0((n + 1) * sizeof(*b->trees));
	b->q.trees = b->trees;
	while (b->q.ntrees < n) {
		struct json_object *o = json_object_array_get_idx(list, b->q.ntrees);
		struct base_tree *t = &b->trees[b->q.ntrees++];

		t->name = json_str(o, "name", "");
		if (read_heads(json_arr(o, "heads"), t, err) ||
		    read_good(json_arr(o, "good"), t, err))
			return -1;
	}
	return 0;
}

static int add_rung(struct base_job *b, const char *word, struct err *err)
{
	for (int how = BASE_COMMIT; how < BASE_HOWS; how++) {
		if (!word || strcmp(word, base_how_str((enum base_how)how)))
			continue;
		for (size_t i = 0; i < b->q.nrungs; i++)
			if (b->rungs[i] == (enum base_how)how)
				return 0;
		b->rungs[b->q.nrungs++] = (enum base_how)how;
		return 0;
	}
	return err_set(err, ERR_INPUT, "job: \"%s\" is no rung of the base ladder",
		       word ? word : "");
}

static int read_rungs(struct base_job *b, struct json_object *list, struct err *err)
{
	static const char *const usual[] = { "base-commit", "blobs", "head" };
	size_t n = json_len(list);

	b->q.rungs = b->rungs;
	for (size_t i = 0; !n && i < ARRAY_SIZE(usual); i++)
		add_rung(b, usual[i], err);
	for (size_t i = 0; i < n; i++)
		if (add_rung(b,
			     json_object_get_string(json_object_array_get_idx(list, i)),
			     err))
			return -1;
	return 0;
}

int base_job_read(struct base_job *b, struct json_object *job, struct err *err)
{
	b->q.option = json_str(job, "base", NULL);
	b->q.wish = json_str(json_obj(job, "wish"), "revision", NULL);
	b->q.wish_commit = json_str(json_obj(job, "wish"), "commit", NULL);
	b->q.base_commit = json_str(job, "base_commit", NULL);
	b->q.candidates = (size_t)json_int(json_obj(job, "limits"), "base_candidates",
					   CANDIDATES_DEFAULT);
	if (read_trees(b, json_arr(job, "trees"), err))
		return -1;
	return read_rungs(b, json_arr(job, "ladder"), err);
}

void base_job_done(struct base_job *b)
{
	for (size_t i = 0; i < b->q.ntrees; i++) {
		free((void *)b->trees[i].heads);
		free((void *)b->trees[i].good);
	}
	free(b->trees);
}
