#include "kernels/base.h"

#include <string.h>

#include "kernels/base_evidence.h"
#include "lib/str.h"

enum slot_kind {
	SLOT_OPTION,
	SLOT_WISH,
	SLOT_COMMIT,
	SLOT_HEADS,
	SLOT_HISTORY,
	SLOT_GOOD,
	SLOT_HEAD
};

/* One place to look at. */
struct slot {
	enum slot_kind kind;
	const struct base_tree *tree;
	char *why_not; /* known before it is looked at, or NULL */
};

struct base_ladder {
	const struct base_question *q;
	struct slot *slots;
	size_t nslots, at;
	struct base_evidence evidence;
	git_oid *refused;
	size_t nrefused;
	struct json_object *tried;
	struct err *err; /* of the call that runs */
};

const char *base_how_str(enum base_how how)
{
	static const char *const names[] = {
		[BASE_OPTION] = "option",      [BASE_WISH] = "author",
		[BASE_COMMIT] = "base-commit", [BASE_BLOBS] = "blobs",
		[BASE_GOOD] = "good",          [BASE_HEAD] = "head",
	};

	return names[how];
}

static enum base_how slot_how(const struct slot *s)
{
	static const enum base_how hows[] = {
		[SLOT_OPTION] = BASE_OPTION, [SLOT_WISH] = BASE_WISH,
		[SLOT_COMMIT] = BASE_COMMIT, [SLOT_HEADS] = BASE_BLOBS,
		[SLOT_HISTORY] = BASE_BLOBS, [SLOT_GOOD] = BASE_GOOD,
		[SLOT_HEAD] = BASE_HEAD,
	};

	return hows[s->kind];
}

static void note_try(struct base_ladder *c, const char *rung, const char *tree,
		     const char *commit, const char *ref, char *why)
{
	struct json_object *o = json_object_new_object();

	json_set_str(o, "rung", rung);
	json_set_str(o, "tree", tree);
	json_set_str(o, "commit", commit);
	json_set_str(o, "ref", ref);
	json_set_str(o, "why_not", why);
	json_object_array_add(c->tried, o);
	free(why);
}

static void note(struct base_ladder *c, const struct slot *s, const char *commit,
		 const char *ref, char *why)
{
	note_try(c, base_how_str(slot_how(s)), s->tree ? s->tree->name : NULL, commit,
		 ref, why);
}

/* 1: a head has all the blobs. */
static int try_heads(struct base_ladder *c, const struct slot *s, git_oid *ret)
{
	for (size_t i = 0; i < s->tree->nheads; i++) {
		const struct base_head *h = &s->tree->heads[i];
		const char *bad;
		char hex[GIT_HEX];
		size_t n;

		if (base_evidence_score(&c->evidence, c->q->repo, &h->commit, &n, &bad,
					c->err))
			return -1;
		if (n == c->evidence.n) {
			*ret = h->commit;
			return 1;
		}
		git_hex(&h->commit, hex);
		note(c, s, hex, h->ref,
		     str_printf("%zu of %zu files are as the index lines say, %s is not",
				n, c->evidence.n, bad));
	}
	return 0;
}

static git_revwalk *walk_heads(struct base_ladder *c, const struct base_tree *tree)
{
	git_revwalk *walk = NULL;

	if (git_revwalk_new(&walk, c->q->repo))
		return NULL;
	git_revwalk_sorting(walk, GIT_SORT_TIME);
	for (size_t i = 0; i < tree->nheads; i++)
		git_revwalk_push(walk, &tree->heads[i].commit);
	return walk;
}

static int try_history(struct base_ladder *c, const struct slot *s, git_oid *ret)
{
	AUTO_GIT(walk) git_revwalk *walk = walk_heads(c, s->tree);
	git_oid id, best_id = { 0 };
	size_t best = 0, looked = 0;
	char hex[GIT_HEX];

	if (!walk)
		return err_git(c->err, "walk the history");
	while (looked < c->q->candidates && !git_revwalk_next(&id, walk)) {
		const char *bad;
		size_t n;

		looked++;
		if (base_evidence_score(&c->evidence, c->q->repo, &id, &n, &bad, c->err))
			return -1;
		if (n == c->evidence.n) {
			*ret = id;
			return 1;
		}
		if (n > best) {
			best = n;
			best_id = id;
		}
	}
	git_hex(&best_id, hex);
	note(c, s, best ? hex : NULL, NULL,
	     str_printf("%zu commits of history looked at, the best has %zu of %zu files",
			looked, best, c->evidence.n));
	return 0;
}

/* Reachable from a head of the tree: another tree of the store may have it too. */
static bool in_tree(struct base_ladder *c, const struct base_tree *tree,
		    const git_oid *commit)
{
	git_oid *heads = mem_alloc0((tree->nheads + 1) * sizeof(*heads));
	bool found;

	for (size_t i = 0; i < tree->nheads; i++)
		heads[i] = tree->heads[i].commit;
	found = git_graph_reachable_from_any(c->q->repo, commit, heads, tree->nheads) ==
		1;
	free(heads);
	return found;
}

static int try_commit(struct base_ladder *c, const struct slot *s, const char *hex,
		      git_oid *ret)
{
	AUTO_GIT(commit) git_commit *commit = NULL;

	if (git_id(hex, ret, NULL) || git_commit_lookup(&commit, c->q->repo, ret)) {
		note(c, s, hex, NULL, str_dup("not in this tree"));
		return 0;
	}
	if (!in_tree(c, s->tree, ret)) {
		note(c, s, hex, NULL, str_dup("known, but on no branch of this tree"));
		return 0;
	}
	return 1;
}

/* The newest of them that is still in the tree: a branch may have been made anew. */
static int try_good(struct base_ladder *c, const struct slot *s, git_oid *ret)
{
	git_time_t newest = 0;
	size_t lost = 0;
	bool found = false;

	for (size_t i = 0; i < s->tree->ngood; i++) {
		AUTO_GIT(commit) git_commit *commit = NULL;
		const git_oid *id = &s->tree->good[i];

		if (git_commit_lookup(&commit, c->q->repo, id) ||
		    !in_tree(c, s->tree, id)) {
			lost++;
			continue;
		}
		if (!found || git_commit_time(commit) > newest) {
			newest = git_commit_time(commit);
			*ret = *id;
		}
		found = true;
	}
	if (!found && lost)
		note(c, s, NULL, NULL,
		     str_printf("the %zu commit%s that passed all tests %s on no branch "
				"of this tree any more",
				lost, lost == 1 ? "" : "s", lost == 1 ? "is" : "are"));
	else if (!found)
		note(c, s, NULL, NULL,
		     str_dup("no commit of this tree has passed all of these tests"));
	return found;
}

static int take_option(struct base_ladder *c, git_oid *ret)
{
	AUTO_GIT(commit) git_commit *commit = NULL;

	if (git_id(c->q->option, ret, c->err))
		return -1;
	if (git_commit_lookup(&commit, c->q->repo, ret))
		return err_set(c->err, ERR_INPUT, "the base %s is not there",
			       c->q->option);
	return 1;
}

static int try_wish(struct base_ladder *c, const struct slot *s, git_oid *ret)
{
	if (c->q->wish_commit)
		return try_commit(c, s, c->q->wish_commit, ret);
	note(c, s, NULL, NULL, str_printf("there is no commit \"%.200s\"", c->q->wish));
	return 0;
}

static int try_head(struct base_ladder *c, const struct slot *s, git_oid *ret)
{
	(void)c;
	if (!s->tree->nheads)
		return 0;
	*ret = s->tree->heads[0].commit;
	return 1;
}

/* 1 with a commit, 0 and noted why not, or -1. */
static int try_slot(struct base_ladder *c, const struct slot *s, git_oid *ret)
{
	switch (s->kind) {
	case SLOT_OPTION:
		return take_option(c, ret);
	case SLOT_WISH:
		return try_wish(c, s, ret);
	case SLOT_COMMIT:
		return try_commit(c, s, c->q->base_commit, ret);
	case SLOT_HEADS:
		return try_heads(c, s, ret);
	case SLOT_HISTORY:
		return try_history(c, s, ret);
	case SLOT_GOOD:
		return try_good(c, s, ret);
	case SLOT_HEAD:
		return try_head(c, s, ret);
	}
	return 0;
}

/* ---- the ladder ---- */

static void add_slot(struct base_ladder *c, enum slot_kind kind, size_t tree)
{
	c->slots = mem_realloc(c->slots, c->nslots + 1, sizeof(*c->slots));
	c->slots[c->nslots++] = (struct slot){ kind, &c->q->trees[tree], NULL };
}

/* In no tree there is anything to look for. */
static void add_vain(struct base_ladder *c, enum slot_kind kind, char *why_not)
{
	c->slots = mem_realloc(c->slots, c->nslots + 1, sizeof(*c->slots));
	c->slots[c->nslots++] = (struct slot){ kind, NULL, why_not };
}

static void add_slots(struct base_ladder *c, enum slot_kind kind)
{
	for (size_t i = 0; i < c->q->ntrees; i++)
		add_slot(c, kind, i);
}

/* A head of any tree goes before the history of another. */
static void add_blobs(struct base_ladder *c)
{
	const char *unknown;

	base_evidence_collect(&c->evidence, c->q->patches, c->q->npatches);
	if (!c->evidence.blobs) {
		add_vain(c, SLOT_HEADS, str_dup("no index line names a blob"));
		return;
	}
	add_slots(c, SLOT_HEADS);
	unknown = c->q->candidates ? base_evidence_unknown(&c->evidence, c->q->repo) :
				     NULL;
	if (unknown)
		add_vain(c, SLOT_HISTORY,
			 str_printf("history: no commit has the %s that the patches were "
				    "made on",
				    unknown));
	else if (c->q->candidates)
		add_slots(c, SLOT_HISTORY);
}

static void add_rung(struct base_ladder *c, enum base_how rung)
{
	switch (rung) {
	case BASE_OPTION:
	case BASE_WISH:
		return;
	case BASE_COMMIT:
		if (c->q->base_commit)
			add_slots(c, SLOT_COMMIT);
		return;
	case BASE_BLOBS:
		return add_blobs(c);
	case BASE_GOOD:
		return add_slot(c, SLOT_GOOD, 0);
	case BASE_HEAD:
		return add_slot(c, SLOT_HEAD, 0);
	}
}

struct base_ladder *base_ladder_new(const struct base_question *q,
				    struct json_object *tried)
{
	struct base_ladder *c = mem_alloc0(sizeof(*c));

	c->q = q;
	c->tried = tried;
	if (q->option) {
		c->slots = mem_alloc0(sizeof(*c->slots));
		c->slots[c->nslots++] = (struct slot){ SLOT_OPTION, NULL, NULL };
		return c;
	}
	if (!q->ntrees)
		return c;
	if (q->wish_commit)
		add_slots(c, SLOT_WISH);
	else if (q->wish)
		add_slot(c, SLOT_WISH, 0);
	for (size_t i = 0; i < q->nrungs; i++)
		add_rung(c, q->rungs[i]);
	return c;
}

void base_ladder_free(struct base_ladder *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->nslots; i++)
		free(c->slots[i].why_not);
	free(c->slots);
	base_evidence_done(&c->evidence);
	free(c->refused);
	free(c);
}

static bool was_refused(const struct base_ladder *c, const git_oid *commit)
{
	for (size_t i = 0; i < c->nrefused; i++)
		if (git_oid_equal(&c->refused[i], commit))
			return true;
	return false;
}

int base_ladder_next(struct base_ladder *c, struct base_try *ret, struct err *err)
{
	c->err = err;
	while (c->at < c->nslots) {
		const struct slot *s = &c->slots[c->at++];
		char hex[GIT_HEX];
		git_oid commit;
		int rc = 0;

		if (s->why_not)
			note(c, s, NULL, NULL, str_dup(s->why_not));
		else
			rc = try_slot(c, s, &commit);
		if (rc < 0)
			return -1;
		if (rc == 0)
			continue;
		if (!was_refused(c, &commit)) {
			*ret = (struct base_try){ commit, slot_how(s), s->tree };
			return 1;
		}
		git_hex(&commit, hex);
		note(c, s, hex, NULL, str_dup("the same commit as before"));
	}
	return 0;
}

void base_ladder_refuse(struct base_ladder *c, const struct base_try *t, const char *why)
{
	char hex[GIT_HEX];

	git_hex(&t->commit, hex);
	note_try(c, base_how_str(t->how), t->tree ? t->tree->name : NULL, hex, NULL,
		 str_dup(why));
	c->refused = mem_realloc(c->refused, c->nrefused + 1, sizeof(*c->refused));
	c->refused[c->nrefused++] = t->commit;
}
